//! Whose key signs an approval, and under which name.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::model::APPROVAL_NAMESPACE;
use crate::security::signers::{Signer, signers};
use crate::world::ssh::{self, PublicKey, SigningKey, SshError};

/// Who signs, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signatory {
    /// The key.
    pub key: SigningKey,
    /// Its public half.
    pub public: PublicKey,
    /// The principal.
    pub who: String,
}

/// What is known about the one who signs.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The key file that was named.
    pub key: Option<&'a Path>,
    /// The principal that was named.
    pub identity: Option<&'a str>,
    /// The content of the signers file.
    pub signers: &'a str,
    /// The people of the roles that are asked.
    pub members: &'a [String],
    /// The names of these roles, for people.
    pub roles: &'a str,
}

/// Nobody can sign.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The key that was named is none.
    #[error("cannot read the key `{}`", path.display())]
    NoFile {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The key that was named does not say which one it is.
    #[error("cannot use the key `{}`", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: SshError,
    },
    /// There is none.
    #[error("there is no SSH key in ~/.ssh, and no agent holds one")]
    NoKey,
    /// There are some, and the signers file knows none of them.
    #[error("the signers file knows none of your keys: {}", looked.join(", "))]
    UnknownKey {
        /// The keys that there are.
        looked: Vec<String>,
    },
    /// The signers file gives the key to others.
    #[error("by the signers file, the key {fingerprint} is not one of `{who}`")]
    OtherKey {
        /// The key.
        fingerprint: String,
        /// Who was to sign.
        who: String,
    },
    /// Its line does not hold now, or not for approvals.
    #[error("the key {fingerprint} cannot sign approvals: by the signers file, it {why}")]
    Unfit {
        /// The key.
        fingerprint: String,
        /// Why not.
        why: String,
    },
    /// Its owner may not approve this.
    #[error("`{who}` may not approve this: it takes the role {roles}")]
    NoRole {
        /// Whose key it is.
        who: String,
        /// The roles that may.
        roles: String,
    },
    /// Several people hold the key.
    #[error("the signers file gives the key {fingerprint} to {}", names.join(", "))]
    Ambiguous {
        /// The key.
        fingerprint: String,
        /// The people of the roles who hold it.
        names: Vec<String>,
    },
    /// The agent cannot be asked.
    #[error("cannot ask the agent for its keys")]
    Agent(#[source] SshError),
}

impl SigningError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoKey => "name one with --key or MAINSTAY_KEY, or make one: `ssh-keygen -t ed25519`".to_owned(),
            Self::Key { source: SshError::Refused { .. }, path } => {
                let p = path.display();
                format!("put its public key beside it: `ssh-keygen -y -f {p} > {p}.pub`")
            }
            Self::UnknownKey { .. } => {
                "add a line `NAME KEY` to it, see ALLOWED SIGNERS in ssh-keygen(1), or name another key with --key"
                    .to_owned()
            }
            Self::Ambiguous { .. } => "say who you are with --identity NAME".to_owned(),
            Self::NoFile { .. }
            | Self::Key { .. }
            | Self::OtherKey { .. }
            | Self::Unfit { .. }
            | Self::NoRole { .. }
            | Self::Agent(_) => return None,
        })
    }
}

/// The usual names of keys, the better kinds first.
const USUAL: [&str; 5] = ["id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"];

/// Finds the key that signs, and its principal: the key that was named, else the first of `~/.ssh` that the signers
/// file knows, else the first of the agent's.
///
/// # Errors
/// [`SigningError`].
pub fn signatory(wanted: &Wanted, now: DateTime<Utc>) -> Result<Signatory, SigningError> {
    let lines = signers(wanted.signers);
    let is_known = |public: &PublicKey| lines.iter().any(|line| line.key == public.base64);
    if let Some(path) = wanted.key {
        let public = ssh::public_key(path).map_err(|source| match source {
            SshError::Io(source) => SigningError::NoFile { path: path.to_owned(), source },
            source => SigningError::Key { path: path.to_owned(), source },
        })?;
        if !is_known(&public) && wanted.identity.is_none() {
            return Err(SigningError::UnknownKey { looked: vec![label(path, &public)] });
        }
        return of(SigningKey::File(path.to_owned()), public, &lines, wanted, now);
    }
    let mut looked = Vec::new();
    for path in usual() {
        // One that cannot be read may be followed by one that can.
        let Ok(public) = ssh::public_key(&path) else { continue };
        if is_known(&public) {
            return of(SigningKey::File(path), public, &lines, wanted, now);
        }
        looked.push(label(&path, &public));
    }
    for public in ssh::agent_keys().map_err(SigningError::Agent)? {
        if is_known(&public) {
            return of(SigningKey::Agent(public.clone()), public, &lines, wanted, now);
        }
        looked.push(format!("{} of the agent", public.fingerprint()));
    }
    looked.dedup();
    Err(if looked.is_empty() { SigningError::NoKey } else { SigningError::UnknownKey { looked } })
}

fn label(path: &Path, public: &PublicKey) -> String {
    format!("{} ({})", path.display(), public.fingerprint())
}

/// The key files that are there: of each, the private key, or the public one of a key that only the agent holds.
fn usual() -> impl Iterator<Item = PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    home.into_iter().flat_map(|home| {
        USUAL.into_iter().filter_map(move |name| {
            let (private, public) =
                (home.join(".ssh").join(name), home.join(".ssh").join(format!("{name}.pub")));
            [private, public].into_iter().find(|path| path.is_file())
        })
    })
}

fn of(
    key: SigningKey,
    public: PublicKey,
    lines: &[Signer],
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Signatory, SigningError> {
    let own: Vec<_> = lines.iter().filter(|line| line.key == public.base64 && !line.is_authority).collect();
    let fingerprint = public.fingerprint();
    // A certificate stands in no line: whether it is good is found out when it has signed.
    let who = match (wanted.identity, own.is_empty()) {
        (Some(who), true) => who.to_owned(),
        (Some(who), false) if own.iter().any(|line| line.speaks_of(who)) => who.to_owned(),
        (Some(who), false) => return Err(SigningError::OtherKey { fingerprint, who: who.to_owned() }),
        (None, _) => name(&own, &fingerprint, wanted)?,
    };
    if !wanted.members.contains(&who) {
        return Err(SigningError::NoRole { who, roles: wanted.roles.to_owned() });
    }
    let of_name: Vec<_> = own.iter().filter(|line| line.speaks_of(&who)).collect();
    let unfit =
        |why: &str| Err(SigningError::Unfit { fingerprint: fingerprint.clone(), why: why.to_owned() });
    if !of_name.is_empty() && !of_name.iter().any(|line| line.is_for(APPROVAL_NAMESPACE)) {
        return unfit("is for other namespaces than `mainstay-approval`");
    }
    if !of_name.is_empty() && !of_name.iter().any(|line| line.is_valid(now)) {
        return unfit("is not valid at this time");
    }
    Ok(Signatory { key, public, who })
}

/// The one of the people who are asked whose key it is: names that are spelled out go before patterns.
fn name(own: &[&Signer], fingerprint: &str, wanted: &Wanted) -> Result<String, SigningError> {
    let spelled: Vec<_> = own.iter().flat_map(|line| line.names()).collect();
    let is_spelled = |member: &&String| spelled.contains(&member.as_str());
    let fits = |member: &&String| own.iter().any(|line| line.speaks_of(member));
    let mut names: Vec<_> = wanted.members.iter().filter(is_spelled).filter(fits).cloned().collect();
    if names.is_empty() {
        names = wanted.members.iter().filter(fits).cloned().collect();
    }
    names.dedup();
    match names.len() {
        1 => Ok(names.remove(0)),
        0 => {
            let who = spelled.first().map_or_else(|| fingerprint.to_owned(), |name| (*name).to_owned());
            Err(SigningError::NoRole { who, roles: wanted.roles.to_owned() })
        }
        _ => Err(SigningError::Ambiguous { fingerprint: fingerprint.to_owned(), names }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_one_that_the_signers_file_gives_to_the_key() {
        let members = ["ops@x", "sec@x"].map(str::to_owned);
        let check = |lines: &str, expected: Result<&str, &str>| {
            let wanted =
                Wanted { key: None, identity: None, signers: lines, members: &members, roles: "`approvers`" };
            let lines = signers(lines);
            let found = name(&lines.iter().collect::<Vec<_>>(), "SHA256:x", &wanted);
            let found = found.map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{lines:?}");
        };
        check("ops@x ssh-ed25519 AAAA", Ok("ops@x"));
        check("*@x,!sec@x ssh-ed25519 AAAA", Ok("ops@x"));
        check("ops@x,*@x ssh-ed25519 AAAA", Ok("ops@x"));
        check("*@x ssh-ed25519 AAAA", Err("the signers file gives the key SHA256:x to ops@x, sec@x"));
        check("eve@x ssh-ed25519 AAAA", Err("`eve@x` may not approve this: it takes the role `approvers`"));
        check("*@y ssh-ed25519 AAAA", Err("`SHA256:x` may not approve this: it takes the role `approvers`"));
    }
}
