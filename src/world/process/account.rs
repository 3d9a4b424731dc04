//! The user that a step runs as.
//!
//! Accounts come from the system's databases, through `getent` and `id`, so that directories such as LDAP count as well
//! as `/etc/passwd`. The change itself is made by `setpriv` of util-linux right before the program is loaded: what std
//! offers would drop the supplementary groups, and would turn the spawn into a fork.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::geteuid;

use super::spawn::program;
use super::{Job, SpawnError, carry_out};
use crate::world::cancel::Cancel;
use crate::world::output::Capture;

/// A user as the system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Its primary group.
    pub gid: u32,
    /// All its groups, the primary one among them.
    pub groups: Vec<u32>,
    /// Its home.
    pub home: String,
}

/// Why nothing can run as a user.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no such user.
    #[error("this machine knows no user `{0}`")]
    Unknown(String),
    /// Only root may become somebody else.
    #[error(
        "only root can run a step as `{wanted}`; mainstay runs as `{}`",
        super::super::process_identity::user()
    )]
    NotAllowed {
        /// The user that was asked for.
        wanted: String,
    },
    /// The program that does it is not there.
    #[error("running a step as another user needs `setpriv`, which util-linux brings")]
    NoSetpriv(#[source] SpawnError),
    /// The system's databases could not be asked.
    #[error("cannot find out about the user `{name}`")]
    CannotAsk {
        /// The user.
        name: String,
        /// Why not.
        source: SpawnError,
    },
    /// They gave no answer that can be read.
    #[error("the system's answer about the user `{name}` makes no sense: {answer}")]
    NoSense {
        /// The user.
        name: String,
        /// What came.
        answer: String,
    },
}

/// What one question to the databases may take: a directory may be on the network.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The account called `name`, if mainstay may run something as it.
///
/// # Errors
/// [`AccountError`].
pub fn look_up(name: &str) -> Result<Account, AccountError> {
    // A name is never an option, and never more than one field of a database.
    if name.is_empty() || name.starts_with('-') || name.contains([':', '\n', '\0']) {
        return Err(AccountError::Unknown(name.to_owned()));
    }
    let line = match ask(&["getent", "passwd", name]) {
        Ok(answer) => answer,
        // Without getent there is no directory either.
        Err(SpawnError::NotFound { .. }) => {
            line_of(&fs::read_to_string("/etc/passwd").unwrap_or_default(), name)
        }
        Err(source) => return Err(AccountError::CannotAsk { name: name.to_owned(), source }),
    };
    let line = line.ok_or_else(|| AccountError::Unknown(name.to_owned()))?;
    let no_sense = |answer: &str| AccountError::NoSense { name: name.to_owned(), answer: answer.to_owned() };
    let mut account = account_of(&line).ok_or_else(|| no_sense(&line))?;
    if account.uid == geteuid().as_raw() {
        return Ok(account);
    }
    may_become(name)?;
    let groups = ask(&["id", "-G", &account.name])
        .map_err(|source| AccountError::CannotAsk { name: name.to_owned(), source })?
        .unwrap_or_default();
    account.groups = groups_of(&groups).ok_or_else(|| no_sense(&groups))?;
    Ok(account)
}

/// Whether mainstay may become another user: the right may be missing to root as well, in a container.
fn may_become(name: &str) -> Result<(), AccountError> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !has_rights(&status) {
        return Err(AccountError::NotAllowed { wanted: name.to_owned() });
    }
    program("setpriv", Path::new("/")).map(|_| ()).map_err(AccountError::NoSetpriv)
}

/// Source: capabilities(7): CAP_SETGID is 6, CAP_SETUID is 7.
fn has_rights(status: &str) -> bool {
    const NEEDED: u64 = 1 << 6 | 1 << 7;
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let rights = effective.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()).unwrap_or(0);
    rights & NEEDED == NEEDED
}

/// The answer of one of the databases; `None` when it has none.
fn ask(argv: &[&str]) -> Result<Option<String>, SpawnError> {
    let argv: Vec<_> = argv.iter().map(|word| (*word).to_owned()).collect();
    let job = Job::new(&argv, Path::new("/"), "account".to_owned(), TIMEOUT);
    let refused = |source| SpawnError::Refused { program: argv[0].clone(), source };
    let mut capture = Capture::default();
    let finished = carry_out(&job, &mut capture, &Cancel::new().map_err(refused)?)?;
    let output = capture.finish().map(|output| output.head.trim_end().to_owned());
    Ok(output.filter(|_| finished.status.success()))
}

fn line_of(accounts: &str, name: &str) -> Option<String> {
    accounts.lines().find(|line| line.split(':').next() == Some(name)).map(str::to_owned)
}

/// Source: passwd(5).
fn account_of(line: &str) -> Option<Account> {
    let fields: Vec<&str> = line.lines().next()?.split(':').collect();
    let &[name, _, uid, gid, _, home, ..] = fields.as_slice() else { return None };
    let gid = gid.parse().ok()?;
    let home = if home.is_empty() { "/" } else { home }.to_owned();
    Some(Account { name: name.to_owned(), uid: uid.parse().ok()?, gid, groups: vec![gid], home })
}

fn groups_of(answer: &str) -> Option<Vec<u32>> {
    let groups: Option<Vec<u32>> = answer.split_ascii_whitespace().map(|one| one.parse().ok()).collect();
    groups.filter(|groups| !groups.is_empty())
}

impl Account {
    /// The words before a program that make it run as this user; none when mainstay is this user.
    pub(super) fn prefix(&self) -> Vec<String> {
        if self.uid == geteuid().as_raw() {
            return Vec::new();
        }
        let groups: Vec<_> = self.groups.iter().map(u32::to_string).collect();
        let words = [
            "setpriv".to_owned(),
            format!("--reuid={}", self.uid),
            format!("--regid={}", self.gid),
            format!("--groups={}", groups.join(",")),
            "--".to_owned(),
        ];
        words.into()
    }

    /// Makes the environment this user's: what belongs to the caller's session does not go along.
    pub(super) fn move_into(&self, variables: &mut BTreeMap<String, String>) {
        for of_the_caller in ["SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "TMPDIR"] {
            variables.remove(of_the_caller);
        }
        variables.insert("HOME".to_owned(), self.home.clone());
        variables.insert("USER".to_owned(), self.name.clone());
        variables.insert("LOGNAME".to_owned(), self.name.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_a_line_of_the_database() {
        let account =
            account_of("prometheus:x:102:105:Prometheus,,,:/var/lib/prometheus:/usr/sbin/nologin").unwrap();
        assert_eq!((account.uid, account.gid, account.home.as_str()), (102, 105, "/var/lib/prometheus"));
        assert_eq!(account_of("nobody:x:65534:65534:::").unwrap().home, "/");
        for line in ["", "nobody", "nobody:x:many:65534:::", "nobody:x:-1:65534:::"] {
            assert_eq!(account_of(line), None, "{line}");
        }
        assert_eq!(groups_of("105 4 27\n"), Some(vec![105, 4, 27]));
        assert_eq!((groups_of(""), groups_of("105 adm")), (None, None));
    }

    #[test]
    fn becoming_somebody_takes_both_rights() {
        assert!(has_rights("Name:\tx\nCapEff:\t000001ffffffffff\n"));
        assert!(has_rights("CapEff:\t00000000000000c0\n"));
        for status in ["CapEff:\t0000000000000080\n", "CapEff:\t0000000000000000\n", "CapEff:\tx\n", ""] {
            assert!(!has_rights(status), "{status:?}");
        }
    }

    #[test]
    fn a_user_that_is_not_there_is_unknown_and_a_name_is_never_an_option() {
        for name in ["no-such-user-at-all", "", "-G", "root:x", "a\nb"] {
            assert!(matches!(look_up(name), Err(AccountError::Unknown(_))), "{name}");
        }
    }

    #[test]
    fn the_own_account_needs_no_right() {
        let own = look_up("root").ok().filter(|_| geteuid().is_root());
        assert!(own.is_none_or(|account| account.prefix().is_empty() && account.uid == 0));
    }
}
