//! Facts of members in either layout, and how they are joined.

use super::{Entity, Facts, Resolved, wants};
use crate::bundle::place::place_of_path;
use crate::path::EntryPath;

fn facts(files: &[(&str, &str)]) -> Facts {
    let mut facts = Facts::new(10_000);
    for (path, text) in files {
        let path = EntryPath::input(*path);
        facts.saw_path(&path, &place_of_path(path.as_bytes()));
        facts.read(&path, text.as_bytes());
    }
    facts
}

fn shown(resolved: &Resolved, kind: &str, fact: &str) -> Vec<String> {
    let value = |entity: &Entity| {
        let fact = entity.fact(fact)?;
        Some(format!("{} {:?} {}", entity.name, fact.value, fact.sources[0].line))
    };
    resolved.entities(kind).unwrap_or_default().iter().filter_map(value).collect()
}

/// One row: path, text, and what the fact of the node is: value and line.
#[track_caller]
fn check(fact: &str, rows: &[(&str, &str, &str)]) {
    for (path, text, expected) in rows {
        let path = format!("snap.tar.gz!top/nodes/n1/{path}");
        let resolved = facts(&[(&path, text)]).resolve(None);
        let got = shown(&resolved, "node", fact);
        let got = got.first().and_then(|got| got.strip_prefix("n1 ")).unwrap_or("-");
        assert_eq!(got, *expected, "{fact} of {path}");
        assert!(*expected == "-" || wants(path.as_bytes()), "{path}");
    }
}

#[test]
fn facts_of_commands_and_files() {
    check(
        "node.rp_filter",
        &[
            ("files/proc/sys/net/ipv4/conf/all/rp_filter", "2\n", "Number(2.0) 1"),
            ("sudo_cat_/proc/sys/net/ipv4/conf/all/rp_filter", "0", "Number(0.0) 1"),
            ("commands/sysctl_-a", "a = 1\r\nnet.ipv4.conf.all.rp_filter = 1\r\n", "Number(1.0) 2"),
            ("commands/sysctl_-a", "net.ipv4.conf.all.arp_filter = 1\n", "-"),
            ("files/proc/sys/net/ipv4/conf/all/rp_filter", "cat: x: No such file or directory\n", "-"),
            ("files/proc/sys/net/ipv4/conf/all/rp_filter", "", "-"),
        ],
    );
    check(
        "node.default_routes",
        &[
            (
                "commands/ip_route_show",
                "default via 10.0.0.1 dev a\n10.0.0.0/24 dev a\n",
                "List([\"default via 10.0.0.1 dev a\"]) 1",
            ),
            ("ip_route", "10.0.0.0/24 dev a\n", "List([]) 1"),
            ("commands/ip_-6_route", "default via fe80::1 dev a\ndefault via fe80::2 dev b\n", "-"),
            ("commands/ip_route", "sudo: ip: command not found\n", "-"),
        ],
    );
    check(
        "node.conntrack_chaintoolong",
        &[
            (
                "commands/conntrack_-S",
                "cpu=0 found=1 insert_failed=2 chaintoolong=3\ncpu=1 found=1 insert_failed=2 chaintoolong=4\n",
                "Number(7.0) 1",
            ),
            ("conntrack_-S", "cpu=0 found=1 insert_failed=2 drop=0\n", "Number(0.0) 1"),
            ("conntrack_-L", "tcp 6 src=10.0.0.1\n", "-"),
        ],
    );
    check(
        "node.tunnel_offload_interfaces",
        &[
            (
                "ethtool_-k_ens192",
                "Features for ens192:\na: on\ntx-udp_tnl-segmentation: on [fixed]\n",
                "List([\"ens192\"]) 1",
            ),
            (
                "ethtool_-k_ens192",
                "Features for ens192:\na: on\ntx-udp_tnl-segmentation: off\n",
                "List([]) 1",
            ),
        ],
    );
    check(
        "node.hypervisor",
        &[
            (
                "commands/dmesg",
                "[    1.112032] vmxnet3 0000:0b:00.0 eth0: NIC Link is Up\n",
                "Text(\"vmware\") 1",
            ),
            ("commands/ethtool_-i_ens192", "driver: vmxnet3\n", "Text(\"vmware\") 1"),
            ("dmidecode", "Handle 0x0001\n\tManufacturer: VMware, Inc.\n", "Text(\"vmware\") 2"),
            ("dmesg", "[    0.0] Hypervisor detected: KVM\n", "Text(\"KVM\") 1"),
            ("dmesg", "[    0.0] DMI: Dell Inc. PowerEdge\n", "Text(\"none\") 1"),
        ],
    );
    check(
        "node.cgroup_version",
        &[
            ("mount", "cgroup2 on /sys/fs/cgroup type cgroup2 (rw)\n", "Number(2.0) 1"),
            (
                "mount",
                "tmpfs on /sys/fs/cgroup type tmpfs (ro)\ncgroup2 on /sys/fs/cgroup/unified type cgroup2 (rw)\n",
                "Number(1.0) 1",
            ),
            ("files/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io\n", "Number(2.0) 1"),
        ],
    );
    check(
        "node.os",
        &[(
            "files/etc/os-release",
            "NAME=\"Ubuntu\"\nPRETTY_NAME=\"Ubuntu 20.04.5 LTS\"\n",
            "Text(\"Ubuntu 20.04.5 LTS\") 2",
        )],
    );
    check(
        "node.kernel",
        &[
            ("uname_-a", "Linux n1 5.4.0-137-generic #1 SMP x86_64\n", "Text(\"5.4.0-137-generic\") 1"),
            (
                "commands/dmesg",
                "[    0.000000] Linux version 4.18.0-372.el8.x86_64 (x)\n",
                "Text(\"4.18.0-372.el8.x86_64\") 1",
            ),
        ],
    );
    check(
        "node.libseccomp",
        &[
            ("dpkg_-l", "ii  libseccomp2:amd64  2.4.3-1ubuntu3  amd64  x\n", "Text(\"2.4.3-1ubuntu3\") 1"),
            ("rpm_-q_libseccomp", "libseccomp-2.5.1-1.el8.x86_64\n", "Text(\"2.5.1-1.el8.x86_64\") 1"),
        ],
    );
    check(
        "node.firewalld",
        &[
            ("ps_-edF", "root 900 1 0 /usr/bin/python3 -s /usr/sbin/firewalld --nofork\n", "Number(1.0) 1"),
            ("systemctl_is-active_firewalld", "inactive\n", "Number(0.0) 1"),
            ("systemctl_status_-l_firewalld", "x\n   Active: active (running)\n", "Number(1.0) 2"),
        ],
    );
    check(
        "node.selinux",
        &[
            ("getenforce", "Enforcing\n", "Text(\"Enforcing\") 1"),
            (
                "sestatus",
                "SELinux status:   enabled\nCurrent mode:    permissive\n",
                "Text(\"permissive\") 2",
            ),
        ],
    );
    check(
        "node.cilium_chains",
        &[(
            "iptables-save_--counters",
            "*filter\n:INPUT ACCEPT [0:0]\n:CILIUM_INPUT - [0:0]\n",
            "Number(1.0) 3",
        )],
    );
    check(
        "node.conntrack_max",
        &[("files/proc/sys/net/netfilter/nf_conntrack_max", "131072\n", "Number(131072.0) 1")],
    );
    check("node.conntrack_count", &[("conntrack_--count", "2407\n", "Number(2407.0) 1")]);
    check("node.umask", &[("umask", "0077\n", "Text(\"0077\") 1")]);
    check(
        "node.containers",
        &[(
            "crictl_ps_-a",
            "CONTAINER   IMAGE   CREATED        STATE     NAME      ATTEMPT   POD ID\na           b       2 hours ago    Running   haproxy   0         c\nd           e       2 hours ago    Exited    other     0         f\n",
            "List([\"haproxy\"]) 2",
        )],
    );
}

#[test]
fn nodes_known_by_address_and_by_name_are_joined() {
    let table = "NAME   STATUS   ROLES   AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE   KERNEL-VERSION   CONTAINER-RUNTIME\nnode-1.example.com   Ready   worker   20d   v1.24.2-gke.1900   10.200.0.3   <none>   Ubuntu   5.4.0   containerd://1.5.13\n";
    let files = [
        ("kubectl_get_nodes_-o_wide", table),
        ("nodes/10.200.0.3/commands/getenforce", "Enforcing"),
        ("sosreport-node-1-2022-11-01-abc/proc/sys/net/ipv4/conf/all/rp_filter", "1"),
    ];
    let forward = facts(&files).resolve(None);
    let mut merged = facts(&files[2..]);
    merged.merge(facts(&files[1..2]));
    merged.merge(facts(&files[..1]));
    for resolved in [forward, merged.resolve(None)] {
        assert_eq!(resolved.nodes().len(), 1);
        let node = &resolved.nodes()[0];
        assert_eq!(node.name, "node-1.example.com");
        assert_eq!(node.text("node.selinux"), Some("Enforcing"));
        assert!(node.fact("node.rp_filter").is_some());
        assert!(resolved.is_captured("node-1.example.com"));
    }
}

const CLUSTERS: &str = "apiVersion: v1\nitems:\n- apiVersion: baremetal.cluster.gke.io/v1\n  kind: Cluster\n  metadata:\n    name: admin1\n    namespace: cluster-admin1\n  spec:\n    type: admin\n    anthosBareMetalVersion: 1.14.1\n    controlPlane:\n      nodePoolSpec:\n        nodes:\n        - address: 10.0.0.2\n  status:\n    anthosBareMetalVersion: 1.14.0\n- apiVersion: baremetal.cluster.gke.io/v1\n  kind: Cluster\n  metadata:\n    name: user1\n    namespace: cluster-user1\n  spec:\n    type: user\n    profile: edge\n    anthosBareMetalVersion: 1.13.2\n    controlPlane:\n      nodePoolSpec:\n        nodes:\n        - address: 10.0.0.9\nkind: List\n";

#[test]
fn clusters_have_a_release_that_runs_and_one_that_is_asked_for() {
    let resolved = facts(&[("kubectl_get_clusters_-A_-o_yaml", CLUSTERS)]).resolve(None);
    assert!(resolved.recognised);
    assert_eq!(
        shown(&resolved, "cluster", "cluster.version"),
        ["admin1 Text(\"1.14.0\") 16", "user1 Text(\"1.13.2\") 25"]
    );
    assert_eq!(
        shown(&resolved, "cluster", "cluster.desired_version"),
        ["admin1 Text(\"1.14.1\") 10", "user1 Text(\"1.13.2\") 25"]
    );
    assert_eq!(shown(&resolved, "cluster", "cluster.upgrading"), ["admin1 Number(1.0) 10"]);
    assert_eq!(
        shown(&resolved, "cluster", "cluster.profile"),
        ["admin1 Text(\"default\") 3", "user1 Text(\"edge\") 24"]
    );
}

#[test]
fn objects_belong_to_the_cluster_whose_nodes_were_captured() {
    let nodes = "NAME   STATUS   ROLES   AGE   VERSION   INTERNAL-IP\nu1     Ready    worker  20d   v1.24.2   10.0.0.9\n";
    let pods = "NAMESPACE     NAME      READY   STATUS             RESTARTS   AGE   IP         NODE\nkube-system   anetd-1   0/1     CrashLoopBackOff   7          2d    10.0.0.9   u1\n";
    let resolved = facts(&[
        ("clusters.yaml", CLUSTERS),
        ("kubectl_get_nodes_-o_wide", nodes),
        ("kubectl_get_pods_-A_-o_wide", pods),
    ])
    .resolve(None);
    let pod = &resolved.entities("pod").expect("pods")[0];
    assert_eq!((pod.cluster.as_deref(), pod.name.as_str()), (Some("user1"), "kube-system/anetd-1"));
    assert_eq!(resolved.nodes()[0].cluster.as_deref(), Some("user1"));
}

#[test]
fn an_empty_list_is_known_to_be_empty() {
    let resolved =
        facts(&[("kubectl_get_egressnatpolicies_-A_-o_yaml", "No resources found\n")]).resolve(None);
    assert!(resolved.entities("egressnatpolicy").is_some_and(<[Entity]>::is_empty));
    assert!(resolved.entities("service").is_none());
    let list = "apiVersion: v1\nitems: []\nkind: EgressNATPolicyList\n";
    assert!(facts(&[("a.yaml", list)]).resolve(None).entities("egressnatpolicy").is_some());
}

#[test]
fn the_smallest_facts_stay_in_any_order() {
    let file = |n: usize| (format!("nodes/n{n}/getenforce"), "Enforcing");
    let mut names: Vec<Vec<String>> = Vec::new();
    for order in [[0, 1, 2, 3], [3, 1, 0, 2]] {
        let mut all = Facts::new(2);
        for n in order {
            let (path, text) = file(n);
            let mut one = Facts::new(2);
            one.read(&EntryPath::input(path), text.as_bytes());
            all.merge(one);
        }
        assert!(all.omitted);
        names.push(shown(&all.resolve(None), "node", "node.selinux"));
    }
    assert_eq!(names[0], names[1]);
    assert_eq!(names[0].len(), 2);
}

#[test]
fn hostile_text_does_no_harm() {
    let long = "x".repeat(100_000);
    let texts = [
        "\u{0}",
        "NAME   AGE",
        "kind: [",
        "apiVersion: v1\nkind: Pod\nmetadata: 7\n",
        "- - - -",
        &long,
        "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":{}}}",
    ];
    for path in [
        "nodes/n/ip_route",
        "nodes/n/dmesg",
        "kubectl_get_nodes",
        "kubectl_describe_nodes",
        "a.yaml",
        "//!!--kubeconfig",
        "-kubeconfig",
    ] {
        for text in texts {
            facts(&[(path, text)]).resolve(None);
        }
    }
}
