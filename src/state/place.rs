//! Where the state file lies: it is made for its owner alone, and what others could have put there is
//! refused before anything is touched.
//!
//! Nothing here opens the state file. Closing any descriptor of a file drops all locks that the process holds
//! on it, those of SQLite included, so the file is looked at by name and made without a descriptor.
//!
//! Source: SQLite, "How to corrupt an SQLite database file", 2.2.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access as Permission, CWD, FileType, Mode};

use super::error::StateError;

/// Permissions that only the owner has.
const OWNER_ONLY: u32 = 0o600;
/// Permissions that others have.
const OTHERS: u32 = 0o077;
const WORLD_WRITABLE: u32 = 0o002;
const STICKY: u32 = 0o1000;
const PERMISSIONS: u32 = 0o7777;

/// What came of giving a new file its content.
type Begun = Result<(), StateError>;

/// The files that SQLite keeps beside a database.
const SIDECARS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Finds a state file that is to be written, or makes one, which `begin` gives its content. Returns its path with
/// a folder that is no link.
pub(super) fn to_write(path: &Path, begin: impl FnOnce(&Path) -> Begun) -> Result<PathBuf, StateError> {
    let folder = folder_of(path);
    make_folder(folder)?;
    let path = resolved(path)?;
    let folder = folder_of(&path);
    let mode = fs::metadata(folder).map_err(|error| reach("look at", folder, error))?.mode() & PERMISSIONS;
    if mode & WORLD_WRITABLE != 0 && mode & STICKY == 0 {
        return Err(StateError::Folder { folder: folder.to_owned(), mode });
    }
    let found = look(&path)?;
    let meta = match found {
        Some(meta) => meta,
        None if !may_write(folder) => return Err(StateError::ReadOnly { path }),
        None => make(&path, begin)?,
    };
    owned_file(&path, &meta)?;
    for sidecar in sidecars(&path) {
        if let Some(meta) = look(&sidecar)? {
            owned_file(&sidecar, &meta)?;
        }
    }
    if !may_write(folder) || !may_write(&path) {
        return Err(StateError::ReadOnly { path });
    }
    Ok(path)
}

/// Whether [`to_write`] would find or make a state file; nothing is made.
pub(super) fn may_be_written(path: &Path) -> Result<(), StateError> {
    if look(path)?.is_some() {
        // It makes what is not there, and that is.
        return to_write(path, |_| Ok(())).map(drop);
    }
    let folder = folder_of(path);
    let above = if folder.is_dir() { folder } else { folder_of(folder) };
    let meta = fs::metadata(above).map_err(|error| reach("look at", above, error))?;
    if !meta.is_dir() || folder.symlink_metadata().is_ok_and(|_| !folder.is_dir()) {
        return Err(reach("create the folder", folder, io::ErrorKind::NotADirectory.into()));
    }
    let mode = meta.mode() & PERMISSIONS;
    if folder == above && mode & WORLD_WRITABLE != 0 && mode & STICKY == 0 {
        return Err(StateError::Folder { folder: folder.to_owned(), mode });
    }
    if may_write(above) { Ok(()) } else { Err(StateError::ReadOnly { path: path.to_owned() }) }
}

/// Finds a state file that is to be read. Returns its path, and what an operator should know about its
/// permissions: reading through them does no harm, but they are wrong.
pub(super) fn to_read(path: &Path) -> Result<(PathBuf, Option<StateError>), StateError> {
    let missing = || StateError::Missing { path: path.to_owned() };
    if look(path)?.is_none() {
        return Err(missing());
    }
    let path = resolved(path)?;
    let meta = look(&path)?.ok_or_else(missing)?;
    plain_file(&path, &meta)?;
    if meta.len() == 0 {
        return Err(StateError::Empty { path });
    }
    let exposed = private(&path, &meta).err();
    Ok((path, exposed))
}

/// Whether we may write to both the file and its folder.
pub(super) fn is_writable(path: &Path) -> bool {
    may_write(path) && may_write(folder_of(path))
}

/// Whether there are changes that are not in the file itself yet.
pub(super) fn has_log(path: &Path) -> bool {
    fs::symlink_metadata(with_suffix(path, SIDECARS[0])).is_ok_and(|meta| meta.len() > 0)
}

/// Whether SQLite keeps a file beside it, as it does while anybody has it open.
pub(super) fn has_sidecar(path: &Path) -> bool {
    sidecars(path).any(|sidecar| sidecar.symlink_metadata().is_ok())
}

fn owned_file(path: &Path, meta: &Metadata) -> Result<(), StateError> {
    plain_file(path, meta)?;
    let user = rustix::process::geteuid().as_raw();
    if meta.uid() != user {
        return Err(StateError::Owner { path: path.to_owned(), owner: meta.uid(), user });
    }
    private(path, meta)
}

fn plain_file(path: &Path, meta: &Metadata) -> Result<(), StateError> {
    let path = path.to_owned();
    let file_type = meta.file_type();
    let kind = match () {
        () if file_type.is_symlink() => return Err(StateError::Link { path }),
        () if file_type.is_file() => return Ok(()),
        () if file_type.is_dir() => "a folder",
        () if file_type.is_fifo() => "a pipe",
        () if file_type.is_socket() => "a socket",
        () => "a device",
    };
    Err(StateError::NotAFile { path, kind })
}

fn private(path: &Path, meta: &Metadata) -> Result<(), StateError> {
    let mode = meta.mode() & PERMISSIONS;
    if mode & OTHERS == 0 { Ok(()) } else { Err(StateError::Mode { path: path.to_owned(), mode }) }
}

/// Makes a state file for its owner alone, unless another process is faster.
///
/// It gets its name when it is whole: whoever looks meanwhile sees none, and a full disk leaves none that is half
/// begun.
fn make(path: &Path, begin: impl FnOnce(&Path) -> Begun) -> Result<Metadata, StateError> {
    let folder = folder_of(path);
    let aside = tempfile::Builder::new().prefix(".state-").make_in(folder, empty_file);
    let aside = aside.map_err(|error| reach("create", path, error))?.into_temp_path();
    let outcome = begin(&aside);
    sidecars(&aside).for_each(|sidecar| drop(fs::remove_file(sidecar)));
    outcome?;
    match aside.persist_noclobber(path) {
        // After a power cut the file has to be where its entries are said to be.
        Ok(()) => fs::File::open(folder)
            .and_then(|open| open.sync_all())
            .map_err(|error| reach("sync", folder, error))?,
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(reach("create", path, error.error)),
    }
    look(path)?.ok_or_else(|| reach("find", path, io::ErrorKind::NotFound.into()))
}

/// Like `O_CREAT|O_EXCL|O_NOFOLLOW`, but without a descriptor to close.
fn empty_file(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::mknodat(CWD, path, FileType::RegularFile, Mode::from_raw_mode(OWNER_ONLY), 0)?)
}

fn make_folder(folder: &Path) -> Result<(), StateError> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !folder.is_dir() => {
            Err(reach("create the folder", folder, error))
        }
        _ => Ok(()),
    }
}

fn look(path: &Path) -> Result<Option<Metadata>, StateError> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(reach("look at", path, error)),
    }
}

/// The same file, in a folder whose path has no links: SQLite is told to follow none.
fn resolved(path: &Path) -> Result<PathBuf, StateError> {
    let folder = folder_of(path);
    let name = path.file_name().ok_or(StateError::NotAFile { path: path.to_owned(), kind: "a folder" })?;
    Ok(folder.canonicalize().map_err(|error| reach("look at", folder, error))?.join(name))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sidecars(path: &Path) -> impl Iterator<Item = PathBuf> {
    SIDECARS.into_iter().map(|suffix| with_suffix(path, suffix))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn may_write(path: &Path) -> bool {
    rustix::fs::access(path, Permission::WRITE_OK).is_ok()
}

fn reach(what: &'static str, path: &Path, source: io::Error) -> StateError {
    StateError::Reach { what, path: path.to_owned(), source }
}
