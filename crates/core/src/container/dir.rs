//! A directory as a list of files, in the order of their names' bytes.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::path::EntryPath;
use crate::problem::{Problem, ProblemKind};

/// Something a directory holds.
pub(crate) enum Found {
    /// A regular file, not opened yet.
    File {
        /// Where it lies.
        on_disk: PathBuf,
        /// Its name in reports.
        path: EntryPath,
    },
    /// Something that is not read.
    Problem(Problem),
}

/// The files of a directory and of those in it. Only the names of the directories on the way are in memory.
pub(crate) struct Files {
    levels: Vec<Level>,
}

struct Level {
    on_disk: PathBuf,
    path: EntryPath,
    names: std::vec::IntoIter<OsString>,
    broken: Option<io::Error>,
}

impl Files {
    /// The files of `directory`, named in reports as files of `path`.
    pub(crate) fn of(directory: &Path, path: &EntryPath) -> io::Result<Files> {
        Ok(Files { levels: vec![Level::read(directory.into(), path.clone())?] })
    }

    fn look_at(&mut self, on_disk: PathBuf, path: EntryPath) -> Option<Found> {
        let metadata = match fs::symlink_metadata(&on_disk) {
            Ok(metadata) => metadata,
            Err(error) => return Some(unreadable(path, &error)),
        };
        if metadata.is_file() {
            return Some(Found::File { on_disk, path });
        }
        if metadata.is_dir() {
            return match Level::read(on_disk, path.clone()) {
                Ok(level) => {
                    self.levels.push(level);
                    None
                }
                Err(error) => Some(unreadable(path, &error)),
            };
        }
        let what = if metadata.is_symlink() { "a symbolic link" } else { "a device, FIFO or socket" };
        let message = format!("{what} is not followed");
        Some(Found::Problem(Problem { path, offset: None, kind: ProblemKind::Skipped, message }))
    }
}

impl Iterator for Files {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let level = self.levels.last_mut()?;
            let Some(name) = level.names.next() else {
                let done = self.levels.pop()?;
                match done.broken {
                    Some(error) => return Some(unreadable(done.path, &error)),
                    None => continue,
                }
            };
            let path = level.path.file(name.as_encoded_bytes());
            let on_disk = level.on_disk.join(&name);
            if let Some(found) = self.look_at(on_disk, path) {
                return Some(found);
            }
        }
    }
}

impl Level {
    fn read(on_disk: PathBuf, path: EntryPath) -> io::Result<Level> {
        let mut names = Vec::new();
        let mut broken = None;
        for entry in fs::read_dir(&on_disk)? {
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        names.sort_unstable_by(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
        Ok(Level { on_disk, path, names: names.into_iter(), broken })
    }
}

fn unreadable(path: EntryPath, error: &io::Error) -> Found {
    let message = format!("cannot be read: {error}");
    Found::Problem(Problem { path, offset: None, kind: ProblemKind::Unreadable, message })
}

/// Opens a file found in a directory, unless something else has taken its place since: then `None`.
///
/// It neither follows a link nor waits for the other end of a FIFO.
pub(crate) fn open_file(on_disk: &Path) -> io::Result<Option<(File, Metadata)>> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW);
    }
    let file = options.open(on_disk)?;
    let metadata = file.metadata()?;
    Ok(metadata.is_file().then_some((file, metadata)))
}

/// The modification time of a file, in seconds since 1970.
pub(crate) fn mtime(metadata: &Metadata) -> Option<i64> {
    let time = metadata.modified().ok()?;
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok(),
        Err(before) => i64::try_from(before.duration().as_secs()).ok().map(|seconds| -seconds),
    }
}
