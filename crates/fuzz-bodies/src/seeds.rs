//! Inputs to begin with, made of the signatures, the hostile archives and the clean logs of the repository.

use std::io::{Cursor, Write};
use std::path::Path;

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn files_of(folder: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> =
        std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect()
}

/// The texts of all strings under the key `text` or `when`, wherever they stand in a file.
fn strings(value: &toml::Value, key: &str, into: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                match value {
                    toml::Value::String(text) if name == key => into.push(text.clone()),
                    value => strings(value, key, into),
                }
            }
        }
        toml::Value::Array(list) => list.iter().for_each(|value| strings(value, key, into)),
        _ => {}
    }
}

/// What stands under a key in all signatures.
fn of_signatures(key: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in files_of("signatures") {
        let Ok(value) = toml::from_str(&String::from_utf8_lossy(&file)) else { continue };
        strings(&value, key, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip_of(files: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The hostile archives that are small, of names that begin so.
fn hostile(prefix: &str) -> Vec<Vec<u8>> {
    let folder = root().join("testdata/hostile");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let wanted =
        paths.into_iter().filter(|path| name(path).starts_with(prefix) && !name(path).ends_with(".md"));
    wanted.map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() < 16 << 10).collect()
}

/// The seeds of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let line = b"E0119 22:11:49.705596 107905 client.go:48] Operation failed, retrying with backoff.\n";
    let texts = |key: &str| of_signatures(key).into_iter().map(String::into_bytes).collect::<Vec<_>>();
    match target {
        "analyze" | "mask" | "time" | "text" => [texts("text"), files_of("testdata/cases")].concat(),
        "container" => {
            let files = [("a.log", &line[..]), ("b/c.gz", &gz(line))];
            let zips = [zip::CompressionMethod::Stored, zip::CompressionMethod::Deflated];
            let mut seeds = zips.map(|method| zip_of(&files, method)).to_vec();
            seeds.extend([bz2(line), liblzma::encode_all(&line[..], 1).unwrap(), zstd::encode_all(&line[..], 1).unwrap()]);
            let nested: Vec<Vec<u8>> = seeds.iter().map(|seed| gz(seed)).collect();
            [seeds, nested, hostile("")].concat()
        }
        "tar" => [hostile("tar-"), vec![vec![3, 1, 124, 0, b'7', 10, 0, 0]]].concat(),
        "zip" => hostile("zip-"),
        "gzip" => [hostile("gz-"), vec![gz(line)[10..].to_vec()]].concat(),
        "signature" => files_of("signatures").into_iter().filter(|file| file.len() < 6 << 10).collect(),
        "expression" => texts("when").into_iter().map(|when| [&when[..], b"\nsnap/sysctl_-a\nnet.ipv4.conf.all.rp_filter = 1\n"].concat()).collect(),
        "facts" => texts("text").into_iter().map(|text| {
            let head = b"snap/nodes/n1/commands/sysctl_-a\nsnap/kubectl_get_nodes_-o_yaml\n";
            [&head[..], &text, b"\n%%%\n", &text].concat()
        }).collect(),
        "filter" => vec![
            b"calling webhook\nwebhook calling\naaaaaaaa\naaaaaaaab\n\n\x1fx calling webhook calling aaaaaaaaaaab".to_vec(),
        ],
        "session" => texts("text").into_iter().map(|text| [&[1, 4, 3, 0, 200, 1], &text[..]].concat()).collect(),
        "utf16" => vec!["노드 NotReady 😀\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect()],
        "report" => [files_of("testdata/golden").into_iter().filter(|file| file.len() < 40 << 10).collect(), vec![
            b"[[ignore]]\nid = \"network-gateway-group-missing-interface-ip\"\nreason = \"known\"\n".to_vec(),
        ]].concat(),
        // Its input is read as choices and lengths, of which these are some.
        "capi" => vec![
            (0..=255).collect(),
            [&[0, 0, 0, 0x80, 1, 1][..], &[0, 0, 0, 0x88].repeat(8), line].concat(),
        ],
        _ => Vec::new(),
    }
}
