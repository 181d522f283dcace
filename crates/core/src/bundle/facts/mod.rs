//! Facts the bundle tells of itself: its clusters, their releases, its nodes, its objects.
//!
//! Start from [`Facts`], which reads members and joins what several workers read. What facts there are and where each
//! is read is data: see [`define`]. Layouts differ and are not known, so a member is recognised by tokens of its path
//! or by its content. When all is read, [`Facts::resolve`] joins nodes that are known by name and by address.

mod ahead;
mod define;
mod extract;
mod get;
mod resolve;
mod table;
mod value;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::ahead::ReadAhead;
pub(crate) use self::define::{FactId, definitions};
pub(crate) use self::resolve::{Entity, Resolved};
pub(crate) use self::value::{FactType, FactValue};
use super::place::Place;
use crate::path::EntryPath;
use define::Merge;

/// A line that told a fact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct FactSource {
    pub(crate) path: EntryPath,
    /// From 1.
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) text: String,
}

/// Of two sources the one with the smaller rank is preferred.
type Rank<'a> = (usize, &'a EntryPath, u64, u64, &'a str);

impl FactSource {
    /// Members of outer archives first: an earlier snapshot may lie inside of this one. Of two members of one name, which
    /// an archive may hold, the text decides, so that the order in which they are read does not.
    fn rank(&self) -> Rank<'_> {
        let depth = self.path.as_bytes().iter().filter(|&&byte| byte == b'!').count();
        (depth, &self.path, self.line, self.offset, &self.text)
    }
}

/// A value and the lines it was read from, at least one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fact {
    pub(crate) value: FactValue,
    pub(crate) sources: Vec<FactSource>,
    /// Whether it is only what holds where nothing is said.
    pub(crate) assumed: bool,
}

/// Sources kept of one fact.
const SOURCES: usize = 8;
/// Elements kept of one list.
const ELEMENTS: usize = 1000;

impl Fact {
    fn rank(&self) -> (bool, Option<Rank<'_>>) {
        (self.assumed, self.sources.first().map(FactSource::rank))
    }

    /// Joins another of the same name and subject; the order does not matter.
    fn join(&mut self, other: Fact, merge: Merge) {
        let smaller = other.rank() < self.rank();
        let depth = |fact: &Fact| fact.rank().1.map_or(0, |(depth, ..)| depth);
        if depth(self) != depth(&other) && !self.assumed && !other.assumed {
            // An earlier snapshot inside of this one tells nothing of the state now.
            if depth(&other) < depth(self) {
                *self = other;
            }
            return;
        }
        match (merge, &mut self.value, &other.value) {
            (Merge::Union, FactValue::List(list), FactValue::List(more)) => {
                list.extend(more.iter().cloned());
                list.sort();
                list.dedup();
                list.truncate(ELEMENTS);
                self.sources.extend(other.sources);
                self.sources.sort_by(|a, b| a.rank().cmp(&b.rank()));
                self.sources.dedup();
                self.sources.truncate(SOURCES);
            }
            (Merge::Max, FactValue::Number(number), FactValue::Number(more)) if more > number => {
                *self = other
            }
            (Merge::Max, FactValue::Number(number), FactValue::Number(more)) if more < number => {}
            _ if smaller => *self = other,
            _ => {}
        }
    }
}

/// What a fact is said of.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Subject {
    /// `cluster`, `node`, `pod` and so on.
    pub(crate) kind: &'static str,
    /// The cluster of an object, where the path of the member tells it.
    pub(crate) cluster: Option<String>,
    /// `node-1`, or `kube-system/anetd-7xk2p`; in parentheses a folder, where nothing tells the name.
    pub(crate) name: String,
}

/// The facts of a bundle.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    limit: usize,
    pub(crate) recognised: bool,
    /// Facts that found no room.
    pub(crate) omitted: bool,
    found: BTreeMap<(Subject, FactId), Fact>,
    /// Kinds of objects of which a list was captured, even an empty one.
    listed: BTreeSet<&'static str>,
    /// Nodes the paths of entries name: by host name or by address.
    pub(crate) captured: BTreeSet<String>,
    /// The hosts that journals in the folder of an address name.
    hosts: BTreeMap<String, BTreeSet<String>>,
}

/// How many captured names are kept.
const MOST: usize = 10_000;

impl Facts {
    /// Keeps at most so many facts.
    pub(crate) fn new(limit: usize) -> Facts {
        Facts {
            limit,
            recognised: false,
            omitted: false,
            found: BTreeMap::new(),
            listed: BTreeSet::new(),
            captured: BTreeSet::new(),
            hosts: BTreeMap::new(),
        }
    }

    /// An entry of this path was read.
    pub(crate) fn saw_path(&mut self, path: &EntryPath, place: &Place) {
        const MARKS: [&[u8]; 4] = [b"bmctl", b"kubectlCommands/", b"kubectl_get", b"baremetal"];
        self.recognised |= MARKS.iter().any(|mark| memchr::memmem::find(path.as_bytes(), mark).is_some());
        // The logs that bmctl keeps of its own work name a node, but are not taken from it.
        let own_log = memchr::memmem::find(path.as_bytes(), b"bmctl-workspace").is_some();
        if let Some(node) = &place.node
            && self.captured.len() < MOST
            && !own_log
        {
            self.captured.insert(node.clone());
        }
        extract::path(self, path);
    }

    /// A log of the node of this address names its host.
    pub(crate) fn saw_host(&mut self, address: String, host: String) {
        let hosts = self.hosts.entry(address).or_default();
        // Two are as good as many: neither is taken.
        hosts.insert(host);
        if hosts.len() > 2 {
            hosts.pop_last();
        }
        if self.hosts.len() > MOST {
            self.hosts.pop_last();
        }
    }

    /// Reads a document, a table or the output of a command.
    pub(crate) fn read(&mut self, path: &EntryPath, text: &[u8]) {
        self.recognised |= memchr::memmem::find(text, b"anthosBareMetalVersion").is_some();
        extract::member(self, path, &String::from_utf8_lossy(text));
    }

    fn add(&mut self, subject: Subject, id: FactId, fact: Fact) {
        use std::collections::btree_map::Entry;
        match self.found.entry((subject, id)) {
            Entry::Vacant(place) => {
                place.insert(fact);
            }
            Entry::Occupied(mut place) => place.get_mut().join(fact, id.definition().merge),
        }
        if self.found.len() > self.limit {
            self.found.pop_last();
            self.omitted = true;
        }
    }

    pub(crate) fn merge(&mut self, other: Facts) {
        self.recognised |= other.recognised;
        self.omitted |= other.omitted;
        self.captured.extend(other.captured);
        self.listed.extend(other.listed);
        for (address, hosts) in other.hosts {
            hosts.into_iter().for_each(|host| self.saw_host(address.clone(), host));
        }
        if self.found.is_empty() && other.found.len() <= self.limit {
            // The facts of one worker, in most bundles all there are.
            self.found = other.found;
            return;
        }
        for ((subject, id), fact) in other.found {
            self.add(subject, id, fact);
        }
    }
}

/// The command of a line that is a prompt and a command.
pub(crate) fn prompted_by(line: &[u8]) -> Option<&str> {
    extract::prompted(std::str::from_utf8(line).ok()?)
}

/// Whether facts are read from a member with this path, whatever it holds.
pub(crate) fn wants(path: &[u8]) -> bool {
    let definitions = definitions();
    let of_content = |&index: &usize| !matches!(definitions.sources[index].form, define::Form::Path(_));
    definitions.sources_for(path).iter().any(of_content)
}

#[cfg(test)]
mod tests;
