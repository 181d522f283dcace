//! Names of hosts that nothing but their form or their place in a line shows to be names.
//!
//! Start from [`hosts`]. A full name is one by its last label; a short one by where it stands: the host column of a
//! syslog or journal line, behind `Host:` or `hostname=`, behind an address as in `/etc/hosts`. Groups of the API of
//! Kubernetes, files, packages and what everyone talks to have the same form and stay.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::LazyLock;

use regex_automata::meta::Regex;

use super::{COMMON, regex};
use crate::bundle::place::host_of_line;
use crate::version::Version;

/// Hosts that everyone talks to, vendors of groups of the API, places of packages, and names inside of a cluster.
const PUBLIC: &[&str] = &[
    // The product and its parts.
    "googleapis.com",
    "google.com",
    "google.internal",
    "googlesource.com",
    "googleusercontent.com",
    "gstatic.com",
    "gserviceaccount.com",
    "svc.id.goog",
    "goog",
    "gcr.io",
    "pkg.dev",
    "gke.io",
    "kubernetes.io",
    "k8s.io",
    "x-k8s.io",
    "cluster.local",
    "svc",
    "localhost",
    "localdomain",
    "anthos.dev",
    // Vendors of groups of the API and of what runs in a cluster.
    "argoproj.io",
    "cilium.io",
    "cert-manager.io",
    "containerd.io",
    "coreos.com",
    "docker.internal",
    "dynatrace.com",
    "elastic.co",
    "etcd.io",
    "fluentbit.io",
    "fluentd.org",
    "gatekeeper.sh",
    "grafana.com",
    "helm.sh",
    "istio.io",
    "jetstack.io",
    "knative.dev",
    "kb.io",
    "kubevirt.io",
    "kyverno.io",
    "metal3.io",
    "metallb.io",
    "metallb.universe.tf",
    "nvidia.com",
    "openebs.io",
    "openpolicyagent.org",
    "openshift.io",
    "portworx.com",
    "projectcalico.org",
    "prometheus.io",
    "rancher.io",
    "rook.io",
    "sigstore.dev",
    "tekton.dev",
    "tigera.io",
    "velero.io",
    "vmware.com",
    // Registries and sources of packages.
    "amazonaws.com",
    "apache.org",
    "canonical.com",
    "centos.org",
    "debian.org",
    "docker.com",
    "docker.io",
    "fedoraproject.org",
    "freedesktop.org",
    "ghcr.io",
    "github.com",
    "github.io",
    "githubusercontent.com",
    "gitlab.com",
    "go.dev",
    "golang.org",
    "goo.gl",
    "gopkg.in",
    "grpc.io",
    "kernel.org",
    "launchpad.net",
    "microsoft.com",
    "netfilter.org",
    "opencensus.io",
    "opencontainers.org",
    "opentelemetry.io",
    "openssl.org",
    "python.org",
    "quay.io",
    "redhat.com",
    "rust-lang.org",
    "snapcraft.io",
    "suse.com",
    "uber.org",
    "ubuntu.com",
    // Standards and answers.
    "cncf.io",
    "example.org",
    "iana.org",
    "ietf.org",
    "letsencrypt.org",
    "mozilla.org",
    "ntp.org",
    "oasis-open.org",
    "rfc-editor.org",
    "serverfault.com",
    "stackoverflow.com",
    "systemd.io",
    "w3.org",
];

/// Last labels by which two labels are a name.
const SURE: &[&str] = &[
    "com", "net", "org", "edu", "gov", "mil", "eu", "kr", "jp", "tw", "hk", "sg", "de", "fr", "uk", "nl",
    "ch", "at", "au", "nz", "br", "ru", "cz", "dk", "fi", "se", "hu", "ua", "corp", "lan", "intranet",
    "local", "internal",
];

/// Last labels that are words, keys or ends of files as well: three labels are a name.
const WITH_THREE: &[&str] = &[
    "ai", "app", "biz", "ca", "cc", "cloud", "cn", "co", "dev", "es", "example", "gr", "home", "ie", "il",
    "info", "int", "invalid", "io", "lt", "lv", "mx", "online", "ph", "pl", "priv", "private", "pro", "pt",
    "ro", "sa", "sh", "site", "sk", "tech", "test", "th", "tr", "tv", "us", "vn", "xyz", "za",
];

/// Words of English, and keys: a name only below one of [`SECOND`].
const WITH_SECOND: &[&str] = &["ae", "be", "id", "in", "is", "it", "me", "my", "no", "so", "to"];
const SECOND: &[&str] = &["ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"];

/// Ends of files that may follow a name.
const FILES: &[&str] = &[
    "bak", "cert", "cfg", "conf", "crt", "csr", "csv", "err", "gz", "html", "json", "key", "log", "out",
    "pem", "service", "slice", "sock", "tar", "tgz", "txt", "xml", "yaml", "yml", "zip",
];

/// What stands in the place of a name and is none.
const NO_HOSTS: &[&str] = &[
    "all",
    "any",
    "audit",
    "crit",
    "debug",
    "down",
    "empty",
    "fatal",
    "found",
    "is",
    "not",
    "nil",
    "none",
    "notice",
    "of",
    "or",
    "self",
    "stderr",
    "stdout",
    "the",
    "this",
    "to",
    "trace",
    "undefined",
    "unknown",
    "unreachable",
    "up",
    "warn",
    "with",
    "was",
    "has",
    "in",
    "rc.local",
    "last",
    "message",
    "repeated",
];

/// A word of labels that dots join.
static WORD: LazyLock<Regex> =
    LazyLock::new(|| regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9][A-Za-z0-9-]{0,62}){1,12}"));
/// Group 1 is a host by the key in front of it; group 2 where a colon and a blank, which stand in prose too, follow it.
static KEYED: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i:(?-u:\b)(?:host|host[-_]?name|fqdn|server[-_]?name|hostname[-_]override|node[-_]?name|peer[-_]?name|static hostname))",
        r"(?:(?:=\\*[\x22']?|\\*[\x22']\s{0,2}[:=]\s{0,2}\\*[\x22'])([A-Za-z0-9][A-Za-z0-9.-]{0,252})",
        r"|\s?:\s{1,2}([A-Za-z0-9][A-Za-z0-9.-]{0,252}))",
    ))
});
/// Group 1 is the host column of a line with a stamp of syslog.
static SYSLOG: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?m)^(?:<[0-9]{1,3}>)?[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)? ",
        r"([A-Za-z0-9][A-Za-z0-9.-]{0,252}) [A-Za-z][A-Za-z0-9_./-]{0,63}(?:\[[0-9]{1,10}\])?: ",
    ))
});
/// Group 1 are the names behind the address of a line of `/etc/hosts`.
static HOSTS: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?m)^[ \t]*[0-9A-Fa-f][0-9A-Fa-f.:]{1,44}[ \t]+",
        r"([A-Za-z][A-Za-z0-9.-]*(?:[ \t]+[A-Za-z][A-Za-z0-9.-]*){0,5})[ \t]*(?:#.*)?\r?$",
    ))
});
/// The version behind a group of the API, and what may follow it there.
static API_VERSION: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^/(?:v[0-9]{1,2}(?:(?:alpha|beta)[0-9]{1,2})?|__internal)(?:[\s,;.:)\]}\x22'\\]|$)")
});
/// The name behind the domain of a label: `a.b.io/name: value`.
static LABEL: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^/[A-Za-z0-9][A-Za-z0-9_.-]{0,62}(?:=|: |\\*[\x22']|[\s,)\]}]|$)"));
/// Names that interfaces have.
static INTERFACE: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^(?:eth|en[opsx]|bond|br|veth|docker|cali|cilium|lxc|vlan|tun|tap|lo|team|wlan)[0-9-]")
});

/// Whether all of this talks to everyone, or is a name inside of a cluster.
pub(super) fn is_public(host: &str) -> bool {
    let below =
        |public: &str| host.strip_suffix(public).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    PUBLIC.iter().any(|public| below(public)) || host.contains(".svc.") || host.ends_with(".svc")
}

/// Places and names, in lower case, of the hosts in a text.
pub(super) fn hosts(text: &str, found: &mut Vec<(Range<usize>, String)>) {
    let mut add = |at: Range<usize>| {
        let at = at.start..at.start + text[at].trim_end_matches(['.', '-']).len();
        let name = text[at.clone()].to_lowercase();
        if is_name(&name) {
            found.push((at, name));
        }
    };
    WORD.find_iter(text).filter_map(|hit| full_name(text, hit.range())).for_each(&mut add);
    for captures in KEYED.captures_iter(text) {
        if let Some(group) = captures.get_group(1) {
            add(group.range());
        } else if let Some(group) = captures.get_group(2)
            && tells_apart(&text[group.range()])
        {
            add(group.range());
        }
    }
    SYSLOG.captures_iter(text).filter_map(|captures| captures.get_group(1)).for_each(|it| add(it.range()));
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(host) = host_of_line(line.as_bytes()) {
            // The column follows the stamp.
            let lower = line.to_ascii_lowercase();
            let at = lower.find(&format!(" {host} ")).map(|at| start + at + 1);
            at.into_iter().for_each(|at| add(at..at + host.len()));
        }
        start += line.len();
    }
    for captures in HOSTS.captures_iter(text) {
        let (Some(line), Some(group)) = (captures.get_match(), captures.get_group(1)) else { continue };
        let names: Vec<&str> = text[group.range()].split_ascii_whitespace().collect();
        let address = text[line.range()].split_ascii_whitespace().next().unwrap_or_default();
        if address.parse::<IpAddr>().is_ok() && are_of_hosts(&names) {
            let base = text.as_ptr() as usize;
            names
                .iter()
                .map(|name| name.as_ptr() as usize - base)
                .zip(&names)
                .for_each(|(at, name)| add(at..at + name.len()));
        }
    }
}

/// Whether a short name may be looked for in any text: it has more than letters.
pub(super) fn tells_apart(name: &str) -> bool {
    name.len() > 2 && name.contains(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'))
}

/// Not an address, a number, a release or a word of logs.
fn is_name(name: &str) -> bool {
    let has_letter = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_file = name.contains('.') && (FILES.contains(&last) || last == "go");
    has_letter
        && !is_file
        && !is_public(name)
        && name.parse::<IpAddr>().is_err()
        && name.parse::<Version>().is_err()
        && !COMMON.contains(&name)
        && !NO_HOSTS.contains(&name)
}

/// The names of a line of `/etc/hosts`, not the cells of a table.
fn are_of_hosts(names: &[&str]) -> bool {
    let is_short =
        |full: &str| names.iter().any(|name| full.split('.').next() == Some(name) && *name != full);
    match names {
        [one] => tells_apart(one) && !INTERFACE.is_match(one),
        _ => names.iter().any(|name| name.contains('.') && (is_short(name) || has_top_label(name))),
    }
}

fn has_top_label(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    let [.., second, last] = labels[..] else { return false };
    SURE.contains(&last)
        || (labels.len() > 2 && WITH_THREE.contains(&last))
        || (labels.len() > 2 && WITH_SECOND.contains(&last) && SECOND.contains(&second))
}

/// The part of a word with dots that is a full name.
fn full_name(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let (before, word, after) = (&text[..at.start], &text[at.clone()], &text[at.end..]);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | '-' | '%');
    // Calls, members and names with other characters are no names of hosts.
    if before.ends_with(is_part) || after.starts_with(['(', '_', '$']) {
        return None;
    }
    let mut name = word.trim_end_matches('-');
    while let Some((rest, last)) = name.rsplit_once('.')
        && FILES.contains(&last)
    {
        name = rest;
    }
    let labels: Vec<&str> = name.split('.').collect();
    let of_one_case = |label: &&str| {
        !(label.bytes().any(|byte| byte.is_ascii_uppercase())
            && label.bytes().any(|byte| byte.is_ascii_lowercase()))
    };
    let lower = name.to_ascii_lowercase();
    if labels.len() < 2 || !labels.iter().all(of_one_case) || !has_top_label(&lower) {
        return None;
    }
    // `notes.com.txt` is a file, `node-1.acme.co.kr.log` the log of a host.
    let rest = &text[at.start + name.len()..];
    if name.len() < word.len() && labels.len() < 3 {
        return None;
    }
    let is_group = before.ends_with("apis/") || API_VERSION.is_match(rest);
    let is_label = lower.ends_with(".io") && LABEL.is_match(rest);
    (!is_group && !is_label).then(|| at.start..at.start + name.len())
}

#[cfg(test)]
mod tests {
    use super::{API_VERSION, HOSTS, INTERFACE, KEYED, LABEL, SYSLOG, WORD, hosts};

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut found = Vec::new();
        hosts(text, &mut found);
        let mut names: Vec<&str> = found.iter().map(|(at, _)| &text[at.clone()]).collect();
        names.dedup();
        let mut unique: Vec<&str> = Vec::new();
        names.into_iter().for_each(|name| {
            if !unique.contains(&name) {
                unique.push(name)
            }
        });
        assert_eq!(unique, expected, "{text}");
    }

    #[test]
    fn the_patterns_compile() {
        for pattern in [&WORD, &KEYED, &SYSLOG, &HOSTS, &API_VERSION, &LABEL, &INTERFACE] {
            assert!(!pattern.is_match("\u{1}"));
        }
    }

    #[test]
    fn full_names_are_found_by_their_form() {
        for (text, expected) in [
            ("dial tcp: lookup foo.corp.example on 10.0.0.2:53: no such host", &["foo.corp.example"][..]),
            (
                "x509: certificate is valid for api.acme.co.kr, not vip.acme.com",
                &["api.acme.co.kr", "vip.acme.com"],
            ),
            ("pull registry.acme.io/team/app:1.2", &["registry.acme.io"]),
            ("pull harbor.lan:5000/app", &["harbor.lan"]),
            ("SR-SVR-206.DEV.ACME.NET is down", &["SR-SVR-206.DEV.ACME.NET"]),
            ("db1.internal and printer.local.", &["db1.internal", "printer.local"]),
            ("nodes/node-1.acme.co.kr.log", &["node-1.acme.co.kr"]),
            ("서버 node-1.acme.com에서", &["node-1.acme.com"]),
            ("shop.acme.co.id", &["shop.acme.co.id"]),
            ("mail from root@mail.acme.com", &["mail.acme.com"]),
            ("/etc/containerd/certs.d/registry.acme.com/hosts.toml", &["registry.acme.com"]),
            ("registry.acme.com/v2/ refused", &["registry.acme.com"]),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn what_has_the_form_of_a_name_and_is_none_stays() {
        for text in [
            "baremetal.cluster.gke.io/v1 clusters.baremetal.cluster.gke.io networking.gke.io",
            "apiVersion: crd.acme.com/v1alpha1, kind: Widget",
            "GET /apis/metrics.acme.com/v1beta1/nodes",
            "failed calling webhook \"vcluster.kb.io\": Post applications.argoproj.io",
            "topology.acme.io/rack: r1 storage.acme.io/class=fast",
            "k8s.gcr.io/pause:3.6 gcr.io/anthos storage.googleapis.com us-docker.pkg.dev/x quay.io/a/b:1",
            "kubernetes.default.svc.cluster.local x.monitoring.svc",
            "reflector.go:138 k8s.io/client-go@v0.23.5/tools/cache sigs.k8s.io/x go.uber.org/zap gopkg.in/yaml.v3",
            "kube-proxy.conf main.rs run.sh setup.py a.out ca.crt front-proxy.ca rc.local",
            "net.ipv4.conf.all.rp_filter spec.containers.image metadata.name resource.labels.id status.is",
            "org.freedesktop.systemd1 io.containerd.runtime.v2 com.docker.network.bridge",
            "v1.13.1-gke.19 1.24.2-gke.1900 containerd://1.5.13-gke.0 4.15.0-180-generic 2.5.1.0-3ubuntu1",
            "logger.info(x) pod.Status.Net System.Net it failed.in the end ended.to e.g. i.e. etc.",
            "kubelet.service cri-containerd-1a2b.scope system.slice a1b2c3.mount",
            "sha256.sum 20.10.17 1.5kB 0.5s 10.0.0.1 fe80::1 a.b c.d",
            "ownca.test values.example default.home",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn short_names_are_found_by_their_place() {
        for (text, expected) in [
            ("Mar 27 10:55:29 busan kubelet[6155]: started", &["busan"][..]),
            ("Mar  7 10:55:29 busan1 dhclient: bound", &["busan1"]),
            ("2022-03-04T20:16:43+0900 Busan-1 kubelet[1]: x", &["Busan-1"]),
            ("a\nMar 27 10:55:29 busan kernel: x\nb", &["busan"]),
            ("hostname=busan level=info", &["busan"]),
            (r#"{"hostname":"busan","host": "db7"}"#, &["busan", "db7"]),
            (r#"{\"hostname\":\"busan\"}"#, &["busan"]),
            ("--hostname-override=busan1", &["busan1"]),
            ("Host: foo.corp.whatever", &["foo.corp.whatever"]),
            ("Host: db-7", &["db-7"]),
            ("   Static hostname: busan1", &["busan1"]),
            ("10.200.0.3 busan1", &["busan1"]),
            ("10.200.0.3\tbusan.acme.com busan # mine", &["busan.acme.com", "busan"]),
            ("fd00::3 vip.acme.com", &["vip.acme.com"]),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn words_in_the_place_of_a_name_stay() {
        for text in [
            "Mar 27 10:55:29 localhost kernel: x",
            "Mar 27 10:55:29 error foo: bar",
            "2022-03-04T20:16:43.680484387Z stderr F x: y",
            "host: not found, Host: is unreachable",
            "host=10.0.0.3 hostname=localhost host=unknown hostname: <nil> host: all",
            "10.200.0.3 Ready 5d v1.23.5",
            "10.200.0.3 dev eth0 lladdr 00:50:56:8a:1b:2c REACHABLE",
            "10.200.0.3 eth0",
            "10.200.0.3 : ok=52 changed=9",
            "10.0.0.0 failed",
            "virtualhost=on ghost-1",
        ] {
            check(text, &[]);
        }
    }
}
