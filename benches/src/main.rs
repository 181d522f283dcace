//! Makes a bundle to measure speed on: `corpus MEGABYTES FILE.tar.gz`.
//!
//! The same numbers give the same bytes. Five formats of logs in files of about 5 MB, gzip ratios of 4 to 8, and the line of a
//! known issue in every seventh file. Beside them stand the outputs of commands that facts are read from, of a cluster of 20
//! nodes.

mod text;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter};

use flate2::Compression;
use flate2::write::GzEncoder;

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
    let mut numbers = text::Numbers(0x9e37_79b9_7f4a_7c15);
    let mut written = 0;
    for number in 0.. {
        if written >= wanted * 1_000_000 {
            break;
        }
        let text = text::file(number, &mut numbers).map_err(io::Error::other)?;
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
