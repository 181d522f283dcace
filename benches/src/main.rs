//! Makes a bundle to measure speed on: `corpus MEGABYTES FILE.tar.gz`.
//!
//! The same numbers give the same bytes. Five formats of logs in files of about 5 MB, gzip ratios of 4 to 8, and the line of a
//! known issue in every seventh file. Beside them stand the outputs of commands that facts are read from, of a cluster of 20
//! nodes.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter};

use flate2::Compression;
use flate2::write::GzEncoder;

const WORDS: &str = "pod node sync loop reconcile started finished probe healthy update status volume mount container image \
                     pulled created network endpoint service cluster controller manager request response timeout retry \
                     backoff queue worker cache watch list informer event etcd lease renew leader election config map \
                     deployment replica set scale daemon kubelet runtime cgroup cpu memory disk pressure eviction";

const PLANTED: &str = "E0119 22:11:49.705596  107905 client.go:48] failed calling webhook \"vcluster.kb.io\": failed to call \
                       webhook: Post \"https://webhook-service.kube-system.svc:443/validate?timeout=10s\": x509: \
                       certificate signed by unknown authority\n";

/// Numbers that are the same on each run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn words(numbers: &mut Numbers, count: u64, text: &mut String) {
    let all: Vec<&str> = WORDS.split_whitespace().collect();
    for index in 0..count {
        let gap = if index == 0 { "" } else { " " };
        text.push_str(gap);
        text.push_str(all[numbers.below(all.len() as u64) as usize]);
    }
}

/// One line of the format of a file, at `millis` of its day.
fn line(format: u64, millis: u64, numbers: &mut Numbers) -> Result<String, std::fmt::Error> {
    let (hour, minute, second) = (millis / 3_600_000 % 24, millis / 60_000 % 60, millis / 1000 % 60);
    let stamp = format!("{hour:02}:{minute:02}:{second:02}.{:06}", millis % 1000 * 1000);
    let mut text = String::new();
    match format {
        0 => write!(
            text,
            "2023-01-19T{stamp}111Z stderr F I0119 {stamp}       1 controller.go:{}] ",
            numbers.below(900)
        )?,
        1 => write!(
            text,
            "Jan 19 {} node-{} kubelet[4021]: I0119 {stamp}    4021 kubelet.go:{}] ",
            &stamp[..8],
            numbers.below(9),
            numbers.below(2000)
        )?,
        2 => write!(
            text,
            "{{\"level\":\"info\",\"ts\":\"2023-01-19T{stamp}Z\",\"member\":\"{:016x}\",\"msg\":\"",
            numbers.below(u64::MAX)
        )?,
        3 => write!(
            text,
            "level=info subsys=endpoint endpointID={} ipv4=10.{}.{}.7 msg=\"",
            numbers.below(4000),
            numbers.below(255),
            numbers.below(255)
        )?,
        _ => write!(
            text,
            "time=\"2023-01-19T{stamp}Z\" level=info id={:016x} msg=\"",
            numbers.below(u64::MAX)
        )?,
    }
    words(numbers, 6 + format, &mut text);
    text.push_str(match format {
        2 => "\"}\n",
        3 | 4 => "\"\n",
        _ => "\n",
    });
    Ok(text)
}

fn file(number: u64, numbers: &mut Numbers) -> Result<String, std::fmt::Error> {
    const BYTES: usize = 5_000_000;
    let mut recent: Vec<String> = Vec::new();
    let mut text = String::with_capacity(BYTES + 4096);
    while text.len() < BYTES {
        // Logs repeat themselves: two lines in three are one of the last hundred.
        if recent.len() == 100 && numbers.below(3) > 0 {
            text.push_str(&recent[numbers.below(100) as usize]);
            continue;
        }
        let line = line(number % 5, text.len() as u64, numbers)?;
        text.push_str(&line);
        if recent.len() == 100 {
            recent.swap_remove(numbers.below(100) as usize);
        }
        recent.push(line);
    }
    if number.is_multiple_of(7) {
        text.push_str(PLANTED);
    }
    Ok(text)
}

/// Outputs of commands: path and text.
fn captures() -> Result<Vec<(String, String)>, std::fmt::Error> {
    const NODES: u64 = 20;
    let mut files = Vec::new();
    let mut nodes = "NAME      STATUS   ROLES    AGE   VERSION            INTERNAL-IP    EXTERNAL-IP   OS-IMAGE             KERNEL-VERSION      CONTAINER-RUNTIME\n".to_owned();
    let mut pods = String::from("apiVersion: v1\nitems:\n");
    for node in 0..NODES {
        let at = |command: &str| format!("snapshot/nodes/10.200.0.{node}/commands/{command}");
        writeln!(
            nodes,
            "node-{node:<5}Ready    worker   20d   v1.24.2-gke.1900   10.200.0.{node:<5}<none>        Ubuntu 20.04.5 LTS   5.4.0-137-generic   containerd://1.5.13"
        )?;
        files.push((at("ip_route_show"), "default via 10.200.0.254 dev ens192 proto static\n10.200.0.0/24 dev ens192 proto kernel scope link\n".to_owned()));
        let (mut sysctl, mut rules, mut processes) = (String::new(), "*filter\n".to_owned(), String::new());
        for n in 0..1000 {
            writeln!(sysctl, "net.ipv4.conf.lxc{n:05}.rp_filter = 0")?;
            writeln!(rules, ":KUBE-SVC-{n:016} - [0:0]")?;
            writeln!(processes, "root {n} 1 0 10:00 ? 00:00:01 /usr/bin/process-{n} --flag=value")?;
        }
        files.push((at("sysctl_-a"), sysctl + "net.ipv4.conf.all.rp_filter = 0\n"));
        files.push((at("iptables-save_--counters"), rules + ":CILIUM_INPUT - [0:0]\n"));
        files.push((at("ps_-edF"), processes));
        for pod in 0..100 {
            writeln!(
                pods,
                "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: pod-{node}-{pod}\n    namespace: default\n    labels:\n      app: web\n  spec:\n    nodeName: node-{node}\n    containers:\n    - name: web\n      image: registry.example.com/web:1\n  status:\n    phase: Running\n    containerStatuses:\n    - name: web\n      restartCount: 0"
            )?;
        }
    }
    files.push(("snapshot/kubectl_get_nodes_-o_wide".to_owned(), nodes));
    files.push(("snapshot/kubectl_get_pods_-A_-o_yaml".to_owned(), pods + "kind: List\n"));
    Ok(files)
}

fn append(archive: &mut tar::Builder<impl io::Write>, name: &str, text: &str) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(1_674_166_000);
    archive.append_data(&mut header, name, text.as_bytes())
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, megabytes, path] = &arguments[..] else {
        return Err(io::Error::other("usage: corpus MEGABYTES FILE.tar.gz"));
    };
    let wanted: u64 = megabytes.parse().map_err(io::Error::other)?;
    let gzip = GzEncoder::new(BufWriter::new(File::create(path)?), Compression::new(6));
    let mut archive = tar::Builder::new(gzip);
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut written = 0;
    for number in 0.. {
        if written >= wanted * 1_000_000 {
            break;
        }
        let text = file(number, &mut numbers).map_err(io::Error::other)?;
        let name = format!(
            "snapshot/nodes/10.200.0.{}/files/var/log/pods/kube-system_p{number}_u/c/0.log",
            number % 20
        );
        append(&mut archive, &name, &text)?;
        written += text.len() as u64;
    }
    for (name, text) in captures().map_err(io::Error::other)? {
        append(&mut archive, &name, &text)?;
    }
    archive.into_inner()?.finish()?;
    Ok(())
}
