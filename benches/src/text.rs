//! The text of the logs that speed is measured on: the same numbers give the same bytes.

use std::fmt::Write as _;

pub(crate) const WORDS: &str = "pod node sync loop reconcile started finished probe healthy update status volume mount container image \
                     pulled created network endpoint service cluster controller manager request response timeout retry \
                     backoff queue worker cache watch list informer event etcd lease renew leader election config map \
                     deployment replica set scale daemon kubelet runtime cgroup cpu memory disk pressure eviction";

const PLANTED: &str = "E0119 22:11:49.705596  107905 client.go:48] failed calling webhook \"vcluster.kb.io\": failed to call \
                       webhook: Post \"https://webhook-service.kube-system.svc:443/validate?timeout=10s\": x509: \
                       certificate signed by unknown authority\n";

/// Numbers that are the same on each run (xorshift64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
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

/// The log of that number, about 5 MB.
pub(crate) fn file(number: u64, numbers: &mut Numbers) -> Result<String, std::fmt::Error> {
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
