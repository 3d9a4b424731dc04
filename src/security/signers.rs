//! The signers file: whose key is whose, for what, and until when.
//!
//! This reads the file to explain and to choose; whether a signature is good is decided by `ssh-keygen` alone.
//!
//! Source: ssh-keygen(1), ALLOWED SIGNERS.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// One line of a signers file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer<'a> {
    /// Patterns of names, separated by commas.
    pub principals: &'a str,
    /// The key in base64.
    pub key: &'a str,
    /// Whether it is the key of an authority, whose certificates have keys of which nothing is known here.
    pub is_authority: bool,
    /// Patterns of what it may sign for; `None`: everything.
    namespaces: Option<&'a str>,
    valid_after: Option<DateTime<Utc>>,
    valid_before: Option<DateTime<Utc>>,
}

/// The first words of a public key.
const KEY_TYPES: [&str; 4] = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-sha2-"];

/// The lines of a signers file that are understood.
pub fn signers(text: &str) -> Vec<Signer<'_>> {
    text.lines().filter_map(Signer::read).collect()
}

impl<'a> Signer<'a> {
    /// Reads a line; comments and what is not understood are no signers.
    pub fn read(line: &'a str) -> Option<Self> {
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
            namespaces: None,
            valid_after: None,
            valid_before: None,
        };
        for option in split(options, ',') {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let value = value.trim_matches('"');
            match name.to_ascii_lowercase().as_str() {
                "cert-authority" => signer.is_authority = true,
                "namespaces" => signer.namespaces = Some(value),
                "valid-after" => signer.valid_after = instant(value).map(|(earliest, _)| earliest),
                "valid-before" => signer.valid_before = instant(value).map(|(_, latest)| latest),
                _ => {}
            }
        }
        Some(signer)
    }

    /// Whether the line is about a name: a pattern fits, and none that is negated.
    pub fn speaks_of(&self, name: &str) -> bool {
        is_listed(self.principals, name)
    }

    /// Whether the key may sign for a namespace.
    pub fn is_for(&self, namespace: &str) -> bool {
        self.namespaces.is_none_or(|patterns| is_listed(patterns, namespace))
    }

    /// The names that the line spells out: patterns are left out.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.principals.split(',').filter(|name| !name.contains(['*', '?', '!']))
    }

    /// Whether the key is valid at a time. A time without a zone is given the benefit of the doubt: `ssh-keygen`
    /// knows the zone of the machine that checks.
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.valid_after.is_none_or(|after| after <= now)
            && self.valid_before.is_none_or(|before| now < before)
    }
}

/// Whether one of several patterns fits, and none that is negated.
fn is_listed(patterns: &str, name: &str) -> bool {
    let mut fits = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(pattern) if matches(pattern, name) => return false,
            Some(_) => {}
            None => fits |= matches(pattern, name),
        }
    }
    fits
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
            namespaces: None,
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
            (
                "*@x namespaces=\"a b,c\" ssh-rsa CCCC",
                Some(Signer { namespaces: Some("a b,c"), ..signer("*@x", "CCCC") }),
            ),
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
            let signer = Signer { principals, ..Signer::read("x ssh-rsa A").expect("a line") };
            assert_eq!(signer.speaks_of(name), fits, "{principals} {name}");
        }
    }

    #[test]
    fn a_key_signs_for_the_namespaces_that_its_line_names() {
        let cases = [("", true), ("namespaces=\"git,mainstay-*\"", true), ("namespaces=\"git\"", false)];
        for (options, fits) in cases {
            let line = format!("a {options} ssh-ed25519 AAAA");
            assert_eq!(Signer::read(&line).expect("a line").is_for("mainstay-approval"), fits, "{line}");
        }
    }
}
