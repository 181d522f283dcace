#!/usr/bin/env python3
"""Writes bulk/, the ordinary part of the clean corpus: logs of a healthy cluster, laid out as a bundle.

The rest of this folder, edge/, is written by hand and is not touched.

    python3 testdata/clean/make.py
"""

import json
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))

from ordinary import (  # noqa: E402
    KST, TASKS, UTC, Source, anetd, ansible, apiserver, bracket, containerd, controller, coredns, cri, dmesg,
    etcd, fluent_bit, journald, kernel, kubelet, operator, speaker,
)

START = datetime(2023, 5, 11, 1, 0, tzinfo=UTC)
END = datetime(2023, 5, 11, 4, 0, tzinfo=UTC)
NODES = [("bm-ctl-1", "10.210.4.11", "5.4.0-148-generic"), ("bm-wrk-1", "10.210.4.21", "5.15.0-71-generic")]
source = Source(511)


def write(path, lines):
    target = HERE / "bulk" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes("".join(f"{line}\n" for line in lines).encode())


def dated(make, n):
    times = source.times(START, END, n)
    return zip(times, make(source, times))


def pod(address, name, container, make, n):
    write(f"nodes/{address}/files/var/log/pods/kube-system_{name}_{source.uid()}/{container}/0.log",
          [cri(time, text) for time, text in dated(make, n)])


def kubernetes_audit(times):
    for time in times:
        stamp = f"{time:%Y-%m-%dT%H:%M:%S.%f}Z"
        verb, code = source.pick([("get", 200), ("list", 200), ("watch", 200), ("patch", 200), ("update", 409), ("create", 201)])
        kind = source.pick(["pods", "leases", "configmaps", "endpointslices", "healthchecks"])
        yield json.dumps({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": source.uid(),
            "stage": "ResponseComplete", "requestURI": f"/api/v1/namespaces/kube-system/{kind}?timeout=10s", "verb": verb,
            "user": {"username": "system:serviceaccount:kube-system:cap-controller-manager", "groups": ["system:serviceaccounts"]},
            "sourceIPs": ["10.210.4.11"], "userAgent": "manager/v0.0.0 (linux/amd64) kubernetes/$Format",
            "objectRef": {"resource": kind, "namespace": "kube-system", "name": f"obj-{source.suffix()}", "apiVersion": "v1"},
            "responseStatus": {"metadata": {}, "code": code}, "requestReceivedTimestamp": stamp, "stageTimestamp": stamp,
            "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "RBAC: allowed by ClusterRoleBinding"},
        }, separators=(",", ":"))


def os_audit(times):
    """Denials that have nothing to do with containers' volumes, and ordinary records."""
    for number, time in enumerate(times):
        stamp = f"{time.timestamp():.3f}:{30000 + number}"
        yield source.pick([
            f'type=SYSCALL msg=audit({stamp}): arch=c000003e syscall=59 success=yes exit=0 a0=55d1 a1=55d2 a2=55d3 a3=8 items=2 ppid=1 pid={source.below(30000)} auid=4294967295 uid=0 gid=0 tty=(none) ses=4294967295 comm="runc" exe="/usr/local/sbin/runc" subj=system_u:system_r:container_runtime_t:s0 key=(null)',
            f'type=AVC msg=audit({stamp}): avc:  denied  {{ read }} for  pid={source.below(30000)} comm="logrotate" name="chrony" dev="dm-0" ino={source.below(99999)} scontext=system_u:system_r:logrotate_t:s0-s0:c0.c1023 tcontext=system_u:object_r:chronyd_var_log_t:s0 tclass=dir permissive=0',
            f'type=AVC msg=audit({stamp}): avc:  denied  {{ name_connect }} for  pid={source.below(30000)} comm="node_exporter" dest=9100 scontext=system_u:system_r:container_t:s0:c12,c87 tcontext=system_u:object_r:hplip_port_t:s0 tclass=tcp_socket permissive=0',
            f'type=AVC msg=audit({stamp}): avc:  denied  {{ search }} for  pid={source.below(30000)} comm="sssd_be" name="krb5" dev="tmpfs" ino={source.below(99999)} scontext=system_u:system_r:sssd_t:s0 tcontext=unconfined_u:object_r:user_tmp_t:s0 tclass=dir permissive=1',
            f'type=SERVICE_START msg=audit({stamp}): pid=1 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:init_t:s0 msg=\'unit=sysstat-collect comm="systemd" exe="/usr/lib/systemd/systemd" hostname=? addr=? terminal=? res=success\'',
            f'type=CRED_DISP msg=audit({stamp}): pid={source.below(30000)} uid=0 auid=0 ses=1 subj=system_u:system_r:crond_t:s0 msg=\'op=PAM:setcred grantors=pam_unix acct="root" exe="/usr/sbin/crond" hostname=? addr=? terminal=cron res=success\'',
        ])


def nodes():
    for name, address, version in NODES:
        pid = 1000 + source.below(900)
        write(f"nodes/{address}/commands/journalctl_-u_kubelet",
              ["-- Logs begin at Mon 2023-03-06 01:12:20 UTC, end at Thu 2023-05-11 04:00:02 UTC. --"]
              + [journald(time, name, "kubelet", pid, text) for time, text in dated(lambda s, t: kubelet(s, t, pid), 270)])
        write(f"nodes/{address}/commands/journalctl_-u_containerd",
              [journald(time, name, "containerd", 871, text) for time, text in dated(containerd, 130)])
        write(f"nodes/{address}/commands/dmesg", dmesg(source, version, 90))
        write(f"nodes/{address}/commands/journalctl_--utc_--boot_--dmesg",
              [kernel(START + timedelta(seconds=n), name, 9000 + n, line.split("] ", 1)[1])
               for n, line in enumerate(dmesg(source, version, 40))])
        write(f"nodes/{address}/files/proc/sys/net/ipv4/conf/all/rp_filter", ["0"])
        write(f"nodes/{address}/commands/ip_route_show",
              ["default via 10.210.4.1 dev eno1 proto static", f"10.210.4.0/24 dev eno1 proto kernel scope link src {address}"])
        pod(address, f"anetd-{source.suffix()}", "cilium-agent", anetd, 130)
        pod(address, f"stackdriver-log-forwarder-{source.suffix()}", "stackdriver-log-forwarder", fluent_bit, 150)
        pod(address, f"metallb-speaker-{source.suffix()}", "speaker", speaker, 80)
    write("nodes/10.210.4.21/files/var/log/audit/audit.log", os_audit(source.times(START, END, 120)))
    control = NODES[0][1]
    pod(control, "etcd-bm-ctl-1", "etcd", etcd, 160)
    pod(control, "kube-apiserver-bm-ctl-1", "kube-apiserver", apiserver, 170)
    pod(control, "coredns-66cbf4d8c7-hx2k4", "coredns", coredns, 90)
    pod(control, "cap-controller-manager-1.14.2-5b7d9f8c6-jm4tz", "manager", controller, 90)
    pod(control, "anthos-cluster-operator-cd7f9bf65-n8gxq", "operator", operator, 100)
    write(f"nodes/{control}/files/var/log/apiserver/audit.log", kubernetes_audit(source.times(START, END, 36)))


def workspace():
    """A cluster that was created without a fault."""
    begun = datetime(2023, 3, 6, 10, 2, 11, tzinfo=KST)
    base = "bmctl-workspace/seoul-edge/log/create-cluster-20230306-100211"
    times = [begun + timedelta(seconds=300 + 11 * n) for n in range(len(TASKS))]
    for _, address, _ in NODES:
        write(f"{base}/{address}", ansible(source, address, times, TASKS))
    steps = ["Creating bootstrap cluster... OK", "Installing dependency components... OK",
             "Waiting for preflight check job to finish... OK",
             "- Validation Category: machines and network", "\t- [PASSED] 10.210.4.11", "\t- [PASSED] 10.210.4.21",
             "\t- [PASSED] gcp", "\t- [PASSED] node-network", "Flushing logs... OK", "Applying resources for new cluster",
             "Waiting for cluster kubeconfig to become ready OK", "Writing kubeconfig file",
             "kubeconfig of cluster being created is present at bmctl-workspace/seoul-edge/seoul-edge-kubeconfig",
             "Please restrict access to this file as it contains authentication credentials of your cluster.",
             "Waiting for cluster to become ready OK", "Please run", "kubectl --kubeconfig bmctl-workspace/seoul-edge/seoul-edge-kubeconfig get nodes",
             "to get cluster nodes status.", "Waiting for node pools to become ready OK", "Waiting for metrics to become ready in GCP OK",
             "Waiting for cluster API provider to install in the created admin cluster OK", "Moving admin cluster resources to the created admin cluster OK",
             "Deleting bootstrap cluster... OK"]
    write(f"{base}/create-cluster.log", [
        text if text[0] in "\t-" else bracket(begun + timedelta(seconds=97 * n), text) for n, text in enumerate(steps)])
    write("bmctl-workspace/seoul-edge/seoul-edge.yaml", [
        "apiVersion: baremetal.cluster.gke.io/v1", "kind: Cluster", "metadata:", "  name: seoul-edge",
        "  namespace: cluster-seoul-edge", "spec:", "  type: hybrid", "  profile: default", "  anthosBareMetalVersion: 1.14.2",
        "  nodeConfig:", "    containerRuntime: containerd", "    podDensity:", "      maxPodsPerNode: 110"])


def kubectl():
    write("kubectlCommands/kubectl_get_nodes_-o_wide", [
        "NAME       STATUS   ROLES           AGE   VERSION            INTERNAL-IP   EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION      CONTAINER-RUNTIME",
        "bm-ctl-1   Ready    control-plane   65d   v1.25.7-gke.1000   10.210.4.11   <none>        Ubuntu 20.04.6 LTS   5.4.0-148-generic   containerd://1.6.18-gke.0",
        "bm-wrk-1   Ready    <none>          65d   v1.25.7-gke.1000   10.210.4.21   <none>        Ubuntu 22.04.2 LTS   5.15.0-71-generic   containerd://1.6.18-gke.0"])
    pods = ["NAMESPACE      NAME                                        READY   STATUS             RESTARTS       AGE"]
    for namespace, name, state, restarts in [
            ("kube-system", "anetd", "Running", "0"), ("kube-system", "coredns-66cbf4d8c7", "Running", "1 (40d ago)"),
            ("kube-system", "metrics-server-57f6b8c4d9", "Running", "0"), ("shop", "checkout-6d5f7b9c8", "CrashLoopBackOff", "31 (2m ago)"),
            ("shop", "report-28061", "Completed", "0"), ("shop", "search-84c6f9d7b", "ImagePullBackOff", "0"),
            ("gmp-system", "collector", "Running", "0")]:
        for _ in range(4):
            pods.append(f"{namespace:<15}{name + '-' + source.suffix():<44}{'1/1' if state == 'Running' else '0/1':<8}{state:<19}{restarts:<15}65d")
    write("kubectlCommands/kubectl_get_pods_-A", pods)
    documents = ["apiVersion: v1", "items:"]
    for number in range(24):
        uid, digest = source.uid(), source.pick(source.hashes)
        documents += [
            "- apiVersion: v1", "  kind: Pod", "  metadata:", "    annotations:",
            "      kubectl.kubernetes.io/last-applied-configuration: |",
            f'        {{"apiVersion":"v1","kind":"Pod","metadata":{{"annotations":{{}},"name":"worker-{number}","namespace":"shop"}},"spec":{{"containers":[{{"image":"registry.example.com/shop/worker:3","name":"worker"}}]}}}}',
            f"    name: worker-{number}", "    namespace: shop", f"    uid: {uid}", "  spec:", "    nodeName: bm-wrk-1",
            "  status:", "    conditions:", "    - lastProbeTime: null", '      lastTransitionTime: "2023-05-10T22:11:09Z"',
            "      message: 'containers with unready status: [worker]'" if number % 5 == 0 else "      message: \"\"",
            "      reason: ContainersNotReady" if number % 5 == 0 else "      reason: \"\"", "      type: Ready",
            "    containerStatuses:", f"    - containerID: containerd://{digest}", f"      imageID: registry.example.com/shop/worker@sha256:{digest}",
            f"      restartCount: {source.below(9)}"]
    write("kubectlCommands/shop/kubectl_get_pods_-o_yaml", documents + ["kind: List", "metadata:", '  resourceVersion: ""'])


def main():
    shutil.rmtree(HERE / "bulk", ignore_errors=True)
    nodes()
    workspace()
    kubectl()


if __name__ == "__main__":
    main()
