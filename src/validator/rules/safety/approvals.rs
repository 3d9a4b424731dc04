//! Who can approve: the roles of `access:`, and the signers file that says whose key is whose.
//!
//! Source: ssh-keygen(1), ALLOWED SIGNERS.

use std::cell::OnceCell;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use crate::model::Approval;
use crate::validator::facts::{Facts, stands};
use crate::validator::surroundings::Found;

/// The people of each role, and what the signers file says about them.
pub(super) struct Approvals<'a> {
    roles: HashMap<&'a str, Role<'a>>,
    /// The roles that are written, those included that could not be read.
    written: Vec<&'a str>,
    /// Whether a signers file is named.
    pub(super) has_signers_key: bool,
    /// The lines of the signers file, where it was found.
    signers: Option<Vec<Signer<'a>>>,
}

/// The people of a role, and what the signers file says about them once somebody has asked.
struct Role<'a> {
    members: &'a [String],
    signatories: OnceCell<Vec<Signatory<'a>>>,
}

/// A member of a role.
pub(super) struct Signatory<'a> {
    /// The name in the role, which is the principal of the signers file.
    pub(super) name: &'a str,
    pub(super) signing: Signing<'a>,
}

/// Whether a member can sign.
pub(super) enum Signing<'a> {
    /// Yes, with these keys.
    Can(Vec<&'a str>),
    /// No line of the signers file speaks of them.
    Absent,
    /// No line that speaks of them is valid now.
    Expired,
}

/// Calls `look` with each task that waits for an approval, where what it says stands in the file.
pub(super) fn each_approval<'a>(facts: &Facts<'a>, mut look: impl FnMut(&'a str, &'a Approval)) {
    for (name, task) in facts.plan.tasks.iter() {
        let Some(approval) = &task.approval else { continue };
        if stands(&approval.required) && stands(&approval.from) && approval.required.value > 0 {
            look(&name.value, &approval.value);
        }
    }
}

impl<'a> Approvals<'a> {
    pub(super) fn new(facts: &Facts<'a>) -> Self {
        let access = facts.plan.access.as_ref();
        let tree = facts.tree;
        let written = tree.entry(tree.root(), "access").and_then(|(_, access)| tree.entry(access, "roles"));
        let written = written.map_or(&[][..], |(_, roles)| tree.entries(roles));
        let roles = access.into_iter().flat_map(|access| access.roles.iter());
        let signers = access.and_then(|access| access.signers.as_ref());
        let text = signers.and_then(|path| match facts.around.files.get(&path.value)? {
            Found::File { text, .. } => text.as_deref(),
            Found::Missing | Found::NotAFile | Found::Unknown(_) => None,
        });
        // An `access:` that could not be read may name one.
        let is_spoiled =
            facts.section("access").is_some() && access.is_none_or(|access| facts.is_spoiled(access.span));
        Self {
            roles: roles.map(|(name, members)| (name.value.as_str(), Role::new(members))).collect(),
            written: written.iter().map(|(name, _)| tree.text(*name)).collect(),
            has_signers_key: signers.is_some() || is_spoiled,
            signers: text.map(|text| text.lines().filter_map(Signer::read).collect()),
        }
    }

    /// Whether a role is written, also when it could not be read.
    pub(super) fn knows(&self, role: &str) -> bool {
        self.written.contains(&role)
    }

    /// The names of the roles.
    pub(super) fn roles(&self) -> impl Iterator<Item = &'a str> {
        self.written.iter().copied()
    }

    /// The people of a role.
    pub(super) fn members(&self, role: &str) -> Option<&'a [String]> {
        self.roles.get(role).map(|role| role.members)
    }

    /// The people of a role as the signers file knows them; `None` when there is no such file.
    pub(super) fn signatories(&self, facts: &Facts, role: &str) -> Option<&[Signatory<'a>]> {
        let (signers, role) = (self.signers.as_ref()?, self.roles.get(role)?);
        let find = || {
            let members = role.members.iter();
            members.map(|name| Signatory { name, signing: signing(signers, name, facts.now) }).collect()
        };
        Some(role.signatories.get_or_init(find))
    }

    /// The keys that the signers file gives somebody; those of certificates are not known.
    pub(super) fn keys_of(&self, name: &str) -> Vec<&'a str> {
        let signers = self.signers.iter().flatten();
        let of_name = signers.filter(|signer| !signer.is_authority && signer.speaks_of(name));
        of_name.map(|signer| signer.key).collect()
    }
}

impl<'a> Role<'a> {
    fn new(members: &'a [String]) -> Self {
        Self { members, signatories: OnceCell::new() }
    }
}

fn signing<'a>(signers: &[Signer<'a>], name: &'a str, now: DateTime<Utc>) -> Signing<'a> {
    let of_name: Vec<_> = signers.iter().filter(|signer| signer.speaks_of(name)).collect();
    // A certificate has a key of its own, so that the name does for it.
    let key = |signer: &&Signer<'a>| if signer.is_authority { name } else { signer.key };
    let valid = of_name.iter().filter(|signer| signer.is_valid(now));
    let keys: Vec<_> = valid.map(key).collect();
    match (of_name.is_empty(), keys.is_empty()) {
        (true, _) => Signing::Absent,
        (false, true) => Signing::Expired,
        (false, false) => Signing::Can(keys),
    }
}

/// One line of a signers file.
#[derive(Debug, PartialEq)]
struct Signer<'a> {
    /// Patterns of names, separated by commas.
    principals: &'a str,
    /// The key in base64.
    key: &'a str,
    /// Whether it is the key of an authority, whose certificates have keys of which nothing is known here.
    is_authority: bool,
    valid_after: Option<DateTime<Utc>>,
    valid_before: Option<DateTime<Utc>>,
}

/// The first words of a public key.
const KEY_TYPES: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-sha2-"];

impl<'a> Signer<'a> {
    /// Reads a line; comments and what is not understood are no signers.
    fn read(line: &'a str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('#') {
            return None;
        }
        let (principals, rest) = field(line)?;
        let (second, after) = field(rest)?;
        let is_key_type = |text: &str| KEY_TYPES.iter().any(|begin| text.starts_with(begin));
        let (options, key) = if is_key_type(second) {
            ("", field(after)?.0)
        } else {
            let (kind, rest) = field(after)?;
            (second, is_key_type(kind).then(|| field(rest))??.0)
        };
        let mut signer = Self {
            principals: principals.trim_matches('"'),
            key,
            is_authority: false,
            valid_after: None,
            valid_before: None,
        };
        for option in split(options, ',') {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = value.trim_matches('"');
            match name.to_ascii_lowercase().as_str() {
                "cert-authority" => signer.is_authority = true,
                "valid-after" => signer.valid_after = instant(value).map(|(earliest, _)| earliest),
                "valid-before" => signer.valid_before = instant(value).map(|(_, latest)| latest),
                _ => {}
            }
        }
        Some(signer)
    }

    /// Whether the line is about a name: a pattern fits, and none that is negated.
    fn speaks_of(&self, name: &str) -> bool {
        let mut fits = false;
        for pattern in self.principals.split(',') {
            match pattern.strip_prefix('!') {
                Some(pattern) if matches(pattern, name) => return false,
                Some(_) => {}
                None => fits |= matches(pattern, name),
            }
        }
        fits
    }

    fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.valid_after.is_none_or(|after| after <= now)
            && self.valid_before.is_none_or(|before| now < before)
    }
}

/// The first field of a line, quotes included, and the rest.
fn field(line: &str) -> Option<(&str, &str)> {
    let first = split(line.trim_start(), ' ').next().filter(|first| !first.is_empty())?;
    Some((first, &line.trim_start()[first.len()..]))
}

/// The parts of a text between separators (a blank means any blank space) that do not stand in double quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |c: char| {
        is_quoted ^= c == '"';
        !is_quoted && (c == separator || (separator == ' ' && c.is_whitespace()))
    })
}

/// Whether a name fits a pattern with `*` and `?`.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<_>, Vec<_>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at_pattern, mut at_name) = (0, 0);
    // Where to go on when a letter does not fit: the last `*`, which then takes one more.
    let mut star = None;
    while at_name < name.len() {
        match pattern.get(at_pattern) {
            Some('*') => {
                star = Some((at_pattern + 1, at_name));
                at_pattern += 1;
            }
            Some(c) if *c == '?' || *c == name[at_name] => {
                at_pattern += 1;
                at_name += 1;
            }
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    (at_pattern, at_name) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at_pattern..].iter().all(|c| *c == '*')
}

/// The earliest and the latest instant that `YYYYMMDD[HHMM[SS]][Z]` may mean: without the `Z`, the zone is that of
/// the machine that checks the signature.
fn instant(text: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (digits, is_utc) = match text.strip_suffix('Z') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let day = || NaiveDate::parse_from_str(digits, "%Y%m%d").ok()?.and_hms_opt(0, 0, 0);
    let minute = || NaiveDateTime::parse_from_str(&format!("{digits}00"), "%Y%m%d%H%M%S").ok();
    let second = || NaiveDateTime::parse_from_str(digits, "%Y%m%d%H%M%S").ok();
    let local = match digits.len() {
        8 => day(),
        12 => minute(),
        14 => second(),
        _ => None,
    }?;
    let slack = if is_utc { TimeDelta::zero() } else { TimeDelta::hours(14) };
    Some((local.and_utc() - slack, local.and_utc() + slack))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_signers_file_is_read_as_ssh_does() {
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().expect("a time"));
        let signer = |principals, key| Signer {
            principals,
            key,
            is_authority: false,
            valid_after: None,
            valid_before: None,
        };
        let cases = [
            ("", None),
            ("# ops@example.org ssh-ed25519 AAAA", None),
            ("ops@example.org", None),
            ("ops@example.org nonsense AAAA", None),
            ("ops@example.org ssh-ed25519 AAAA ops", Some(signer("ops@example.org", "AAAA"))),
            ("\"a,b\"\tecdsa-sha2-nistp256  BBBB", Some(signer("a,b", "BBBB"))),
            ("*@x namespaces=\"a b,c\" ssh-rsa CCCC", Some(signer("*@x", "CCCC"))),
            ("*@x cert-authority ssh-rsa CCCC", Some(Signer { is_authority: true, ..signer("*@x", "CCCC") })),
            (
                "a valid-after=\"20260101Z\",valid-before=\"202602030405Z\" sk-ssh-ed25519@openssh.com D",
                Some(Signer {
                    valid_after: at("2026-01-01T00:00:00Z"),
                    valid_before: at("2026-02-03T04:05:00Z"),
                    ..signer("a", "D")
                }),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(Signer::read(line), expected, "{line}");
        }
    }

    #[test]
    fn names_fit_patterns_and_none_that_is_negated() {
        let cases = [
            ("ops@example.org", "ops@example.org", true),
            ("ops@example.org", "ops@example.com", false),
            ("*@example.org", "ops@example.org", true),
            ("*@example.org", "ops@example.organic", false),
            ("o?s@*", "ops@x", true),
            ("*,!ops@*", "ops@x", false),
            ("*,!ops@*", "sec@x", true),
            ("!ops@*", "sec@x", false),
            ("a*b*c", "a-b-b-c", true),
        ];
        for (principals, name, fits) in cases {
            let signer =
                Signer { principals, key: "", is_authority: false, valid_after: None, valid_before: None };
            assert_eq!(signer.speaks_of(name), fits, "{principals} {name}");
        }
    }
}
