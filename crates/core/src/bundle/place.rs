//! The place an entry or a line speaks of: cluster, node, namespace, pod, container.
//!
//! No listing of a snapshot is public and layouts differ between releases, so nothing here knows a whole path:
//! [`place_of_path`] looks for tokens at any depth, in any level of archives. What is not sure stays `None`.

mod line;
mod name;
mod path;

pub(crate) use line::host_of_line;
pub use line::place_of_line;
pub use path::place_of_path;

/// What is known of the place; `None` where nothing tells.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The cluster, by the name of its folder in the workspace of `bmctl` or of a label.
    pub cluster: Option<String>,
    /// The node, as named there: host name, in lower case as Kubernetes has it, or address.
    pub node: Option<String>,
    /// The namespace of the pod or of the objects.
    pub namespace: Option<String>,
    /// The pod.
    pub pod: Option<String>,
    /// The container of the pod.
    pub container: Option<String>,
}

impl Place {
    /// This place, and from the other what this one lacks.
    ///
    /// A pod comes with its namespace and containers: of another pod, or another namespace, none of the three is taken.
    ///
    /// ```
    /// use loggrep_abm_core::bundle::place::{place_of_line, place_of_path};
    /// let path = place_of_path(b"snap.tar.gz!s/nodes/10.200.0.3/commands/journalctl_-u_kubelet");
    /// let line = place_of_line(b"Mar 27 10:55:29 node-1 kubelet[6155]: E0327 x] \"y\" pod=\"kube-system/anetd-x2\"");
    /// let place = path.or(line);
    /// assert_eq!(place.node.as_deref(), Some("10.200.0.3"));
    /// assert_eq!(place.pod.as_deref(), Some("anetd-x2"));
    /// ```
    #[must_use]
    pub fn or(self, other: Place) -> Place {
        let same = |one: &Option<String>, other: &Option<String>| match (one, other) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        let same_pod = same(&self.namespace, &other.namespace) && same(&self.pod, &other.pod);
        let pod = if same_pod { other.clone() } else { Place::default() };
        Place {
            cluster: self.cluster.or(other.cluster),
            node: self.node.or(other.node),
            namespace: self.namespace.or(pod.namespace),
            pod: self.pod.or(pod.pod),
            container: self.container.or(pod.container),
        }
    }
}

/// The name of a node, in lower case, if the text can be one.
pub(crate) fn node_name(text: &[u8]) -> Option<String> {
    name::node(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `node=n ns=a pod=b`, in the order of the fields.
    fn show(place: &Place) -> String {
        let fields = [
            ("cluster", &place.cluster),
            ("node", &place.node),
            ("ns", &place.namespace),
            ("pod", &place.pod),
            ("c", &place.container),
        ];
        let known = fields.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_deref()?)));
        known.collect::<Vec<_>>().join(" ")
    }

    fn check(place_of: fn(&[u8]) -> Place, table: &[(&str, &str)]) {
        let wrong: Vec<String> = table
            .iter()
            .map(|(text, expected)| (text, expected, show(&place_of(text.as_bytes()))))
            .filter(|(_, expected, got)| *expected != got)
            .map(|(text, expected, got)| format!("{text}\n  expected `{expected}`\n  got      `{got}`"))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn paths() {
        let uid = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f";
        let hash = "0123456789abcdef0123456789abcdef";
        let long = hash.repeat(2);
        let cri = format!(
            "s.tar.gz!s/nodes/10.200.0.3/files/var/log/pods/kube-system_anetd-x2_{uid}/cilium-agent/0.log.gz"
        );
        let rotated =
            format!("var/log/pods/kube-system_etcd-cp-1.example.com_{hash}/etcd/1.log.20220304-201643.gz");
        let containers =
            format!("nodes/cp-1/files/var/log/containers/anetd-x2_kube-system_cilium-agent-{long}.log");
        let volumes = format!("nodes/cp-1/files/var/lib/kubelet/pods/{uid}/volumes/x.log");
        let kind = format!(
            "ws/c1/log/create-cluster-20221101-214815/bootstrap-cluster/bmctl-control-plane/pods/kube-system_coredns-x_{uid}/coredns/0.log"
        );
        check(
            place_of_path,
            &[
                ("snap.tar.gz!abm-x/nodes/10.200.0.3/commands/journalctl_-u_kubelet", "node=10.200.0.3"),
                ("snap.tar.gz!abm-x/nodes/worker-1.example.com/cmd", "node=worker-1.example.com"),
                ("nodes/cp-1/sudo_kubeadm_certs_check-expiration", "node=cp-1"),
                ("nodes/fd00::3/commands/dmesg", "node=fd00::3"),
                ("nodes/worker-1.tar.gz!commands/dmesg", "node=worker-1"),
                ("/home/me/nodes/files/var/log/syslog", ""),
                ("nodes/commands/x", ""),
                ("nodes/10.200.0.3", "node=10.200.0.3"),
                ("nodes/list.txt", ""),
                ("nodes/cp-1/files/etc/nodes/other/x", "node=cp-1"),
                ("kubectlCommands/kube-system/kubectl_get_pods", "ns=kube-system"),
                ("kubectlCommands/kubectl_get_nodes", ""),
                ("s/namespaces/kube-system/kubectl_get_pods", "ns=kube-system"),
                (
                    "s/namespaces/kube-system/anetd-x2/kubectl_logs_anetd-x2_-c_cilium-agent_-n_kube-system",
                    "ns=kube-system pod=anetd-x2 c=cilium-agent",
                ),
                ("s/namespaces/kube-system/anetd-x2/describe", "ns=kube-system pod=anetd-x2"),
                (
                    "s/namespaces/kube-system/pods/anetd-x2/cilium-agent/cilium-agent/logs/current.log",
                    "ns=kube-system pod=anetd-x2 c=cilium-agent",
                ),
                ("s/namespaces/kube-system/core/events.yaml", "ns=kube-system"),
                ("s/namespaces/kube-system/cert-manager.io/x.yaml", "ns=kube-system"),
                (&cri, "node=10.200.0.3 ns=kube-system pod=anetd-x2 c=cilium-agent"),
                (&rotated, "ns=kube-system pod=etcd-cp-1.example.com c=etcd"),
                (&containers, "node=cp-1 ns=kube-system pod=anetd-x2 c=cilium-agent"),
                (&volumes, "node=cp-1"),
                (&kind, "cluster=c1 node=bmctl-control-plane ns=kube-system pod=coredns-x c=coredns"),
                ("s/pods/gke-system/ang-7/manager.log", "ns=gke-system pod=ang-7 c=manager"),
                ("s/pods/gke-system/ang-7/manager.log.gz", "ns=gke-system pod=ang-7 c=manager"),
                ("s/pods/gke-system/kubectl_get", ""),
                ("s/kubectl_logs_etcd-cp-1_-n_kube-system.txt", "ns=kube-system pod=etcd-cp-1"),
                (
                    "s/kubectl_logs_-p_--tail=100_-n_kube-system_etcd-cp-1_-c_etcd",
                    "ns=kube-system pod=etcd-cp-1 c=etcd",
                ),
                (
                    "s/kubectl_--kubeconfig_/root/ws/c/c-kubeconfig_-n_kube-system_logs_etcd-cp-1",
                    "ns=kube-system pod=etcd-cp-1",
                ),
                (
                    "s/kubectl_logs_--namespace=kube-system_etcd-cp-1_--container=etcd",
                    "ns=kube-system pod=etcd-cp-1 c=etcd",
                ),
                ("s/kubectl_logs_deployment/coredns_-n_kube-system", "ns=kube-system"),
                ("s/kubectl_logs_pod/coredns-x_-n_kube-system", "ns=kube-system pod=coredns-x"),
                ("s/kubectl_describe_pod_coredns-x_-n_kube-system", "ns=kube-system pod=coredns-x"),
                ("s/kubectl_describe_node_worker-1", "node=worker-1"),
                ("s/kubectl_get_pods_-A", ""),
                ("s/kubectl_get_pods_-o_wide_-n_kube-system", "ns=kube-system"),
                (
                    "bmctl-workspace/admin1/log/create-cluster-20221101-214815/create-cluster.log",
                    "cluster=admin1",
                ),
                (
                    "bmctl-workspace/admin1/log/create-cluster-20221101-214815/10.200.0.3",
                    "cluster=admin1 node=10.200.0.3",
                ),
                (
                    "/baremetal/bmctl-workspace/admin1/log/preflight-20221101-214815/10.200.0.3-gcp",
                    "cluster=admin1 node=10.200.0.3",
                ),
                ("bmctl-workspace/admin1/log/preflight-20221101-214815/node-network", "cluster=admin1"),
                ("bmctl-workspace/admin1/admin1.yaml", "cluster=admin1"),
                ("bmctl-workspace/.sa-keys/x.json", ""),
                ("bmctl-workspace/log/create-cluster-20221101-214815/create-cluster.log", ""),
                ("ws/admin1/log/create-cluster-20221101-214815/10.200.0.3", "cluster=admin1 node=10.200.0.3"),
                ("var/log/upgrade-cluster-20221101-214815/upgrade-cluster.log", ""),
                ("10.200.0.3", ""),
                ("bootstrap-cluster/bmctl-control-plane/kubelet.log", "node=bmctl-control-plane"),
                ("kind/abm-worker2/journal.log", "node=abm-worker2"),
                ("s/10.200.0.3/kubelet.log", "node=10.200.0.3"),
                ("/home/me/kubelet.log", ""),
                ("var/log/kubelet.log", ""),
                (
                    "sosreport-node-1-2022-11-01-abcdefg.tar.xz!sosreport-node-1-2022-11-01-abcdefg/var/log/messages",
                    "node=node-1",
                ),
                ("sosreport-node-1-01234567-2022-11-01-abcdefg/var/log/messages", "node=node-1"),
                ("sosreport-Node1.01234567-20200327105529/var/log/messages", "node=node1"),
                ("sosreport-node-1.tar.xz", ""),
                ("cases/sosreport-2022-11-01-x/var/log/messages", ""),
                ("", ""),
                ("!!//!nodes/!x", ""),
            ],
        );
    }

    #[test]
    fn lines() {
        let uid = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f";
        let back_off = format!(
            r#"E0304 20:16:43.000001 1 pod_workers.go:1] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"cilium-agent\" with CrashLoopBackOff: \"back-off 5m0s restarting failed container=cilium-agent pod=anetd-x2_kube-system({uid})\"" pod="kube-system/anetd-x2" podUID={uid}"#
        );
        let old = format!(
            r#"E0304 20:16:43.000001 1 pod_workers.go:1] Error syncing pod {uid} ("anetd-x2_kube-system({uid})"), skipping: x"#
        );
        let cri = format!(
            "E0304 20:16:43.000001 1 x.go:1] failed to read /var/log/pods/kube-system_anetd-x2_{uid}/cilium-agent/0.log: x"
        );
        check(
            place_of_line,
            &[
                (
                    "Mar 27 10:55:29 SR-SVR-206.dev.os.net kubelet[6155]: W0327 10:55:29.018276    6155 container.go:409] x",
                    "node=sr-svr-206.dev.os.net",
                ),
                (
                    "okt. 29 15:05:55 linux microk8s.daemon-containerd[147026]: time=\"2020-10-29T15:05:55+01:00\"",
                    "node=linux",
                ),
                ("2022-03-04T20:16:43+0900 worker-1 kubelet[1]: x", "node=worker-1"),
                ("Mar 27 10:55:29 worker-1 kernel: audit: type=1400", "node=worker-1"),
                ("Fri 2022-03-04 20:16:43 KST worker-1 kubelet[1]: x", "node=worker-1"),
                ("Mar 27 10:55:29 localhost kernel: x", ""),
                ("Mar 27 10:55:29 error foo: bar", ""),
                ("2022-03-04T20:16:43.680484387Z stderr F x: y", ""),
                ("2022/03/04 20:16:43 error foo: bar", ""),
                ("Fri Mar  4 20:16:43 2022: (VI_1) Entering MASTER STATE", ""),
                ("I0119 22:11:49.705596 107905 client.go:48] Operation failed", ""),
                (r#"fatal: [10.200.0.138]: FAILED! => {"changed": true}"#, "node=10.200.0.138"),
                (
                    r#"[2022-11-01 21:40:00+0900] fatal: [worker-1 -> localhost]: UNREACHABLE! => {}"#,
                    "node=worker-1",
                ),
                ("changed: [10.200.0.138] => {}", "node=10.200.0.138"),
                ("ok: [10.200.0.138]", "node=10.200.0.138"),
                ("FAILED - RETRYING: [10.200.0.138]: Wait for it (3 retries left).", "node=10.200.0.138"),
                ("ok: [localhost]", ""),
                ("it is ok: [see below] and so on", ""),
                (
                    "10.200.0.138               : ok=52   changed=9    unreachable=0    failed=1",
                    "node=10.200.0.138",
                ),
                (
                    r#"ANGd.Setup Failed to create ANG daemon {"nodeName": "bm-node-1", "error": "creating NDP client failed"}"#,
                    "node=bm-node-1",
                ),
                (r#"{"level":"error","node":"10.200.0.3","msg":"x"}"#, "node=10.200.0.3"),
                (r#"{"log":"x {\"nodeName\": \"bm-node-1\"}\n"}"#, "node=bm-node-1"),
                (
                    "I0304 20:16:43.000001 1 scheduler.go:1] \"Bound\" pod=\"kube-system/anetd-x2\" node=\"worker-1\"",
                    "node=worker-1 ns=kube-system pod=anetd-x2",
                ),
                (
                    "I0304 20:16:43.000001 1 x.go:1] \"x\" pod=kube-system/anetd-x2 containerName=\"cilium-agent\"",
                    "ns=kube-system pod=anetd-x2 c=cilium-agent",
                ),
                ("numa node=0 cpu", ""),
                ("the node: worker-1 is not ready, other-node=x", ""),
                ("node=\"<nil>\" pod=\"\"", ""),
                (&back_off, "ns=kube-system pod=anetd-x2 c=cilium-agent"),
                (&old, "ns=kube-system pod=anetd-x2"),
                (&cri, "ns=kube-system pod=anetd-x2 c=cilium-agent"),
                (
                    r#"RunPodSandbox for &PodSandboxMetadata{Name:anetd-x2,Uid:0a,Namespace:kube-system,Attempt:0,}"#,
                    "ns=kube-system pod=anetd-x2",
                ),
                (
                    "x IgnoreUnknown=1;K8S_POD_NAMESPACE=kube-system;K8S_POD_NAME=anetd-x2;K8S_POD_INFRA_CONTAINER_ID=0",
                    "ns=kube-system pod=anetd-x2",
                ),
                (
                    r#"{"kubernetes":{"pod_name":"anetd-x2","namespace_name":"kube-system","container_name":"cilium-agent","host":"n"}}"#,
                    "ns=kube-system pod=anetd-x2 c=cilium-agent",
                ),
                (
                    r#"{"resource":{"labels":{"cluster_name":"admin1","node_name":"worker-1"}}}"#,
                    "cluster=admin1 node=worker-1",
                ),
                (
                    r#"{"involvedObject":{"apiVersion":"v1","kind":"Pod","name":"anetd-x2","namespace":"kube-system","uid":"0"},"kind":"Event"}"#,
                    "ns=kube-system pod=anetd-x2",
                ),
                (r#"{"involvedObject":{"kind":"Node","name":"worker-1","uid":"worker-1"}}"#, "node=worker-1"),
                (r#"{"involvedObject":{"kind":"Deployment","name":"x","namespace":"kube-system"}}"#, ""),
                (
                    r#"I0304 x] Event(v1.ObjectReference{Kind:"Pod", Namespace:"kube-system", Name:"anetd-x2", UID:"0", FieldPath:""}): type: 'Warning'"#,
                    "ns=kube-system pod=anetd-x2",
                ),
                (
                    r#"I0304 x] "Event occurred" object="kube-system/anetd-x2" fieldPath="" kind="Pod" type="Warning""#,
                    "ns=kube-system pod=anetd-x2",
                ),
                (
                    r#"I0304 x] "Event occurred" object="worker-1" kind="Node" type="Warning""#,
                    "node=worker-1",
                ),
                (
                    "kube-system   5m12s   Warning   BackOff   pod/anetd-x2   Back-off restarting failed container",
                    "ns=kube-system pod=anetd-x2",
                ),
                (
                    "5m12s   Warning   BackOff   pod/anetd-x2   Back-off restarting failed container",
                    "pod=anetd-x2",
                ),
                (
                    "5m12s   Normal   NodeNotReady   node/worker-1   Node worker-1 status is now: NodeNotReady",
                    "node=worker-1",
                ),
                ("[pod/anetd-x2/cilium-agent] level=info msg=x", "pod=anetd-x2 c=cilium-agent"),
                ("delete pod/anetd-x2 by hand", ""),
                ("", ""),
            ],
        );
    }

    #[test]
    fn places_of_two_pods_are_not_mixed() {
        let place = |namespace: Option<&str>, pod: Option<&str>, container: Option<&str>| Place {
            namespace: namespace.map(str::to_owned),
            pod: pod.map(str::to_owned),
            container: container.map(str::to_owned),
            ..Place::default()
        };
        let manager = place(Some("kube-system"), Some("manager-1"), None);
        let other = place(Some("kube-system"), Some("anetd-x2"), Some("cilium-agent"));
        assert_eq!(manager.clone().or(other.clone()), manager);
        assert_eq!(place(Some("default"), None, None).or(other.clone()), place(Some("default"), None, None));
        assert_eq!(place(Some("kube-system"), None, None).or(other.clone()), other);
        assert_eq!(place(None, Some("anetd-x2"), None).or(other.clone()), other);
        assert_eq!(Place::default().or(other.clone()), other);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let seeds: &[&str] = &[
            "s!bmctl-workspace/a/log/create-cluster-20221101-214815/10.200.0.3-gcp/nodes/x/files/pods/a/b/c.log",
            "s/kubectl_-n_ns_logs_-c_c_pod-1.log.gz/var/log/pods/a_b_0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/c/0.log",
            "sosreport-a-01234567-2022-11-01-x/namespaces/kube-system/pods/a-b/c/x",
            "Mar 27 10:55:29 n kubelet[1]: pod=\"a/b\" x_y(0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f) node=\\\"w-1\\\"",
            "fatal: [10.200.0.138 -> x]: FAILED! => {\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"a\"}}",
            "ns 5m Warning BackOff pod/x [pod/a/b] K8S_POD_NAME=a;PodSandboxMetadata{Name:a,Namespace:b,",
        ];
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        for round in 0..20_000 {
            let mut text = seeds[round % seeds.len()].as_bytes().to_vec();
            for _ in 0..1 + random(6) {
                let at = random(text.len());
                match random(4) {
                    0 => text[at] = random(256) as u8,
                    1 => text[at] = b"/!_-.:[]{}\"\\= ("[random(15)],
                    2 => drop(text.drain(at..(at + 1 + random(3)).min(text.len()))),
                    _ => text.truncate(at.max(1)),
                }
                if text.is_empty() {
                    text.push(b'/');
                }
            }
            let _ = place_of_path(&text).or(place_of_line(&text));
        }
    }
}
