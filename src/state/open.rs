//! Opening the state file.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::error::{BUSY_TIMEOUT, Fault, of_sqlite};
use super::group::Group;
use super::record::Tip;
use super::{StateError, place, schema};
use crate::world::clock::Clock;
use crate::world::life_sign::SignOfLife;
use crate::world::output::redactor::Redactor;
use crate::world::process_identity;

/// What the state file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To record; makes the file when there is none.
    ReadWrite,
    /// To look; changes nothing, and there has to be a file.
    ReadOnly,
    /// The same, and unless somebody has it open not even SQLite makes a file beside it while it looks.
    Untouched,
}

/// The state file. May be shared between threads; what several of them write at once is one transaction.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    exposed: Option<StateError>,
    pub(super) clock: Clock,
    pub(super) who: String,
    pub(super) host: String,
    pub(super) group: Group,
    /// The end of the ledger as it was written here last, and the version of the file then.
    pub(super) tip: Mutex<Option<(i64, Tip)>>,
    connection: Mutex<Connection>,
    pub(super) redactor: OnceLock<Redactor>,
    pub(super) sign_of_life: Mutex<Option<SignOfLife>>,
}

impl State {
    /// Opens the state file at `path`.
    ///
    /// # Errors
    /// [`StateError::Missing`] when it is only to be read and there is none. What looks as if somebody else
    /// had put it there, or could change it, is refused before anything is touched, and so is the file of a
    /// newer mainstay.
    pub fn open(path: &Path, access: Access, clock: Clock) -> Result<Self, StateError> {
        let (path, exposed) = match access {
            Access::ReadWrite => (place::to_write(path, |aside| begin(aside, path))?, None),
            Access::ReadOnly | Access::Untouched => place::to_read(path)?,
        };
        let connection = match access {
            Access::ReadWrite => connect_to_write(&path)?,
            // Who has it open keeps files of SQLite beside it; without them nobody changes it now.
            Access::Untouched if !place::has_sidecar(&path) => {
                connect_immutable(&path).and_then(|open| known_schema(open, &path))?
            }
            Access::ReadOnly | Access::Untouched => connect_to_read(&path)?,
        };
        let state = Self {
            path,
            exposed,
            clock,
            who: process_identity::user(),
            host: process_identity::host(),
            group: Group::default(),
            tip: Mutex::default(),
            connection: Mutex::new(connection),
            redactor: OnceLock::new(),
            sign_of_life: Mutex::default(),
        };
        if access == Access::ReadWrite {
            state.begin_ledger()?;
        }
        Ok(state)
    }

    /// Whether the state file at `path` could be opened to record, or made. Makes nothing.
    ///
    /// # Errors
    /// [`StateError`], as opening it would end; what is wrong with its content is not looked at.
    pub fn may_be_written(path: &Path) -> Result<(), StateError> {
        place::may_be_written(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Permissions that are wider than they should be; only a file that is just read is opened all the same.
    pub fn exposed(&self) -> Option<&StateError> {
        self.exposed.as_ref()
    }

    /// Asks something. All that `ask` sees is of one moment when it is one statement.
    pub(super) fn read<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StateError> {
        ask(&self.connection()).map_err(|fault| fault.of(&self.path))
    }

    /// The connection, for this thread alone. One that panicked has rolled back what it wrote.
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the file `aside`, which is to become the state file `path`, its schema.
fn begin(aside: &Path, path: &Path) -> Result<(), StateError> {
    match connect_to_write(aside) {
        Ok(connection) => connection.close().map_err(|(_, error)| of_sqlite(error, path)),
        Err(StateError::Full { .. }) => Err(StateError::Full { path: path.to_owned() }),
        Err(error) => Err(error),
    }
}

fn connect_to_write(path: &Path) -> Result<Connection, StateError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let fail = |error| of_sqlite(error, path);
    match check_schema(&connection, path)? {
        Schema::Newer(found) => return Err(newer(path, found)),
        Schema::Latest | Schema::Older(_) => {}
    }
    let deadline = Instant::now() + BUSY_TIMEOUT;
    // Changing the mode of a new file does not wait for others who do the same.
    while let Err(error) = connection.pragma_update(None, "journal_mode", "wal") {
        let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        if !busy || deadline < Instant::now() {
            return Err(fail(error));
        }
        thread::sleep(Duration::from_millis(10));
    }
    connection.pragma_update(None, "synchronous", "full").map_err(fail)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(fail)?;
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    if let Err(error) = schema::migrate(&mut connection) {
        // Of two processes that saw an old file the second finds the steps taken.
        match check_schema(&connection, path)? {
            Schema::Latest => {}
            Schema::Newer(found) => return Err(newer(path, found)),
            Schema::Older(_) => return Err(of_migration(error, path)),
        }
    }
    Ok(connection)
}

/// With write access SQLite takes its files away when it is done; without, it must not make any.
fn connect_to_read(path: &Path) -> Result<Connection, StateError> {
    let unmerged = |error| match error {
        // SQLite found a log and no way to read it.
        StateError::Sql { .. } | StateError::ReadOnly { .. } if place::has_log(path) => {
            StateError::Unmerged { path: path.to_owned() }
        }
        other => other,
    };
    let connection = match connect_beside_writers(path).and_then(|open| known_schema(open, path)) {
        // No room even for an index of the log, and no log to read.
        Err(StateError::Full { .. }) if !place::has_log(path) => {
            connect_immutable(path).and_then(|open| known_schema(open, path))
        }
        other => other,
    };
    let connection = connection.map_err(unmerged)?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map_err(|error| of_sqlite(error, path))?;
    Ok(connection)
}

fn connect_beside_writers(path: &Path) -> Result<Connection, StateError> {
    if place::is_writable(path) {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "query_only", true).map_err(|error| of_sqlite(error, path))?;
        Ok(connection)
    } else if place::has_log(path) {
        connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    } else {
        connect_immutable(path)
    }
}

fn known_schema(connection: Connection, path: &Path) -> Result<Connection, StateError> {
    match check_schema(&connection, path)? {
        Schema::Latest => Ok(connection),
        Schema::Newer(found) => Err(newer(path, found)),
        Schema::Older(found) => {
            Err(StateError::Older { path: path.to_owned(), found, known: schema::LATEST })
        }
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StateError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| of_sqlite(error, path))?;
    hardened(connection, path)
}

/// Opens a file that we cannot lock, as if it did not change. Nobody who could change it is at work: there
/// would be a log.
pub(super) fn connect_immutable(path: &Path) -> Result<Connection, StateError> {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt;
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => _ = write!(uri, "%{byte:02x}"),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri, flags).map_err(|error| of_sqlite(error, path))?;
    hardened(connection, path)
}

fn hardened(connection: Connection, path: &Path) -> Result<Connection, StateError> {
    use DbConfig as C;
    let set = |(config, on)| connection.set_db_config(config, on).map(|_| ());
    let hardening = [
        (C::SQLITE_DBCONFIG_DEFENSIVE, true),
        (C::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (C::SQLITE_DBCONFIG_DQS_DDL, false),
        (C::SQLITE_DBCONFIG_DQS_DML, false),
        (C::SQLITE_DBCONFIG_ENABLE_FKEY, true),
        // Until we know that the file is ours and of a schema that we know, not even closing it may write.
        (C::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ];
    hardening
        .into_iter()
        .try_for_each(set)
        .and_then(|()| connection.busy_handler(Some(wait_for_others)))
        .map_err(|error| of_sqlite(error, path))?;
    connection.set_prepared_statement_cache_capacity(N_STATEMENTS);
    Ok(connection)
}

/// More than all statements that recording needs.
const N_STATEMENTS: usize = 64;

/// Waits a moment for whoever holds the lock, [`BUSY_TIMEOUT`] in all.
///
/// The handler of SQLite looks ten times a second in the end. Who records without a pause leaves the lock free for
/// microseconds, and would be met at such a moment by chance alone; this one looks a thousand times a second.
fn wait_for_others(n_times_before: i32) -> bool {
    thread_local!(static SINCE: Cell<Option<Instant>> = const { Cell::new(None) });
    let now = Instant::now();
    let since = SINCE.get().filter(|_| 0 < n_times_before).unwrap_or(now);
    SINCE.set(Some(since));
    thread::sleep(Duration::from_millis(1));
    now < since + BUSY_TIMEOUT
}

enum Schema {
    Older(i32),
    Latest,
    Newer(i32),
}

/// Reads whose file it is and of which schema.
fn check_schema(connection: &Connection, path: &Path) -> Result<Schema, StateError> {
    // In one statement, for another process may be taking the steps right now.
    let (found, owner, things): (i32, i32, i64) = connection
        .query_row(
            "SELECT (SELECT user_version FROM pragma_user_version),
                    (SELECT application_id FROM pragma_application_id),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(|error| of_sqlite(error, path))?;
    let fresh = found == 0 && owner == 0 && things == 0;
    if owner != schema::APPLICATION_ID && !fresh {
        return Err(StateError::NotAState { path: path.to_owned() });
    }
    Ok(match found {
        found if found > schema::LATEST => Schema::Newer(found),
        found if found < schema::LATEST => Schema::Older(found),
        _ => Schema::Latest,
    })
}

fn newer(path: &Path, found: i32) -> StateError {
    StateError::Newer { path: path.to_owned(), found, known: schema::LATEST }
}

fn of_migration(error: rusqlite_migration::Error, path: &Path) -> StateError {
    match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => of_sqlite(err, path),
        other => StateError::Unreadable { path: path.to_owned(), what: "a schema", source: Box::new(other) },
    }
}
