//! Facts the bundle tells of itself: its clusters, their releases, its nodes.
//!
//! Layouts differ and are not known, so a document is recognised by its content, and a table by its header.

use std::collections::BTreeMap;

use super::place::Place;
use crate::path::EntryPath;
use crate::version::Version;

/// A value and where it was read.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub(crate) struct Fact<T> {
    pub(crate) value: T,
    pub(crate) path: EntryPath,
    pub(crate) line: u64,
}

/// What is known of one cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClusterFacts {
    pub(crate) kind: Option<Fact<String>>,
    /// The release asked for, of `spec`.
    pub(crate) desired: Option<Fact<Version>>,
    /// The release that runs, of `status`.
    pub(crate) running: Option<Fact<Version>>,
}

/// What is known of one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeFacts {
    pub(crate) ip: Option<String>,
    pub(crate) cluster: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) kubelet_version: Option<String>,
    pub(crate) os: Option<String>,
    pub(crate) kernel: Option<String>,
    pub(crate) runtime: Option<String>,
    /// Whether `kubectl get nodes` lists it.
    pub(crate) listed: bool,
}

/// The facts of a bundle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) recognised: bool,
    pub(crate) clusters: BTreeMap<String, ClusterFacts>,
    pub(crate) nodes: BTreeMap<String, NodeFacts>,
    /// Nodes the paths of entries name: by host name or by address.
    pub(crate) captured: std::collections::BTreeSet<String>,
}

/// How many clusters, nodes and captured names are kept.
const MOST: usize = 10_000;

impl Facts {
    /// An entry of this path was read.
    pub(crate) fn saw_path(&mut self, path: &[u8], place: &Place) {
        const MARKS: [&[u8]; 4] = [b"bmctl", b"kubectlCommands/", b"kubectl_get", b"baremetal"];
        self.recognised |= MARKS.iter().any(|mark| memchr::memmem::find(path, mark).is_some());
        // The logs that bmctl keeps of its own work name a node, but are not taken from it.
        let own_log = memchr::memmem::find(path, b"bmctl-workspace").is_some();
        if let Some(node) = &place.node
            && self.captured.len() < MOST
            && !own_log
        {
            self.captured.insert(node.clone());
        }
    }

    /// Reads a document or a table.
    pub(crate) fn read(&mut self, path: &EntryPath, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        if text.contains("anthosBareMetalVersion") {
            self.read_clusters(path, &text);
        }
        if text.starts_with("NAME ") && text.contains("INTERNAL-IP") {
            self.read_nodes(&text);
        }
    }

    /// Cluster objects of YAML: documents or lists of them.
    fn read_clusters(&mut self, path: &EntryPath, text: &str) {
        self.recognised = true;
        let mut reader = ClusterReader::default();
        for (index, line) in text.lines().enumerate() {
            if reader.ends_object(line) {
                self.keep_cluster(std::mem::take(&mut reader));
            }
            reader.line(path, index as u64 + 1, line);
        }
        self.keep_cluster(reader);
    }

    fn keep_cluster(&mut self, reader: ClusterReader) {
        if (reader.facts.desired.is_none() && reader.facts.running.is_none()) || self.clusters.len() >= MOST {
            return;
        }
        let cluster = self.clusters.entry(reader.name.unwrap_or_default()).or_default();
        cluster.join(reader.facts);
    }

    fn read_nodes(&mut self, text: &str) {
        let mut lines = text.lines();
        let header: Vec<&str> = cells(lines.next().unwrap_or_default());
        for line in lines {
            let row = cells(line);
            let cell = |name: &str| {
                let at = header.iter().position(|cell| *cell == name)?;
                row.get(at)
                    .copied()
                    .filter(|value| *value != "<none>" && *value != "<unknown>")
                    .map(str::to_owned)
            };
            let Some(name) = cell("NAME") else { continue };
            if row.len() < header.len() || self.nodes.len() >= MOST {
                continue;
            }
            let roles = cell("ROLES").map(|roles| roles.split(',').map(str::to_owned).collect());
            let node = self.nodes.entry(name).or_default();
            node.listed = true;
            node.ip = cell("INTERNAL-IP").or(node.ip.take());
            node.status = cell("STATUS").or(node.status.take());
            node.roles = roles.unwrap_or_default();
            node.kubelet_version = cell("VERSION").or(node.kubelet_version.take());
            node.os = cell("OS-IMAGE").or(node.os.take());
            node.kernel = cell("KERNEL-VERSION").or(node.kernel.take());
            node.runtime = cell("CONTAINER-RUNTIME").or(node.runtime.take());
        }
    }

    /// The name under which a node is known, whether its path has its name or its address.
    pub(crate) fn node_name<'a>(&'a self, name: &'a str) -> &'a str {
        if self.nodes.contains_key(name) {
            return name;
        }
        self.nodes.iter().find(|(_, node)| node.ip.as_deref() == Some(name)).map_or(name, |(known, _)| known)
    }

    pub(crate) fn merge(&mut self, other: Facts) {
        self.recognised |= other.recognised;
        self.captured.extend(other.captured);
        for (name, facts) in other.clusters {
            self.clusters.entry(name).or_default().join(facts);
        }
        for (name, facts) in other.nodes {
            let node = self.nodes.entry(name).or_default();
            if facts.listed && !node.listed {
                *node = facts;
            }
        }
    }
}

impl ClusterFacts {
    /// The release that runs, or the desired one where nothing tells what runs.
    pub(crate) fn version(&self) -> Option<Version> {
        self.running.as_ref().or(self.desired.as_ref()).map(|fact| fact.value)
    }

    /// Of two sources of a fact the smaller stays, so that no order of reading shows.
    fn join(&mut self, other: ClusterFacts) {
        self.kind = least(self.kind.take(), other.kind);
        self.desired = greatest(self.desired.take(), other.desired);
        self.running = greatest(self.running.take(), other.running);
    }
}

fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    a.into_iter().chain(b).min()
}

/// The later release, read at the smaller place.
fn greatest(a: Option<Fact<Version>>, b: Option<Fact<Version>>) -> Option<Fact<Version>> {
    let (Some(first), Some(second)) = (&a, &b) else { return a.or(b) };
    let first_wins = (first.value, &second.path, second.line) >= (second.value, &first.path, first.line);
    if first_wins { a } else { b }
}

/// Cells of a row: columns stand two or more blanks apart.
fn cells(line: &str) -> Vec<&str> {
    line.trim_end().split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// Reads one Cluster object line by line, by indentation.
#[derive(Default)]
struct ClusterReader {
    name: Option<String>,
    facts: ClusterFacts,
    is_cluster: bool,
    section: String,
}

impl ClusterReader {
    fn ends_object(&self, line: &str) -> bool {
        line.starts_with("---") || line.starts_with("- apiVersion:") || line.starts_with("- kind:")
    }

    fn line(&mut self, path: &EntryPath, number: u64, line: &str) {
        let Some((key, value)) = line.split_once(':') else { return };
        let indent = key.len() - key.trim_start_matches([' ', '-']).len();
        let key = key.trim_start_matches([' ', '-']);
        let value = value.trim().trim_matches(['"', '\'']);
        let listed = matches!(self.section.as_str(), "items" | "");
        if (indent == 0 || (indent == 2 && listed))
            || matches!(key, "metadata" | "spec" | "status") && indent <= 2
        {
            self.section = key.to_owned();
        }
        match key {
            "kind" if indent <= 2 => self.is_cluster |= value == "Cluster",
            "name" if self.section == "metadata" && indent <= 4 && self.name.is_none() => {
                self.name = Some(value.to_owned())
            }
            "type" if self.section == "spec" && indent <= 4 => {
                self.facts.kind = Some(Fact { value: value.to_owned(), path: path.clone(), line: number });
            }
            "anthosBareMetalVersion" if indent <= 4 => {
                let Ok(version) = value.parse() else { return };
                let fact = Some(Fact { value: version, path: path.clone(), line: number });
                match self.section.as_str() {
                    "status" => self.facts.running = fact,
                    _ => self.facts.desired = fact,
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use crate::path::EntryPath;

    #[test]
    fn clusters_and_their_releases() {
        let text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: cluster-admin1\n---\napiVersion: baremetal.cluster.gke.io/v1\nkind: Cluster\nmetadata:\n  name: admin1\n  namespace: cluster-admin1\nspec:\n  type: admin\n  anthosBareMetalVersion: 1.14.1\nstatus:\n  anthosBareMetalVersion: 1.14.0\n";
        let list = "apiVersion: v1\nitems:\n- apiVersion: baremetal.cluster.gke.io/v1\n  kind: Cluster\n  metadata:\n    name: user1\n  spec:\n    anthosBareMetalVersion: 1.13.2\n    type: user\n";
        let mut facts = Facts::default();
        facts.read(&EntryPath::input("a"), text.as_bytes());
        facts.read(&EntryPath::input("b"), list.as_bytes());
        let shown: Vec<String> = facts
            .clusters
            .iter()
            .map(|(name, facts)| {
                let kind = facts.kind.as_ref().map(|kind| kind.value.as_str());
                let version = |fact: &Option<super::Fact<_>>| {
                    fact.as_ref().map(|fact| format!("{}:{}", fact.value, fact.line))
                };
                format!("{name} {kind:?} {:?} {:?}", version(&facts.desired), version(&facts.running))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "admin1 Some(\"admin\") Some(\"1.14.1:13\") Some(\"1.14.0:15\")",
                "user1 Some(\"user\") Some(\"1.13.2:8\") None",
            ]
        );
    }

    #[test]
    fn nodes_of_a_wide_table() {
        let text = "NAME     STATUS     ROLES                  AGE   VERSION            INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION      CONTAINER-RUNTIME\nnode-1   Ready      control-plane,master   20d   v1.24.2-gke.1900   10.200.0.3    <none>        Ubuntu 20.04.5 LTS   5.4.0-99-generic    containerd://1.5.13\n";
        let mut facts = Facts::default();
        facts.read(&EntryPath::input("a"), text.as_bytes());
        let node = &facts.nodes["node-1"];
        assert_eq!(node.ip.as_deref(), Some("10.200.0.3"));
        assert_eq!(node.os.as_deref(), Some("Ubuntu 20.04.5 LTS"));
        assert_eq!(facts.node_name("10.200.0.3"), "node-1");
    }
}
