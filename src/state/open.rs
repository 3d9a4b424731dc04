//! Opens the state file, and refuses what cannot be trusted before anything is touched.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{State, StateError, holder, schema};
use crate::model::Event;
use crate::world::clock::Clock;

/// What the file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read and change; made when it is missing.
    ReadWrite,
    /// To read; nothing on disk changes.
    ReadOnly,
}

/// How long another writer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first bytes of an SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

impl State {
    /// Opens the state file at `path`.
    ///
    /// # Errors
    /// [`StateError`]: `Missing` when it is to be read and is not there; `Refused` for a symbolic link, something
    /// that is no file, a foreign owner, or a mode that lets others in; `Newer` for a later mainstay's file.
    pub fn open(path: &Path, access: Access, clock: Clock) -> Result<Self, StateError> {
        let opening = |source| StateError::Open { path: path.to_owned(), source };
        let is_new = match path.symlink_metadata() {
            Ok(meta) => {
                trust(path, &meta)?;
                meta.len() == 0
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(opening(error)),
            Err(_) if access == Access::ReadOnly => return Err(StateError::Missing(path.to_owned())),
            Err(_) => {
                create(path).map_err(opening)?;
                true
            }
        };
        if is_new && access == Access::ReadOnly {
            return Err(StateError::Missing(path.to_owned()));
        }
        let conn = connect(path, access)?;
        let mut state = Self { conn, clock, who: holder::user(), host: holder::host() };
        state.settle_schema(path, access)?;
        Ok(state)
    }

    fn settle_schema(&mut self, path: &Path, access: Access) -> Result<(), StateError> {
        let (found, known) = (schema::found(&self.conn)?, schema::known());
        if known < found {
            return Err(StateError::Newer { path: path.to_owned(), found, known });
        }
        if access == Access::ReadOnly {
            return if found == 0 { Err(StateError::Missing(path.to_owned())) } else { Ok(()) };
        }
        // Only now may statements write: a newer file has been refused untouched.
        self.conn.pragma_update(None, "journal_mode", "WAL")?;
        self.conn.pragma_update(None, "synchronous", "FULL")?;
        if found < known {
            schema::migrate(&mut self.conn)?;
        }
        if self.origin()?.is_none() {
            self.record(&Event::StateCreated {
                origin: random_hex().map_err(|source| StateError::Open { path: path.to_owned(), source })?,
            })?;
        }
        Ok(())
    }
}

fn connect(path: &Path, access: Access) -> Result<Connection, StateError> {
    let common = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    // SQLite resolves links in the folder's path itself, which NOFOLLOW would refuse.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = folder.canonicalize().map_err(|source| StateError::Open { path: path.to_owned(), source })?;
    let real = real.join(path.file_name().unwrap_or_default());
    let conn = match access {
        Access::ReadWrite => Connection::open_with_flags(&real, common | OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        Access::ReadOnly => connect_to_read(&real, common)?,
    };
    conn.busy_timeout(PATIENCE)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    Ok(conn)
}

/// Without a writer's sidecars, a reader who may not make them reads the file as immutable: nobody writes then.
fn connect_to_read(path: &Path, common: OpenFlags) -> Result<Connection, StateError> {
    let has_sidecar = path.with_file_name(sidecar_name(path, "-wal")).exists();
    if has_sidecar {
        // A reader of a WAL file needs the shared memory, so it opens as a writer that writes nothing.
        let flags = common | OpenFlags::SQLITE_OPEN_READ_WRITE;
        if let Ok(conn) = Connection::open_with_flags(path, flags)
            && conn.pragma_update(None, "query_only", true).is_ok()
        {
            return Ok(conn);
        }
        return Ok(Connection::open_with_flags(path, common | OpenFlags::SQLITE_OPEN_READ_ONLY)?);
    }
    let encoded = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = common | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(format!("file:{encoded}?immutable=1"), flags)?)
}

fn sidecar_name(path: &Path, suffix: &str) -> std::ffi::OsString {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    name
}

/// SQLite gives its sidecars the mode of the file, so the file's own mode decides.
fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match File::options().write(true).create_new(true).mode(0o600).open(path) {
        // Somebody else made it at the same moment: theirs is as good.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(|_| ()),
    }
}

fn trust(path: &Path, meta: &Metadata) -> Result<(), StateError> {
    let refused = |reason: String, help: &str| {
        Err(StateError::Refused { path: path.to_owned(), reason, help: help.to_owned() })
    };
    if meta.is_symlink() {
        return refused("it is a symbolic link".to_owned(), "name the file that it leads to");
    }
    if !meta.is_file() {
        return refused("it is not a regular file".to_owned(), "name a file with --state");
    }
    let me = rustix::process::geteuid().as_raw();
    if meta.uid() != me {
        let reason = format!("it belongs to user {}, and mainstay runs as user {me}", meta.uid());
        return refused(reason, "run mainstay as the file's owner");
    }
    if meta.mode() & 0o077 != 0 {
        let reason = format!("others may use it (mode {:04o})", meta.mode() & 0o7777);
        return refused(reason, &format!("chmod 600 {}", path.display()));
    }
    if meta.len() > 0
        && !starts_with_magic(path).map_err(|source| StateError::Open { path: path.to_owned(), source })?
    {
        return refused("it is not an SQLite file".to_owned(), "name another file with --state");
    }
    Ok(())
}

fn starts_with_magic(path: &Path) -> io::Result<bool> {
    let mut start = [0; MAGIC.len()];
    match io::Read::read_exact(&mut fs::File::open(path)?, &mut start) {
        Ok(()) => Ok(&start == MAGIC),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// 32 hexadecimal digits from the kernel.
fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    io::Read::read_exact(&mut File::open("/dev/urandom")?, &mut bytes)?;
    Ok(crate::ledger::chain::hex(&bytes))
}
