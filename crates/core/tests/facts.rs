//! Facts of whole bundles: faults are found on their nodes in either layout, a healthy bundle is silent, and a bare
//! workspace says what to ask for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use loggrep_abm_core::input::Source;
use loggrep_abm_core::report::Report;
use loggrep_abm_core::{AnalyzeOptions, SignatureSet, analyze};

type Files = Vec<(String, String)>;

fn report(files: &Files) -> Report {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    let source = Source::Bytes { name: "snap.tar".into(), bytes: archive.into_inner().unwrap() };
    analyze(&SignatureSet::builtin().unwrap(), vec![source], &AnalyzeOptions::default()).unwrap()
}

const ADDRESSES: [(&str, &str); 4] =
    [("cp-1", "10.0.0.2"), ("worker-1", "10.0.0.3"), ("worker-2", "10.0.0.4"), ("worker-3", "10.0.0.5")];

/// A cluster with the edge profile; `faulty` decides whether anything is wrong with it.
fn bundle(faulty: bool, path: impl Fn(&str, &str) -> String) -> Files {
    let pick = |bad: &str, good: &str| if faulty { bad.to_owned() } else { good.to_owned() };
    let mut files = Files::new();
    let mut nodes = "NAME       STATUS   ROLES           AGE   VERSION            INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION       CONTAINER-RUNTIME\n".to_owned();
    for (name, ip) in ADDRESSES {
        let role = if name == "cp-1" { "control-plane,master" } else { "worker" };
        let old = name == "worker-3" && faulty;
        let kernel = if old { "4.15.0-150-generic" } else { "4.15.0-180-generic" };
        nodes += &format!(
            "{name:<11}Ready    {role:<23}20d   v1.22.8-gke.200    {ip:<14}<none>        Ubuntu 18.04.6 LTS   {kernel:<21}containerd://1.5.11\n"
        );
        let at = |what: &str| path(if name == "cp-1" { name } else { ip }, what);
        let on =
            |node: &str, bad: &str, good: &str| if name == node { pick(bad, good) } else { good.to_owned() };
        files.push((at("cat /proc/sys/net/ipv4/conf/all/rp_filter"), on("worker-1", "1\n", "0\n")));
        files.push((
            at("ip route show"),
            on(
                "worker-2",
                "default via 10.0.0.1 dev a\ndefault via 10.1.0.1 dev b\n",
                "default via 10.0.0.1 dev a\n",
            ),
        ));
        let statistics =
            |n: u32| format!("cpu=0 found=1 insert=0 insert_failed={n} drop=0 chaintoolong={n}\n");
        files.push((at("conntrack -S"), on("worker-1", &statistics(7), &statistics(0))));
        let features = |state: &str| format!("Features for ens192:\ntx-udp_tnl-segmentation: {state}\n");
        files.push((at("ethtool -k ens192"), on("cp-1", &features("on"), &features("off"))));
        files.push((at("dmesg"), "[    0.0] Hypervisor detected: VMware\n".to_owned()));
        files.push((
            at("mount"),
            on(
                "worker-3",
                "cgroup2 on /sys/fs/cgroup type cgroup2 (rw)\n",
                "tmpfs on /sys/fs/cgroup type tmpfs (ro)\n",
            ),
        ));
        files.push((at("conntrack --count"), "sudo: conntrack: command not found\n".to_owned()));
    }
    files.push(("top/kubectl_get_nodes_-o_wide".to_owned(), nodes));
    files.push(("top/kubectl_get_clusters_-A_-o_yaml".to_owned(), cluster("1.11.1")));
    files.push(("top/kube-system/kubectl_get_deployments_-o_yaml".to_owned(), format!("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: metrics-server\n  namespace: kube-system\nspec:\n  template:\n    spec:\n      containers:\n      - name: metrics-server\n        resources:\n          limits:\n            cpu: {}\n", pick("20m", "50m"))));
    files
}

fn cluster(version: &str) -> String {
    format!(
        "apiVersion: baremetal.cluster.gke.io/v1\nkind: Cluster\nmetadata:\n  name: edge-1\n  namespace: cluster-edge-1\nspec:\n  type: standalone\n  profile: edge\n  anthosBareMetalVersion: {version}\nstatus:\n  anthosBareMetalVersion: {version}\n"
    )
}

/// `top/nodes/NODE/commands/ip_route_show`, files below `files/`.
fn deep(node: &str, command: &str) -> String {
    match command.strip_prefix("cat ") {
        Some(file) => format!("top/nodes/{node}/files{file}"),
        None => format!("top/nodes/{node}/commands/{}", command.replace(' ', "_")),
    }
}

/// `other/nodes/NODE/sudo_ip_route_show`.
fn flat(node: &str, command: &str) -> String {
    format!("other/nodes/{node}/sudo_{}", command.replace(' ', "_"))
}

/// `case/NODE/ip-route-show.txt` as a shell session of another system: a prompt, carriage returns, and dashes for blanks.
fn pasted(files: Files) -> Files {
    let paste = |(path, text): (String, String)| {
        let Some((node, command)) = path.strip_prefix("pasted/nodes/").and_then(|rest| rest.split_once('/'))
        else {
            return (path, text);
        };
        let name = command.replace(['/', ' '], "-");
        let text = format!("$ sudo {command}\n{text}").replace('\n', "\r\n");
        (format!("pasted/nodes/{node}/{name}.txt"), text)
    };
    files.into_iter().map(paste).collect()
}

fn found(report: &Report) -> BTreeMap<&str, String> {
    report
        .findings
        .iter()
        .map(|finding| (&finding.id[..], format!("{} {}", finding.confidence, finding.nodes.join(","))))
        .collect()
}

#[test]
fn faults_are_found_on_their_nodes_in_either_layout() {
    for path in [deep, flat] {
        let report = report(&bundle(true, path));
        let expected = [
            ("cgroup-v2-not-supported", "confirmed worker-3"),
            ("conntrack-chaintoolong-insert-failures", "confirmed worker-1"),
            ("metrics-server-edge-low-cpu-limit", "confirmed "),
            ("multiple-default-gateways", "confirmed worker-2"),
            ("reverse-path-filter-enabled", "confirmed worker-1"),
            ("ubuntu-18-04-6-ga-kernel-bpf-too-large", "likely worker-3"),
            ("vsphere-vmxnet3-udp-tunnel-offload", "confirmed cp-1"),
        ];
        let expected: BTreeMap<&str, String> = expected.map(|(id, on)| (id, on.to_owned())).into();
        assert_eq!(found(&report), expected);
        let evidence = |id: &str| &report.findings.iter().find(|finding| finding.id == id).unwrap().evidence;
        let routes = &evidence("multiple-default-gateways")[1];
        assert!(routes.path.ends_with("ip_route_show"), "{}", routes.path);
        assert_eq!((routes.line, routes.offset, &routes.text[..]), (2, 27, "default via 10.1.0.1 dev b"));
        assert_eq!(evidence("metrics-server-edge-low-cpu-limit")[0].line, 13);
        assert_eq!(report.bundle.nodes.len(), 4);
        assert!(report.bundle.nodes.iter().all(|node| node.captured && node.ip.is_some()));
    }
}

#[test]
fn faults_are_found_in_pasted_sessions() {
    let session = |faulty| pasted(bundle(faulty, |node, command| format!("pasted/nodes/{node}/{command}")));
    let of_deep = report(&bundle(true, deep));
    assert_eq!(found(&report(&session(true))), found(&of_deep));
    assert_eq!(found(&report(&session(false))), BTreeMap::new());
}

#[test]
fn explanations_say_why_in_the_language_of_the_report() {
    let explained = |files: &Files, language: &str| {
        let mut options = AnalyzeOptions::default();
        options.explain = true;
        language.clone_into(&mut options.language);
        let sources = files
            .iter()
            .map(|(path, text)| Source::Bytes { name: path.clone(), bytes: text.clone().into_bytes() });
        let report = analyze(&SignatureSet::builtin().unwrap(), sources, &options).unwrap();
        let mut text = Vec::new();
        loggrep_abm_core::report::write_explanations(&report, &mut text).unwrap();
        (report, String::from_utf8(text).unwrap())
    };
    let bare = vec![("bmctl-workspace/edge-1/edge-1.yaml".to_owned(), cluster("1.12.1"))];
    let table = [
        (
            "en",
            "reverse-path-filter-enabled",
            "cannot_tell",
            "The bundle lacks node.rp_filter. These commands tell: sysctl net.ipv4.conf.all.rp_filter.",
        ),
        (
            "ko",
            "reverse-path-filter-enabled",
            "cannot_tell",
            "번들에 다음 정보가 없습니다: node.rp_filter. 다음 명령어로 확인할 수 있습니다: sysctl net.ipv4.conf.all.rp_filter.",
        ),
        ("en", "bmctl-restore-version-not-supported", "not_shown", "None of its messages occur."),
        ("ko", "bmctl-restore-version-not-supported", "not_shown", "해당 메시지가 없습니다."),
        (
            "en",
            "nodes-uncordoned-without-maintenance-mode",
            "not_shown",
            "None of its messages occur. What the bundle tells does not fulfil its conditions.",
        ),
        (
            "en",
            "deprecated-metrics-dashboards",
            "advisory",
            "Only version or configuration suggests it: affected().",
        ),
    ];
    for (language, id, outcome, reason) in table {
        let (report, text) = explained(&bare, language);
        let one = report.explanations.iter().find(|one| one.id == id).unwrap();
        assert_eq!((&one.outcome[..], &one.reason[..]), (outcome, reason), "{id} {language}");
        assert!(text.contains(reason), "{id} {language}");
        assert_eq!(report.explanations.len(), report.tool.signatures);
        assert!(report.explanations.iter().all(|one| !one.reason.is_empty()));
    }
    let routes = vec![("nodes/n1/sysctl_-a".to_owned(), "net.ipv4.conf.all.rp_filter = 1\n".to_owned())];
    let (report, _) = explained(&routes, "en");
    let one = report.explanations.iter().find(|one| one.id == "reverse-path-filter-enabled").unwrap();
    assert_eq!(one.reason, "For n1 this condition holds: node.rp_filter in [1, 2].");
}

#[test]
fn the_healthy_twin_is_silent() {
    for path in [deep, flat] {
        let report = report(&bundle(false, path));
        assert_eq!(found(&report), BTreeMap::new());
        let asked: Vec<&str> = report.coverage.cannot_tell.iter().map(|one| &one.id[..]).collect();
        for id in
            ["reverse-path-filter-enabled", "multiple-default-gateways", "vsphere-vmxnet3-udp-tunnel-offload"]
        {
            assert!(!asked.contains(&id), "{id}");
        }
    }
}

#[test]
fn a_bare_workspace_says_what_to_ask_for() {
    let files = vec![("bmctl-workspace/edge-1/edge-1.yaml".to_owned(), cluster("1.12.1"))];
    let report = report(&files);
    assert_eq!(found(&report), BTreeMap::new());
    let missing: BTreeMap<&str, String> = report
        .coverage
        .cannot_tell
        .iter()
        .map(|one| (&one.id[..], one.missing[0].command.clone().unwrap_or_default()))
        .collect();
    for (id, command) in [
        ("reverse-path-filter-enabled", "sysctl net.ipv4.conf.all.rp_filter"),
        ("multiple-default-gateways", "ip route show"),
        ("cgroup-v2-not-supported", "stat -fc %T /sys/fs/cgroup"),
        ("vsphere-vmxnet3-udp-tunnel-offload", "ethtool -k INTERFACE | grep segm"),
        ("metrics-server-edge-low-cpu-limit", "kubectl get deployment metrics-server -n kube-system -o yaml"),
    ] {
        assert_eq!(missing.get(id).map(String::as_str), Some(command), "{id}: {missing:?}");
    }
    // Its release is not one of those with the fault.
    assert!(!missing.contains_key("conntrack-chaintoolong-insert-failures"));
    assert!(report.coverage.cannot_tell_unaffected > 0);
    let coverage = &report.coverage;
    let told =
        coverage.shown + coverage.not_shown + coverage.cannot_tell.len() + coverage.cannot_tell_unaffected;
    assert_eq!(told, coverage.evaluated);
}

/// The release is known, and the source does not speak of it: no capture would tell more.
#[test]
fn a_release_that_is_known_is_not_asked_for() {
    let pods = "NAMESPACE     NAME             READY   STATUS      RESTARTS   AGE\nkube-system   anetd-4kx2p      0/1     OOMKilled   3          1d\nkube-system   stackdriver-log-forwarder-x2k4p   0/1   OOMKilled   3   1d\n";
    let pods: String = (0..12)
        .map(|n| format!("kube-system   kube-proxy-cleanup-{n}   0/1   Pending   0   1d\n"))
        .fold(pods.to_owned(), |all, row| all + &row);
    let files = |version: Option<&str>| {
        let mut files = vec![
            ("s/kubectl_get_pods_-A".to_owned(), pods.clone()),
            (
                "s/kubectl_get_nodes".to_owned(),
                "NAME         STATUS   ROLES    AGE   VERSION\nn1.example   Ready    <none>   1d    x\n"
                    .to_owned(),
            ),
        ];
        files.extend(version.map(|version| ("s/kubectl_get_clusters_-o_yaml".to_owned(), cluster(version))));
        files
    };
    let ids = [
        "dataplane-v2-memory-leak",
        "kube-proxy-cleanup-jobs-excessive",
        "log-forwarder-memory-grows",
        "node-names-with-dot-logs-not-exported",
    ];
    let asked = |report: &Report| -> Vec<String> {
        let asking = |one: &&loggrep_abm_core::report::CannotTell| {
            one.missing.iter().any(|missing| missing.fact == "cluster.version")
        };
        report.coverage.cannot_tell.iter().filter(asking).map(|one| one.id.clone()).collect()
    };
    let unknown = asked(&report(&files(None)));
    for id in ids {
        assert!(unknown.iter().any(|one| one == id), "{id}: {unknown:?}");
    }
    for known in ["1.99.0", "1.2.0", "1.13.2"] {
        assert_eq!(asked(&report(&files(Some(known)))), [""; 0], "{known}");
    }
}

#[test]
fn the_nodes_that_lack_a_capture_are_named() {
    let healthy = |node: &str| {
        vec![
            (format!("s/nodes/{node}/commands/ip_route_show"), "default via 10.0.0.1 dev a\n".to_owned()),
            (format!("s/nodes/{node}/files/proc/sys/net/ipv4/conf/all/rp_filter"), "0\n".to_owned()),
        ]
    };
    let mut files: Files = ["n1", "n2", "n3"].into_iter().flat_map(healthy).collect();
    files.retain(|(path, _)| !path.contains("n2/files"));
    // A table with its header only is no output.
    files.retain(|(path, _)| !path.contains("n3/commands"));
    files.push((
        "s/nodes/n3/commands/route_-n".to_owned(),
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n".to_owned(),
    ));
    let report = report(&files);
    let lacks = |id: &str| -> Vec<String> {
        let one = report.coverage.cannot_tell.iter().find(|one| one.id == id).expect(id);
        one.missing.iter().flat_map(|missing| missing.nodes.clone()).collect()
    };
    assert_eq!(lacks("reverse-path-filter-enabled"), ["n2"]);
    assert_eq!(lacks("multiple-default-gateways"), ["n3"]);
    let mut text = Vec::new();
    let text_of = loggrep_abm_core::report::TextOptions::default();
    loggrep_abm_core::report::write_text(&report, &text_of, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let ask = text.split("# on n2:\n").nth(1).expect(&text);
    assert!(ask.contains("sysctl net.ipv4.conf.all.rp_filter"), "{text}");
    assert!(text.contains("# on n3:"), "{text}");
}

#[test]
fn a_release_that_is_only_asked_for_is_not_said_to_run() {
    let workspace = "apiVersion: baremetal.cluster.gke.io/v1\nkind: Cluster\nmetadata:\n  name: edge-1\n  namespace: cluster-edge-1\nspec:\n  type: standalone\n  profile: edge\n  anthosBareMetalVersion: 1.12.1\n";
    let told = |text: &str| {
        let report = report(&vec![("bmctl-workspace/edge-1/edge-1.yaml".to_owned(), text.to_owned())]);
        let mut out = Vec::new();
        let options = loggrep_abm_core::report::TextOptions::default();
        loggrep_abm_core::report::write_text(&report, &options, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let desired = told(workspace);
    assert!(desired.contains("edge-1 is to run 1.12.1"), "{desired}");
    assert!(desired.contains("1.12.1 asked for") && !desired.contains("edge-1 runs"), "{desired}");
    let running = told(&cluster("1.12.1"));
    assert!(running.contains("edge-1 runs 1.12.1") && !running.contains("is to run"), "{running}");
}

/// Lists too long for an example: every way in which endpoints are counted.
#[test]
fn endpoints_are_counted_in_each_form() {
    let nodes = |os: &str| {
        (
            "s/kubectl_get_nodes_-o_wide".to_owned(),
            format!(
                "NAME       STATUS   ROLES    AGE   VERSION            INTERNAL-IP   EXTERNAL-IP   OS-IMAGE                              KERNEL-VERSION      CONTAINER-RUNTIME\nworker-1   Ready    worker   40d   v1.24.2-gke.1900   10.0.0.4      <none>        {os:<38}5.4.0-137-generic   containerd://1.6.6\n"
            ),
        )
    };
    let endpoints = |objects: u32| {
        let addresses: String = (0..200).map(|n| format!("    - ip: 10.1.0.{n}\n")).collect();
        let ports: String = (0..10).map(|n| format!("    - port: {}\n", 8000 + n)).collect();
        let object = |n| {
            format!(
                "- apiVersion: v1\n  kind: Endpoints\n  metadata:\n    name: e{n}\n    namespace: shop\n  subsets:\n  - addresses:\n{addresses}    ports:\n{ports}"
            )
        };
        let items: String = (0..objects).map(object).collect();
        (
            "s/kubectl_get_endpoints_-A_-o_yaml".to_owned(),
            format!("apiVersion: v1\nkind: List\nitems:\n{items}"),
        )
    };
    let slices = |objects: u32| {
        let addresses: String = (0..200).map(|n| format!("  - addresses: [10.1.0.{n}]\n")).collect();
        let ports: String = (0..10).map(|n| format!("  - port: {}\n", 8000 + n)).collect();
        let object = |n| {
            format!(
                "- apiVersion: discovery.k8s.io/v1\n  kind: EndpointSlice\n  metadata:\n    name: e{n}\n    namespace: shop\n  endpoints:\n{addresses}  ports:\n{ports}"
            )
        };
        let items: String = (0..objects).map(object).collect();
        (
            "s/kubectl_get_endpointslices_-A_-o_yaml".to_owned(),
            format!("apiVersion: v1\nkind: List\nitems:\n{items}"),
        )
    };
    let rhel = "Red Hat Enterprise Linux 8.6 (Ootpa)";
    let id = "endpoint-limit-100000-rhel-centos";
    for (os, file, is_shown) in [
        (rhel, endpoints(40), true),
        (rhel, endpoints(39), false),
        ("Ubuntu 20.04.5 LTS", endpoints(40), false),
        (rhel, slices(40), true),
        (rhel, slices(39), false),
    ] {
        let path = file.0.clone();
        let report = report(&vec![nodes(os), file]);
        assert_eq!(found(&report).contains_key(id), is_shown, "{os} {path}");
    }
}

#[derive(serde::Deserialize)]
struct Verdicts {
    issue: Vec<OneRelease>,
    pair: Vec<TwoReleases>,
}

#[derive(serde::Deserialize)]
struct OneRelease {
    id: String,
    verdicts: Vec<(String, String)>,
}

#[derive(serde::Deserialize)]
struct TwoReleases {
    id: String,
    verdicts: Vec<(String, bool, String, String, String)>,
}

fn verdicts() -> Verdicts {
    toml::from_str(include_str!("../../../testdata/verdicts.toml")).unwrap()
}

/// The verdict on a user cluster, where `admin` is not empty, or else on the only cluster.
fn verdict_on(set: &SignatureSet, id: &str, admin: &str, mirror: bool, runs: &str, asked: &str) -> String {
    let cluster = |name: &str, kind: &str, runs: &str, asked: &str, mirror: bool| {
        let mirrors = "  nodeConfig:\n    registryMirrors:\n    - endpoint: https://mirror.example.com\n";
        let status = format!("status:\n  anthosBareMetalVersion: {runs}\n");
        format!(
            "apiVersion: baremetal.cluster.gke.io/v1\nkind: Cluster\nmetadata:\n  name: {name}\n  namespace: cluster-{name}\nspec:\n  type: {kind}\n  anthosBareMetalVersion: {asked}\n{}{}---\n",
            if mirror { mirrors } else { "" },
            if runs.is_empty() { "" } else { &status },
        )
    };
    let mut text = String::new();
    if !admin.is_empty() {
        text += &cluster("a", "admin", admin, admin, mirror);
    }
    text += &cluster("u", "user", runs, asked, false);
    let source = Source::Bytes { name: "clusters.yaml".into(), bytes: text.into_bytes() };
    let mut options = AnalyzeOptions::default();
    options.explain = true;
    let report = analyze(set, vec![source], &options).unwrap();
    report.explanations.iter().find(|one| one.id == id).unwrap().verdict.clone()
}

#[test]
fn verdicts_at_the_borders_of_every_range() {
    let set = SignatureSet::builtin().unwrap();
    let Verdicts { issue, pair } = verdicts();
    let mut wrong = Vec::new();
    for OneRelease { id, verdicts } in &issue {
        let signature = set.signatures().iter().find(|signature| signature.id() == id).expect(id);
        for (version, expected) in verdicts {
            let verdict = signature.affects().verdict(Some(version.parse().unwrap())).as_str();
            if verdict != expected {
                wrong.push(format!("{id} {version}: {verdict}, not {expected}"));
            }
        }
    }
    for TwoReleases { id, verdicts } in &pair {
        for (admin, mirror, runs, asked, expected) in verdicts {
            let verdict = verdict_on(&set, id, admin, *mirror, runs, asked);
            if verdict != *expected {
                wrong.push(format!("{id} {admin} {runs} {asked}: {verdict}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let told: BTreeSet<&str> = issue.iter().map(|issue| &issue.id[..]).collect();
    let told: BTreeSet<&str> = told.into_iter().chain(pair.iter().map(|pair| &pair.id[..])).collect();
    assert_eq!(told.len(), 61);
}

/// Each issue of the seed document proves itself: it is found where it is, and not in what looks like it.
#[test]
fn every_issue_has_an_example_and_near_misses() {
    let set = SignatureSet::builtin().unwrap();
    let Verdicts { issue, pair } = verdicts();
    for id in issue.iter().map(|issue| &issue.id).chain(pair.iter().map(|pair| &pair.id)) {
        let signature = set.signatures().iter().find(|signature| signature.id() == id).expect(id);
        let definition: toml::Table = toml::from_str(signature.definition()).unwrap();
        let count = |key: &str| definition.get(key).and_then(toml::Value::as_array).map_or(0, Vec::len);
        assert!(count("example") >= 1, "{id} has no example");
        assert!(count("near_miss") >= 2, "{id} has no healthy twin and near miss");
    }
}

#[test]
fn a_document_of_gigabytes_is_read_from_its_beginning() {
    let mut text = "net.ipv4.conf.all.rp_filter = 2\n".to_owned();
    text += &"net.x = 1\n".repeat(3_000_000);
    let report = report(&vec![("nodes/n1/commands/sysctl_-a".to_owned(), text)]);
    assert_eq!(found(&report)["reverse-path-filter-enabled"], "confirmed n1");
    assert_eq!(report.problems[0].kind, "limit");
}

/// The lines of a journal name the host, the folder its address; nothing else joins them.
#[test]
fn a_node_known_by_address_and_by_the_host_of_its_journal_counts_once() {
    let line = |second: u32, host: &str, text: &str| {
        format!(
            "Mar 27 10:55:{second:02} {host} kubelet[6155]: E0327 10:55:{second:02}.018276    6155 x.go:409] {text}\n"
        )
    };
    let fault = "ANGd.Setup Failed to create ANG daemon {\"error\": \"creating NDP client failed: ndp: address \\\"linklocal\\\" not found on interface \\\"ens192\\\"\"}";
    let journal = |host: &str| line(1, host, "started") + &line(2, host, fault) + &line(3, host, "goes on");
    let nodes = |files: Vec<(&str, String)>| {
        let files: Files = files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
        let report = report(&files);
        let finding = report
            .findings
            .iter()
            .find(|finding| finding.id.starts_with("network-ang"))
            .unwrap_or(&report.findings[0]);
        let by_node: Vec<String> = finding.by_node.iter().map(|hits| hits.node.clone()).collect();
        assert!(by_node.iter().all(|node| finding.nodes.contains(node)), "{by_node:?} {:?}", finding.nodes);
        (finding.nodes.join(" "), report.bundle.nodes.len())
    };
    let one = "top/nodes/10.60.0.4/commands/journalctl_-u_kubelet";
    let two = "top/nodes/10.60.0.5/commands/journalctl_-u_kubelet";
    assert_eq!(nodes(vec![(one, journal("busan1"))]), ("busan1".to_owned(), 1));
    assert_eq!(
        nodes(vec![(one, journal("busan1")), (two, journal("busan2.corp.example.com"))]),
        ("busan1 busan2.corp.example.com".to_owned(), 2)
    );
    // Both call themselves the same: they stay two machines, and the name is no third.
    let (cloned, known) = nodes(vec![(one, journal("busan1")), (two, journal("busan1"))]);
    assert_eq!((cloned.as_str(), known), ("10.60.0.4 10.60.0.5", 2));
}
