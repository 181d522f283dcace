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
fn what_is_said_to_be_off_is_not_there() {
    let pod = |network: &str| {
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  namespace: app\nspec:\n  {network}\n  nodeName: n1\n"
        );
        let resolved = facts(&[("kubectl_get_pods_-A_-o_yaml", &pod)]).resolve(None);
        shown(&resolved, "pod", "pod.host_network")
            .first()
            .map(|shown| shown.contains("(1.0)"))
            .unwrap_or(false)
    };
    assert!(pod("hostNetwork: true"));
    assert!(!pod("hostNetwork: false"));
    assert!(!pod("dnsPolicy: Default"));
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

/// The same output under other names, with prompts, tabs, carriage returns and complaints around it.
#[test]
fn captures_of_other_shapes() {
    check(
        "node.default_routes",
        &[
            (
                "ip-route.txt",
                "default via 10.0.0.1 dev a \n10.0.0.0/24 dev a\n",
                "List([\"default via 10.0.0.1 dev a\"]) 1",
            ),
            (
                "commands/ip route show",
                "10.0.0.0/24 dev a\r\ndefault via 10.0.0.1 dev a\r\n",
                "List([\"default via 10.0.0.1 dev a\"]) 2",
            ),
            (
                "ip_route_list_table_all",
                "default via 10.0.0.1 dev a linkdown \ndefault via 10.9.0.1 dev b table 100\nlocal 10.0.0.3 dev a table local\ndefault via fe80::1 dev a proto ra metric 1024\n",
                "List([\"default via 10.0.0.1 dev a\"]) 1",
            ),
            (
                "commands/ip_route",
                "$ sudo ip route show\nsudo: unable to resolve host n1: Name or service not known\ndefault via 10.0.0.1 dev a\n10.0.0.0/24 dev a\n",
                "List([\"default via 10.0.0.1 dev a\"]) 3",
            ),
            (
                "network.txt",
                "[root@n1 ~]# uname -r\n5.4.0-137-generic\n[root@n1 ~]# ip route\ndefault via 10.0.0.1 dev a\n10.0.0.0/24 dev a\n[root@n1 ~]# sysctl -a\ndefault via 10.0.0.9 dev z\n",
                "List([\"default via 10.0.0.1 dev a\"]) 4",
            ),
            (
                "route_-n",
                "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n0.0.0.0         10.0.0.1        0.0.0.0         UG    100    0        0 a\n10.0.0.0        0.0.0.0         255.255.255.0   U     100    0        0 a\n",
                "List([\"0.0.0.0 10.0.0.1 0.0.0.0 UG 100 0 0 a\"]) 3",
            ),
            ("ip_route_show_table_100", "default via 10.9.0.1 dev b\n10.9.0.0/24 dev b\n", "-"),
            ("ip-route-table-100.txt", "default via 10.9.0.1 dev b\n10.9.0.0/24 dev b\n", "-"),
            ("ip_netns_exec_cni-1_ip_route", "default via 10.9.0.1 dev b\n10.9.0.0/24 dev b\n", "-"),
            (
                "ip_route_show_table_main",
                "default via 10.0.0.1 dev a\n",
                "List([\"default via 10.0.0.1 dev a\"]) 1",
            ),
            ("ip_route", "Timeout: no answer from the node\n", "-"),
            ("ip_route", "$ ip route\n-bash: ip: command not found\n", "-"),
            ("ip_-6_route.txt", "default via fe80::1 dev a\n", "-"),
        ],
    );
    check(
        "node.rp_filter",
        &[
            ("sysctl.txt", "$ sysctl -a\nnet.ipv4.conf.all.rp_filter = 1\n", "Number(1.0) 2"),
            ("commands/sysctl -a", "net.ipv4.conf.all.rp_filter\t=\t2\n", "Number(2.0) 1"),
            (
                "sysctl-a.out",
                "sysctl: permission denied on key 'fs.x'\nnet.ipv4.conf.all.rp_filter = 1\n",
                "Number(1.0) 2",
            ),
            ("sudo_sysctl_net.ipv4.conf.all.rp_filter", "net.ipv4.conf.all.rp_filter = 0\n", "Number(0.0) 1"),
            ("commands/sysctl_-a", "#net.ipv4.conf.all.rp_filter = 1\n", "-"),
            ("commands/sysctl_-a", "sudo: sysctl: command not found\n", "-"),
        ],
    );
    check(
        "node.rp_filter_interfaces",
        &[
            (
                "sysctl_-a",
                "net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.default.rp_filter = 2\nnet.ipv4.conf.ens192.rp_filter = 1\nnet.ipv4.conf.lo.rp_filter = 1\n",
                "List([\"ens192=1\"]) 3",
            ),
            ("sysctl_-a", "net.core.somaxconn = 4096\n", "-"),
        ],
    );
    check(
        "node.conntrack_chaintoolong",
        &[
            ("conntrack-S.txt", "cpu=0 \tfound=1 insert_failed=2 chaintoolong=3 \n", "Number(3.0) 1"),
            (
                "sudo_conntrack_-S",
                "$ sudo conntrack -S\ncpu=0   found=0 insert_failed=0 drop=0 chaintoolong=0\n",
                "Number(0.0) 2",
            ),
            (
                "files/proc/net/stat/nf_conntrack",
                "entries  clashres found new invalid ignore delete chainlength insert insert_failed\n00000967  00000000 00000000 00000000 0000006d 00000000 00000000 0000001a 00000000 0000000b\n",
                "Number(26.0) 2",
            ),
            (
                "files/proc/net/stat/nf_conntrack",
                "entries  searched found new invalid ignore delete delete_list insert insert_failed\n00000967  00000000 00000000 00000000 0000006d 00000000 00000000 0000001a 00000000 0000000b\n",
                "-",
            ),
            ("conntrack_-S", "conntrack v1.4.5 (conntrack-tools): Operation not permitted\n", "-"),
        ],
    );
    check(
        "node.addresses",
        &[
            (
                "commands/ip_addr",
                "2: ens192: <BROADCAST,UP> mtu 1500 qdisc mq\n    inet 10.0.0.3/24 brd 10.0.0.255 scope global ens192\n    inet6 fe80::1/64 scope link\n3: lxc1@if2: <UP> mtu 1500\n    inet6 fe80::2/64 scope link\n",
                "List([\"ens192=10.0.0.3/24\", \"ens192=fe80::1/64\", \"lxc1=fe80::2/64\"]) 2",
            ),
            (
                "ip_-o_addr",
                "2: ens192    inet 10.0.0.3/24 brd 10.0.0.255 scope global ens192\n",
                "List([\"ens192=10.0.0.3/24\"]) 1",
            ),
            ("ip_addr", "no such thing\n", "-"),
        ],
    );
    check(
        "node.linklocal_interfaces",
        &[
            (
                "ip-addr.txt",
                "2: ens192: <UP> mtu 1500\n    inet6 fe80::1/64 scope link\n",
                "List([\"ens192\"]) 2",
            ),
            (
                "ip_address_show",
                "2: ens192: <UP> mtu 1500\n    inet 10.0.0.3/24\n    inet6 2001:db8::1/64 scope global\n",
                "List([]) 1",
            ),
            ("ip_-4_addr", "2: ens192: <UP> mtu 1500\n    inet 10.0.0.3/24\n", "-"),
        ],
    );
    check(
        "node.cni_config",
        &[
            ("commands/sudo_ls_/etc/cni/net.d", "05-cilium.conflist\n", "List([\"05-cilium.conflist\"]) 1"),
            ("commands/sudo_ls_/etc/cni/net.d", "", "List([]) 1"),
            ("commands/ls_-l_/etc/cni/net.d/", "total 0\n", "List([]) 1"),
            (
                "commands/ls_-l_/etc/cni/net.d/",
                "ls: cannot access '/etc/cni/net.d/': No such file or directory\n",
                "-",
            ),
            (
                "files/etc/cni/net.d/05-cilium.conf",
                "{\"cniVersion\": \"0.3.1\"}\n",
                "List([\"05-cilium.conf\"]) 1",
            ),
        ],
    );
    check(
        "node.nat_entries",
        &[
            (
                "cilium_bpf_nat_list",
                "TCP OUT 10.0.0.3:40000 -> 1.2.3.4:443 XLATE_SRC\nTCP IN 1.2.3.4:443 -> 10.0.0.3:40000\nUDP OUT 10.0.0.3:1 -> 1.2.3.4:53\n",
                "Number(2.0) 1",
            ),
            ("cilium_bpf_nat_list", "Error: Unable to open map\n", "-"),
        ],
    );
    check(
        "node.conntrack_entries",
        &[(
            "conntrack_-L",
            "tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2\nudp      17 29 src=10.0.0.1 dst=10.0.0.2\n",
            "Number(1.0) 1",
        )],
    );
    check(
        "node.hypervisor",
        &[
            ("systemd-detect-virt", "vmware\n", "Text(\"vmware\") 1"),
            ("systemd-detect-virt", "timeout\n", "-"),
        ],
    );
    check(
        "node.cilium_chains",
        &[
            (
                "iptables-save",
                "# Generated by iptables-save v1.8.4\n*nat\n:PREROUTING ACCEPT [0:0]\n",
                "Number(0.0) 1",
            ),
            ("iptables-save", "* the node did not answer *\n", "-"),
        ],
    );
    check(
        "node.containers",
        &[
            (
                "ps_-edF",
                "UID  PID\nroot 1 0 0 1 2 3 ? 00:00:01 /usr/bin/kubelet --v=2\nroot 2 0 0 1 2 3 ? 00:00:01 haproxy -f x\n",
                "List([\"haproxy\", \"kubelet\"]) 2",
            ),
            ("ps_-edF", "UID  PID\nroot 1 0 0 1 2 3 ? 00:00:01 bash\n", "-"),
        ],
    );
    check(
        "node.conditions",
        &[(
            "kubectl_describe_node_n1",
            "Name:               n1\nConditions:\n  Type             Status  LastHeartbeatTime                 Reason\n  MemoryPressure   True    Mon, 06 Mar 2023 10:12:31 +0000   KubeletHasInsufficientMemory\n  Ready            False   Mon, 06 Mar 2023 10:12:31 +0000   KubeletNotReady\n",
            "List([\"MemoryPressure=True\", \"Ready=False\"]) 4",
        )],
    );
}

/// Every fact is asked of a member that holds an error, by every path that a source names: none is told.
#[test]
fn a_complaint_is_no_fact() {
    let texts = [
        "sudo: x: command not found\n",
        "ssh: connect to host 10.0.0.3 port 22: Connection timed out\n",
        "Error from server (NotFound): the server could not find the requested resource\n",
        "E0119 22:11:49.705596  107905 memcache.go:265] couldn't get current server API group list: context deadline exceeded\n",
        "command terminated with exit code 127\n",
        "Traceback (most recent call last):\n  File \"snap.py\", line 7\n",
        "\n \n",
    ];
    for path in super::define::paths() {
        let path = format!("top/nodes/n1/commands/{}", path.trim_matches(['/', '*']).replace(' ', "_"));
        for text in texts {
            let resolved = facts(&[(&path, text)]).resolve(None);
            let told: Vec<String> = resolved
                .all()
                .flat_map(|entity| entity.facts.iter())
                .filter(|(_, fact)| !matches!(&fact.sources[..], [source] if source.path.to_string().contains("-cluster-")))
                .map(|(id, fact)| format!("{} {:?}", id.definition().name, fact.value))
                .filter(|told| !text.trim().is_empty() || !told.starts_with("node.cni_config"))
                .collect();
            assert!(told.is_empty(), "{path}: {text:?} tells {told:?}");
        }
    }
}

#[test]
fn objects_of_other_shapes() {
    let typed = r#"{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"n1"},"status":{"nodeInfo":{"kernelVersion":"5.4.0-1"},"addresses":[{"type":"InternalIP","address":"10.0.0.3"}]}}]}"#;
    let json = r#"{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"status":{"nodeInfo":{"kernelVersion":"5.4.0-1"}}}],"kind":"List"}"#;
    let prompt = format!("$ kubectl get nodes -o json\n{json}\n");
    let documents = "---\r\napiVersion: v1\r\nkind: ConfigMap\r\n---\r\napiVersion: v1\r\nkind: Node\r\nmetadata:\r\n  name: n1\r\nstatus:\r\n  nodeInfo:\r\n    kernelVersion: 5.4.0-1\r\n";
    let broken = "apiVersion: v1\nkind: A\ndata: {x: [\n---\napiVersion: v1\nkind: Node\nmetadata:\n  name: n1\nstatus:\n  nodeInfo:\n    kernelVersion: 5.4.0-1\n";
    let wide = "$ kubectl get nodes -o wide\nWarning: x\nNAME\tKERNEL-VERSION\tROLES\tSTATUS\nn1\t5.4.0-1\tworker\tReady\n";
    for (path, text) in [
        ("a/nodes.json", typed),
        ("a/b", json),
        ("a/kubectl-get-nodes.txt", &prompt),
        ("a/all.yml", documents),
        ("a/all.yml", broken),
        ("a/notes.txt", wide),
    ] {
        let resolved = facts(&[(path, text)]).resolve(None);
        let got = shown(&resolved, "node", "node.kernel");
        assert_eq!(got.len(), 1, "{path}: {text}");
        assert!(got[0].starts_with("n1 Text(\"5.4.0-1\")"), "{got:?}");
        assert!(crate::bundle::is_document(path.as_bytes(), text.as_bytes()), "{path}: {text}");
    }
}

#[test]
fn the_release_of_components_runs_where_nothing_else_tells() {
    let pods = "NAMESPACE     NAME                                         READY   STATUS    RESTARTS   AGE\nkube-system   cap-controller-manager-1.15.2-6b5d8-x2x4k    2/2     Running   0          2d\nkube-system   cap-controller-manager-1.16.0-6b5d8-x2x4k    2/2     Running   0          2d\n";
    let cluster = "apiVersion: baremetal.cluster.gke.io/v1\nkind: Cluster\nmetadata:\n  name: c1\n  namespace: cluster-c1\nspec:\n  type: admin\n  anthosBareMetalVersion: 1.28.0\n";
    let resolved = facts(&[("kubectl_get_pods_-A", pods), ("c1.yaml", cluster)]).resolve(None);
    assert_eq!(shown(&resolved, "cluster", "cluster.version"), ["c1 Text(\"1.16.0\") 3"]);
    assert_eq!(shown(&resolved, "cluster", "cluster.upgrading"), ["c1 Number(1.0) 8"]);
}

#[test]
fn an_earlier_snapshot_inside_tells_nothing_of_now() {
    let files = [
        ("snap/nodes/n1/ip_route", "default via 10.0.0.1 dev a\n"),
        ("snap/old.tar.gz!old/nodes/n1/ip_route", "default via 10.9.0.1 dev b\n"),
    ];
    for files in [[files[0], files[1]], [files[1], files[0]]] {
        let resolved = facts(&files).resolve(None);
        assert_eq!(
            shown(&resolved, "node", "node.default_routes"),
            ["n1 List([\"default via 10.0.0.1 dev a\"]) 1"]
        );
    }
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

#[test]
fn an_address_is_joined_with_the_name_that_its_machine_gives_itself() {
    let names = |files: &[(&str, &str)]| {
        let mut names: Vec<String> =
            facts(files).resolve(None).nodes().iter().map(|node| node.name.clone()).collect();
        names.sort();
        names.join(" ")
    };
    let uname = "Linux Node-1 5.4.0-137-generic #154 SMP x86_64 GNU/Linux\n";
    let named = ("nodes/node-1/commands/mount", "");
    for (path, text) in [
        ("nodes/10.0.0.3/commands/uname_-a", uname),
        ("nodes/10.0.0.3/commands/hostname", "node-1\n"),
        ("nodes/10.0.0.3/files/etc/hostname", "node-1"),
        (
            "nodes/10.0.0.3/commands/hostnamectl",
            "   Static hostname: node-1\n         Icon name: computer-vm\n",
        ),
        (
            "kubectl_get_machines_-A",
            "NAMESPACE   NAME       CLUSTER   NODENAME   PROVIDERID             PHASE     AGE   VERSION\ncluster-a   10.0.0.3   a         node-1     baremetal://10.0.0.3   Running   1d    v1.23.5\n",
        ),
        (
            "kubectl_get_machines_-A_-o_yaml",
            "apiVersion: cluster.x-k8s.io/v1alpha3\nkind: Machine\nmetadata:\n  name: 10.0.0.3\nstatus:\n  addresses:\n  - address: 10.0.0.3\n    type: InternalIP\n  nodeRef:\n    kind: Node\n    name: node-1\n",
        ),
    ] {
        let folder = ("nodes/10.0.0.3/commands/mount", "");
        assert_eq!(names(&[(path, text), folder, named]), "node-1", "{path}");
    }
    // The address is one of the interfaces of a node whose folder has its name.
    let addresses = "2: ens192: <UP> mtu 1500\n    inet 10.0.0.3/24 scope global ens192\n3: docker0: <UP> mtu 1500\n    inet 172.17.0.1/16 scope global docker0\n";
    let by_interface = [("nodes/node-1/commands/ip_addr", addresses), ("nodes/10.0.0.3/commands/mount", "")];
    assert_eq!(names(&by_interface), "node-1");
    // Of machines that were cloned, of those called `localhost`, and of an address two machines have, nothing is known.
    let clones = [
        ("nodes/10.0.0.3/commands/uname_-a", uname),
        ("nodes/10.0.0.4/commands/uname_-a", uname),
        ("nodes/10.0.0.5/commands/hostname", "localhost\n"),
        ("nodes/10.0.0.6/commands/hostname_-I", "10.0.0.6\n"),
    ];
    assert_eq!(names(&clones), "10.0.0.3 10.0.0.4 10.0.0.5 10.0.0.6");
    let shared = [
        ("nodes/node-1/commands/ip_addr", addresses),
        ("nodes/node-2/commands/ip_addr", addresses),
        ("nodes/172.17.0.1/commands/mount", ""),
    ];
    assert_eq!(names(&shared), "172.17.0.1 node-1 node-2");
    // What Kubernetes says counts more than what a machine says.
    let table = "NAME   STATUS   ROLES    AGE   VERSION            INTERNAL-IP\nworker Ready    <none>   10d   v1.23.5-gke.1505   10.0.0.3\n";
    let told = [("kubectl_get_nodes_-o_wide", table), ("nodes/10.0.0.3/commands/uname_-a", uname)];
    assert_eq!(names(&told), "worker");
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

#[test]
fn a_header_alone_says_nothing() {
    check(
        "node.conntrack_chaintoolong",
        &[("commands/conntrack_-S", "", "-"), ("conntrack_-S", "\n\n", "-")],
    );
    let header = "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error expect_new expect_create expect_delete search_restart\n";
    let row = "00000123  00000000 00000000 00000000 00000000 00000000 00000000 0000000a 00000000 00000002 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n";
    check(
        "node.conntrack_chaintoolong",
        &[
            ("files/proc/net/stat/nf_conntrack", header, "-"),
            ("files/proc/net/stat/nf_conntrack", &format!("{header}{row}"), "Number(10.0) 2"),
        ],
    );
    check(
        "node.conntrack_insert_failed",
        &[
            ("files/proc/net/stat/nf_conntrack", header, "-"),
            ("files/proc/net/stat/nf_conntrack", &format!("{header}{row}"), "Number(2.0) 2"),
        ],
    );
    let routes = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n";
    let one = "10.0.0.0        0.0.0.0         255.255.255.0   U     0      0        0 ens192\n";
    check(
        "node.default_routes",
        &[("commands/route_-n", routes, "-"), ("commands/route_-n", &format!("{routes}{one}"), "List([]) 1")],
    );
    let containers = "CONTAINER   IMAGE   CREATED        STATE     NAME      ATTEMPT   POD ID\n";
    let exited = "d           e       2 hours ago    Exited    other     0         f\n";
    check(
        "node.containers",
        &[
            ("crictl_ps_-a", containers, "-"),
            ("crictl_ps_-a", &format!("{containers}{exited}"), "List([]) 1"),
        ],
    );
}

/// The nodes that a fact is said of.
fn nodes_of(files: &[(&str, &str)], fact: &str) -> Vec<String> {
    let resolved = facts(files).resolve(None);
    let named = |entity: &Entity| entity.fact(fact).map(|_| entity.name.clone());
    resolved.entities("node").unwrap_or_default().iter().filter_map(named).collect()
}

#[test]
fn a_sosreport_names_its_node_by_its_files() {
    let routes = "default via 10.0.0.1 dev a\n";
    for hostname in ["hostname", "etc/hostname", "sos_commands/host/hostname"] {
        let one = format!("case/one/{hostname}");
        let files = [
            ("case/one/sos_commands/networking/ip_route_show", routes),
            ("case/two/sos_commands/networking/ip_route_show", routes),
            (one.as_str(), "Worker-1.example.com\n"),
            ("case/two/etc/hostname", "worker-2\n"),
            ("case/one/proc/sys/net/ipv4/conf/all/rp_filter", "1\n"),
        ];
        let both = nodes_of(&files, "node.default_routes");
        if hostname == "hostname" {
            // A file that is only called so may be anything.
            assert_eq!(both.len(), 2, "{both:?}");
            continue;
        }
        assert_eq!(both, ["worker-1.example.com", "worker-2"], "{hostname}");
        assert_eq!(nodes_of(&files, "node.rp_filter"), ["worker-1.example.com"], "{hostname}");
    }
    let archive =
        [("n.tar.xz!etc/hostname", "worker-3\n"), ("n.tar.xz!sos_commands/networking/ip_route_show", routes)];
    assert_eq!(nodes_of(&archive, "node.default_routes"), ["worker-3"]);
    let named = [("nodes/n1/files/etc/hostname", "other\n"), ("nodes/n1/commands/ip_route_show", routes)];
    assert_eq!(nodes_of(&named, "node.default_routes"), ["n1"]);
}

#[test]
fn a_prompt_names_the_node_of_a_session() {
    for (text, node) in [
        ("admin@worker-1:~$ ip route show\ndefault via 10.0.0.1 dev a\n", "worker-1"),
        ("[root@worker-1 ~]# ip route show\ndefault via 10.0.0.1 dev a\n", "worker-1"),
        (
            "root@Worker-1.example.com:/# sudo ip route show\ndefault via 10.0.0.1 dev a\n",
            "worker-1.example.com",
        ),
        ("worker-1:~# ip route show\ndefault via 10.0.0.1 dev a\n", "worker-1"),
        ("worker-1# ip route show\ndefault via 10.0.0.1 dev a\n", "worker-1"),
        ("# hostname\nworker-1\n# ip route show\ndefault via 10.0.0.1 dev a\n", "worker-1"),
        ("$ ip route show\ndefault via 10.0.0.1 dev a\n", "(case)"),
        ("root@localhost:~# ip route show\ndefault via 10.0.0.1 dev a\n", "(case)"),
    ] {
        assert_eq!(nodes_of(&[("case/pasted.txt", text)], "node.default_routes"), [node], "{text}");
    }
    // Two nodes in one file.
    let two = "a@n1:~$ ip route show\ndefault via 10.0.0.1 dev a\na@n2:~$ sysctl net.ipv4.conf.all.rp_filter\nnet.ipv4.conf.all.rp_filter = 1\n";
    let files = [("case/pasted.txt", two)];
    assert_eq!(nodes_of(&files, "node.default_routes"), ["n1"]);
    assert_eq!(nodes_of(&files, "node.rp_filter"), ["n2"]);
    // The path knows better.
    let text = "a@other:~$ ip route show\ndefault via 10.0.0.1 dev a\n";
    assert_eq!(nodes_of(&[("nodes/n1/ip-route-show.txt", text)], "node.default_routes"), ["n1"]);
}

#[test]
fn the_interface_of_offloads_stands_in_the_command_where_grep_left_the_header_out() {
    let some = "tx-tcp-segmentation: on\ntx-udp_tnl-segmentation: on\n";
    check(
        "node.tunnel_offload_interfaces",
        &[
            ("commands/ethtool_-k_ens192_|_grep_segm", some, "List([\"ens192\"]) 1"),
            ("ethtool_-k_ens192", some, "List([\"ens192\"]) 1"),
            ("ethtool-k-ens192.txt", some, "List([\"ens192\"]) 1"),
            (
                "ethtool_-k_ens192",
                "tx-udp_tnl-segmentation: off\ntx-udp_tnl-csum-segmentation: off\n",
                "List([]) 1",
            ),
            (
                "pasted.txt",
                "$ sudo ethtool -k ens224 | grep segm\ntx-tcp-segmentation: on\ntx-udp_tnl-segmentation: on\n",
                "List([\"ens224\"]) 1",
            ),
        ],
    );
}
