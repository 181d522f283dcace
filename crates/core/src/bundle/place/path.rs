//! The place that the path of an entry names.

use memchr::memmem;

use super::Place;
use super::name::{address, is_uid, label, node, object, without_endings};

/// The place that a path names, by the tokens in it: `…/nodes/NODE/…`, `…/namespaces/NAMESPACE/POD/…`,
/// `…/pods/NAMESPACE_POD_UID/CONTAINER/0.log`, names of commands such as `kubectl_logs_POD_-n_NAMESPACE`, the
/// workspace of `bmctl`, and more.
///
/// Levels of archives are separated by `!`. Where two levels name a node, the inner one counts.
pub fn place_of_path(path: &[u8]) -> Place {
    let mut place = Place::default();
    for level in path.split(|b| *b == b'!') {
        let parts: Vec<&[u8]> = level.split(|b| *b == b'/').filter(|part| !part.is_empty()).collect();
        place = level_place(&parts).or(place);
    }
    place.or(command(path))
}

/// The place that one level of archives names.
fn level_place(parts: &[&[u8]]) -> Place {
    Place {
        cluster: cluster(parts),
        node: folder_of_node(parts)
            .or_else(|| file_of_operation(parts))
            .or_else(|| kind_node(parts))
            .or_else(|| parts.iter().rev().find_map(|part| sosreport(part))),
        ..Place::default()
    }
    .or(files_of_runtime(parts))
    .or(namespaces(parts))
    .or(folders_of_pod(parts))
}

/// `nodes/NODE/…`; the last such folder, but none of the files of a node.
fn folder_of_node(parts: &[&[u8]]) -> Option<String> {
    let mut found = None;
    for (at, part) in parts.iter().enumerate() {
        if *part == b"files" && found.is_some() {
            break;
        }
        if *part == b"nodes" {
            let name = parts.get(at + 1).map(|name| without_endings(name));
            // A file there may be a list of nodes as well.
            let named = if at + 2 < parts.len() {
                name.and_then(node)
            } else {
                name.and_then(archive_or_address(parts))
            };
            found = named.or(found);
        }
    }
    found
}

/// For the last part of a level: addresses are sure, other names only if they name an archive of the node.
fn archive_or_address<'a>(parts: &[&'a [u8]]) -> impl Fn(&'a [u8]) -> Option<String> {
    let packed = parts.last().is_some_and(|part| part.ends_with(b".tar.gz") || part.ends_with(b".tgz"));
    move |name| if packed { node(name) } else { address(name) }
}

/// `bmctl-workspace/CLUSTER/…`, and `CLUSTER/log/OPERATION-20221101-214815/…`.
fn cluster(parts: &[&[u8]]) -> Option<String> {
    let workspace = parts.iter().rposition(|part| *part == b"bmctl-workspace");
    if let Some(at) = workspace {
        return if at + 2 < parts.len() { label(parts[at + 1]) } else { None };
    }
    let operation = operation(parts)?;
    let name = (operation >= 2 && parts[operation - 1] == b"log").then(|| parts[operation - 2])?;
    label(name)
}

/// Where the folder of a run of `bmctl` stands: `create-cluster-20221101-214815`.
fn operation(parts: &[&[u8]]) -> Option<usize> {
    const VERBS: [&[u8]; 9] = [
        b"create",
        b"preflight",
        b"upgrade",
        b"check",
        b"reset",
        b"backup",
        b"restore",
        b"update",
        b"register",
    ];
    parts.iter().position(|part| {
        let stamp = part.len().checked_sub(16).map(|at| &part[at..]);
        stamp.is_some_and(is_stamp) && VERBS.iter().any(|verb| part.starts_with(verb))
    })
}

/// `-20221101-214815`.
fn is_stamp(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, b)| if matches!(at, 0 | 9) { *b == b'-' } else { b.is_ascii_digit() })
}

/// The file of a node in the folder of a run: `10.200.0.3`, `10.200.0.3-gcp`.
fn file_of_operation(parts: &[&[u8]]) -> Option<String> {
    let name = without_endings(parts.get(operation(parts)? + 1)?);
    address(name.strip_suffix(b"-gcp").unwrap_or(name))
}

/// The folder of a node of the bootstrap cluster, or of files as it has them: `bmctl-control-plane/kubelet.log`.
fn kind_node(parts: &[&[u8]]) -> Option<String> {
    const FILES: [&[u8]; 7] = [
        b"kubelet.log",
        b"containerd.log",
        b"journal.log",
        b"serial.log",
        b"images.log",
        b"inspect.json",
        b"kubernetes-version.txt",
    ];
    if let Some(part) = parts.iter().rfind(|part| **part == b"bmctl-control-plane") {
        return node(part);
    }
    let [.., folder, file] = parts else { return None };
    let file = file.strip_suffix(b".gz").unwrap_or(file);
    // Any folder can hold such a file; the names of nodes that `kind` gives cannot be mistaken.
    let name = folder.iter().rposition(|b| !b.is_ascii_digit()).map_or(*folder, |end| &folder[..=end]);
    let of_kind = name.ends_with(b"-control-plane") || name.ends_with(b"-worker");
    FILES.contains(&file).then(|| if of_kind { node(folder) } else { address(folder) }).flatten()
}

/// The host of `sosreport-HOST-2022-11-01-abcdefg`, with or without a case number behind it.
fn sosreport(part: &[u8]) -> Option<String> {
    let name = without_endings(part).strip_prefix(b"sosreport-")?;
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let dated = name.windows(12).position(|text| {
        let date = text.iter().enumerate();
        date.into_iter()
            .all(|(at, b)| if matches!(at, 0 | 5 | 8 | 11) { *b == b'-' } else { b.is_ascii_digit() })
    });
    let stamped = || {
        let at = memchr::memrchr(b'-', name)?;
        (name.len() - at == 15 && digits(&name[at + 1..])).then_some(at)
    };
    let host = &name[..dated.or_else(stamped)?];
    let case = host.iter().rposition(|b| matches!(b, b'-' | b'.')).filter(|at| {
        let number = &host[at + 1..];
        number.len() >= 6 && digits(number)
    });
    node(&host[..case.unwrap_or(host.len())])
}

/// `NAMESPACE_POD_UID/CONTAINER/0.log` and `POD_NAMESPACE_CONTAINER-ID.log` of the container runtime.
pub(super) fn files_of_runtime(parts: &[&[u8]]) -> Place {
    parts
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, part)| runtime_folder(parts, at).or_else(|| runtime_link(part)))
        .unwrap_or_default()
}

fn runtime_folder(parts: &[&[u8]], at: usize) -> Option<Place> {
    let [namespace, pod, uid] = three(parts[at])?;
    if !is_uid(uid) {
        return None;
    }
    let container = if at + 2 < parts.len() { label(parts[at + 1]) } else { None };
    Some(Place { namespace: Some(label(namespace)?), pod: Some(object(pod)?), container, ..Place::default() })
}

fn runtime_link(part: &[u8]) -> Option<Place> {
    let [pod, namespace, container] = three(without_endings(part))?;
    let dash = container.len().checked_sub(65).filter(|at| container[*at] == b'-')?;
    if !container[dash + 1..].iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    Some(Place {
        namespace: Some(label(namespace)?),
        pod: Some(object(pod)?),
        container: Some(label(&container[..dash])?),
        ..Place::default()
    })
}

/// The parts of `A_B_C`.
fn three(text: &[u8]) -> Option<[&[u8]; 3]> {
    let mut parts = text.split(|b| *b == b'_');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

/// `namespaces/NAMESPACE/POD/…`, `namespaces/NAMESPACE/pods/POD/CONTAINER/…`, `kubectlCommands/NAMESPACE/…`.
fn namespaces(parts: &[&[u8]]) -> Place {
    let at = parts.iter().rposition(|part| matches!(*part, b"namespaces" | b"kubectlCommands"));
    let Some(below) = at.map(|at| &parts[at + 1..]) else { return Place::default() };
    let [name, rest @ ..] = below else { return Place::default() };
    let Some(namespace) = (!rest.is_empty()).then(|| label(name)).flatten() else { return Place::default() };
    let (pod, container) = match rest {
        [b"pods", pod, rest @ ..] if !rest.is_empty() => {
            let container = if rest.len() > 1 { label(rest[0]) } else { None };
            (object(pod), container)
        }
        // Besides pods there are folders of kinds of objects; the name of a pod has a dash and is no API group.
        [pod, _, ..] if pod.contains(&b'-') && !pod.ends_with(b".io") && !pod.ends_with(b".com") => {
            (object(pod), None)
        }
        _ => (None, None),
    };
    Place { namespace: Some(namespace), pod, container, ..Place::default() }
}

/// `pods/NAMESPACE/POD/CONTAINER.log`.
fn folders_of_pod(parts: &[&[u8]]) -> Place {
    let [before @ .., b"pods", namespace, pod, file] = parts else { return Place::default() };
    if before.contains(&&b"namespaces"[..]) || memmem::find(file, b".log").is_none() {
        return Place::default();
    }
    let (Some(namespace), Some(pod)) = (label(namespace), object(pod)) else { return Place::default() };
    let container = label(without_endings(file));
    Place { namespace: Some(namespace), pod: Some(pod), container, ..Place::default() }
}

/// The place that the name of a command tells: `kubectl_logs_POD_-c_CONTAINER_-n_NAMESPACE`.
///
/// Blanks of the command line are `_`; a slash in it makes a level of folders.
fn command(path: &[u8]) -> Place {
    let Some(start) = memmem::rfind(path, b"kubectl_") else { return Place::default() };
    if start > 0 && path[start - 1].is_ascii_alphanumeric() {
        return Place::default();
    }
    let mut words = without_endings(&path[start + 8..]).split(|b| *b == b'_');
    let mut place = Place::default();
    let mut named: Vec<&[u8]> = Vec::new();
    while let Some(word) = words.next() {
        let (flag, value) = match memchr::memchr(b'=', word) {
            Some(at) => (&word[..at], Some(&word[at + 1..])),
            None => (word, None),
        };
        if !flag.starts_with(b"-") {
            named.push(word);
            continue;
        }
        match flag {
            b"-n" | b"--namespace" => place.namespace = value.or_else(|| words.next()).and_then(label),
            b"-c" | b"--container" => place.container = value.or_else(|| words.next()).and_then(label),
            _ if value.is_none() && takes_value(flag) => drop(words.next()),
            _ => {}
        }
    }
    subject(&named, &mut place);
    if place.pod.is_none() {
        place.container = None;
    }
    place
}

/// Whether the word behind the flag belongs to it.
fn takes_value(flag: &[u8]) -> bool {
    const FLAGS: [&[u8]; 17] = [
        b"-f",
        b"-l",
        b"-o",
        b"-s",
        b"--as",
        b"--cluster",
        b"--context",
        b"--field-selector",
        b"--kubeconfig",
        b"--limit-bytes",
        b"--output",
        b"--request-timeout",
        b"--selector",
        b"--server",
        b"--since",
        b"--since-time",
        b"--tail",
    ];
    FLAGS.contains(&flag)
}

/// What the command is about, from its words that are no flags.
fn subject(named: &[&[u8]], place: &mut Place) {
    match named {
        [b"logs", name, ..] => {
            let kind = memchr::memchr(b'/', name).map(|at| (&name[..at], &name[at + 1..]));
            place.pod = match kind {
                Some((b"pod" | b"pods" | b"po", name)) => object(name),
                Some(_) => None,
                None => object(name),
            };
        }
        [b"describe" | b"get", b"pod" | b"pods" | b"po", name, ..] => place.pod = object(name),
        [b"describe" | b"get", b"node" | b"nodes" | b"no", name, ..] => place.node = node(name),
        _ => {}
    }
}
