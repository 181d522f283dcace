"""Ordinary log lines, as the components of a healthy cluster write them.

Used by demo/make.py and clean/make.py. Everything is drawn from a seeded generator, so the
same call gives the same lines. Python 3 standard library only.
"""

import random
from datetime import datetime, timedelta, timezone

UTC = timezone.utc
KST = timezone(timedelta(hours=9))


class Source:
    """A seeded source of names, ids and points in time."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.hashes = [self.hex(64) for _ in range(12)]
        self.uids = [self.uid() for _ in range(10)]

    def hex(self, n):
        return "".join(self.random.choice("0123456789abcdef") for _ in range(n))

    def uid(self):
        h = self.hex(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def suffix(self, n=5):
        return "".join(self.random.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(n))

    def pick(self, items):
        return items[self.random.randrange(len(items))]

    def below(self, n):
        return self.random.randrange(n)

    def times(self, start, end, n):
        """`n` points in time between `start` and `end`, in order."""
        span = (end - start).total_seconds()
        seconds = sorted(self.random.random() * span for _ in range(n))
        return [start + timedelta(microseconds=int(s * 1_000_000)) for s in seconds]


# Wrappings.

def klog(level, time, pid, place, text):
    return f"{level}{time:%m%d %H:%M:%S.%f} {pid:>7} {place}] {text}"


def journald(time, host, unit, pid, text):
    return f"{time:%b %d %H:%M:%S} {host} {unit}[{pid}]: {text}"


def kernel(time, host, since_boot, text):
    return f"{time:%b %d %H:%M:%S} {host} kernel: [{since_boot:12.6f}] {text}"


def nano(time, extra=0):
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}{extra:03d}Z"


def cri(time, text, stream="stderr", tag="F"):
    return f"{nano(time, time.microsecond % 997)} {stream} {tag} {text}"


def bracket(time, text):
    return f"[{time:%Y-%m-%d %H:%M:%S%z}] {text}"


# Components. Each takes a Source, points in time and what it needs, and gives one line for each time.

PODS = [
    ("kube-system", "anetd", "cilium-agent"),
    ("kube-system", "coredns", "coredns"),
    ("kube-system", "metallb-speaker", "speaker"),
    ("kube-system", "stackdriver-log-forwarder", "stackdriver-log-forwarder"),
    ("kube-system", "gke-metrics-agent", "gke-metrics-agent"),
    ("kube-system", "node-exporter", "node-exporter"),
    ("kube-system", "localpv", "provisioner"),
    ("gke-system", "istio-ingress", "istio-proxy"),
    ("cert-manager", "cert-manager-cainjector", "cert-manager"),
    ("shop", "checkout", "app"),
    ("shop", "inventory", "app"),
]


def kubelet(source, times, pid):
    """Lines of the kubelet, without the journal's prefix."""
    pods = [(ns, f"{name}-{source.suffix()}", container, source.pick(source.uids))
            for ns, name, container in PODS]
    for time in times:
        namespace, pod, container, uid = source.pick(pods)
        digest = source.pick(source.hashes)
        volume = source.pick(["kube-api-access", "config-volume", "cilium-run", "tmp", "serving-cert"])
        kind = source.below(20)
        if kind < 4:
            yield klog("I", time, pid, "kubelet_getters.go:300",
                       f'"Path does not exist" path="/var/lib/kubelet/pods/{uid}/volumes"')
        elif kind < 7:
            event = source.pick(["ContainerStarted", "ContainerDied", "ContainerRemoved"])
            yield klog("I", time, pid, "kubelet.go:2162",
                       f'"SyncLoop (PLEG): event for pod" pod="{namespace}/{pod}" event=&{{ID:{uid} Type:{event} Data:{digest}}}')
        elif kind < 10:
            yield klog("I", time, pid, "operation_generator.go:703",
                       f'"MountVolume.SetUp succeeded for volume \\"{volume}\\" (UniqueName: \\"kubernetes.io/projected/{uid}-{volume}\\") pod \\"{pod}\\" (UID: \\"{uid}\\") " pod="{namespace}/{pod}"')
        elif kind < 12:
            yield klog("I", time, pid, "prober.go:121",
                       f'"Probe failed" probeType="Readiness" pod="{namespace}/{pod}" podUID={uid} containerName="{container}" probeResult=failure output="HTTP probe failed with statuscode: 503"')
        elif kind < 14:
            yield klog("I", time, pid, "scope.go:110", f'"RemoveContainer" containerID="{digest}"')
        elif kind == 14:
            yield klog("E", time, pid, "remote_runtime.go:629",
                       f'"ContainerStatus from runtime service failed" err="rpc error: code = NotFound desc = an error occurred when try to find container \\"{digest}\\": not found" containerID="{digest}"')
        elif kind == 15:
            yield klog("W", time, pid, "watcher.go:93",
                       f'Error while processing event ("/sys/fs/cgroup/cpu,cpuacct/system.slice/run-r{digest[:12]}.scope": 0x40000100 == IN_CREATE|IN_ISDIR): inotify_add_watch /sys/fs/cgroup/cpu,cpuacct/system.slice/run-r{digest[:12]}.scope: no such file or directory')
        elif kind == 16:
            yield klog("I", time, pid, "kubelet.go:2094", f'"SyncLoop UPDATE" source="api" pods=[{namespace}/{pod}]')
        elif kind == 17:
            yield klog("I", time, pid, "log.go:198", f"http: TLS handshake error from 10.200.0.{source.below(200)}:{32768 + source.below(20000)}: EOF")
        elif kind == 18:
            yield klog("I", time, pid, "kubelet_volumes.go:160", f'"Cleaned up orphaned pod volumes dir" podUID={uid} path="/var/lib/kubelet/pods/{uid}/volumes"')
        else:
            yield klog("E", time, pid, "pod_workers.go:951",
                       f'"Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"{container}\\" with ImagePullBackOff: \\"Back-off pulling image \\\\\\"registry.example.com/{namespace}/{container}:2.1\\\\\\"\\"" pod="{namespace}/{pod}" podUID={uid}')


def containerd(source, times):
    """Lines of containerd in logfmt, without the journal's prefix."""
    for time in times:
        digest, other = source.pick(source.hashes), source.pick(source.hashes)
        level, text = source.pick([
            ("info", f'"ExecSync for \\"{digest}\\" with command [/bin/sh -c test -f /tmp/ready] and timeout 5 (s)"'),
            ("info", f'"Finish piping \\"stdout\\" of container exec \\"{other}\\""'),
            ("info", f'"CreateContainer within sandbox \\"{digest}\\" for container &ContainerMetadata{{Name:app,Attempt:{source.below(9)},}}"'),
            ("info", f'"StartContainer for \\"{other}\\" returns successfully"'),
            ("info", f'"StopPodSandbox for \\"{digest}\\""'),
            ("info", f'"PullImage \\"gcr.io/anthos-baremetal-release/pause:3.6\\" returns image reference \\"sha256:{other}\\""'),
            ("info", f'"shim disconnected" id={digest}'),
            ("warning", f'"cleaning up after shim disconnected" id={digest} namespace=k8s.io'),
            ("info", f'"Container to stop \\"{other}\\" must be in running or unknown state, current state \\"CONTAINER_EXITED\\""'),
            ("error", f'"ExecSync for \\"{digest}\\" failed" error="rpc error: code = DeadlineExceeded desc = failed to exec in container: timeout 5s exceeded: context deadline exceeded"'),
        ])
        yield f'time="{nano(time, source.below(1000))}" level={level} msg={text}'


def etcd(source, times):
    for time in times:
        stamp = f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
        revision = 4_000_000 + time.hour * 60_000 + time.minute * 1_000 + source.below(900)
        yield source.pick([
            f'{{"level":"info","ts":"{stamp}","caller":"mvcc/index.go:214","msg":"compact tree index","revision":{revision}}}',
            f'{{"level":"info","ts":"{stamp}","caller":"mvcc/kvstore_compaction.go:57","msg":"finished scheduled compaction","compact-revision":{revision},"took":"{20 + source.below(90)}.{source.below(999999):06d}ms"}}',
            f'{{"level":"warn","ts":"{stamp}","caller":"etcdserver/util.go:166","msg":"apply request took too long","took":"{100 + source.below(200)}.{source.below(999999):06d}ms","expected-duration":"100ms","prefix":"read-only range ","request":"key:\\"/registry/pods/kube-system/\\" range_end:\\"/registry/pods/kube-system0\\" ","response":"range_response_count:31 size:{200000 + source.below(9000)}"}}',
            f'{{"level":"info","ts":"{stamp}","caller":"etcdserver/server.go:2467","msg":"saved snapshot","snapshot-index":{revision}}}',
            f'{{"level":"info","ts":"{stamp}","caller":"fileutil/purge.go:77","msg":"purged","path":"/var/lib/etcd/member/snap/0000000000000003-{source.hex(16)}.snap"}}',
            f'{{"level":"warn","ts":"{stamp}","caller":"embed/config_logging.go:169","msg":"rejected connection","remote-addr":"10.200.0.{source.below(250)}:{40000 + source.below(20000)}","server-name":"","error":"EOF"}}',
        ])


def apiserver(source, times):
    for time in times:
        level, place, text = source.pick([
            ("I", "trace.go:205", f'Trace[{source.below(10**9)}]: "List etcd3" key:/pods,resourceVersion:,limit:500,continue: ({time:%d-%b-%Y %H:%M:%S}.{source.below(999):03d}) (total time: {500 + source.below(600)}ms):'),
            ("I", "controller.go:611", f'quota admission added evaluator for: {source.pick(["leases.coordination.k8s.io", "endpointslices.discovery.k8s.io", "jobs.batch", "clusters.baremetal.cluster.gke.io"])}'),
            ("W", "warnings.go:70", "policy/v1beta1 PodSecurityPolicy is deprecated in v1.21+, unavailable in v1.25+"),
            ("I", "cacher.go:801", "cacher (*core.Pod): 1 objects queued in incoming channel."),
            ("E", "authentication.go:63", '"Unable to authenticate the request" err="[invalid bearer token, Token has been invalidated]"'),
            ("I", "alloc.go:327", f'"allocated clusterIPs" service="shop/checkout-{source.suffix()}" clusterIPs=map[IPv4:10.96.{source.below(16)}.{source.below(250)}]'),
            ("I", "clientconn.go:117", 'parsed scheme: "endpoint"'),
            ("E", "writers.go:117", "apiserver was unable to write a JSON response: http2: stream closed"),
            ("E", "timeout.go:141", f'post-timeout activity - time-elapsed: {source.below(90)}.{source.below(999)}ms, GET "/api/v1/namespaces/default" result: <nil>'),
            ("W", "reflector.go:324", "vendor/k8s.io/client-go/informers/factory.go:134: watch of *v1.ConfigMap ended with: an error on the server (\"unable to decode an event from the watch stream: context canceled\") has prevented the request from succeeding"),
        ])
        yield klog(level, time, 1, place, text)


def anetd(source, times):
    for time in times:
        endpoint = 100 + source.below(3900)
        yield source.pick([
            f'level=info msg="New endpoint" containerID={source.hex(10)} datapathPolicyRevision=0 desiredPolicyRevision=0 endpointID={endpoint} ipv4=192.168.{source.below(8)}.{source.below(250)} ipv6= k8sPodName=shop/checkout-{source.suffix()} subsys=endpoint',
            f'level=info msg="Rewrote endpoint BPF program" containerID={source.hex(10)} datapathPolicyRevision=1 desiredPolicyRevision=1 endpointID={endpoint} identity={20000 + source.below(40000)} subsys=endpoint',
            f'level=info msg="Waiting for proxy updates to complete..." endpointID={endpoint} subsys=endpoint-manager',
            'level=info msg="Conntrack garbage collector interval recalculated" deleteRatio=0.0127 newInterval=12m0s subsys=map-ct',
            f'level=info msg="Delete endpoint request" id="container-id:{source.hex(64)[:40]}" subsys=daemon',
            f'level=warning msg="Unable to update ipcache map entry on pod add" error="ipcache entry for podIP 192.168.1.{source.below(250)} owned by kvstore or agent" hostIP=10.200.0.139 k8sNamespace=shop subsys=k8s-watcher',
            'level=info msg="Node updated" clusterName=default nodeName=usr-wk-02 subsys=nodemanager',
            f'level=info msg="Serving cilium health API" addr="unix:///var/run/cilium/health.sock" subsys=health-server',
            f'level=warning msg="github.com/cilium/cilium/pkg/k8s/watchers/pod.go:135: watch of *v1.Pod ended with: very short watch: Unexpected watch close - watch lasted less than a second and no items received" subsys=klog',
        ])


def fluent_bit(source, times):
    for time in times:
        stamp = f"[{time:%Y/%m/%d %H:%M:%S}]"
        chunk = f"1-{int(time.timestamp())}.{source.below(999999999)}.flb"
        yield source.pick([
            f"{stamp} [ info] [input:tail:tail.1] inotify_fs_add(): inode={1000000 + source.below(900000)} watch_fd={source.below(99)} name=/var/log/containers/checkout-{source.suffix()}_shop_app-{source.hex(8)}.log",
            f"{stamp} [ info] [input:tail:tail.1] inotify_fs_remove(): inode={1000000 + source.below(900000)} watch_fd={source.below(99)}",
            f"{stamp} [ warn] [engine] failed to flush chunk '{chunk}', retry in {5 + source.below(50)} seconds: task_id={source.below(40)}, input=storage_backlog.6 > output=stackdriver.0 (out_id=0)",
            f"{stamp} [ info] [engine] flush chunk '{chunk}' succeeded at retry 1: task_id={source.below(40)}, input=storage_backlog.6 > output=stackdriver.0 (out_id=0)",
            f"{stamp} [ warn] [output:stackdriver:stackdriver.0] error",
            f"{stamp} [ info] [storage:fs:fs] flb_storage_create: chunk registered stream_id=tail.1 chunk={chunk}",
            f"{stamp} [ warn] [net] getaddrinfo(host='logging.googleapis.com', err=12): Timeout while contacting DNS servers",
            f"{stamp} [ info] [filter:kubernetes:kubernetes.0]  token updated",
        ])


def coredns(source, times):
    for time in times:
        yield source.pick([
            "[INFO] plugin/reload: Running configuration MD5 = 1a8e5a4d2b2a6d8b6a1f1c3d4d5e6f70",
            f'[INFO] 192.168.{source.below(4)}.{source.below(250)}:{40000 + source.below(20000)} - {source.below(65000)} "A IN checkout.shop.svc.cluster.local. udp 54 false 512" NOERROR qr,aa,rd 106 0.000{source.below(999):03d}s',
            f'[ERROR] plugin/errors: 2 storage.googleapis.com. A: read udp 192.168.1.20:{40000 + source.below(20000)}->10.200.0.1:53: i/o timeout',
            "[WARNING] plugin/health: Local health request to \"http://:8080/health\" took more than 1s: 1.203988452s",
        ])


def speaker(source, times):
    """MetalLB, with the responder error it logs for `lo` and lives with."""
    for time in times:
        stamp = f"{time:%Y-%m-%dT%H:%M:%S}.{source.below(999999999):09d}Z"
        yield source.pick([
            f'{{"caller":"level.go:63","event":"serviceAnnounced","ip":"10.200.0.{50 + source.below(9)}","level":"info","msg":"service has IP, announcing","pool":"addresspool-1","protocol":"layer2","service":"shop/checkout","ts":"{stamp}"}}',
            f'{{"caller":"level.go:63","event":"createARPResponder","interface":"ens192","level":"info","msg":"created ARP responder for interface","ts":"{stamp}"}}',
            f'{{"caller":"announcer.go:115","error":"creating NDP responder for \\"lo\\": ndp: address \\"linklocal\\" not found on interface \\"lo\\"","interface":"lo","level":"error","msg":"failed to create NDP responder","op":"createNDPResponder","ts":"{stamp}"}}',
            f'{{"caller":"level.go:63","component":"Memberlist","level":"info","msg":"net.go:785: [DEBUG] memberlist: Initiating push/pull sync with: usr-wk-02 10.200.0.139:7946","ts":"{stamp}"}}',
        ])


def controller(source, times):
    """A controller that logs through zap in its JSON form."""
    for time in times:
        stamp = f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
        machine = f"10.200.0.{source.pick([11, 138, 139, 140])}"
        yield source.pick([
            f'{{"level":"info","ts":"{stamp}","logger":"controllers.BareMetalMachine","msg":"reconciling","namespace":"cluster-user-ci","baremetalmachine":"{machine}"}}',
            f'{{"level":"info","ts":"{stamp}","logger":"controllers.BareMetalMachine","msg":"machine is up to date","namespace":"cluster-user-ci","baremetalmachine":"{machine}"}}',
            f'{{"level":"error","ts":"{stamp}","logger":"controllers.NodePool","msg":"Reconciler error","name":"np1","namespace":"cluster-user-ci","error":"Operation cannot be fulfilled on nodepools.baremetal.cluster.gke.io \\"np1\\": the object has been modified; please apply your changes to the latest version and try again"}}',
            f'{{"level":"info","ts":"{stamp}","logger":"controllers.Cluster","msg":"requeue after","after":"30s","cluster":"user-ci"}}',
        ])


def operator(source, times):
    """A controller that logs through klogr."""
    for time in times:
        yield klog(*source.pick([
            ("I", time, 1, "cluster_controller.go:412", 'controllers/Cluster "msg"="reconciling cluster" "cluster"={"Namespace":"cluster-user-ci","Name":"user-ci"}'),
            ("I", time, 1, "manifests.go:188", 'controllers/Cluster "msg"="apply run finished" "objects"=214 "skipped"=209'),
            ("I", time, 1, "healthcheck_controller.go:97", 'controllers/HealthCheck "msg"="check passed" "name"="user-ci-network"'),
            ("E", time, 1, "nodepool_controller.go:266", 'controllers/NodePool "msg"="failed to update status" "error"="etcdserver: request timed out"'),
            ("I", time, 1, "leaderelection.go:258", "successfully acquired lease kube-system/anthos-cluster-operator"),
        ]))


def dmesg(source, version, n):
    """The kernel's ring buffer: boot, then bridges and veth pairs."""
    yield f"[    0.000000] Linux version {version} (buildd@lcy02-amd64-032) (gcc (Ubuntu 9.4.0-1ubuntu1~20.04.1) 9.4.0) #112-Ubuntu SMP"
    yield f"[    0.000000] Command line: BOOT_IMAGE=/boot/vmlinuz-{version} root=/dev/mapper/vg0-root ro quiet"
    yield "[    0.000000] KERNEL supported cpus:"
    yield "[    0.004000] x86/fpu: Supporting XSAVE feature 0x001: 'x87 floating point registers'"
    yield "[    1.112032] vmxnet3 0000:0b:00.0 eth0: NIC Link is Up 10000 Mbps"
    yield "[    1.420117] systemd[1]: Detected virtualization vmware."
    yield "[    5.338210] nf_conntrack: default automatic helper assignment has been turned off for security reasons and CT-based firewall rule not found. Use the iptables CT target to attach helpers instead."
    clock = 40.0
    for _ in range(n):
        clock += source.below(900) / 7.0
        name = f"lxc{source.hex(12)}"
        yield source.pick([
            f"[{clock:12.6f}] eth0: renamed from tmp{source.hex(5)}",
            f"[{clock:12.6f}] IPv6: ADDRCONF(NETDEV_CHANGE): {name}: link becomes ready",
            f"[{clock:12.6f}] device {name} left promiscuous mode",
            f"[{clock:12.6f}] audit: type=1400 audit(1674166{source.below(999):03d}.{source.below(999):03d}:{source.below(400)}): apparmor=\"STATUS\" operation=\"profile_load\" profile=\"unconfined\" name=\"cri-containerd.apparmor.d\" pid={source.below(30000)} comm=\"apparmor_parser\"",
            f"[{clock:12.6f}] TCP: request_sock_TCP: Possible SYN flooding on port 8443. Sending cookies.  Check SNMP counters.",
        ])


def ansible(source, host, times, tasks):
    """A run of a playbook in which each task succeeds."""
    yield ""
    yield "PLAY [all] *********************************************************************"
    for number, (time, task) in enumerate(zip(times, tasks)):
        yield ""
        yield f"TASK [{task}] ".ljust(80, "*")
        yield f"{time:%A %d %B %Y  %H:%M:%S %z} (0:00:{source.below(9):02d}.{source.below(999):03d})       0:{number // 60:02d}:{number % 60:02d}.{source.below(999):03d} ***** "
        if source.below(3):
            yield f"ok: [{host}]"
        else:
            yield f'changed: [{host}] => {{"changed": true, "cmd": "systemctl daemon-reload", "delta": "0:00:00.{source.below(999999):06d}", "end": "{time:%Y-%m-%d %H:%M:%S.%f}", "msg": "", "rc": 0, "stderr": "", "stderr_lines": [], "stdout": "", "stdout_lines": []}}'
    yield ""
    yield "PLAY RECAP *********************************************************************"
    yield f"{host}".ljust(27) + f": ok={len(tasks)}   changed={len(tasks) // 3}    unreachable=0    failed=0    skipped=11   rescued=0    ignored=0   "


TASKS = [
    "Gathering Facts", "machine-init : Load the kernel modules", "machine-init : Set sysctl values",
    "machine-init : Disable swap", "containerd : Install the packages", "containerd : Write the configuration",
    "containerd : Start the service", "kubeadm : Copy the binaries", "kubeadm : Write the kubelet drop-in",
    "kubeadm : Reload systemd", "kubeadm : Pull the images", "kubeadm : Write the join configuration",
]
