//! A small report for tests, with something in each of its parts.

use std::collections::BTreeMap;

use super::{
    Advisory, Bundle, CannotTell, Cluster, ClusterVerdict, Coverage, Evidence, Finding, Input, Missing, Node,
    NodeHits, Problem, Report, SCHEMA_VERSION, Source, Suppressed, Tool, Unknown, UnknownTemplate,
};

/// Text that must never reach a reader as it is.
pub(crate) const HOSTILE: &str =
    "\u{1b}[2J\0\u{7f}\u{9b}31m\u{202e}txt\u{2066}<script>alert(1)</script>|`=1+1";

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

fn verdict(verdict: &str, fix: Option<&str>) -> ClusterVerdict {
    ClusterVerdict {
        cluster: "user-1".into(),
        version: some("1.13.1"),
        verdict: verdict.into(),
        fix: fix.map(str::to_owned),
    }
}

/// Compares with `testdata/golden/report/NAME`, or rewrites it when `UPDATE_GOLDEN` is set.
#[track_caller]
pub(crate) fn check_golden(name: &str, got: &str) {
    let path = format!("{}/../../testdata/golden/report/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(expected == got, "{name} differs; UPDATE_GOLDEN=1 rewrites it. Got:\n{got}");
}

/// The report with [`HOSTILE`] in every text that can come from a bundle.
pub(crate) fn hostile() -> Report {
    let mut report = sample("en");
    let bad = HOSTILE.to_owned();
    let more = |text: &mut String| text.push_str(HOSTILE);
    report.inputs.iter_mut().for_each(|input| more(&mut input.path));
    for cluster in &mut report.bundle.clusters {
        more(&mut cluster.name);
        cluster.version = Some(bad.clone());
        cluster.kind = Some(bad.clone());
        cluster.kubernetes_version = Some(bad.clone());
    }
    for node in &mut report.bundle.nodes {
        more(&mut node.name);
        node.os = Some(bad.clone());
    }
    for finding in &mut report.findings {
        finding.nodes.push(bad.clone());
        finding.by_node.iter_mut().for_each(|hits| more(&mut hits.node));
        finding.pods.push(bad.clone());
        finding.captures.insert("address".into(), vec![bad.clone()]);
        finding.unfilled_slots.push(bad.clone());
        finding.workaround.push_str(&format!("$ echo {HOSTILE}\n"));
        for verdict in &mut finding.verdicts {
            more(&mut verdict.cluster);
        }
        for evidence in &mut finding.evidence {
            for text in [&mut evidence.path, &mut evidence.text] {
                more(text);
            }
            evidence.node = Some(bad.clone());
            evidence.pod = Some(bad.clone());
            evidence.namespace = Some(bad.clone());
            evidence.container = Some(bad.clone());
            evidence.before.push(bad.clone());
            evidence.after.push(bad.clone());
            evidence.captures.insert("address".into(), bad.clone());
        }
    }
    for it in report.unknown.iter_mut().flat_map(|unknown| &mut unknown.templates) {
        for text in [&mut it.template, &mut it.path, &mut it.text] {
            more(text);
        }
        it.nodes.push(bad.clone());
    }
    for problem in &mut report.problems {
        more(&mut problem.path);
        more(&mut problem.message);
    }
    report
}

/// The report, its signature texts in `language`.
pub(crate) fn sample(language: &str) -> Report {
    let ko = language == "ko";
    let pick = |en: &str, text: &str| if ko { text.to_owned() } else { en.to_owned() };
    Report {
        schema_version: SCHEMA_VERSION.into(),
        tool: Tool {
            name: "loggrep-abm".into(),
            version: "0.1.0".into(),
            signatures: 61,
            signatures_digest: "00ff".into(),
        },
        language: language.into(),
        redacted: false,
        since: None,
        until: None,
        inputs: vec![Input {
            path: "snapshot.tar.gz".into(),
            format: "tar.gz".into(),
            complete: false,
            compressed_bytes: 12_897_485,
            bytes: 1_234_567_890,
            entries: 1234,
            lines: 2_345_678,
        }],
        bundle: Bundle {
            recognised: true,
            clusters: vec![
                Cluster {
                    name: "admin-1".into(),
                    kind: some("admin"),
                    version: some("1.14.2"),
                    desired_version: None,
                    source: None,
                    kubernetes_version: some("v1.25.5-gke.1001"),
                },
                Cluster {
                    name: "user-1".into(),
                    kind: some("user"),
                    version: some("1.13.1"),
                    desired_version: some("1.14.2"),
                    source: Some(Source { path: "snapshot.tar.gz!kubectlCommands/clusters.yaml".into(), line: 12 }),
                    kubernetes_version: None,
                },
            ],
            nodes: vec![
                Node { name: "bm-node-1".into(), ip: some("10.200.0.3"), captured: true, ..Node::default() },
                Node { name: "bm-node-2".into(), captured: true, ..Node::default() },
                Node { name: "bm-node-3".into(), captured: false, ..Node::default() },
            ],
            first_time: some("2023-02-01T00:00:00Z"),
            last_time: some("2023-02-04T03:30:00Z"),
            facts: Vec::new(),
        },
        findings: vec![
            Finding {
                id: "network-gateway-group-missing-interface-ip".into(),
                title: pick(
                    "ang-node finds no link-local address on an interface",
                    "ang-node가 인터페이스에서 링크-로컬 주소를 찾지 못함",
                ),
                summary: pick(
                    "The NDP client of the network gateway needs an IPv6 link-local address on every interface. It keeps failing, and the node takes no floating IP.",
                    "네트워크 게이트웨이의 NDP 클라이언트에는 인터페이스마다 IPv6 링크-로컬 주소가 필요합니다. 주소가 없으면 계속 실패하고 노드가 유동 IP를 받지 못합니다.",
                ),
                category: "networking".into(),
                severity: "high".into(),
                confidence: "confirmed".into(),
                verdict: "affected".into(),
                affected: list(&["1.10.x", ">= 1.13.0, <= 1.13.2"]),
                fixed_in: list(&["1.13.3", "1.14.0"]),
                fix_for_this_cluster: some("1.13.3"),
                verdicts: vec![
                    verdict("affected", Some("1.13.3")),
                    ClusterVerdict {
                        cluster: "admin-1".into(),
                        version: some("1.14.2"),
                        ..verdict("fixed", Some("1.14.0"))
                    },
                ],
                fingerprint: "5f0c2d".into(),
                count: 1204,
                first_seen: some("2023-02-01T00:00:00Z"),
                last_seen: some("2023-02-04T03:29:58Z"),
                time_inferred: true,
                ongoing: Some(true),
                nodes: list(&["bm-node-1", "bm-node-2"]),
                pods: list(&["kube-system/ang-node-x7k2p"]),
                captures: BTreeMap::from([
                    ("address".into(), list(&["linklocal"])),
                    ("interface".into(), list(&["ens192", "ens224"])),
                ]),
                captures_omitted: false,
                workaround: pick(
                    "Give the interface a link-local address on bm-node-1.\n$ ip address add dev ens192 scope link ADDRESS\n$ kubectl -n kube-system delete pod {{pod}}\nThe pod starts again by itself.\n",
                    "bm-node-1의 인터페이스에 링크-로컬 주소를 부여합니다.\n$ ip address add dev ens192 scope link ADDRESS\n$ kubectl -n kube-system delete pod {{pod}}\n포드는 저절로 다시 시작됩니다.\n",
                ),
                unfilled_slots: list(&["pod"]),
                references: list(&["https://cloud.google.com/kubernetes-engine/distributed-cloud/bare-metal/docs/troubleshooting/known-issues"]),
                evidence: vec![Evidence {
                    path: "snapshot.tar.gz!nodes/10.200.0.3/ang-node/0.log.gz".into(),
                    line: 4711,
                    offset: 1_048_576,
                    time: some("2023-02-04T03:29:58Z"),
                    time_inferred: true,
                    cluster: some("user-1"),
                    node: some("bm-node-1"),
                    namespace: some("kube-system"),
                    pod: some("ang-node-x7k2p"),
                    container: some("ang-node"),
                    text: "E0204 03:29:58.1 1 main.go:77] creating NDP client failed: ndp: address \"linklocal\" not found on interface \"ens192\"".into(),
                    before: list(&["I0204 03:29:57.9 1 main.go:70] starting"]),
                    after: list(&["I0204 03:29:58.2 1 main.go:80] retry in 1s \u{1b}[31m"]),
                    captures: BTreeMap::from([
                        ("address".into(), "linklocal".into()),
                        ("interface".into(), "ens192".into()),
                    ]),
                }],
                by_node: vec![
                    NodeHits {
                        node: "bm-node-1".into(),
                        count: 1200,
                        first_seen: some("2023-02-01T00:00:00Z"),
                        last_seen: some("2023-02-04T03:29:58Z"),
                    },
                    NodeHits {
                        node: "bm-node-2".into(),
                        count: 4,
                        first_seen: some("2023-02-03T12:00:00Z"),
                        last_seen: some("2023-02-03T12:00:00Z"),
                    },
                ],
                baseline: None,
                related: Vec::new(),
                supersedes: Vec::new(),
                caused_by: Vec::new(),
                also_matched: Vec::new(),
                status: None,
                successor: None,
                members: Vec::new(),
            },
            Finding {
                id: "fluent-bit-sigsegv".into(),
                title: pick("fluent-bit crashes with SIGSEGV", "fluent-bit이 SIGSEGV로 비정상 종료됨"),
                summary: pick("Logs are not exported while it restarts.", "재시작하는 동안 로그를 내보내지 못합니다."),
                category: "logging-monitoring".into(),
                severity: "medium".into(),
                confidence: "likely".into(),
                verdict: "fixed".into(),
                affected: list(&["1.12.x"]),
                fixed_in: list(&["1.13.0"]),
                fix_for_this_cluster: some("1.13.0"),
                verdicts: vec![verdict("fixed", Some("1.13.0"))],
                fingerprint: "aa01".into(),
                count: 1,
                first_seen: None,
                last_seen: None,
                time_inferred: false,
                ongoing: None,
                nodes: Vec::new(),
                pods: Vec::new(),
                captures: BTreeMap::new(),
                captures_omitted: false,
                workaround: String::new(),
                unfilled_slots: Vec::new(),
                references: Vec::new(),
                evidence: vec![Evidence {
                    path: "snapshot.tar.gz!messages".into(),
                    line: 2,
                    offset: 80,
                    time: None,
                    time_inferred: false,
                    cluster: None,
                    node: None,
                    namespace: None,
                    pod: None,
                    container: None,
                    text: "[engine] caught signal (SIGSEGV)".into(),
                    before: Vec::new(),
                    after: Vec::new(),
                    captures: BTreeMap::new(),
                }],
                by_node: Vec::new(),
                baseline: None,
                related: Vec::new(),
                supersedes: Vec::new(),
                caused_by: Vec::new(),
                also_matched: Vec::new(),
                status: None,
                successor: None,
                members: Vec::new(),
            },
        ],
        advisories: vec![Advisory {
            id: "conntrack-insertion-failures".into(),
            title: pick("conntrack insertions may fail on kernel 5.15", "커널 5.15에서 conntrack 삽입이 실패할 수 있음"),
            summary: pick("Applications time out.", "애플리케이션이 시간 초과됩니다."),
            category: "networking".into(),
            severity: "medium".into(),
            confidence: "possible".into(),
            verdict: "affected".into(),
            affected: list(&["1.14.x"]),
            fixed_in: Vec::new(),
            fix_for_this_cluster: None,
            verdicts: vec![ClusterVerdict { version: some("1.14.2"), cluster: "admin-1".into(), ..verdict("affected", None) }],
            workaround: pick("See the page.\n", "페이지를 참조하세요.\n"),
            references: Vec::new(),
        }],
        coverage: Coverage {
            evaluated: 61,
            shown: 2,
            not_shown: 56,
            cannot_tell: vec![
                CannotTell {
                    id: "anetd-empty-cni-dir".into(),
                    missing: vec![Missing { fact: "cni_dir".into(), command: some("ls -la /etc/cni/net.d/"), nodes: vec!["worker-1".into(), "worker-2".into()] }],
                },
                CannotTell {
                    id: "node-not-ready-after-upgrade".into(),
                    missing: vec![
                        Missing { fact: "cni_dir".into(), command: some("ls -la /etc/cni/net.d/"), nodes: vec!["worker-1".into(), "worker-2".into()] },
                        Missing { fact: "node_conditions".into(), command: None, nodes: Vec::new() },
                    ],
                },
            ],
            cannot_tell_unaffected: 1,
            evaluated_ids: list(&[
                "anetd-empty-cni-dir",
                "fluent-bit-sigsegv",
                "network-gateway-group-missing-interface-ip",
                "node-not-ready-after-upgrade",
                "webhook-x509-unknown-authority",
            ]),
        },
        problems: vec![Problem {
            path: "snapshot.tar.gz!nodes/10.200.0.4/kubelet.log.gz".into(),
            offset: Some(65_536),
            kind: "truncated".into(),
            message: "the data ends within a deflate block".into(),
        }],
        problems_omitted: 0,
        explanations: Vec::new(),
        unknown: Some(Unknown {
            templates: vec![UnknownTemplate {
                template: "sync.go:<*>] cannot list endpoints of <*>: timed out".into(),
                count: 1500,
                members: 2,
                nodes: list(&["bm-node-1", "bm-node-2"]),
                first_seen: some("2023-02-01T00:00:00Z"),
                last_seen: some("2023-02-04T03:29:58Z"),
                time_inferred: true,
                path: "snapshot.tar.gz!nodes/10.200.0.3/kubelet.log".into(),
                line: 12,
                text: "E0201 00:00:00.1 1 sync.go:7] cannot list endpoints of svc-1: timed out".into(),
            }],
            found: 7,
            lines: 1700,
            estimated: true,
            complete: true,
        }),
        suppressed: Suppressed::default(),
    }
}
