//! Data and streams to decode: from an encoder, from hand-set bits, from chance.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

/// A small generator of pseudo-random numbers (xorshift64*), the same on every run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

pub(crate) fn gzip(data: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(data).expect("a Vec takes it");
    encoder.finish().expect("a Vec takes it")
}

pub(crate) fn deflate(data: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(data).expect("a Vec takes it");
    encoder.finish().expect("a Vec takes it")
}

/// Lines such as a cluster's components write.
pub(crate) fn log_text(length: usize) -> Vec<u8> {
    const TEXT: [&str; 6] = [
        "\"Failed to update node lease\" err=\"context deadline exceeded\"",
        "SyncLoop (PLEG): event for pod kube-system/coredns-6799fbcd5",
        "http: TLS handshake error from 10.200.0.3:41822: remote error: tls: bad certificate",
        "apply request took too long, expected-duration 100ms",
        "Successfully assigned anthos-identity-service/ais to worker",
        "level=info msg=\"Removing image\" id=sha256:",
    ];
    let mut random = Random::new(5);
    let mut text = Vec::new();
    let mut time = 0;
    while text.len() < length {
        time += random.below(5000);
        let (line, number) = (TEXT[random.below(6)], random.next());
        let level = ["I", "W", "E"][random.below(3)];
        let _ = writeln!(
            text,
            "{level}0612 09:{:02}:{:06} node-{} kubelet[{}]: {line} {number:x}",
            time / 60_000_000 % 60,
            time % 60_000_000,
            number % 7,
            number % 4000
        );
    }
    text.truncate(length);
    text
}

pub(crate) fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let mut random = Random::new(1);
    let noise: Vec<u8> = (0..300_000).map(|_| random.next() as u8).collect();
    let skewed = (0..300_000).map(|_| random.next().trailing_zeros() as u8).collect();
    let mut runs = Vec::new();
    while runs.len() < 700_000 {
        let byte = random.next() as u8;
        runs.resize(runs.len() + random.below(2000), byte);
    }
    let mut periods = Vec::new();
    for period in 1..70 {
        periods.extend(noise[..period].iter().cycle().take(3000));
    }
    let far = [&noise[..32_000], &noise[..100], &vec![0; 600], &noise[..32_768], &noise[..32_768]].concat();
    vec![
        ("log", log_text(1_500_000)),
        ("noise", noise),
        ("skewed", skewed),
        ("zeros", vec![0; 2_000_000]),
        ("runs", runs),
        ("periods", periods),
        ("far", far),
        ("one byte", b"x".to_vec()),
        ("empty", Vec::new()),
    ]
}

/// Small gzip files with stored, fixed and dynamic blocks, and with two members.
pub(crate) fn small() -> Vec<Vec<u8>> {
    let log = log_text(400);
    vec![
        gzip(&log, 6),
        gzip(&log[..100], 0),
        gzip(b"aaaaaaaaaaaaaaaaaaaaaaaaaaab", 6),
        [gzip(b"first", 6), gzip(&log[..150], 9)].concat(),
    ]
}

/// Writes bits as deflate orders them.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    free: usize,
}

const LENGTHS: [(usize, usize); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

impl Bits {
    pub(crate) fn put(&mut self, value: u64, count: usize) {
        for index in 0..count {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let bit = (value >> index & 1) as u8;
            *self.bytes.last_mut().expect("a byte") |= bit << (8 - self.free);
            self.free -= 1;
        }
    }

    /// A Huffman code: its first bit is the highest.
    pub(crate) fn put_code_reversed(&mut self, code: u64, count: usize) {
        for index in (0..count).rev() {
            self.put(code >> index & 1, 1);
        }
    }

    pub(crate) fn bits(&self) -> usize {
        self.bytes.len() * 8 - self.free
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn stored(&mut self, data: &[u8], last: bool) {
        self.put(last.into(), 3);
        self.free = 0;
        self.put(data.len() as u64, 16);
        self.put(!data.len() as u64, 16);
        self.bytes.extend_from_slice(data);
    }

    pub(crate) fn fixed_literal(&mut self, byte: u8) {
        match u64::from(byte) {
            low @ 0..144 => self.put_code_reversed(0x30 + low, 8),
            high => self.put_code_reversed(0x190 + high - 144, 9),
        }
    }

    pub(crate) fn fixed_end(&mut self) {
        self.put(0, 7);
    }

    pub(crate) fn fixed_match(&mut self, length: usize, distance: usize) {
        let (symbol, extra) = length_symbol(length);
        match symbol as u64 {
            low @ 0..23 => self.put_code_reversed(low + 1, 7),
            high => self.put_code_reversed(0xc0 + high - 23, 8),
        }
        self.put(extra.0 as u64, extra.1);
        let (symbol, extra) = distance_symbol(distance);
        self.put_code_reversed(symbol as u64, 5);
        self.put(extra.0 as u64, extra.1);
    }

    /// The header of a dynamic block whose code lengths 0 to 15 all have codes of four bits.
    pub(crate) fn dynamic_header(&mut self, literals: usize, distances: usize, last: bool) {
        self.put(4 + u64::from(last), 3);
        self.put(literals as u64 - 257, 5);
        self.put(distances as u64 - 1, 5);
        self.put(15, 4);
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] {
            self.put(if symbol < 16 { 4 } else { 0 }, 3);
        }
    }

    pub(crate) fn dynamic(&mut self, literals: &[u8], distances: &[u8], last: bool) {
        self.dynamic_header(literals.len(), distances.len(), last);
        for &length in literals.iter().chain(distances) {
            self.put_code_reversed(length.into(), 4);
        }
    }
}

type Extra = (usize, usize);

/// Symbol, less 257, and the extra bits: their value and number.
fn length_symbol(length: usize) -> (usize, Extra) {
    let symbol = LENGTHS.iter().rposition(|&(base, _)| base <= length).expect("at least 3");
    let (base, count) = LENGTHS[symbol];
    (symbol, (length - base, count))
}

fn distance_symbol(distance: usize) -> (usize, Extra) {
    let from = distance - 1;
    if from < 4 {
        return (from, (0, 0));
    }
    let count = from.ilog2() as usize - 1;
    (count * 2 + (from >> count), (from & ((1 << count) - 1), count))
}

/// Lengths of a complete code for some of `symbols` symbols, up to 15 bits; `needed` are among them.
fn random_code(random: &mut Random, symbols: usize, needed: &[usize]) -> Vec<u8> {
    let most = (needed.len() + 1 + random.below(symbols)).min(symbols).max(2);
    let mut leaves = vec![1u8, 1];
    let skew = random.below(4);
    while leaves.len() < most {
        let at = match skew {
            0 => leaves.len() - 1,
            _ => random.below(leaves.len()),
        };
        if leaves[at] == 15 {
            if leaves.iter().all(|&length| length >= 12) || random.below(50) == 0 {
                break;
            }
            let shortest = (0..leaves.len()).min_by_key(|&at| leaves[at]).expect("leaves");
            leaves[shortest] += 1;
            leaves.push(leaves[shortest]);
            continue;
        }
        leaves[at] += 1;
        leaves.push(leaves[at]);
    }
    while leaves.len() < needed.len() {
        let shortest = (0..leaves.len()).min_by_key(|&at| leaves[at]).expect("leaves");
        leaves[shortest] += 1;
        leaves.push(leaves[shortest]);
    }
    let mut lengths = vec![0; symbols];
    let mut order: Vec<usize> = (0..symbols).filter(|symbol| !needed.contains(symbol)).collect();
    for at in (1..order.len()).rev() {
        order.swap(at, random.below(at + 1));
    }
    for at in (1..leaves.len()).rev() {
        leaves.swap(at, random.below(at + 1));
    }
    for (&symbol, length) in needed.iter().chain(&order).zip(leaves) {
        lengths[symbol] = length;
    }
    lengths
}

/// Codes by symbol, the first bit highest.
fn codes(lengths: &[u8]) -> Vec<u64> {
    let mut codes = vec![0; lengths.len()];
    let mut code = 0;
    for length in 1..=15 {
        for (symbol, _) in lengths.iter().enumerate().filter(|&(_, &own)| own == length) {
            codes[symbol] = code;
            code += 1;
        }
        code <<= 1;
    }
    codes
}

/// A sound deflate stream of a few blocks with codes such as no encoder would choose.
pub(crate) fn random_deflate(random: &mut Random) -> Vec<u8> {
    let mut bits = Bits::default();
    let mut produced = 0;
    let blocks = 1 + random.below(4);
    for block in 0..blocks {
        let last = block + 1 == blocks;
        if random.below(6) == 0 {
            let data: Vec<u8> = (0..random.below(500)).map(|_| random.next() as u8).collect();
            produced += data.len();
            bits.stored(&data, last);
            continue;
        }
        let lengths = random_code(random, 286, &[256, 0]);
        let distances = random_code(random, 30, &[0]);
        bits.dynamic(&lengths, &distances, last);
        let (literal_codes, distance_codes) = (codes(&lengths), codes(&distances));
        let used: Vec<usize> = (0..286).filter(|&symbol| symbol != 256 && lengths[symbol] > 0).collect();
        let near: Vec<usize> = (0..30).filter(|&symbol| distances[symbol] > 0).collect();
        let literals_only = random.below(3) == 0;
        for _ in 0..random.below(3000) {
            let symbol = used[random.below(used.len())];
            let put = |bits: &mut Bits, symbol: usize| {
                bits.put_code_reversed(literal_codes[symbol], lengths[symbol].into());
            };
            if symbol < 256 || produced == 0 || literals_only {
                let byte = if symbol < 256 { symbol } else { 0 };
                put(&mut bits, byte);
                produced += 1;
                continue;
            }
            let reach = near.iter().filter(|&&symbol| distance_range(symbol).0 <= produced);
            let choice: Vec<usize> = reach.copied().collect();
            let distance = choice[random.below(choice.len())];
            let (base, extra) = distance_range(distance);
            let span = (1 << extra).min(produced - base + 1);
            let (start, length_extra) = LENGTHS[symbol - 257];
            let more = random.below(1 << length_extra);
            put(&mut bits, symbol);
            bits.put(more as u64, length_extra);
            bits.put_code_reversed(distance_codes[distance], distances[distance].into());
            bits.put(random.below(span) as u64, extra);
            produced += start + more;
        }
        bits.put_code_reversed(literal_codes[256], lengths[256].into());
    }
    bits.finish()
}

/// Lowest distance and number of extra bits of a distance symbol.
fn distance_range(symbol: usize) -> (usize, usize) {
    if symbol < 4 {
        return (symbol + 1, 0);
    }
    let extra = symbol / 2 - 1;
    (((2 + symbol % 2) << extra) + 1, extra)
}
