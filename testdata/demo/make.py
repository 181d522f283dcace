#!/usr/bin/env python3
"""Writes snapshot.tar.gz, the demo bundle, and planted.toml, the list of what is in it.

The bundle is made up, its shape is real: an admin cluster and a user cluster in the middle of an
upgrade, ordinary logs all around, and known issues in the wrappings in which they occur.
All names, addresses and keys are invented. The same script gives the same bytes.

    python3 testdata/demo/make.py [OUTPUT]
"""

import base64
import gzip
import io
import lzma
import re
import sys
import tarfile
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))

from ordinary import (  # noqa: E402
    KST, TASKS, UTC, Source, anetd, ansible, apiserver, bracket, containerd, controller, coredns, cri,
    dmesg, etcd, fluent_bit, journald, klog, kubelet, nano, operator, speaker,
)

TOP = "abm-diag-20230119-2305"
TAKEN = datetime(2023, 1, 19, 23, 5, 12, tzinfo=UTC)
START = datetime(2023, 1, 19, 22, 0, tzinfo=UTC)
source = Source(20230119)

# name, address, role, Kubernetes version, OS, kernel, runtime
NODES = [
    ("adm-cp-01", "10.200.0.2", "control-plane,master", "v1.24.2-gke.1900", "Ubuntu 20.04.5 LTS", "5.4.0-137-generic", "containerd://1.6.6-gke.1"),
    ("usr-cp-01", "10.200.0.11", "control-plane,master", "v1.23.5-gke.1505", "Ubuntu 18.04.6 LTS", "4.15.0-200-generic", "containerd://1.5.13-gke.0"),
    ("usr-wk-01", "10.200.0.138", "worker", "v1.23.5-gke.1505", "Red Hat Enterprise Linux 8.6 (Ootpa)", "4.18.0-372.32.1.el8_6.x86_64", "containerd://1.5.13-gke.0"),
    ("usr-wk-02", "10.200.0.139", "worker", "v1.23.5-gke.1505", "Ubuntu 22.04.1 LTS", "5.15.0-58-generic", "containerd://1.5.13-gke.0"),
    ("usr-wk-03", "10.200.0.140", "worker", "v1.23.5-gke.1505", "Ubuntu 20.04.5 LTS", "5.4.0-137-generic", "containerd://1.5.13-gke.0"),
    ("usr-wk-04", "10.200.0.141", "worker", "v1.23.5-gke.1505", "Ubuntu 20.04.5 LTS", "5.4.0-137-generic", "docker://20.10.17"),
]
CAPTURED = NODES[:5]  # 10.200.0.141 could not be reached when the snapshot was taken

WEBHOOK = ('Internal error occurred: failed calling webhook "vcluster.kb.io": failed to call webhook: Post '
           '"https://webhook-service.kube-system.svc:443/validate-baremetal-cluster-gke-io-v1-cluster?timeout=10s": '
           'x509: certificate signed by unknown authority (possibly because of "x509: invalid signature: parent '
           'certificate cannot sign this kind of certificate" while trying to verify candidate authority certificate '
           '"webhook-service.kube-system.svc")')
DOCKER = ('error creating "baremetal.cluster.gke.io/v1, Kind=Cluster": admission webhook "vcluster.kb.io" denied the '
          'request: Spec.NodeConfig.ContainerRuntime: Forbidden: Starting with Anthos Bare Metal version 1.13 Docker '
          'container runtime will not be supported. Before 1.13 please set the containerRuntime to containerd in your '
          'cluster resources. Although highly discouraged, you can create a cluster with Docker node pools until 1.13 '
          'by passing the flag "--allow-docker-container-runtime" to bmctl create cluster or add the annotation '
          '"baremetal.cluster.gke.io/allow-docker-container-runtime: true" to the cluster configuration file.')
NOT_READY = ('NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not '
             'initialized')
SECCOMP = ('failed to create containerd task: failed to create shim: OCI runtime create failed: unable to retrieve '
           'OCI runtime error (open /run/containerd/io.containerd.runtime.v2.task/k8s.io/{id}/log.json: no such file '
           'or directory): runc did not terminate successfully: exit status 127: runc: symbol lookup error: runc: '
           'undefined symbol: seccomp_notify_respond')


def escaped(text, depth=1):
    """The text as it stands inside `depth` levels of JSON or Go strings."""
    for _ in range(depth):
        text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return text


def lines(items):
    return "".join(f"{item}\n" for item in items)


class Tree:
    """The members of an archive, and where in them the known issues are."""

    def __init__(self, top, mtime):
        self.top, self.mtime, self.members, self.planted = top, mtime, {}, []

    def add(self, path, content, encoding="utf-8", pack=None, plant=()):
        """Adds a file. `plant` names issues: id, form, words with which each message begins, wrapped or not."""
        if isinstance(content, str):
            for issue, form, needle in plant:
                words = r"[\s>]+".join(re.escape(word) for word in needle.split(" "))
                found = sorted({content.count("\n", 0, hit.start()) + 1 for hit in re.finditer(words, content)})
                assert found, (path, issue)
                self.planted.append((issue, form, f"{self.top}/{path}", found))
            content = content.encode(encoding)
        if pack:
            content = pack(content)
        assert path not in self.members, path
        self.members[path] = content

    def adopt(self, path, content, tree):
        """Adds an archive made from another tree."""
        self.add(path, content)
        self.planted += [(issue, form, f"{self.top}/{path}!{inner}", found)
                         for issue, form, inner, found in tree.planted]

    def link(self, path, target):
        self.members[path] = (target,)

    def tar(self):
        folders = {self.top}
        for path in self.members:
            parts = path.split("/")[:-1]
            folders |= {"/".join([self.top, *parts[:n + 1]]) for n in range(len(parts))}
        entries = [(f, None) for f in folders] + [(f"{self.top}/{p}", c) for p, c in self.members.items()]
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for name, content in sorted(entries, key=lambda entry: entry[0]):
                info = tarfile.TarInfo(name)
                info.mtime = int(self.mtime.timestamp())
                info.uname = info.gname = "root"
                if content is None:
                    info.type, info.mode = tarfile.DIRTYPE, 0o755
                elif isinstance(content, tuple):
                    info.type, info.linkname, info.mode = tarfile.SYMTYPE, content[0], 0o777
                else:
                    info.size, info.mode = len(content), 0o644
                archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
        return buffer.getvalue()


def gz(content):
    return gzip.compress(content, compresslevel=9, mtime=0)


tree = Tree(TOP, TAKEN)


def pod_log(address, pod, uid, container, entries, namespace="kube-system", name="0.log", **options):
    """A CRI log file; `entries` are (time, text) or (time, text, tag)."""
    text = lines(cri(time, text, tag=tag[0] if tag else "F") for time, text, *tag in entries)
    path = f"nodes/{address}/files/var/log/pods/{namespace}_{pod}_{uid}/{container}/{name}"
    tree.add(path, text, **options)


def merged(ordinary, planted):
    """Ordinary (time, text) pairs with others put in by time, each group kept together."""
    spans = [(group[0][0], group[-1][0]) for group in planted]
    groups = [(time, [(time, text)]) for time, text in ordinary
              if not any(first <= time <= last for first, last in spans)] + [(group[0][0], group) for group in planted]
    return [entry for _, group in sorted(groups, key=lambda g: g[0]) for entry in group]


def dated(make, n, start=START, end=TAKEN):
    times = source.times(start, end, n)
    return list(zip(times, make(source, times)))


def at(hour, minute, second=0, micro=0):
    return datetime(2023, 1, 19, hour, minute, second, micro, tzinfo=UTC)


# Node commands.

def node_commands():
    for index, (name, address, _, version, image, kernel, runtime) in enumerate(CAPTURED):
        base = f"nodes/{address}"
        gateway = "10.200.0.1"
        iface = "ens224" if name == "usr-wk-02" else "ens192"
        os_id = "rhel" if "Red Hat" in image else "ubuntu"
        release = image.split(" (")[0].replace(" LTS", "").split()[-1]
        routes = [f"default via {gateway} dev {iface} proto static"]
        if name == "usr-wk-01":
            routes.append("default via 172.31.16.1 dev ens256 proto dhcp metric 101")
        routes += [f"10.200.0.0/24 dev {iface} proto kernel scope link src {address}",
                   f"192.168.{index}.0/24 via 192.168.{index}.12 dev cilium_host src 192.168.{index}.12",
                   f"192.168.{index}.12 dev cilium_host scope link"]
        tree.add(f"{base}/commands/ip_route_show", lines(routes), plant=[
            ("multiple-default-gateways", "routes of a node", "default via")] if name == "usr-wk-01" else ())
        tree.add(f"{base}/commands/uname_-a",
                 f"Linux {name} {kernel} #112-Ubuntu SMP Thu Dec 1 12:00:00 UTC 2022 x86_64 x86_64 x86_64 GNU/Linux\n")
        tail = ["chaintoolong={}".format(0 if "5.15" not in kernel else 311 + 7 * cpu) for cpu in range(4)]
        failed = [0, 0, 0, 0] if "5.15" not in kernel else [318, 325, 332, 339]
        tree.add(f"{base}/commands/conntrack_-S", lines(
            f"cpu={cpu}   \tfound={source.below(900)} invalid={source.below(9000)} insert=0 insert_failed={failed[cpu]} "
            f"drop={failed[cpu]} early_drop=0 error={source.below(40)} search_restart={source.below(4000)} "
            f"{tail[cpu] if '5.15' in kernel else ''}" for cpu in range(4)), plant=[
                ("conntrack-chaintoolong-insert-failures", "statistics of a node", "cpu=")] if "5.15" in kernel else ())
        offload = "on" if name == "usr-cp-01" else "off [fixed]" if name == "usr-wk-01" else "off"
        tree.add(f"{base}/commands/ethtool_-k_{iface}", lines([
            f"Features for {iface}:", "rx-checksumming: on", "tx-checksumming: on", "\ttx-checksum-ipv4: off [fixed]",
            "\ttx-checksum-ip-generic: on", "scatter-gather: on", "tcp-segmentation-offload: on",
            "generic-segmentation-offload: on", "generic-receive-offload: on",
            f"tx-udp_tnl-segmentation: {offload}", f"tx-udp_tnl-csum-segmentation: {offload}", "tx-nocache-copy: off"]),
            plant=[("vsphere-vmxnet3-udp-tunnel-offload", "features of an interface", "tx-udp_tnl")] if offload == "on" else ())
        cgroup = ["cgroup2 on /sys/fs/cgroup type cgroup2 (rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot)"] \
            if "22.04" in image else [
                "tmpfs on /sys/fs/cgroup type tmpfs (ro,nosuid,nodev,noexec,mode=755)",
                "cgroup on /sys/fs/cgroup/systemd type cgroup (rw,nosuid,nodev,noexec,relatime,xattr,name=systemd)",
                "cgroup on /sys/fs/cgroup/memory type cgroup (rw,nosuid,nodev,noexec,relatime,memory)"]
        tree.add(f"{base}/commands/mount", lines([
            "sysfs on /sys type sysfs (rw,nosuid,nodev,noexec,relatime)",
            "proc on /proc type proc (rw,nosuid,nodev,noexec,relatime)",
            "/dev/mapper/vg0-root on / type ext4 (rw,relatime,errors=remount-ro)", *cgroup,
            "bpf on /sys/fs/bpf type bpf (rw,nosuid,nodev,noexec,relatime,mode=700)",
            *[f"tmpfs on /var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~projected/kube-api-access-{source.suffix()} type tmpfs (rw,relatime,size=524288k)"
              for uid in source.uids[:6]]]), plant=[
                  ("cgroup-v2-not-supported", "mounts of a node", "cgroup2 on")] if "22.04" in image else ())
        tree.add(f"{base}/files/etc/os-release", lines([
            f'NAME="{"Red Hat Enterprise Linux" if os_id == "rhel" else "Ubuntu"}"', f'VERSION="{release}"', f"ID={os_id}",
            f'VERSION_ID="{"8.6" if os_id == "rhel" else release[:5]}"', f'PRETTY_NAME="{image}"']))
        tree.add(f"{base}/files/proc/sys/net/ipv4/conf/all/rp_filter", "2\n" if name == "usr-wk-03" else "0\n",
                 plant=[("reverse-path-filter-enabled", "file below /proc", "2")] if name == "usr-wk-03" else ())
        tree.add(f"{base}/files/proc/sys/net/netfilter/nf_conntrack_max", "131072\n")
        tree.add(f"{base}/commands/conntrack_--count", f"{1800 + source.below(9000)}\n")
        addresses = [f"1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000",
                     "    inet 127.0.0.1/8 scope host lo",
                     f"2: {iface}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000",
                     f"    inet {address}/24 brd 10.200.0.255 scope global {iface}"]
        if name != "usr-wk-02":
            addresses.append(f"    inet6 fe80::250:56ff:fea0:{index + 16:x}/64 scope link")
        tree.add(f"{base}/commands/ip_addr", lines(addresses))
        tree.add(f"{base}/commands/df_--all_--inodes", lines([
            "Filesystem                 Inodes  IUsed   IFree IUse% Mounted on",
            "/dev/mapper/vg0-root      3276800 281033 2995767    9% /",
            "tmpfs                     2037014    818 2036196    1% /run"]))
        tree.add(f"{base}/commands/dmesg", lines(dmesg(source, kernel, 60)))
        if name == "usr-wk-02":
            for command in ("crictl_ps_-a", "crictl_stats"):
                tree.add(f"{base}/commands/{command}", "sudo: crictl: command not found\n", plant=[
                    ("snapshot-non-root-crictl-not-found", "error text in place of output", "crictl: command not found")])
        else:
            tree.add(f"{base}/commands/crictl_ps_-a", lines(
                ["CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID"]
                + [f"{source.hex(13)}       {source.hex(13)}       {2 + source.below(50)} hours ago        Running             {name2:<20}{source.below(4):<20}{source.hex(13)}"
                   for name2 in ("cilium-agent", "coredns", "speaker", "node-exporter")]))
    # A tool that is not installed, which says nothing about the cluster.
    tree.add("nodes/10.200.0.138/commands/docker_ps_-a", "sudo: docker: command not found\n")
    tree.add("nodes/10.200.0.138/commands/journalctl_--utc_-u_docker", "")
    tree.link("nodes/10.200.0.138/files/var/log/containers/latest-kubelet.log", "../../../../commands/journalctl_-u_kubelet")


def journals():
    for name, address, *_ in CAPTURED:
        pid = 1400 + source.below(5000)
        entries = list(dated(lambda s, t: kubelet(s, t, pid), 260))
        plant = []
        if name == "usr-wk-03":
            groups = []
            time = at(22, 41, 7, 310455)
            while time < TAKEN - timedelta(seconds=2):
                groups.append([(time, klog("E", time, pid, "kubelet.go:2347", f'"Container runtime network not ready" networkReady="{NOT_READY}"'))])
                time += timedelta(seconds=5, microseconds=2711)
            entries = merged([e for e in entries if e[0] < at(22, 41) or source.below(4) == 0], groups)
            plant.append(("node-not-ready-cni-plugin-not-initialized", "journald > klog, to the end of the journal", NOT_READY))
        if name == "usr-wk-01":
            uid, volume = "6d9466f7-d818-4658-b27c-3474bfd48c79", "/volumes/kubernetes.io~secret/localpv-token-bpw5x"
            path = f"/var/lib/kubelet/pods/{uid}{volume}"
            groups = []
            for minute in (12, 17, 22, 27, 32, 37, 42, 47):
                time = at(22, minute, 19, 118230 + minute)
                inner = (f"failed to create containerd task: failed to create shim: OCI runtime create failed: error setting "
                         f"label on mount source '{path}': failed to set file label on {path}: permission denied: unknown")
                start = f'failed to "StartContainer" for "provisioner" with RunContainerError: "{escaped(inner)}"'
                groups.append([(time, klog("E", time, pid, "pod_workers.go:951",
                               f'"Error syncing pod, skipping" err="{escaped(start)}" pod="kube-system/localpv-k7sx2" podUID={uid}'))])
            entries = merged(entries, groups)
            plant.append(("selinux-pod-creation-tmpfs-label", "journald > klog, Go-quoted twice", "failed to set file label on"))
        header = "-- Logs begin at Tue 2022-11-01 12:31:40 UTC, end at Thu 2023-01-19 23:05:09 UTC. --"
        tree.add(f"nodes/{address}/commands/journalctl_-u_kubelet",
                 lines([header] + [journald(time, name, "kubelet", pid, text) for time, text in entries]), plant=plant)

        entries, plant = dated(containerd, 110), []
        if name == "usr-cp-01":
            groups = []
            for minute in range(3, 63, 4):
                time = at(22 + minute // 60, minute % 60, 8, 44021)
                digest = source.pick(source.hashes)
                groups.append([(time, f'time="{nano(time, 117)}" level=error msg="StartContainer for \\"{digest}\\" failed" error="{SECCOMP.format(id=digest)}: unknown"')])
            entries = merged(entries, groups)
            plant.append(("containerd-1-5-13-needs-libseccomp-2-5", "journald > logfmt", "seccomp_notify_respond"))
        tree.add(f"nodes/{address}/commands/journalctl_-u_containerd",
                 lines([header] + [journald(time, name, "containerd", 911, text) for time, text in entries]), plant=plant)


def pod_logs():
    for name, address, role, *_ in CAPTURED:
        pod_log(address, f"anetd-{source.suffix()}", source.uid(), "cilium-agent", dated(anetd, 70))
        pod_log(address, f"metallb-speaker-{source.suffix()}", source.uid(), "speaker", dated(speaker, 60))
        if "control-plane" in role:
            pod_log(address, f"etcd-{name}", source.hex(32), "etcd", dated(etcd, 150))
            pod_log(address, f"kube-apiserver-{name}", source.hex(32), "kube-apiserver", dated(apiserver, 180))
        else:
            pod_log(address, f"coredns-7f9c544f75-{source.suffix()}", source.uid(), "coredns", dated(coredns, 60))
        if name != "usr-wk-02":
            pod_log(address, f"stackdriver-log-forwarder-{source.suffix()}", source.uid(), "stackdriver-log-forwarder", dated(fluent_bit, 70))

    # A job of the machine that is not on the list of captured nodes: its output inside a JSON text inside a JSON text.
    groups = []
    for minute in (21, 48):
        time = at(22, minute, 5, 230771)
        stderr = escaped("error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS "
                         'signature in the cluster-info ConfigMap for token ID "k7x2pq"')
        result = f'fatal: [10.200.0.141]: FAILED! => {{"changed": true, "msg": "non-zero return code", "rc": 1, "stderr": "{stderr}"}}'
        groups.append([(time, f'{{"level":"error","ts":"{time:%Y-%m-%dT%H:%M:%S}.230Z","logger":"controllers.BareMetalMachine","msg":"job failed",'
                              f'"namespace":"cluster-user-ci","baremetalmachine":"10.200.0.141","error":"{escaped(result)}"}}')])
    pod_log("10.200.0.2", "cap-controller-manager-1.13.1-6c5d7f8b9c-rk2vx", source.uid(), "manager",
            merged(dated(controller, 160), groups), plant=[
                ("kubeadm-join-jws-signature-large-cluster", "CRI > zap JSON > ansible JSON, quoted twice", "could not find a JWS")])

    groups = []
    for minute in (4, 14, 24, 34, 44, 54):
        time = at(22, minute, 31, 902114 + minute)
        groups.append([(time, klog("E", time, 1, "cluster_controller.go:455",
                       f'controllers/Cluster "msg"="failed to update cluster" "error"="{escaped(WEBHOOK)}" "cluster"="cluster-user-ci/user-ci"'))])
    pod_log("10.200.0.2", "anthos-cluster-operator-7b9fd6d6c5-x2vwq", source.uid(), "operator",
            merged(dated(operator, 160), groups),
            plant=[("webhook-x509-unknown-authority", "CRI > klogr, Go-quoted", "failed calling webhook")])

    # The forwarder of usr-wk-02 crashes on a damaged chunk; the older crashes are in the rotated file.
    pod, uid = "stackdriver-log-forwarder-w8d4z", source.uid()
    stack = [
        "#0  0x5590aa24bdd5      in  validate_insert_id() at plugins/out_stackdriver/stackdriver.c:1232",
        "#1  0x5590aa24c502      in  stackdriver_format() at plugins/out_stackdriver/stackdriver.c:1523",
        "#2  0x5590aa24e509      in  cb_stackdriver_flush() at plugins/out_stackdriver/stackdriver.c:2105",
        "#3  0x5590aa190de6      in  output_pre_cb_flush() at include/fluent-bit/flb_output.h:490",
        "#4  0x5590aa6ac4c6      in  co_init() at lib/monkey/deps/flb_libco/amd64.c:117",
        "#5  0xffffffffffffffff  in  ???() at ???:0",
    ]

    def crashes(times):
        for time in times:
            groups = [(time - timedelta(seconds=3), "Fluent Bit v1.8.3"),
                      (time - timedelta(seconds=3), "* Copyright (C) 2019-2021 The Fluent Bit Authors"),
                      (time - timedelta(seconds=2), f"[{time - timedelta(seconds=2):%Y/%m/%d %H:%M:%S}] [ info] [engine] started (pid=1)"),
                      (time, f"[{time:%Y/%m/%d %H:%M:%S}] [engine] caught signal (SIGSEGV)")]
            yield groups + [(time + timedelta(microseconds=40 * n + 11), frame) for n, frame in enumerate(stack)]

    plant = [("stackdriver-log-forwarder-sigsegv-corrupt-chunk", "CRI > fluent-bit, with stack", "caught signal (SIGSEGV)")]
    for name, pack, start, end, times in (
            ("0.log.20230119-221500.gz", gz, at(21, 40), at(22, 15), [at(21, 48, 3), at(21, 58, 41), at(22, 9, 22)]),
            ("0.log", None, at(22, 15), TAKEN, [at(22, 19, 44), at(22, 40, 6), at(23, 0, 51)])):
        pod_log("10.200.0.139", pod, uid, "stackdriver-log-forwarder",
                merged(dated(fluent_bit, 80, start, end), list(crashes(times))), name=name, pack=pack, plant=plant)
    name = "0.log.20230119-213000.gz"
    pod_log("10.200.0.139", pod, uid, "stackdriver-log-forwarder", dated(fluent_bit, 90, at(20, 30), at(21, 40)),
            name=name, pack=lambda content: gz(content)[:-900])
    tree.damaged = f"{TOP}/nodes/10.200.0.139/files/var/log/pods/kube-system_{pod}_{uid}/stackdriver-log-forwarder/{name}"

    # ang-node: one message whole, one cut in its middle by the runtime's line limit.
    def failed(time):
        stamp = f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
        error = escaped('creating NDP client failed: ndp: address "linklocal" not found on interface "ens224"')
        return f'{{"level":"error","ts":"{stamp}","logger":"ANGd.Setup","msg":"Failed to create ANG daemon","nodeName":"usr-wk-02","error":"{error}"}}'

    groups = []
    for minute in (6, 16, 26, 36, 46, 56):
        time = at(22, minute, 40, 771209)
        text = failed(time)
        if minute == 26:
            cut = text.index("client failed") + 3
            groups.append([(time, text[:cut], "P"), (time, text[cut:], "F")])
        else:
            groups.append([(time, text)])
    ordinary = dated(lambda s, t: [f'{{"level":"info","ts":"{x:%Y-%m-%dT%H:%M:%S}.000Z","logger":"ANGd","msg":"{m}","nodeName":"usr-wk-02"}}'
                                   for x, m in zip(t, ["starting daemon", "watching NetworkGatewayGroup", "leader check passed"] * 40)], 60)
    pod_log("10.200.0.139", "ang-node-h2k9p", source.uid(), "ang-node", merged(ordinary, groups), plant=[
        ("network-gateway-group-missing-interface-ip", "CRI > zap JSON; one message in P and F parts", "creating NDP cli")])


# kubectl output.

def kubectl():
    header = "NAME        STATUS     ROLES                  AGE   VERSION            INTERNAL-IP    EXTERNAL-IP   OS-IMAGE                               KERNEL-VERSION                 CONTAINER-RUNTIME"
    status = {"usr-wk-03": "NotReady", "usr-wk-04": "NotReady"}

    def rows(nodes, age):
        return lines([header] + [
            f"{n:<12}{status.get(n, 'Ready'):<11}{role:<23}{age:<6}{version:<19}{ip:<15}{'<none>':<14}{image:<39}{kernel:<31}{runtime}"
            for n, ip, role, version, image, kernel, runtime in nodes])

    tree.add("kubectlCommands/kubectl_get_nodes_-o_wide", rows(NODES[1:], "79d"), plant=[
        ("node-drain-cannot-start-unreachable", "table of nodes, during an upgrade", "usr-wk-04")])
    tree.add("kubectlCommands/kubectl_--kubeconfig_admin-seoul-kubeconfig_get_nodes_-o_wide", rows(NODES[:1], "322d"))
    tree.add("kubectlCommands/kubectl_version", lines([
        'Client Version: version.Info{Major:"1", Minor:"24", GitVersion:"v1.24.2-gke.1900", GitCommit:"9b8d1ab1b5d3", GitTreeState:"clean"}',
        'Server Version: version.Info{Major:"1", Minor:"23", GitVersion:"v1.23.5-gke.1505", GitCommit:"1c1e8c2a44f0", GitTreeState:"clean"}']))

    pods = [f"{'NAMESPACE':<14}{'NAME':<46}{'READY':<8}{'STATUS':<19}{'RESTARTS':<16}{'AGE':<7}{'IP':<15}{'NODE':<12}{'NOMINATED NODE':<17}READINESS GATES"]

    def pod(namespace, name, ready, state, restarts, ip, node):
        pods.append(f"{namespace:<14}{name:<46}{ready:<8}{state:<19}{restarts:<16}{'79d':<7}{ip:<15}{node:<12}{'<none>':<17}<none>")

    for n, ip, role, *_ in NODES[1:]:
        for app in ("anetd", "localpv", "metallb-speaker", "node-exporter", "gke-metrics-agent"):
            state = "RunContainerError" if (app, n) == ("localpv", "usr-wk-01") else "Running"
            pod("kube-system", f"{app}-{source.suffix()}", "0/1" if state != "Running" else "1/1", state, "0", ip, n)
    pod("kube-system", "stackdriver-log-forwarder-w8d4z", "0/1", "CrashLoopBackOff", "214 (4m ago)", "10.200.0.139", "usr-wk-02")
    pod("kube-system", "ang-node-h2k9p", "0/1", "CrashLoopBackOff", "87 (8m ago)", "10.200.0.139", "usr-wk-02")
    pod("kube-system", "cplb-update-1674164401-q8s5d", "0/1", "RunContainerError", "15 (2m ago)", "10.200.0.11", "usr-cp-01")
    for app in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "haproxy", "keepalived"):
        pod("kube-system", f"{app}-usr-cp-01", "1/1", "Running", "1 (58d ago)", "10.200.0.11", "usr-cp-01")
    for app in ("checkout", "inventory", "payments", "search"):
        for number in range(6):
            pod("shop", f"{app}-6d5f7b9c8-{source.suffix()}", "1/1", "Running", "0", f"192.168.{2 + number % 3}.{10 + source.below(200)}",
                ("usr-wk-01", "usr-wk-02", "usr-wk-03")[number % 3])
    tree.add("kubectlCommands/kubectl_get_pods_-A_-o_wide", lines(pods))

    def cluster(name, kind, spec, status_version, address, extra):
        return f"""- apiVersion: baremetal.cluster.gke.io/v1
  kind: Cluster
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {{"apiVersion":"baremetal.cluster.gke.io/v1","kind":"Cluster","metadata":{{"annotations":{{}},"name":"{name}","namespace":"cluster-{name}"}},"spec":{{"anthosBareMetalVersion":"{spec}","profile":"default","type":"{kind}"}}}}
    creationTimestamp: "2022-11-01T12:40:11Z"
    generation: 7
    name: {name}
    namespace: cluster-{name}
    resourceVersion: "18{source.below(999999):06d}"
    uid: {source.uid()}
  spec:
    anthosBareMetalVersion: {spec}
    clusterNetwork:
      pods:
        cidrBlocks:
        - 192.168.0.0/16
      services:
        cidrBlocks:
        - 10.96.0.0/20
    controlPlane:
      nodePoolSpec:
        nodes:
        - address: {address}
{extra}    profile: default
    type: {kind}
  status:
    anthosBareMetalVersion: {status_version}
    conditions:
    - lastTransitionTime: "2023-01-19T22:01:12Z"
      message: ""
      reason: {"UpgradeInProgress" if spec != status_version else "ReconciliationCompleted"}
      status: "{"True" if spec != status_version else "False"}"
      type: Reconciling
"""

    webhook = WEBHOOK.replace("'", "''")
    folded, width, row = [], 74, ""
    for word in f"update failed, will be tried again: {webhook}".split(" "):
        if row and len(row) + 1 + len(word) > width:
            folded.append(row)
            row = word
        else:
            row = f"{row} {word}" if row else word
    folded.append(row)
    condition = ("    - lastTransitionTime: \"2023-01-19T22:04:31Z\"\n      message: >-\n"
                 + "".join(f"        {part}\n" for part in folded)
                 + "      reason: UpdateFailed\n      status: \"True\"\n      type: Error\n")
    clusters = ("apiVersion: v1\nitems:\n" + cluster("admin-seoul", "admin", "1.13.1", "1.13.1", "10.200.0.2", "")
                + cluster("user-ci", "user", "1.13.1", "1.12.1", "10.200.0.11", "    nodeConfig:\n      containerRuntime: docker\n      podDensity:\n        maxPodsPerNode: 110\n")
                + condition + "kind: List\nmetadata:\n  resourceVersion: \"\"\n  selfLink: \"\"\n")
    tree.add("kubectlCommands/kubectl_--kubeconfig_admin-seoul-kubeconfig_get_clusters_-A_-o_yaml", clusters,
             plant=[("webhook-x509-unknown-authority", "YAML folded scalar", "failed calling")])
    tree.add("kubectlCommands/cluster-user-ci/kubectl_get_baremetalmachines", lines(
        [f"{'NAME':<15}{'CLUSTER':<10}{'READY':<8}{'INSTANCEID':<26}{'MACHINE':<15}{'ABM VERSION':<14}DESIRED ABM VERSION"]
        + [f"{ip:<15}{'user-ci':<10}{'true':<8}{'baremetal://' + ip:<26}{ip:<15}{'1.12.1':<14}1.13.1" for _, ip, *_ in NODES[1:]]))

    def describe(name, ip, role, version, image, kernel, runtime):
        ready = name not in status
        message = "kubelet is posting ready status. AppArmor enabled" if ready else f"container runtime network not ready: {NOT_READY}"
        return f"""Name:               {name}
Roles:              {role}
Labels:             baremetal.cluster.gke.io/node-pool=np1
                    kubernetes.io/hostname={name}
Annotations:        baremetal.cluster.gke.io/k8s-ip: {ip}
CreationTimestamp:  Tue, 01 Nov 2022 12:58:40 +0000
Taints:             <none>
Unschedulable:      false
Conditions:
  Type                 Status  LastHeartbeatTime                 LastTransitionTime                Reason                       Message
  ----                 ------  -----------------                 ------------------                ------                       -------
  MemoryPressure       False   Thu, 19 Jan 2023 23:04:44 +0000   Tue, 01 Nov 2022 12:58:40 +0000   KubeletHasSufficientMemory   kubelet has sufficient memory available
  DiskPressure         False   Thu, 19 Jan 2023 23:04:44 +0000   Tue, 01 Nov 2022 12:58:40 +0000   KubeletHasNoDiskPressure     kubelet has no disk pressure
  Ready                {'True' if ready else 'False':<7} Thu, 19 Jan 2023 23:04:44 +0000   Thu, 19 Jan 2023 22:41:07 +0000   {'KubeletReady' if ready else 'KubeletNotReady':<28} {message}
Addresses:
  InternalIP:  {ip}
  Hostname:    {name}
System Info:
  Kernel Version:             {kernel}
  OS Image:                   {image}
  Container Runtime Version:  {runtime}
  Kubelet Version:            {version}
Events:                       <none>

"""

    described = "".join(describe(*node) for node in NODES[1:5])
    tree.add("kubectlCommands/kubectl_describe_nodes", described, plant=[
        ("node-not-ready-cni-plugin-not-initialized", "describe, condition of the node", NOT_READY)])

    events = [f"{'LAST SEEN':<12}{'TYPE':<10}{'REASON':<20}{'OBJECT':<44}MESSAGE",
              f"{'2m14s':<12}{'Warning':<10}{'Failed':<20}{'pod/cplb-update-1674164401-q8s5d':<44}Error: {SECCOMP.format(id=source.hashes[3])}: unknown",
              f"{'4m':<12}{'Warning':<10}{'BackOff':<20}{'pod/stackdriver-log-forwarder-w8d4z':<44}Back-off restarting failed container",
              f"{'24m':<12}{'Normal':<10}{'NodeNotReady':<20}{'node/usr-wk-03':<44}Node usr-wk-03 status is now: NodeNotReady",
              f"{'31m':<12}{'Normal':<10}{'Pulled':<20}{'pod/checkout-6d5f7b9c8-v4n8d':<44}Container image \"registry.example.com/shop/checkout:2.1\" already present on machine",
              f"{'55m':<12}{'Warning':<10}{'Unhealthy':<20}{'pod/inventory-6d5f7b9c8-zzk4t':<44}Readiness probe failed: HTTP probe failed with statuscode: 503"]
    tree.add("kubectlCommands/kube-system/kubectl_get_events", lines(events), plant=[
        ("containerd-1-5-13-needs-libseccomp-2-5", "event", "seccomp_notify_respond")])
    tree.add("kubectlCommands/kube-system/kubectl_describe_pod_cplb-update-1674164401-q8s5d", lines([
        "Name:         cplb-update-1674164401-q8s5d", "Namespace:    kube-system", "Node:         usr-cp-01/10.200.0.11",
        "Start Time:   Thu, 19 Jan 2023 22:03:02 +0000", "Status:       Pending", "IP:           10.200.0.11", "Events:",
        "  Type     Reason   Age                    From     Message", "  ----     ------   ----                   ----     -------",
        f"  Warning  Failed   2m14s (x15 over 61m)   kubelet  Error: {SECCOMP.format(id=source.hashes[3])}: unknown",
        "  Normal   Pulled   2m14s (x16 over 61m)   kubelet  Container image \"gcr.io/anthos-baremetal-release/ansible-runner:1.12.1\" already present on machine"]),
        plant=[("containerd-1-5-13-needs-libseccomp-2-5", "describe, event with (x15 over 61m)", "seccomp_notify_respond")])


# The workspace.

def cluster_yaml(name, kind, version, addresses, extra=""):
    return f"""---
gcrKeyPath: bmctl-workspace/.sa-keys/demo-project-anthos-baremetal-gcr.json
sshPrivateKeyPath: /root/.ssh/id_rsa
---
apiVersion: v1
kind: Namespace
metadata:
  name: cluster-{name}
---
apiVersion: baremetal.cluster.gke.io/v1
kind: Cluster
metadata:
  name: {name}
  namespace: cluster-{name}
spec:
  type: {kind}
  profile: default
  anthosBareMetalVersion: {version}
  gkeConnect:
    projectID: demo-project
{extra}  controlPlane:
    nodePoolSpec:
      nodes:
      - address: {addresses[0]}
  clusterNetwork:
    pods:
      cidrBlocks:
      - 192.168.0.0/16
    services:
      cidrBlocks:
      - 10.96.0.0/20
""" + (f"""---
apiVersion: baremetal.cluster.gke.io/v1
kind: NodePool
metadata:
  name: np1
  namespace: cluster-{name}
spec:
  clusterName: {name}
  nodes:
""" + "".join(f"  - address: {a}\n" for a in addresses[1:]) if len(addresses) > 1 else "")


def workspace():
    base = "bmctl-workspace"
    tree.add(f"{base}/admin-seoul/admin-seoul.yaml", cluster_yaml("admin-seoul", "admin", "1.13.1", ["10.200.0.2"]))
    tree.add(f"{base}/user-ci/user-ci.yaml", cluster_yaml("user-ci", "user", "1.13.1", [n[1] for n in NODES[1:]],
                                                          "  nodeConfig:\n    containerRuntime: docker\n"))
    fake_key = base64.b64encode(b"-----BEGIN RSA PRIVATE KEY-----\nNOT A KEY: made up for the demo bundle of loggrep-abm.\n-----END RSA PRIVATE KEY-----\n").decode()
    kubeconfig = (f"apiVersion: v1\nclusters:\n- cluster:\n    server: https://10.200.0.48:443\n  name: user-ci\nkind: Config\n"
                  f"users:\n- name: user-ci-admin\n  user:\n    client-key-data: {fake_key}\n")
    tree.add(f"{base}/user-ci/user-ci-kubeconfig", kubeconfig)

    # The join of 10.200.0.138 when the cluster was created, with secrets on the lines before and after.
    joined = datetime(2022, 11, 1, 21, 43, 2, tzinfo=KST)
    start = datetime(2022, 11, 1, 12, 48, 15, 54979, tzinfo=UTC)
    end = start + timedelta(minutes=5, microseconds=140669)
    warning = (f'W{start:%m%d %H:%M:%S}.082440   99570 initconfiguration.go:119] Usage of CRI endpoints without URL scheme is deprecated '
               'and can cause kubelet errors in the future. Automatically prepending scheme "unix" to the "criSocket" with value '
               '"/run/containerd/containerd.sock". Please update your configuration!')
    phase = ("error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature "
             'in the cluster-info ConfigMap for token ID "abcdef"')
    trace = "To see the stack trace of this error execute with --v=5 or higher"
    fatal = (f'fatal: [10.200.0.138]: FAILED! => {{"changed": true, "cmd": "kubeadm join --config /dev/stdin '
             f'--ignore-preflight-errors=all", "delta": "0:05:00.140669", "end": "{end:%Y-%m-%d %H:%M:%S.%f}", "msg": "non-zero '
             f'return code", "rc": 1, "start": "{start:%Y-%m-%d %H:%M:%S.%f}", "stderr": "{escaped(warning)}\\n{escaped(phase)}\\n{trace}", '
             f'"stderr_lines": ["{escaped(warning)}", "{escaped(phase)}", "{trace}"], "stdout": "[preflight] Running pre-flight checks", '
             '"stdout_lines": ["[preflight] Running pre-flight checks"]}')
    times = [joined + timedelta(seconds=7 * n) for n in range(len(TASKS))]
    log = list(ansible(source, "10.200.0.138", times, TASKS))[:-3]
    log += ["", "TASK [kubeadm : kubeadm join --config /dev/stdin --ignore-preflight-errors=all] ***",
            f"Tuesday 01 November 2022  21:48:15 +0900 (0:00:02.004)       0:01:31.112 ***** ",
            f"    client-key-data: {fake_key}",
            fatal,
            "    discovery: {bootstrapToken: {apiServerEndpoint: '10.200.0.48:443', token: abcdef.0123456789abcdef}}",
            "", "PLAY RECAP *********************************************************************",
            "10.200.0.138               : ok=12   changed=4    unreachable=0    failed=1    skipped=11   rescued=0    ignored=0   "]
    created = f"{base}/user-ci/log/create-cluster-20221101-213900"
    tree.add(f"{created}/10.200.0.138", lines(log), plant=[
        ("kubeadm-join-jws-signature-large-cluster", "ansible JSON, the message twice on one line", "could not find a JWS signature")])
    for address in ("10.200.0.11", "10.200.0.139", "10.200.0.140"):
        tree.add(f"{created}/{address}", lines(ansible(source, address, times, TASKS)))
    tree.add(f"{created}/create-cluster.log", lines([
        bracket(joined - timedelta(minutes=3), "Creating bootstrap cluster... OK"),
        bracket(joined - timedelta(minutes=2), "Installing dependency components... OK"),
        bracket(joined - timedelta(minutes=1), "Waiting for preflight check job to finish... OK"),
        bracket(joined, "Waiting for cluster kubeconfig to become ready OK"),
        bracket(joined + timedelta(minutes=1), "Waiting for node pools to become ready ⠋ Waiting for node pools to become ready ⠙ "),
        bracket(joined + timedelta(minutes=31), "Writing kubeconfig file"),
        bracket(joined + timedelta(minutes=31), "Please run \"kubectl --kubeconfig bmctl-workspace/user-ci/user-ci-kubeconfig get nodes\" to get cluster nodes status."),
    ]))
    tree.add(f"{created}/check-kernel", lines(["4.15.0-200-generic", "4.18.0-372.32.1.el8_6.x86_64", "5.15.0-58-generic", "5.4.0-137-generic"]))

    # An update that failed two days before.
    updated = datetime(2023, 1, 18, 16, 44, 55, tzinfo=KST)
    log = [bracket(updated, "Update cluster user-ci: reading bmctl-workspace/user-ci/user-ci.yaml")]
    for number in range(9):
        time = (updated + timedelta(seconds=12 + 30 * number, microseconds=218990)).astimezone(KST)
        log.append(bracket(updated, f"Updating cluster resources... {'⠋⠙⠹⠸⠼⠴⠦⠧⠇'[number]} " + klog(
            "E", time, 353646, "logs.go:69", f' "msg"="Operation failed, retrying with backoff." "error"="{escaped(WEBHOOK)}"')))
    log.append(bracket(updated + timedelta(minutes=5), "Error updating cluster: timed out waiting for the condition"))
    tree.add(f"{base}/user-ci/log/update-cluster-20230118-164455/update-cluster.log", lines(log), plant=[
        ("webhook-x509-unknown-authority", "bmctl bracket > spinner > klogr", "failed calling webhook")])

    # The upgrade that is going on.
    upgraded = datetime(2023, 1, 20, 7, 1, 40, tzinfo=KST)
    log = [bracket(upgraded, "Upgrade cluster user-ci from version 1.12.1 to version 1.13.1"),
           bracket(upgraded + timedelta(seconds=2), "Creating bootstrap cluster... OK"),
           bracket(upgraded + timedelta(seconds=171), "Installing dependency components... ⠙ W0120 07:05:01.443801    5208 schema.go:149] unexpected field validation directive: validate"),
           bracket(upgraded + timedelta(seconds=171), "Installing dependency W0120 07:05:02.117045    5208 schema.go:149] unexpected field validation directive: validate"),
           bracket(upgraded + timedelta(seconds=240), "Waiting for preflight check job to finish..."),
           "- [FAILED] 10.200.0.141 (log: bmctl-workspace/user-ci/log/preflight-20230120-070302/10.200.0.141)",
           bracket(upgraded + timedelta(seconds=261), "Preflight checks failed, going on because of --force")]
    step = upgraded + timedelta(seconds=421)
    for number in range(38):
        time = step + timedelta(seconds=3 + int(30 * 1.23 * number), microseconds=705596)
        if time >= TAKEN.astimezone(KST):
            break
        text = klog("I", time, 107905, "client.go:48", f"Operation failed, retrying with backoff. Cause: {DOCKER}")
        log.append(bracket(step, f"Applying resources for new cluster {'⠋⠙⠹⠸⠼'[number % 5]} {text}" if number % 3 else f"Applying resources for {text}"))
    tree.add(f"{base}/user-ci/log/upgrade-cluster-20230120-070140/upgrade-cluster.log", lines(log), plant=[
        ("docker-runtime-blocked-upgrade-missing-annotation", "bmctl bracket > torn spinner > klog", "Spec.NodeConfig.ContainerRuntime")])

    # Its preflight checks, in colour, with a hostile window title.
    preflight = datetime(2023, 1, 20, 7, 3, 2, tzinfo=KST)
    checks = f"{base}/user-ci/log/preflight-20230120-070302"
    times = [preflight + timedelta(seconds=4 * n) for n in range(4)]
    for address in ("10.200.0.11", "10.200.0.138", "10.200.0.139", "10.200.0.140"):
        tree.add(f"{checks}/{address}", lines(ansible(source, address, times, TASKS[:4])))
    tree.add(f"{checks}/10.200.0.141", lines([
        "PLAY [all] *********************************************************************", "",
        "TASK [preflight : Check the Docker service] ************************************",
        '\x1b[0;31mfatal: [10.200.0.141]: FAILED! => {"changed": false, "msg": "Docker service is not active"}\x1b[0m\x1b]0;all checks passed\x07']),
        plant=[("docker-service-not-active", "ansible JSON between terminal escapes", "Docker service is not active")])
    tree.add(f"{checks}/gcp", lines(["[PASSED] GCP access to the APIs", "[PASSED] service account keys"]))
    tree.add(f"{checks}/node-network", lines([f"[PASSED] {a} -> {b}" for a in ("10.200.0.11", "10.200.0.138") for b in ("10.200.0.139", "10.200.0.140")]))

    admin = f"{base}/admin-seoul/log/upgrade-cluster-20221220-102030"
    done = datetime(2022, 12, 20, 10, 20, 30, tzinfo=KST)
    tree.add(f"{admin}/upgrade-cluster.log", lines([
        bracket(done, "Upgrade cluster admin-seoul from version 1.12.3 to version 1.13.1"),
        bracket(done + timedelta(minutes=4), "Waiting for preflight check job to finish... OK"),
        bracket(done + timedelta(minutes=6), "Waiting for upgrade to complete... ⠋ Waiting for upgrade to complete... ⠙ OK"),
        bracket(done + timedelta(minutes=41), "Upgrade of cluster admin-seoul succeeded")]))
    checked = TAKEN.astimezone(KST)
    tree.add(f"{base}/user-ci/log/check-cluster-20230120-080455/check-cluster.log", lines([
        bracket(checked - timedelta(seconds=17), "Taking snapshot of cluster user-ci"),
        bracket(checked - timedelta(seconds=11), "Collecting from node 10.200.0.138... OK"),
        bracket(checked - timedelta(seconds=5), "Collecting from node 10.200.0.141... dial tcp 10.200.0.141:22: i/o timeout"),
        bracket(checked, "Snapshot saved with warnings")]))

    # A note out of a chat on Windows, as UTF-16 with a byte order mark.
    note = ("\ufeff2022-12-19 restore test on adm-cp-01 (before the upgrade):\r\n"
            "> bmctl restore cluster -c admin-seoul --backup-file admin-seoul-20221101.tar.gz\r\n"
            "Error: failed to extract image paths from profile: anthos version 1.12.3 not supported\r\n"
            "→ tried again by hand, fine\r\n")
    tree.add(f"{base}/admin-seoul/note.txt", note, encoding="utf-16-le", plant=[
        ("bmctl-restore-version-not-supported", "UTF-16", "failed to extract image paths")])


def attachments():
    """What the customer put beside the snapshot, and archives inside it."""
    quoted, row = [], ""
    for word in (f"[2023-01-18 16:44:55+0900] Updating cluster resources... E0118 16:45:07.218990  353646 logs.go:69] {WEBHOOK}").split(" "):
        if row and len(row) + 1 + len(word) > 68:
            quoted.append(row)
            row = word
        else:
            row = f"{row} {word}" if row else word
    quoted.append(row)
    tree.add("ticket.eml", lines([
        "From: Operations <ops@shop.example.com>", "To: support@partner.example.com",
        "Date: Thu, 19 Jan 2023 09:12:44 +0900", "Subject: Re: update of user-ci fails",
        "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
        "Hello,", "", "this is what we get since yesterday:", "", *[f"> {part}" for part in quoted], "",
        "Nothing was changed on the admin cluster. Snapshot follows.", "", "-- ", "Operations"]),
        plant=[("webhook-x509-unknown-authority", "mail, wrapped, with a quote margin", "failed calling")])

    # A copy of the terminal: cut at 80 columns, in mid-word.
    shown = f"[2023-01-20 07:08:41+0900] Applying resources for new cluster ⠙ I0120 07:09:18.705596  107905 client.go:48] Operation failed, retrying with backoff. Cause: {DOCKER}"
    rows = [shown[n:n + 80] for n in range(0, len(shown), 80)]
    tree.add("console.txt", lines(["root@bmctl-ws:~# bmctl upgrade cluster -c user-ci --kubeconfig admin-seoul-kubeconfig", *rows, "^C"]), plant=[
        ("docker-runtime-blocked-upgrade-missing-annotation", "terminal copy, cut at 80 columns", "admission webhook")])

    # An earlier snapshot, taken when the admin cluster ran 1.10.
    earlier = datetime(2022, 3, 4, 20, 30, 1, tzinfo=UTC)
    old = Tree("diag-20220304", earlier)
    log = dated(fluent_bit, 60, earlier - timedelta(minutes=40), earlier)
    groups = []
    for number in range(24):
        time = earlier - timedelta(minutes=30) + timedelta(seconds=61 * number, microseconds=680484)
        stamp = f"[{time:%Y/%m/%d %H:%M:%S}]"
        group = [(time, f"{stamp} [ warn] [parser:cri] invalid time format %Y-%m-%dT%H:%M:%S.%L%z for '{nano(time, 387)}'")]
        if number % 4 == 0:
            group.insert(0, (time, f"{stamp} [error] [parser] time string length is too long"))
        groups.append(group)
    old.add("nodes/10.200.0.2/files/var/log/pods/kube-system_stackdriver-log-forwarder-7kq2b_0d0c1c9a-52f4-4a0e-9a53-1a3b6f1f7f10/stackdriver-log-forwarder/0.log",
            lines(cri(time, text) for time, text in merged(log, groups)),
            plant=[("stackdriver-log-forwarder-cri-invalid-time-format", "CRI > fluent-bit, in a nested .tar.gz", "[parser:cri] invalid time format")])
    old.add("nodes/10.200.0.2/commands/uname_-a", "Linux adm-cp-01 5.4.0-100-generic #113-Ubuntu SMP Thu Feb 3 18:43:29 UTC 2022 x86_64 x86_64 x86_64 GNU/Linux\n")
    tree.adopt("bmctl-workspace/admin-seoul/snapshot-2022-03-04-203001.tar.gz", gz(old.tar()), old)

    # A sosreport of the RHEL node.
    report = Tree("sosreport-usr-wk-01-2023-01-19-kqzvhwd", TAKEN)
    denied = []
    for number in range(12):
        stamp = f"{1674166400 + 47 * number}.{100 + number}:{9400 + number}"
        if number % 3 == 1:
            denied.append(f'type=AVC msg=audit({stamp}): avc:  denied  {{ associate }} for  pid={20027 + number} comm="containerd" name="/" dev="tmpfs" ino={198147 + number} '
                          "scontext=system_u:object_r:container_file_t:s0:c578,c672 tcontext=system_u:object_r:locale_t:s0 tclass=filesystem permissive=0")
        else:
            denied.append(f'type=SYSCALL msg=audit({stamp}): arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c ppid=1 pid={1200 + number} auid=4294967295 uid=0 comm="sshd" exe="/usr/sbin/sshd" key=(null)')
    report.add("var/log/audit/audit.log", lines(denied), plant=[
        ("selinux-pod-creation-tmpfs-label", "OS audit, in a sosreport .tar.xz", "{ associate }")])
    report.add("sos_commands/networking/ip_route_show_table_all", lines([
        "default via 10.200.0.1 dev ens192 proto static", "default via 172.31.16.1 dev ens256 proto dhcp metric 101",
        "local 127.0.0.1 dev lo table local proto kernel scope host src 127.0.0.1"]))
    report.add("sos_commands/selinux/sestatus", lines(["SELinux status:                 enabled", "Current mode:                   enforcing"]))
    packed = lzma.compress(report.tar(), format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, preset=6)
    tree.adopt("sosreport-usr-wk-01-2023-01-19-kqzvhwd.tar.xz", packed, report)


def toml(planted):
    yield "# What the demo bundle shows, and where: written by make.py."
    yield "# `first` and `last` are lines (from 1) on which a message begins, `count` is the number of such lines."
    yield "# Paths are those inside snapshot.tar.gz."
    yield ""
    yield "# A gzip file that ends too early."
    yield f'damaged = "{tree.damaged}"'
    for issue, form, path, found in sorted(planted):
        yield ""
        yield "[[planted]]"
        yield f'id = "{issue}"'
        yield f'form = "{form}"'
        yield f'path = "{path}"'
        yield f"first = {found[0]}"
        yield f"last = {found[-1]}"
        yield f"count = {len(found)}"


def main():
    node_commands()
    journals()
    pod_logs()
    kubectl()
    workspace()
    attachments()
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "snapshot.tar.gz"
    output.write_bytes(gz(tree.tar()))
    output.with_name("planted.toml").write_text(lines(toml(tree.planted)), encoding="utf-8")


if __name__ == "__main__":
    main()
