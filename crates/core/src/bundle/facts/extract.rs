//! Reads the facts of one member: lines, tables, objects, and the path itself.

use std::cell::OnceCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::define::{Form, Found, LineRegex, Source, SubjectFrom, Take, definitions, tokens};
use super::table::{Row, Table};
use super::value::FactValue;
use super::yaml::{Node, objects};
use super::{ELEMENTS, Fact, FactSource, Facts, SOURCES, Subject};
use crate::bundle::place::{Place, place_of_path};
use crate::path::EntryPath;

/// Facts that the path alone tells.
pub(super) fn path(facts: &mut Facts, path: &EntryPath) {
    let definitions = definitions();
    let mut member: Option<Member<'_>> = None;
    for index in definitions.sources_for(path.as_bytes()) {
        let source = &definitions.sources[index];
        let Form::Path(regex) = &source.form else { continue };
        let text = String::from_utf8_lossy(path.as_bytes());
        let member = member.get_or_insert_with(|| Member::new(path, ""));
        let found = regex.find_all(&text, None).into_iter();
        let items: Vec<Item> = found.map(|found| Item { text: found.text.into_owned(), line: 1 }).collect();
        if !items.is_empty() {
            let subject = member.subject(source, None);
            member.emit(facts, source, subject, items);
        }
    }
}

/// Facts of a member's content.
pub(super) fn member(facts: &mut Facts, path: &EntryPath, text: &str) {
    let mut member = Member::new(path, text);
    let mut asked = definitions().sources_for(path.as_bytes());
    if text.trim().is_empty() {
        return member.nothing_there(facts, &asked);
    }
    let captures = captures(text);
    member.host = captures.iter().find_map(|capture| host_of(text, capture));
    for capture in captures {
        if let Some(host) = host_of(text, &capture) {
            member.host = Some(host);
        }
        let (command, range) = capture;
        if let Some(command) = command {
            // What comes first in a member may be what its path says, without the options of the prompt.
            let of_command = definitions().sources_for(command.as_bytes());
            if range.start == 0 {
                asked.extend(of_command);
                asked.sort_unstable();
                asked.dedup();
            } else {
                asked = of_command;
            }
        }
        member.capture(facts, command, range, &asked);
    }
}

/// The outputs in a text: one, or those that follow the prompts of a shell session, `$ ip route show`.
fn captures(text: &str) -> Vec<(Option<&str>, Range<usize>)> {
    let mut found: Vec<(Option<&str>, Range<usize>)> = Vec::new();
    let is_session = text.lines().find(|line| !line.trim().is_empty()).and_then(prompted).is_some();
    let mut at = 0;
    for line in text.split_inclusive('\n').take_while(|_| is_session) {
        if let Some(command) = prompted(line) {
            if let Some((_, range)) = found.last_mut() {
                range.end = at;
            }
            let start = if found.is_empty() { 0 } else { at };
            found.push((Some(command), start..text.len()));
        }
        at += line.len();
    }
    if found.is_empty() {
        found.push((None, 0..text.len()));
    }
    found
}

/// The host that a part of a session was taken on: of its prompt, or what `hostname` says.
fn host_of(text: &str, (command, range): &(Option<&str>, Range<usize>)) -> Option<String> {
    let command = (*command)?;
    let part = &text[range.clone()];
    let first = part.lines().find(|line| !line.trim().is_empty())?.trim();
    let words: Vec<&str> = command.split_whitespace().filter(|word| *word != "sudo").collect();
    if let ["hostname"] | ["hostname", "-f" | "-s" | "--fqdn"] | ["cat", "/etc/hostname"] = words[..] {
        let said = part.lines().map(str::trim).skip_while(|line| *line != first).nth(1)?;
        return crate::bundle::place::node_name(said.as_bytes());
    }
    let prompt = first.strip_suffix(command)?.trim_end().trim_end_matches(['$', '#', '+']).trim_end();
    let prompt = prompt.trim_start_matches('[').trim_end_matches(']');
    let host = prompt.split_once('@').map_or(prompt, |(_, host)| host);
    let end = host.find([':', ' ']).unwrap_or(host.len());
    crate::bundle::place::node_name(&host.as_bytes()[..end])
}

/// The command of a line such as `$ sudo ip route`, `# sysctl -a` or `root@node-1:~# mount`.
pub(super) fn prompted(line: &str) -> Option<&str> {
    const COMMANDS: [&str; 35] = [
        "cat",
        "cilium",
        "conntrack",
        "containerd",
        "crictl",
        "dmesg",
        "dmidecode",
        "docker",
        "dpkg",
        "du",
        "ethtool",
        "findmnt",
        "getenforce",
        "hostname",
        "hostnamectl",
        "ip",
        "iptables",
        "iptables-save",
        "kubectl",
        "ls",
        "lsb_release",
        "mount",
        "netstat",
        "ps",
        "route",
        "rpm",
        "sestatus",
        "stat",
        "sysctl",
        "systemctl",
        "systemd-detect-virt",
        "top",
        "umask",
        "uname",
        "journalctl",
    ];
    let line = line.trim();
    let command = match line.split_once(['$', '#', '+']) {
        Some(("", command)) => command,
        // `[root@node-1 ~]# mount`, `user@host:~$ mount`.
        Some((prompt, command)) if prompt.contains('@') && prompt.len() < 128 => command,
        // `node-1:~# mount`, `node-1# mount`.
        Some((prompt, command))
            if prompt.len() < 128
                && prompt.split(':').next().is_some_and(|host| {
                    crate::bundle::place::node_name(host.as_bytes()).is_some()
                        && host.contains(|c: char| c.is_ascii_alphabetic())
                }) =>
        {
            command
        }
        _ => return None,
    };
    let command = command.strip_prefix(' ')?.trim_start();
    let mut words = command.split_whitespace().skip_while(|word| *word == "sudo" || word.starts_with('-'));
    let name = words.next()?.rsplit('/').next()?;
    COMMANDS.contains(&name).then_some(command)
}

/// Whether a short text is the complaint of a command instead of its output.
fn is_failure(text: &str) -> bool {
    const COMPLAINTS: [&str; 14] = [
        "command not found",
        "not found in PATH",
        "No such file or directory",
        "ermission denied",
        "peration not permitted",
        "Error from server",
        "error: the server doesn't have a resource type",
        "Unable to connect",
        "onnection refused",
        "onnection timed out",
        "imed out",
        "No route to host",
        "Usage:",
        "cannot execute",
    ];
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).peekable();
    if lines.peek().is_none() {
        return true;
    }
    text.len() <= 2048 && lines.all(|line| COMPLAINTS.iter().any(|complaint| line.contains(complaint)))
}

/// One value and the line it stands on.
struct Item {
    text: String,
    line: u64,
}

struct Member<'a> {
    path: &'a EntryPath,
    place: Place,
    cluster: Option<String>,
    /// The host whose prompt stands before the output.
    host: Option<String>,
    text: &'a str,
    starts: OnceCell<Vec<usize>>,
}

/// Bytes of the beginning that are asked for a mark.
const HEAD: usize = 4 << 10;
/// Bytes kept of a line.
const LINE: usize = 300;

impl<'a> Member<'a> {
    fn new(path: &'a EntryPath, text: &'a str) -> Member<'a> {
        let place = place_of_path(path.as_bytes());
        let cluster = place.cluster.clone().or_else(|| cluster_of_path(path.as_bytes()));
        Member { path, place, cluster, host: None, text, starts: OnceCell::new() }
    }

    /// Facts of one output.
    fn capture(&self, facts: &mut Facts, command: Option<&str>, range: Range<usize>, asked: &[usize]) {
        let text = &self.text[range.clone()];
        let output = match command {
            Some(_) => text.split_once('\n').map_or("", |(_, output)| output),
            None => text,
        };
        if output.trim().is_empty() {
            return self.nothing_there(facts, asked);
        }
        if is_failure(output) {
            return;
        }
        if output.trim_start().starts_with("No resources found") {
            return self.nothing_listed(facts, command);
        }
        for &index in asked {
            self.lines(facts, &definitions().sources[index], range.clone());
        }
        let head = up_to(output, HEAD);
        let before = self.line_of(range.start).max(1) - 1;
        if head.contains("apiVersion") || head.contains("kind:") || head.contains("\"kind\"") {
            objects(text, before, &mut |object| self.object(facts, object, asked));
        } else {
            for table in Table::all(text, before) {
                self.table(facts, &table, asked);
            }
        }
    }

    /// An empty output, where that says something.
    fn nothing_there(&self, facts: &mut Facts, asked: &[usize]) {
        for source in asked.iter().map(|&index| &definitions().sources[index]).filter(|source| source.empty) {
            self.emit(facts, source, self.subject(source, None), Vec::new());
        }
    }

    fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.text.as_bytes()).map(|at| at + 1);
            std::iter::once(0).chain(ends).collect()
        })
    }

    fn line_of(&self, offset: usize) -> u64 {
        self.starts().partition_point(|&start| start <= offset) as u64
    }

    fn line(&self, number: u64) -> &'a str {
        let starts = self.starts();
        let index = (number.max(1) - 1) as usize;
        let Some(&start) = starts.get(index) else { return "" };
        let end = starts.get(index + 1).copied().unwrap_or(self.text.len());
        self.text[start..end].trim_end()
    }

    fn source(&self, line: u64) -> FactSource {
        let start = self.starts().get((line.max(1) - 1) as usize).copied().unwrap_or(0);
        let text = up_to(self.line(line).trim_start(), LINE).to_owned();
        FactSource { path: self.path.clone(), line: line.max(1), offset: start as u64, text }
    }

    /// Facts of lines, and of the blocks they stand in.
    fn lines(&self, facts: &mut Facts, source: &Source, range: Range<usize>) {
        let Form::Line { line, reject, block } = &source.form else { return };
        let base = range.start;
        let text = &self.text[range];
        if source.head.as_ref().is_some_and(|mark| !up_to(text, HEAD).contains(mark.as_str()))
            || source.proof.as_ref().is_some_and(|proof| !proof.is_match(text))
        {
            return;
        }
        let kept = |found: &&Found<'_>| {
            !reject
                .as_ref()
                .is_some_and(|reject| reject.is_match(self.line(self.line_of(base + found.start))))
        };
        let within = source.within.map_or(text, |within| up_to(text, (within as usize) << 10));
        let found = line.find_all(within, source.format.as_deref());
        let item = |found: &Found<'_>, block: &str| Item {
            text: found.text.replace("{block}", block),
            line: self.line_of(base + found.start),
        };
        if let Some(regex) = &source.from_path {
            let Some(text) = self.in_path(regex) else { return };
            let lines = found.iter().filter(kept).map(|found| self.line_of(base + found.start));
            let items = lines.take(1).map(|line| Item { text: text.clone(), line }).collect();
            return self.emit(facts, source, self.subject(source, None), items);
        }
        let Some(block) = block else {
            let items = found.iter().filter(kept).map(|found| item(found, "")).collect();
            return self.emit(facts, source, self.subject(source, None), items);
        };
        let blocks = block.find_all(text, None);
        let mut all = Vec::new();
        for (index, begin) in blocks.iter().enumerate() {
            let end = blocks.get(index + 1).map_or(text.len(), |next| next.start);
            let inside = found.iter().filter(|found| (begin.start..end).contains(&found.start)).filter(kept);
            let items: Vec<Item> = inside.map(|found| item(found, &begin.text)).collect();
            if matches!((&source.subject, source.take), (SubjectFrom::Place, Take::List)) {
                all.extend(items);
                continue;
            }
            let subject = self.subject(source, Some((&begin.text, None)));
            self.emit(facts, source, subject, items);
        }
        if matches!((&source.subject, source.take), (SubjectFrom::Place, Take::List)) {
            self.emit(facts, source, self.subject(source, None), all);
        }
    }

    fn table(&self, facts: &mut Facts, table: &Table<'_>, asked: &[usize]) {
        for &index in &definitions().tables {
            let source = &definitions().sources[index];
            let Form::Table { columns, column, rows, matches } = &source.form else { continue };
            // A header alone may be all that was captured: it does not say that there is nothing.
            if source.needs_path && !asked.contains(&index)
                || !columns.iter().chain([column]).all(|c| table.has(c))
                || table.rows().next().is_none()
            {
                continue;
            }
            let wanted = |row: &Row<'_, '_>| {
                rows.iter().all(|(column, regex)| regex.is_match(row.cell(column).unwrap_or_default()))
            };
            let rows = table.rows().filter(wanted);
            let item = |row: &Row<'_, '_>| {
                Some(Item { text: matched(row.cell(column)?, matches.as_ref())?, line: row.line })
            };
            if matches!(source.subject, SubjectFrom::Place) {
                let items = rows.filter_map(|row| item(&row)).collect();
                self.emit(facts, source, self.subject(source, None), items);
                continue;
            }
            for row in rows {
                debug_assert!(!row.text.is_empty());
                if let Some(subject) = self.row_subject(source, &row) {
                    self.emit(facts, source, Some(subject), item(&row).into_iter().collect());
                }
            }
        }
    }

    fn row_subject(&self, source: &Source, row: &Row<'_, '_>) -> Option<Subject> {
        let namespace = row.cell("NAMESPACE").or(self.place.namespace.as_deref());
        match &source.subject {
            SubjectFrom::Column(column) => self.subject(source, Some((row.cell(column)?, None))),
            SubjectFrom::Namespace => self.of_namespace(source, namespace),
            _ => {
                let name = row.cell("NAME")?;
                // `kubectl get all` writes `pod/NAME`.
                let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
                self.subject(source, Some((name, namespace)))
            }
        }
    }

    fn object(&self, facts: &mut Facts, object: &Node, asked: &[usize]) {
        let definitions = definitions();
        let kind = object.text_at(&["kind"]).unwrap_or_default();
        let single = kind.strip_suffix("List").unwrap_or(kind);
        let lower = single.to_ascii_lowercase();
        if let Some(fact) = definitions.facts.iter().find(|fact| fact.subject == lower) {
            facts.listed.insert(&fact.subject);
        }
        let of_group = self.networking(object);
        let sources = definitions
            .objects
            .get(kind)
            .into_iter()
            .chain(of_group.and(definitions.objects.get("networking")));
        for &index in sources.flatten() {
            let source = &definitions.sources[index];
            let Form::Object { name, get, matches } = &source.form else { continue };
            let own = object.text_at(&["metadata", "name"]);
            if source.needs_path && !asked.contains(&index) || name.is_some() && name.as_deref() != own {
                continue;
            }
            let Some(subject) = self.object_subject(source, object) else { continue };
            let found = get.find(object);
            let items = match source.take {
                Take::Digest => {
                    found.first().map(|found| (digest(found.node), found.line)).into_iter().collect()
                }
                // What is said to be off, or to have nothing in it, is not there.
                Take::Present => found
                    .iter()
                    .filter(|found| found.is_something())
                    .map(|found| (String::new(), found.line))
                    .collect(),
                Take::Count => found.iter().map(|found| (String::new(), found.line)).collect(),
                _ => found
                    .iter()
                    .filter_map(|found| Some((found.text(source.format.as_deref())?, found.line)))
                    .filter_map(|(text, line)| Some((matched(&text, matches.as_ref())?, line)))
                    .collect::<Vec<_>>(),
            };
            let items: Vec<Item> = items.into_iter().map(|(text, line)| Item { text, line }).collect();
            if items.is_empty() {
                self.emit_absent(facts, source, subject, object.line);
                continue;
            }
            self.emit(facts, source, Some(subject), items);
        }
    }

    /// Whether the object is of a networking group of the product.
    fn networking(&self, object: &Node) -> Option<()> {
        let group = object.text_at(&["apiVersion"])?;
        group.starts_with("networking.gke.io/").then_some(())
    }

    fn object_subject(&self, source: &Source, object: &Node) -> Option<Subject> {
        let namespace = object.text_at(&["metadata", "namespace"]).or(self.place.namespace.as_deref());
        match &source.subject {
            SubjectFrom::Own => {
                let name = object.text_at(&["metadata", "name"])?;
                self.subject(source, Some((name, namespace)))
            }
            SubjectFrom::Kind => {
                let kind = object.text_at(&["kind"])?.to_ascii_lowercase();
                let name = object.text_at(&["metadata", "name"])?;
                self.subject(source, Some((&format!("{kind}.{name}"), namespace)))
            }
            SubjectFrom::Namespace => self.of_namespace(source, namespace),
            SubjectFrom::Get(path) => {
                let name = path.find(object).first()?.text(None)?;
                self.subject(source, Some((&name, None)))
            }
            _ => self.subject(source, None),
        }
    }

    /// The cluster `NAME` of a namespace `cluster-NAME`.
    fn of_namespace(&self, source: &Source, namespace: Option<&str>) -> Option<Subject> {
        let name = namespace?.strip_prefix("cluster-")?;
        self.subject(source, Some((name, None)))
    }

    /// The subject of a source, by its own name or by the place of the member.
    fn subject(&self, source: &Source, named: Option<(&str, Option<&str>)>) -> Option<Subject> {
        let kind = source.fact.definition().subject.as_str();
        if let SubjectFrom::PathRegex(regex) = &source.subject {
            return Some(Subject { kind, cluster: self.cluster.clone(), name: self.in_path(regex)? });
        }
        let whole = matches!(kind, "node" | "cluster" | "bundle");
        let cluster = self.cluster.clone().filter(|_| !whole);
        let name = match (named, kind) {
            (_, "bundle") => String::new(),
            (Some((name, Some(namespace))), _) if !whole => format!("{namespace}/{name}"),
            (Some((name, _)), _) => name.to_owned(),
            (None, "cluster") => self.cluster.clone().unwrap_or_default(),
            (None, "node") => {
                self.place.node.clone().or_else(|| self.host.clone()).unwrap_or_else(|| self.folder())
            }
            (None, _) => self.folder(),
        };
        Some(Subject { kind, cluster, name })
    }

    fn in_path(&self, regex: &LineRegex) -> Option<String> {
        let path = String::from_utf8_lossy(self.path.as_bytes()).into_owned();
        regex.find_all(&path, None).pop().map(|found| found.text.into_owned())
    }

    /// Stands for a subject that nothing names.
    fn folder(&self) -> String {
        let path = String::from_utf8_lossy(self.path.as_bytes());
        let folder = path.rsplit_once(['/', '!']).map_or("", |(folder, _)| folder);
        format!("({folder})")
    }

    /// The object has nothing of what is asked for.
    fn emit_absent(&self, facts: &mut Facts, source: &Source, subject: Subject, line: u64) {
        let kind = source.fact.definition().value;
        let value = match (&source.default, source.take) {
            (Some(default), _) => kind.value(default),
            (None, Take::First | Take::Max | Take::Min) => None,
            (None, _) => value_of(source, &[]),
        };
        if let Some(value) = value {
            let assumed = source.default.is_some();
            facts.add(subject, source.fact, Fact { value, sources: vec![self.source(line)], assumed });
        }
    }

    fn emit(&self, facts: &mut Facts, source: &Source, subject: Option<Subject>, items: Vec<Item>) {
        let Some(subject) = subject else { return };
        let Some(value) = value_of(source, &items) else { return };
        let mut lines: Vec<u64> = match (&value, source.take) {
            (FactValue::Number(_), Take::Sum) => contributing(source, &items),
            (_, Take::First | Take::Max | Take::Min) => {
                deciding(source, &items, &value).into_iter().collect()
            }
            _ => items.iter().map(|item| item.line).collect(),
        };
        lines.dedup();
        lines.truncate(SOURCES);
        if lines.is_empty() {
            lines.push(items.first().map_or(1, |item| item.line));
        }
        let of_node = subject.kind == "node" && matches!(source.subject, SubjectFrom::Own);
        if let (true, Some(cluster), Some(id)) = (of_node, &self.cluster, definitions().fact("node.cluster"))
        {
            let value = FactValue::Text(cluster.clone());
            facts.add(
                subject.clone(),
                id,
                Fact { value, sources: vec![self.source(lines[0])], assumed: false },
            );
        }
        let sources = lines.into_iter().map(|line| self.source(line)).collect();
        facts.add(subject, source.fact, Fact { value, sources, assumed: false });
    }

    /// A list that was asked for, and is empty.
    fn nothing_listed(&self, facts: &mut Facts, command: Option<&str>) {
        let tokens = tokens(command.map_or(self.path.as_bytes(), str::as_bytes));
        let mut words = tokens.split(' ').skip_while(|word| *word != "get").skip(1);
        let Some(plural) = words.find(|word| !word.is_empty() && !word.starts_with('-')) else { return };
        let plural = plural.split('.').next().unwrap_or(plural).to_ascii_lowercase();
        let is_plural = |single: &str| {
            let stem = single.strip_suffix('y').map(|stem| format!("{stem}ies"));
            plural == single
                || plural == format!("{single}s")
                || plural == format!("{single}es")
                || stem == Some(plural.clone())
        };
        if let Some(fact) = definitions().facts.iter().find(|fact| is_plural(&fact.subject)) {
            facts.listed.insert(&fact.subject);
        }
    }
}

/// What a regex captures of a text, or the text itself.
fn matched(text: &str, matches: Option<&LineRegex>) -> Option<String> {
    match matches {
        Some(regex) => regex.find_all(text, None).into_iter().next().map(|found| found.text.into_owned()),
        None => Some(text.to_owned()),
    }
}

/// The value all items give together; `None` where nothing was read that has the form of the type.
fn value_of(source: &Source, items: &[Item]) -> Option<FactValue> {
    let kind = source.fact.definition().value;
    let text = |item: &Item| source.value.clone().unwrap_or_else(|| plain(source, &item.text));
    let numbers = || {
        items.iter().filter_map(|item| match kind.value(&text(item)) {
            Some(FactValue::Number(number)) => Some(number),
            _ => None,
        })
    };
    match source.take {
        Take::First => items.iter().find_map(|item| kind.value(&text(item))),
        Take::Digest => items.first().and_then(|item| kind.value(&item.text)),
        Take::List => {
            let parts = |text: String| match &source.split {
                Some(split) => text.split(split.as_str()).map(|part| part.trim().to_owned()).collect(),
                None => vec![text],
            };
            let blanks = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut list: Vec<String> =
                items.iter().take(ELEMENTS).map(text).flat_map(parts).map(blanks).collect();
            list.retain(|text| !text.is_empty() && text.len() <= LINE);
            list.sort();
            list.dedup();
            Some(FactValue::List(list))
        }
        Take::Count => Some(FactValue::Number(items.len() as f64)),
        Take::Present => Some(FactValue::Number(f64::from(u8::from(!items.is_empty())))),
        Take::Sum => Some(FactValue::Number(numbers().fold(0.0, |sum, number| sum + number))),
        Take::Max => numbers().reduce(f64::max).map(FactValue::Number),
        Take::Min => numbers().reduce(f64::min).map(FactValue::Number),
    }
}

/// The text of an item, numbers of base sixteen in base ten.
fn plain(source: &Source, text: &str) -> String {
    match u64::from_str_radix(text, 16) {
        Ok(number) if source.hex => number.to_string(),
        _ => text.to_owned(),
    }
}

/// Lines that add something to a sum.
fn contributing(source: &Source, items: &[Item]) -> Vec<u64> {
    items
        .iter()
        .filter(|item| plain(source, &item.text).parse::<f64>().is_ok_and(|number| number != 0.0))
        .map(|item| item.line)
        .collect()
}

/// The line of the item whose value stays.
fn deciding(source: &Source, items: &[Item], value: &FactValue) -> Option<u64> {
    let kind = source.fact.definition().value;
    let text = |item: &Item| source.value.clone().unwrap_or_else(|| plain(source, &item.text));
    items.iter().find(|item| kind.value(&text(item)).as_ref() == Some(value)).map(|item| item.line)
}

/// A digest of a value that does not depend on where it stands.
fn digest(node: &Node) -> String {
    use super::yaml::Content;
    fn add(node: &Node, hasher: &mut DefaultHasher) {
        match &node.content {
            Content::Scalar(text) => text.hash(hasher),
            Content::List(list) => {
                list.len().hash(hasher);
                list.iter().for_each(|item| add(item, hasher));
            }
            Content::Map(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by(|a, b| a.0.cmp(&b.0));
                entries.len().hash(hasher);
                for (key, value) in entries {
                    key.hash(hasher);
                    add(value, hasher);
                }
            }
        }
    }
    let mut hasher = DefaultHasher::new();
    add(node, &mut hasher);
    format!("{:016x}", hasher.finish())
}

/// `NAME` of `NAME-kubeconfig` in a command line.
fn cluster_of_path(path: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"-kubeconfig";
    memchr::memmem::find_iter(path, MARK).find_map(|end| {
        let is_name =
            |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let start = path[..end].iter().rposition(|byte| !is_name(byte)).map_or(0, |at| at + 1);
        let name = path[start..end].strip_prefix(b"--").unwrap_or(&path[start..end]);
        let ends = path.get(end + MARK.len()).is_none_or(|byte| !is_name(byte));
        (ends && name.first().is_some_and(u8::is_ascii_alphanumeric))
            .then(|| String::from_utf8_lossy(name).into_owned())
    })
}

fn up_to(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
