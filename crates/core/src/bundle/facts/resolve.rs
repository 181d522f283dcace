//! Facts when all is read: nodes joined by address and name, objects assigned to clusters, what follows from facts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::define::{FactId, definitions};
use super::value::FactValue;
use super::{Fact, FactSource, Facts, Subject};
use crate::version::Version;

/// A cluster, a node, a pod or another object with its facts.
#[derive(Clone, Debug)]
pub(crate) struct Entity {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) cluster: Option<String>,
    pub(crate) facts: BTreeMap<FactId, Fact>,
}

impl Entity {
    /// The fact `kind.attribute`.
    pub(crate) fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.get(&definitions().fact(name)?)
    }

    /// The text of a fact.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match &self.fact(name)?.value {
            FactValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub(crate) fn list(&self, name: &str) -> &[String] {
        match self.fact(name).map(|fact| &fact.value) {
            Some(FactValue::List(list)) => list,
            _ => &[],
        }
    }

    /// The release in a fact.
    pub(crate) fn version(&self, name: &str) -> Option<Version> {
        self.text(name)?.parse().ok()
    }

    /// Namespace and name.
    pub(crate) fn split_name(&self) -> (Option<&str>, &str) {
        match self.name.rsplit_once('/') {
            Some((namespace, name)) if !self.name.starts_with('(') => (Some(namespace), name),
            _ => (None, &self.name),
        }
    }

    /// The name, unless nothing tells it.
    pub(crate) fn known_name(&self) -> Option<&str> {
        (!self.name.is_empty() && !self.name.starts_with('(')).then_some(&self.name)
    }

    fn derive(&mut self, name: &str, value: FactValue, sources: Vec<FactSource>) {
        if let Some(id) = definitions().fact(name) {
            self.facts.insert(id, Fact { value, sources, assumed: false });
        }
    }
}

/// All facts, by kind of subject.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    pub(crate) recognised: bool,
    /// Whether facts found no room.
    pub(crate) omitted: bool,
    entities: BTreeMap<&'static str, Vec<Entity>>,
    listed: BTreeSet<&'static str>,
    /// Names of nodes by other names and addresses of theirs.
    aliases: BTreeMap<String, String>,
    captured: BTreeSet<String>,
    /// The hosts that journals in the folder of an address name.
    hosts: BTreeMap<String, BTreeSet<String>>,
}

impl Facts {
    /// Joins what belongs together. `version` is taken as the release of every cluster.
    pub(crate) fn resolve(mut self, version: Option<Version>) -> Resolved {
        self.name_by_hostname();
        let aliases = aliases(&self);
        let mut resolver = Resolver { aliases, home: None, clusters: BTreeMap::new() };
        resolver.learn_clusters(&self);
        let mut entities: BTreeMap<(&'static str, Option<String>, String), Entity> = BTreeMap::new();
        for ((subject, id), fact) in self.found {
            let (kind, name, cluster) = resolver.place(subject);
            let key = (kind, cluster.clone(), name.clone());
            let entity =
                entities.entry(key).or_insert_with(|| Entity { kind, name, cluster, facts: BTreeMap::new() });
            match entity.facts.get_mut(&id) {
                Some(known) => known.join(fact, id.definition().merge),
                None => {
                    entity.facts.insert(id, fact);
                }
            }
        }
        let captured = self.captured.iter().map(|node| resolver.node_name(node)).collect();
        let mut resolved = Resolved {
            recognised: self.recognised,
            omitted: self.omitted,
            entities: BTreeMap::new(),
            listed: self.listed,
            aliases: resolver.aliases.clone(),
            captured,
            hosts: self.hosts,
        };
        for (_, entity) in entities {
            resolved.entities.entry(entity.kind).or_default().push(entity);
        }
        resolved.add_captured_nodes();
        resolved.assign_nodes(&resolver);
        resolved.derive_of_nodes();
        resolved.judge_clusters(version);
        resolved
    }
}

impl Facts {
    /// Gives the nodes that only a folder stands for the name that a file of host names in it tells, as a sosreport has.
    fn name_by_hostname(&mut self) {
        let Some(hostname) = definitions().fact("node.hostname") else { return };
        let folder = |name: &str| Some(name.strip_prefix('(')?.strip_suffix(')')?.to_owned());
        let mut hosts: BTreeMap<String, String> = BTreeMap::new();
        for ((subject, id), fact) in &self.found {
            if let (true, Some(inner), FactValue::Text(host)) =
                (*id == hostname, folder(&subject.name), &fact.value)
                && let Some(host) = crate::bundle::place::node_name(host.as_bytes())
            {
                let ends = ["sos_commands/host", "sos_commands/general", "sos_commands/kernel", "etc"];
                let root = ends.iter().find_map(|end| {
                    let root = inner.strip_suffix(end)?;
                    root.is_empty().then_some(root).or_else(|| root.strip_suffix(['/', '!']))
                });
                hosts.entry(root.unwrap_or(&inner).to_owned()).or_insert(host);
            }
        }
        if hosts.is_empty() {
            return;
        }
        let host_of = |name: &str| {
            let inner = folder(name)?;
            let is_below = |root: &str| {
                inner
                    .strip_prefix(root)
                    .is_some_and(|rest| rest.is_empty() || root.is_empty() || rest.starts_with(['/', '!']))
            };
            let nearest = hosts.iter().filter(|(root, _)| is_below(root)).max_by_key(|(root, _)| root.len());
            nearest.map(|(_, host)| host.clone())
        };
        for ((mut subject, id), fact) in std::mem::take(&mut self.found) {
            if subject.kind == "node"
                && let Some(host) = host_of(&subject.name)
            {
                self.captured.insert(host.clone());
                subject.name = host;
            }
            self.add(subject, id, fact);
        }
    }
}

/// Other names of nodes: addresses, and host names without their domain.
fn aliases(facts: &Facts) -> BTreeMap<String, String> {
    let mut aliases = BTreeMap::new();
    let nodes = || facts.found.iter().filter(|((subject, _), _)| subject.kind == "node");
    for (name, fact) in of_nodes(facts, "node.ip") {
        if let FactValue::Text(address) = &fact.value
            && address != name
        {
            aliases.insert(address.clone(), name.to_owned());
        }
    }
    add_hosts(facts, &mut aliases);
    let listed: BTreeSet<&String> = aliases.values().collect();
    let mut short: BTreeMap<String, String> = BTreeMap::new();
    for name in &listed {
        if let Some((host, _)) = name.split_once('.') {
            short.insert(host.to_owned(), (*name).clone());
        }
    }
    let hosts: BTreeSet<String> = listed.iter().map(|name| (*name).clone()).collect();
    for ((subject, _), _) in nodes() {
        if let Some((host, _)) = subject.name.split_once('.')
            && hosts.contains(host)
        {
            short.insert(subject.name.clone(), host.to_owned());
        }
    }
    short.retain(|name, _| !hosts.contains(name) && name.parse::<IpAddr>().is_err());
    aliases.extend(short);
    add_addresses(facts, &mut aliases);
    aliases
}

/// Nodes with this fact.
fn of_nodes<'a>(facts: &'a Facts, name: &str) -> impl Iterator<Item = (&'a str, &'a Fact)> {
    let wanted = definitions().fact(name);
    let found = facts.found.iter().filter(|((subject, _), _)| subject.kind == "node");
    found.filter(move |((_, id), _)| Some(*id) == wanted).map(|((subject, _), fact)| (&*subject.name, fact))
}

/// Nodes of which only the folder of their address is known, by the name that they give themselves.
fn add_hosts(facts: &Facts, aliases: &mut BTreeMap<String, String>) {
    let named = of_nodes(facts, "node.hostname").filter_map(|(node, fact)| match &fact.value {
        FactValue::Text(host) => Some((node, host.to_lowercase())),
        _ => None,
    });
    let logged = facts.hosts.iter().filter(|(_, hosts)| hosts.len() == 1);
    let logged = logged.flat_map(|(node, hosts)| hosts.iter().map(move |host| (node.as_str(), host.clone())));
    let mut hosts: BTreeMap<&str, String> = logged.collect();
    hosts.extend(named);
    hosts.retain(|node, host| {
        let is_name = host.parse::<IpAddr>().is_err() && !host.starts_with("localhost");
        node.parse::<IpAddr>().is_ok() && is_name && !aliases.contains_key(*node)
    });
    // Machines that were cloned with their name stay apart.
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for host in hosts.values() {
        *owners.entry(first_label(host).to_owned()).or_default() += 1;
    }
    let taken: BTreeSet<String> = aliases.values().map(|name| first_label(name).to_owned()).collect();
    for (node, host) in hosts {
        let label = first_label(&host);
        if owners[label] == 1 && !taken.contains(label) {
            aliases.insert(node.to_owned(), host);
        }
    }
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Addresses that the interfaces of one node alone carry.
fn add_addresses(facts: &Facts, aliases: &mut BTreeMap<String, String>) {
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (node, fact) in of_nodes(facts, "node.addresses") {
        let name = aliases.get(node).map_or(node, String::as_str);
        let FactValue::List(list) = &fact.value else { continue };
        for entry in list {
            let address = entry.split_once('=').map_or("", |(_, address)| address);
            let address = address.split('/').next().unwrap_or_default();
            if is_own(address) && !name.starts_with('(') && !name.is_empty() {
                owners.entry(address.to_owned()).or_default().insert(name.to_owned());
            }
        }
    }
    let known: BTreeSet<String> = aliases.values().cloned().collect();
    for (address, owners) in owners.into_iter().filter(|(_, owners)| owners.len() == 1) {
        let is_other = owners.iter().all(|name| *name != address) && !known.contains(&address);
        if is_other && !aliases.contains_key(&address) {
            aliases.extend(owners.into_iter().map(|name| (address.clone(), name)));
        }
    }
}

/// Whether an address may tell one machine from another: not loopback and not of the link.
fn is_own(address: &str) -> bool {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => !address.is_loopback() && !address.is_link_local(),
        Ok(IpAddr::V6(address)) => !address.is_loopback() && !address.is_unicast_link_local(),
        Err(_) => false,
    }
}

struct Resolver {
    aliases: BTreeMap<String, String>,
    /// The cluster that objects belong to whose path names none.
    home: Option<String>,
    /// Addresses of the nodes of each cluster.
    clusters: BTreeMap<String, BTreeSet<String>>,
}

impl Resolver {
    fn node_name(&self, name: &str) -> String {
        self.aliases.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn learn_clusters(&mut self, facts: &Facts) {
        let ids = ["cluster.node_addresses", "cluster.machines", "cluster.control_plane_addresses"];
        let addresses: Vec<Option<FactId>> = ids.iter().map(|name| definitions().fact(name)).collect();
        let hint = definitions().fact("node.cluster");
        let mut hinted: BTreeSet<&str> = BTreeSet::new();
        for ((subject, id), fact) in &facts.found {
            if subject.kind == "node" && Some(*id) == hint {
                hinted.insert(&subject.name);
            }
            if subject.kind != "cluster" || subject.name.is_empty() {
                continue;
            }
            let known = self.clusters.entry(subject.name.clone()).or_default();
            if let (true, FactValue::List(list)) = (addresses.contains(&Some(*id)), &fact.value) {
                known.extend(list.iter().cloned());
            }
        }
        let unclaimed: Vec<&String> = self
            .aliases
            .iter()
            .filter(|(_, name)| !hinted.contains(name.as_str()))
            .map(|(ip, _)| ip)
            .collect();
        let votes =
            |addresses: &BTreeSet<String>| unclaimed.iter().filter(|ip| addresses.contains(**ip)).count();
        let best = self.clusters.iter().max_by_key(|(_, addresses)| votes(addresses));
        self.home = match self.clusters.len() {
            1 => self.clusters.keys().next().cloned(),
            _ => best.filter(|(_, addresses)| votes(addresses) > 0).map(|(name, _)| name.clone()),
        };
    }

    /// Kind, name and cluster under which a subject is known.
    fn place(&self, subject: Subject) -> (&'static str, String, Option<String>) {
        let Subject { kind, cluster, name } = subject;
        match kind {
            "node" => (kind, self.node_name(&name), None),
            "bundle" => (kind, name, None),
            "cluster" => {
                let name = if name.is_empty() { self.home.clone().unwrap_or_default() } else { name };
                (kind, name.clone(), Some(name))
            }
            _ => {
                let of_namespace =
                    name.split_once('/').and_then(|(namespace, _)| namespace.strip_prefix("cluster-"));
                let of_namespace =
                    of_namespace.filter(|name| self.clusters.contains_key(*name)).map(str::to_owned);
                let by_path_first = kind == "networkresource";
                let known = if by_path_first { cluster.or(of_namespace) } else { of_namespace.or(cluster) };
                (kind, name, known.or_else(|| self.home.clone()))
            }
        }
    }
}

impl Resolved {
    /// The entities of a kind; `None` when nothing tells of any.
    pub(crate) fn entities(&self, kind: &str) -> Option<&[Entity]> {
        match self.entities.get(kind) {
            Some(entities) => Some(entities),
            None => self.listed.contains(kind).then_some(&[]),
        }
    }

    /// All entities.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Entity> {
        self.entities.values().flatten()
    }

    pub(crate) fn clusters(&self) -> &[Entity] {
        self.entities.get("cluster").map_or(&[], Vec::as_slice)
    }

    pub(crate) fn nodes(&self) -> &[Entity] {
        self.entities.get("node").map_or(&[], Vec::as_slice)
    }

    pub(crate) fn cluster(&self, name: &str) -> Option<&Entity> {
        self.clusters().iter().find(|cluster| cluster.name == name)
    }

    pub(crate) fn node(&self, name: &str) -> Option<&Entity> {
        let nodes = self.nodes();
        nodes.binary_search_by(|node| node.name.as_str().cmp(name)).ok().map(|at| &nodes[at])
    }

    /// The name under which a node is known, whether its path has its name or its address.
    pub(crate) fn node_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    /// Whether the journal of a node, known by its address, has lines of a host of this name: it is no other node.
    pub(crate) fn writes_as(&self, node: &str, host: &str) -> bool {
        self.hosts.get(node).is_some_and(|hosts| hosts.contains(host))
    }

    /// Whether the bundle holds files of this node.
    pub(crate) fn is_captured(&self, node: &str) -> bool {
        self.captured.contains(node)
    }

    fn add_captured_nodes(&mut self) {
        let nodes = self.entities.entry("node").or_default();
        let known: BTreeSet<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
        let new: Vec<String> =
            self.captured.iter().filter(|name| !known.contains(name.as_str())).cloned().collect();
        nodes.extend(new.into_iter().map(|name| Entity {
            kind: "node",
            name,
            cluster: None,
            facts: BTreeMap::new(),
        }));
        nodes.sort_by(|a, b| a.name.cmp(&b.name));
        if nodes.is_empty() {
            self.entities.remove("node");
        }
    }

    /// Which cluster a node belongs to: as its path says, else by its address, else the one of the bundle.
    fn assign_nodes(&mut self, resolver: &Resolver) {
        let any_addresses = resolver.clusters.values().any(|addresses| !addresses.is_empty());
        for node in self.entities.get_mut("node").into_iter().flatten() {
            let names = [Some(node.name.as_str()), node.text("node.ip")];
            let has =
                |addresses: &BTreeSet<String>| names.iter().flatten().any(|name| addresses.contains(*name));
            let by_address =
                resolver.clusters.iter().find(|(_, addresses)| has(addresses)).map(|(name, _)| name.clone());
            let alone =
                if any_addresses && resolver.clusters.len() > 1 { None } else { resolver.home.clone() };
            node.cluster = by_address.or_else(|| node.text("node.cluster").map(str::to_owned)).or(alone);
        }
    }

    /// The interface that carries the address of a node.
    fn derive_of_nodes(&mut self) {
        for node in self.entities.get_mut("node").into_iter().flatten() {
            let ip = node.text("node.ip").unwrap_or(&node.name);
            let has = |entry: &&String| {
                let address = entry.split_once('=').and_then(|(_, address)| address.split('/').next());
                address == Some(ip)
            };
            let interface = node.list("node.addresses").iter().find(has);
            let interface = interface.and_then(|entry| Some(entry.split_once('=')?.0.to_owned()));
            let sources = node.fact("node.addresses").map_or(Vec::new(), |fact| fact.sources.clone());
            if let Some(interface) = interface {
                node.derive("node.ip_interface", FactValue::Text(interface), sources);
            }
        }
    }

    /// The release each cluster runs, and whether it is being upgraded.
    fn judge_clusters(&mut self, version: Option<Version>) {
        if version.is_some() && self.clusters().is_empty() {
            let cluster = Entity {
                kind: "cluster",
                name: String::new(),
                cluster: Some(String::new()),
                facts: BTreeMap::new(),
            };
            self.entities.insert("cluster", vec![cluster]);
        }
        let nodes = self.entities.get("node").cloned().unwrap_or_default();
        for cluster in self.entities.get_mut("cluster").into_iter().flatten() {
            let own = || nodes.iter().filter(|node| node.cluster.as_deref() == Some(&cluster.name));
            let kubelet = own()
                .filter_map(|node| node.fact("node.kubelet_version"))
                .min_by(|a, b| a.rank().cmp(&b.rank()));
            let kubernetes = cluster.fact("cluster.kubernetes_version").or(kubelet).cloned();
            let running = cluster.fact("cluster.running_version").cloned().or_else(|| of_components(cluster));
            let desired = cluster.fact("cluster.desired_version").cloned();
            let known = running
                .clone()
                .or_else(|| desired.clone())
                .or_else(|| kubernetes.as_ref().and_then(from_kubernetes));
            let sources = known.as_ref().map_or(Vec::new(), |fact| fact.sources.clone());
            if let Some(value) =
                version.map(|version| FactValue::Text(version.to_string())).or(known.map(|fact| fact.value))
            {
                cluster.derive("cluster.version", value, sources);
            }
            if let Some(kubernetes) = kubernetes {
                cluster.derive("cluster.kubernetes_version", kubernetes.value, kubernetes.sources);
            }
            if let Some(ranges) = cluster.fact("cluster.pod_cidrs").and_then(ranges_of_24) {
                cluster.derive("cluster.pod_ranges_of_24", ranges.value, ranges.sources);
            }
            let told = version.map(|version| FactValue::Text(version.to_string()));
            if let Some(value) = told.or_else(|| running.clone().map(|running| running.value)) {
                let sources = running.as_ref().map_or(Vec::new(), |running| running.sources.clone());
                cluster.derive("cluster.running_version", value, sources);
            }
            if let (Some(running), Some(desired)) = (running, desired) {
                let upgrading = f64::from(u8::from(running.value != desired.value));
                cluster.derive("cluster.upgrading", FactValue::Number(upgrading), desired.sources);
            }
        }
    }
}

/// The latest release that pods of components carry in their names.
fn of_components(cluster: &Entity) -> Option<Fact> {
    let fact = cluster.fact("cluster.component_versions")?;
    let releases = cluster.list("cluster.component_versions").iter();
    let latest = releases.filter_map(|text| text.parse::<Version>().ok()).max()?;
    let sources = fact.sources.iter().filter(|source| source.text.contains(&latest.to_string()));
    Some(Fact {
        value: FactValue::Text(latest.to_string()),
        sources: sources.cloned().collect(),
        assumed: false,
    })
}

/// How many ranges of 256 addresses the IPv4 ranges of a list hold.
fn ranges_of_24(fact: &Fact) -> Option<Fact> {
    let FactValue::List(list) = &fact.value else { return None };
    let prefix = |cidr: &String| {
        let (base, prefix) = cidr.split_once('/')?;
        base.parse::<std::net::Ipv4Addr>().ok()?;
        prefix.parse::<u32>().ok().filter(|prefix| *prefix <= 32)
    };
    let prefixes: Vec<u32> = list.iter().filter_map(prefix).collect();
    let ranges: f64 = prefixes.iter().map(|&prefix| f64::from(24 - prefix.min(24)).exp2().floor()).sum();
    let value = FactValue::Number(ranges);
    (!prefixes.is_empty()).then(|| Fact { value, sources: fact.sources.clone(), assumed: false })
}

/// The minor release of the product that brings this Kubernetes: 1.21 came with 1.10; from 1.28 on both are the same.
fn from_kubernetes(fact: &Fact) -> Option<Fact> {
    let FactValue::Text(text) = &fact.value else { return None };
    let version: Version = text.split('-').next()?.parse().ok()?;
    let minor = match version.branch() {
        (1, minor @ 21..=27) => minor - 11,
        (1, minor @ 28..) => minor,
        _ => return None,
    };
    Some(Fact { value: FactValue::Text(format!("1.{minor}")), sources: fact.sources.clone(), assumed: false })
}
