//! Signatures in one file with a manifest, so that a catalog newer than the program reaches a site without a network.
//!
//! A pack is a gzipped tar of `manifest.json` and `signatures/ID.toml`. The manifest names every file with its SHA-256,
//! and [`read_signatures`] takes nothing from a pack that is not exactly what its manifest says. It is read in memory,
//! within bounds; nothing of it is unpacked.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, ErrorKind};
use crate::version::{Version, VersionRange};

/// The format this program writes and reads.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
const FOLDER: &str = "signatures/";

/// Bounds of what is read; a catalog of a thousand signatures needs a hundredth of each.
const PACKED_BYTES: u64 = 32 << 20;
const TOTAL_BYTES: u64 = 128 << 20;
const FILE_BYTES: u64 = 4 << 20;
const FILES: usize = 20_000;

/// What a pack says of itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format of the pack.
    pub format: u32,
    /// Name of the catalog.
    pub name: String,
    /// Releases of this program that can use it, such as `>= 0.1.0`.
    pub tool: String,
    /// Every file, sorted by path.
    pub files: Vec<ManifestFile>,
}

/// A file of a pack.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// `signatures/ID.toml`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// Writes a pack of the files `(name, text)`; the same files give the same bytes.
///
/// # Errors
/// When `tool` is no range that holds this release, or a file has no name that a pack can have.
pub fn write_pack(
    name: &str,
    tool: &str,
    files: &[(String, String)],
    out: &mut impl Write,
) -> Result<Manifest, Error> {
    check_tool(tool)?;
    let mut members: BTreeMap<String, &str> = BTreeMap::new();
    for (file, text) in files {
        let stem = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = format!("{FOLDER}{stem}");
        if !is_member_name(&path) || members.insert(path, text).is_some() {
            return Err(failure(format!("`{file}` has no name that a pack can hold")));
        }
    }
    let manifest_file = |(path, text): (&String, &&str)| ManifestFile {
        path: path.clone(),
        bytes: text.len() as u64,
        sha256: digest(text.as_bytes()),
    };
    let manifest = Manifest {
        format: FORMAT,
        name: name.to_owned(),
        tool: tool.to_owned(),
        files: members.iter().map(manifest_file).collect(),
    };
    let mut json = serde_json::to_string_pretty(&manifest).expect("a manifest is text and numbers");
    json.push('\n');
    let all =
        std::iter::once((MANIFEST, &json[..])).chain(members.iter().map(|(path, text)| (&path[..], *text)));
    write_tar(all, out)
        .map_err(|source| Error::new(ErrorKind::Output, "cannot write the pack").with_source(source))?;
    Ok(manifest)
}

fn write_tar<'a>(members: impl Iterator<Item = (&'a str, &'a str)>, out: &mut impl Write) -> io::Result<()> {
    let gzip = flate2::GzBuilder::new().mtime(0).write(out, flate2::Compression::best());
    let mut tar = tar::Builder::new(gzip);
    for (path, text) in members {
        let mut header = tar::Header::new_ustar();
        header.set_path(path)?;
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_cksum();
        tar.append(&header, text.as_bytes())?;
    }
    tar.into_inner()?.finish()?;
    Ok(())
}

/// Whether `path` names a pack, or the directory of an unpacked one.
pub fn is_pack(path: &Path) -> bool {
    match path.is_dir() {
        true => path.join(MANIFEST).exists(),
        false => path.extension().is_none_or(|extension| extension != "toml"),
    }
}

/// The files `(name, text)` of a directory, a pack, or a single file of a signature, sorted by name.
///
/// A directory with a `manifest.json` is an unpacked pack, and held to it like one.
///
/// # Errors
/// When nothing can be read, there is no signature, or a pack is not what its manifest says.
pub fn read_signatures(path: &Path) -> Result<Vec<(String, String)>, Error> {
    let files = match (is_pack(path), path.is_dir()) {
        (true, _) => read_pack(path)?.1,
        (false, true) => super::read_directory(path)?,
        (false, false) => {
            vec![(path.display().to_string(), super::text_of(path, read_file(path, FILE_BYTES)?)?)]
        }
    };
    match files.is_empty() {
        true => Err(failure(format!("there are no signatures in `{}`", path.display()))),
        false => Ok(files),
    }
}

/// Ids of the signatures that `files`, which came in a pack, hold: a pack is a catalog of its own age, so that these
/// replace the built-in ones in [`SignatureSet::with_builtin_except`](crate::SignatureSet::with_builtin_except).
pub fn pack_ids(files: &[(String, String)]) -> BTreeSet<String> {
    let stems = files.iter().filter_map(|(name, _)| Path::new(name).file_stem()?.to_str());
    stems.map(str::to_owned).collect()
}

/// A pack, or the directory of an unpacked one: its manifest, and its files `(name, text)`.
///
/// # Errors
/// When it cannot be read, is larger than a catalog can be, is not for this release of the program, or holds a file that
/// the manifest does not name, names otherwise, or lacks one.
pub fn read_pack(path: &Path) -> Result<(Manifest, Vec<(String, String)>), Error> {
    let members = match path.is_dir() {
        true => directory_members(path)?,
        false => archive_members(&read_file(path, PACKED_BYTES)?, &path.display().to_string())?,
    };
    verified(&path.display().to_string(), members, if path.is_dir() { "/" } else { "!" })
}

/// The members of a pack, by path.
type Members = BTreeMap<String, Vec<u8>>;

fn verified(
    pack: &str,
    mut members: Members,
    separator: &str,
) -> Result<(Manifest, Vec<(String, String)>), Error> {
    let fail = |what: String| failure(format!("the pack `{pack}` cannot be trusted: {what}"));
    let manifest = members.remove(MANIFEST).ok_or_else(|| fail(format!("it has no {MANIFEST}")))?;
    // The format comes first: another one may have other fields.
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    let unread = |error: serde_json::Error| fail(format!("its {MANIFEST} cannot be read: {error}"));
    let Format { format } = serde_json::from_slice(&manifest).map_err(unread)?;
    if format != FORMAT {
        return Err(fail(format!("its format is {format}, this program reads {FORMAT}")));
    }
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(unread)?;
    check_tool(&manifest.tool)?;
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for ManifestFile { path, bytes, sha256 } in &manifest.files {
        let text = members.remove(path);
        let text = match text {
            _ if !is_member_name(path) || !seen.insert(path) => {
                return Err(fail(format!("`{}` cannot stand in its manifest", shown(path))));
            }
            None => return Err(fail(format!("`{path}` is missing"))),
            Some(text) if text.len() as u64 != *bytes || digest(&text) != *sha256 => {
                return Err(fail(format!("`{path}` is not the file that the manifest names")));
            }
            Some(text) => text,
        };
        let name = format!("{pack}{separator}{path}");
        files.push((name.clone(), super::text_of(Path::new(&name), text)?));
    }
    if let Some(extra) = members.keys().next() {
        return Err(fail(format!("`{}` is not in its manifest", shown(extra))));
    }
    files.sort();
    Ok((manifest, files))
}

fn archive_members(packed: &[u8], pack: &str) -> Result<Members, Error> {
    let fail = |what: &str| failure(format!("the pack `{pack}` cannot be trusted: {what}"));
    let broken = |source: io::Error| {
        failure(format!("the pack `{pack}` is damaged, or no pack of signatures")).with_source(source)
    };
    let mut gzip = flate2::bufread::GzDecoder::new(packed);
    let mut members = Members::new();
    let mut archive = tar::Archive::new((&mut gzip).take(TOTAL_BYTES));
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        // As `tar -czf PACK -C FOLDER .` names them, with the folders themselves.
        let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
        let is_folder = entry.header().entry_type() == tar::EntryType::Directory;
        if is_folder && ["", ".", "signatures", FOLDER].contains(&path.as_str()) {
            continue;
        }
        if members.len() >= FILES || entry.size() > FILE_BYTES {
            return Err(fail("it is larger than a catalog can be"));
        }
        if entry.header().entry_type() != tar::EntryType::Regular
            || !(path == MANIFEST || is_member_name(&path))
        {
            return Err(fail(&format!("`{}` is no file of a pack", shown(&path))));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(broken)?;
        if members.insert(path.clone(), bytes).is_some() {
            return Err(fail(&format!("`{path}` stands in it twice")));
        }
    }
    // To the end, so that the checksum of gzip counts and nothing hides behind the archive.
    let mut rest = archive.into_inner();
    let mut padding = Vec::new();
    rest.by_ref().take(1 << 20).read_to_end(&mut padding).map_err(broken)?;
    if padding.iter().any(|&byte| byte != 0) || rest.limit() == 0 || padding.len() == 1 << 20 {
        return Err(fail("there is something behind its last file"));
    }
    match gzip.into_inner().is_empty() {
        true => Ok(members),
        false => Err(fail("there is something behind its last file")),
    }
}

/// The manifest of an unpacked pack, and all files that stand where signatures do.
fn directory_members(path: &Path) -> Result<Members, Error> {
    let mut members = Members::new();
    let manifest = path.join(MANIFEST);
    if manifest.exists() {
        members.insert(MANIFEST.to_owned(), read_file(&manifest, FILE_BYTES)?);
    }
    let cannot = |folder: &Path, source: io::Error| {
        failure(format!("cannot read signatures in `{}`", folder.display())).with_source(source)
    };
    // A file beside the manifest is one that `--signatures` of the directory would have read without it.
    for (folder, prefix) in [(path.to_owned(), ""), (path.join(FOLDER), FOLDER)] {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder).map_err(|source| cannot(&folder, source))? {
            let entry = entry.map_err(|source| cannot(&folder, source))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_own = prefix.is_empty() && !name.ends_with(".toml");
            if is_own {
                continue;
            }
            if members.len() > FILES {
                return Err(failure(format!("`{}` is larger than a catalog can be", path.display())));
            }
            members.insert(format!("{prefix}{name}"), read_file(&entry.path(), FILE_BYTES)?);
        }
    }
    Ok(members)
}

/// A regular file of at most `most` bytes.
fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let error = |source: io::Error| failure(format!("cannot read `{}`", path.display())).with_source(source);
    let file = std::fs::File::open(path).map_err(error)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(error)?;
    match bytes.len() as u64 > most {
        true => Err(failure(format!("`{}` is larger than a catalog can be", path.display()))),
        false => Ok(bytes),
    }
}

fn check_tool(tool: &str) -> Result<(), Error> {
    let range: VersionRange = tool.parse().map_err(|error| {
        failure("cannot read which releases of the program a pack is for").with_source(error)
    })?;
    let own: Version = env!("CARGO_PKG_VERSION").parse().expect("the package has a version of three numbers");
    match range.contains(own) {
        true => Ok(()),
        false => Err(failure(format!("the pack is for loggrep-abm {range}, this is {own}"))),
    }
}

/// `signatures/ID.toml`, where ID has the form of an id.
fn is_member_name(path: &str) -> bool {
    let id = path.strip_prefix(FOLDER).and_then(|name| name.strip_suffix(".toml"));
    id.is_some_and(|id| {
        let kebab = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !id.is_empty() && id.len() <= 64 && id.bytes().all(kebab)
    })
}

fn shown(path: &str) -> String {
    crate::text::Escaped(path.as_bytes()).to_string().chars().take(200).collect()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failure(context: impl Into<String>) -> Error {
    Error::new(ErrorKind::Signature, context)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{FORMAT, archive_members, digest, is_member_name, verified, write_pack, write_tar};

    const TEXT: &str = "id = \"a\"\n";

    fn read(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
        let members = archive_members(bytes, "p");
        let all = members.and_then(|members| verified("p", members, "!"));
        all.map(|(_, files)| files).map_err(|error| error.to_string())
    }

    fn manifest(files: &str) -> String {
        format!("{{\"format\":{FORMAT},\"name\":\"n\",\"tool\":\">= 0.1.0\",\"files\":[{files}]}}")
    }

    fn file(path: &str, text: &str) -> String {
        format!("{{\"path\":\"{path}\",\"bytes\":{},\"sha256\":\"{}\"}}", text.len(), digest(text.as_bytes()))
    }

    fn archive(members: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_tar(members.iter().copied(), &mut bytes).expect("memory takes all");
        bytes
    }

    #[test]
    fn a_pack_gives_back_its_files_and_is_the_same_each_time() {
        let files = [("x/b.toml".to_owned(), TEXT.to_owned()), ("a.toml".to_owned(), TEXT.to_owned())];
        let (mut one, mut two) = (Vec::new(), Vec::new());
        write_pack("n", ">= 0.1.0", &files, &mut one).expect("a pack");
        let reversed: Vec<_> = files.iter().rev().cloned().collect();
        write_pack("n", ">= 0.1.0", &reversed, &mut two).expect("a pack");
        assert_eq!(one, two);
        let expected =
            ["p!signatures/a.toml", "p!signatures/b.toml"].map(|name| (name.to_owned(), TEXT.to_owned()));
        assert_eq!(read(&one).expect("whole"), expected);
    }

    #[test]
    fn no_pack_is_written_that_this_program_could_not_read() {
        let ok = [("a.toml".to_owned(), TEXT.to_owned())];
        let bad = [("A b.toml".to_owned(), TEXT.to_owned())];
        let twice = [ok[0].clone(), ("x/a.toml".to_owned(), TEXT.to_owned())];
        for (tool, files, what) in [
            (">= 99.0.0", &ok[..], "is for loggrep-abm >= 99.0.0"),
            ("soon", &ok[..], "which releases"),
            (">= 0.1.0", &bad[..], "no name"),
            (">= 0.1.0", &twice[..], "no name"),
        ] {
            let error = write_pack("n", tool, files, &mut Vec::new()).expect_err(what).to_string();
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn whatever_is_not_as_the_manifest_says_is_refused() {
        let a = "signatures/a.toml";
        let good = manifest(&file(a, TEXT));
        assert!(read(&archive(&[("manifest.json", &good), (a, TEXT)])).is_ok());
        let twice = manifest(&format!("{},{}", file(a, TEXT), file(a, TEXT)));
        let newer = good.replace("\"format\":1", "\"format\":2,\"other\":[]");
        let later = good.replace(">= 0.1.0", ">= 99.0.0");
        let outside = manifest(&file("signatures/../a.toml", TEXT));
        let table: [(&str, &[(&str, &str)]); 11] = [
            ("no manifest.json", &[(a, TEXT)]),
            ("is missing", &[("manifest.json", &good)]),
            ("not the file", &[("manifest.json", &good), (a, "id = \"b\"\n")]),
            ("is not in its manifest", &[("manifest.json", &good), (a, TEXT), ("signatures/b.toml", TEXT)]),
            ("no file of a pack", &[("manifest.json", &good), (a, TEXT), ("etc/passwd", TEXT)]),
            ("stands in it twice", &[("manifest.json", &good), (a, TEXT), (a, TEXT)]),
            ("cannot stand in its manifest", &[("manifest.json", &twice), (a, TEXT)]),
            ("cannot stand in its manifest", &[("manifest.json", &outside), (a, TEXT)]),
            ("its format is 2", &[("manifest.json", &newer), (a, TEXT)]),
            ("is for loggrep-abm >= 99.0.0", &[("manifest.json", &later), (a, TEXT)]),
            ("cannot be read", &[("manifest.json", "{}"), (a, TEXT)]),
        ];
        for (what, members) in table {
            let error = read(&archive(members)).expect_err(what);
            assert!(error.contains(what), "{what}: {error}");
        }
    }

    #[test]
    fn damage_and_what_hides_behind_is_refused() {
        let good = manifest(&file("signatures/a.toml", TEXT));
        let pack = archive(&[("manifest.json", &good), ("signatures/a.toml", TEXT)]);
        for end in [0, 1, 10, pack.len() / 2, pack.len() - 9, pack.len() - 1] {
            assert!(read(&pack[..end]).is_err(), "{end} bytes");
        }
        for at in (0..pack.len()).filter(|at| !(4..10).contains(at)) {
            let mut damaged = pack.clone();
            damaged[at] ^= 0x10;
            // A bit of padding behind the last code of deflate says nothing.
            assert!(read(&damaged).is_err() || read(&damaged) == read(&pack), "byte {at}");
        }
        assert!(read(&[&pack[..], b"x"].concat()).expect_err("more").contains("behind"));
    }

    #[test]
    fn bombs_are_refused() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&[0; 4 << 20]).expect("memory");
        let mut header = tar::Header::new_ustar();
        header.set_path("signatures/a.toml").expect("short");
        header.set_size(1 << 40);
        header.set_cksum();
        let mut lying = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        lying.write_all(header.as_bytes()).expect("memory");
        let zeros = gzip.finish().expect("memory");
        assert!(read(&zeros).is_err());
        let error = read(&lying.finish().expect("memory")).expect_err("a terabyte");
        assert!(error.contains("larger than"), "{error}");
    }

    #[test]
    fn names_of_members() {
        for (path, expected) in [
            ("signatures/a-1.toml", true),
            ("signatures/a/b.toml", false),
            ("signatures/..toml", false),
            ("signatures/.toml", false),
            ("a.toml", false),
            ("/signatures/a.toml", false),
        ] {
            assert_eq!(is_member_name(path), expected, "{path}");
        }
    }
}
