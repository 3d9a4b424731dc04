//! Secrets that are written into a plan file: found, so that they can be refused, and hidden in all output.
//!
//! 1. What has the form of a well-known token is found wherever it stands, in comments and broken YAML too.
//! 2. What is a secret by its name (a header, a variable, an option) is found where it means that.
//! 3. A reference to a secret (`$NAME`, `{secret: ..}`, a path) is none.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::shell;
use super::work::{place_within, program_name};
use crate::model::{Finding, Span};
use crate::planfile::{Kind, NodeId, Tree};

/// A secret, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Secret {
    /// Its place, or that of the value that it is a part of.
    pub(super) span: Span,
    /// What it is: `an AWS access key`.
    pub(super) what: String,
    /// What must not be shown, piece by piece.
    texts: Vec<String>,
}

/// A form of secrets that is known whatever they stand in.
struct Form {
    what: &'static str,
    /// Texts without one of these hold none; patterns take longer to build than most files to read.
    needles: &'static [&'static str],
    /// Its group, if there is one, is the secret.
    pattern: &'static str,
}

const fn form(what: &'static str, needles: &'static [&'static str], pattern: &'static str) -> Form {
    Form { what, needles, pattern }
}

const PRIVATE_KEY: &str = "a private key";

const FORMS: [Form; 11] = [
    // Its lines, as far as they look like those of a key.
    form(
        PRIVATE_KEY,
        &["PRIVATE KEY"],
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----((?:(?:[ \t\r\n]|\\n)+[A-Za-z-]+: [^\n]*)*(?:(?:[ \t\r\n]|\\n|\\)+[A-Za-z0-9+/=]{5,})*)",
    ),
    form("an AWS access key", &["AKIA", "ASIA"], r"(?-u:\b)(?:AKIA|ASIA)[0-9A-Z]{16}(?-u:\b)"),
    form(
        "a GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"(?-u:\b)(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})",
    ),
    form("a GitLab token", &["glpat-"], r"(?-u:\b)glpat-[A-Za-z0-9_-]{20,}"),
    form("a Slack token", &["xox"], r"(?-u:\b)xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    form("a Slack webhook", &["hooks.slack.com"], r"hooks\.slack\.com/services/([A-Za-z0-9/]{20,})"),
    form("a Google API key", &["AIza"], r"(?-u:\b)AIza[0-9A-Za-z_-]{35}"),
    form("a Stripe key", &["k_live_"], r"(?-u:\b)[sr]k_live_[0-9A-Za-z]{16,}"),
    form("a Grafana token", &["glsa_"], r"(?-u:\b)glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}"),
    form(
        "a JSON web token",
        &["eyJ"],
        r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ),
    form(
        "a secret in a URL",
        &["token=", "key=", "password=", "secret="],
        r#"https?://[^ \t\r\n"'`]*[?&](?:token|access_token|api_?key|password|secret)=([^& \t\r\n"'#`]+)"#,
    ),
];

/// The needles of all forms: most texts have none of them, and are read once to know that.
static NEEDLES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let needles: Vec<_> =
        FORMS.iter().flat_map(|form| form.needles).map(|needle| regex::escape(needle)).collect();
    Regex::new(&needles.join("|")).ok()
});

/// Keys and their values in text of which nobody knows what it means.
const NAMED: &str = r#"(?i)(?:[a-z0-9_-]*(?:passw(?:or)?d|secret|token|api[_-]?key|authorization)[a-z0-9_-]*["']?[ \t]*[:=]|--(?:password|passphrase|secret|token|api-?key),?[ \t])[ \t]*["']?(?:bearer |basic )?([^\s"',}{\]]+)"#;

/// Shell text without one of these, in small letters, holds no secret that its name tells.
const HINTS: [&str; 13] = [
    "pass",
    "token",
    "secret",
    "key",
    "auth",
    "cookie",
    "credential",
    "curl",
    "mysql",
    "maria",
    "redis",
    "ldap",
    "wget",
];

/// All secrets of a text, in the order in which they stand; `tree` is what it says, where that is clear.
pub(super) fn find(text: &str, tree: Option<&Tree>) -> Vec<Secret> {
    let mut found = BTreeSet::new();
    let hints = hints(text);
    for form in FORMS.iter().filter(|form| form.needles.iter().any(|needle| hints.contains(needle))) {
        found.extend(matches(form.pattern, text, form.what));
    }
    found.extend(passwords_of_urls(text));
    match tree {
        Some(tree) => tree.maps().for_each(|map| of_map(text, tree, map, &mut found)),
        None => found.extend(matches(NAMED, text, "a secret")),
    }
    found.into_iter().collect()
}

/// The patterns of what programs print; a year of output is read with them.
static PRINTED: LazyLock<(Vec<Option<Regex>>, Option<Regex>)> = LazyLock::new(|| {
    let forms = FORMS.iter().map(|form| Regex::new(form.pattern).ok()).collect();
    (forms, Regex::new(NAMED).ok())
});

/// Words without one of which no output holds a secret that its name tells.
const NAMES: [&str; 5] = ["passw", "secret", "token", "api", "auth"];
/// The shortest value that is taken for a secret by its name alone: `token: ok` says nothing.
const SHORTEST_NAMED: usize = 6;

/// What looks like a secret in something that a program printed: what it is, each once. What is hidden already is none.
pub fn in_output(text: &str) -> BTreeSet<String> {
    let (forms, named) = &*PRINTED;
    let hints = hints(text);
    let mut found: BTreeSet<String> = BTreeSet::new();
    for (form, pattern) in FORMS.iter().zip(forms) {
        if let Some(pattern) = pattern
            && form.needles.iter().any(|needle| hints.contains(needle))
            && pattern.captures_iter(text).any(|captures| of_form(form.what, &captures).is_some())
        {
            found.insert(form.what.to_owned());
        }
    }
    found.extend(passwords_of_urls(text).filter(|secret| !is_hidden(secret)).map(|secret| secret.what));
    let lower = text.to_ascii_lowercase();
    if let Some(named) = named
        && NAMES.iter().any(|name| lower.contains(name))
    {
        let secrets =
            named.captures_iter(text).filter_map(|captures| of_form("a secret by its name", &captures));
        let is_long = |secret: &Secret| secret.texts.iter().any(|text| SHORTEST_NAMED <= text.len());
        found
            .extend(secrets.filter(|secret| is_long(secret) && !is_hidden(secret)).map(|secret| secret.what));
    }
    found
}

/// Whether it is what mainstay has put in the place of a secret.
fn is_hidden(secret: &Secret) -> bool {
    secret.texts.iter().all(|text| text.starts_with("[secret"))
}

/// The needles that a text holds.
fn hints(text: &str) -> BTreeSet<&str> {
    // One pass for all of them needs a pattern, which takes longer to build than a short text to read a few times.
    const SHORT: usize = 64 * 1024;
    if text.len() <= SHORT {
        let needles = FORMS.iter().flat_map(|form| form.needles).copied();
        return needles.filter(|needle| text.contains(needle)).collect();
    }
    NEEDLES.iter().flat_map(|needles| needles.find_iter(text)).map(|hint| hint.as_str()).collect()
}

fn matches(pattern: &str, text: &str, what: &'static str) -> Vec<Secret> {
    let Ok(pattern) = Regex::new(pattern) else { return Vec::new() };
    pattern.captures_iter(text).filter_map(|captures| of_form(what, &captures)).collect()
}

/// The passwords of URLs: `scheme://user:password@host`.
fn passwords_of_urls(text: &str) -> impl Iterator<Item = Secret> {
    text.match_indices("://").filter_map(|(at, scheme)| {
        let start = at + scheme.len();
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`');
        let authority = &text[start..];
        let authority = &authority[..authority.find(ends).unwrap_or(authority.len())];
        let (user, _) = authority.rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        let start = start + name.len() + 1;
        is_literal(password).then(|| Secret {
            span: Span { start: offset(start), end: offset(start + password.len()) },
            what: "a password in a URL".to_owned(),
            texts: vec![password.to_owned()],
        })
    })
}

fn of_form(what: &str, captures: &Captures) -> Option<Secret> {
    let secret = captures.iter().last().flatten().or(captures.get(0))?;
    let is_key = what == PRIVATE_KEY;
    let texts: Vec<_> = if is_key {
        secret.as_str().split(|c: char| c.is_whitespace() || c == '\\').collect()
    } else {
        vec![secret.as_str()]
    };
    (is_key || is_literal(secret.as_str())).then(|| Secret {
        span: Span { start: offset(secret.start()), end: offset(secret.end()) },
        what: what.to_owned(),
        texts: texts.into_iter().filter(|text| !text.is_empty()).map(ToOwned::to_owned).collect(),
    })
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The secrets of the values of one mapping.
fn of_map(text: &str, tree: &Tree, map: NodeId, found: &mut BTreeSet<Secret>) {
    for (key, value) in tree.entries(map) {
        match tree.text(*key) {
            "env" => {
                for (name, value) in tree.entries(*value) {
                    let secret = of_variable(tree.text(*name), tree.text(*value));
                    add(text, tree, *value, secret, found);
                }
            }
            "headers" => {
                for (name, value) in tree.entries(*value) {
                    let secret = of_header(tree.text(*name), tree.text(*value));
                    add(text, tree, *value, secret, found);
                }
            }
            "run" | "command" => {
                let Kind::Seq(elements) = &tree.node(*value).kind else { continue };
                let words: Vec<_> = elements.iter().map(|element| tree.text(*element)).collect();
                for (index, secret) in of_words(&words) {
                    add(text, tree, elements[index], Some(secret), found);
                }
                for element in elements {
                    of_script(text, tree, *element, found);
                }
            }
            "shell" => of_script(text, tree, *value, found),
            _ => {}
        }
    }
}

/// The secrets of a scalar that is, or may be, shell text.
fn of_script(text: &str, tree: &Tree, scalar: NodeId, found: &mut BTreeSet<Secret>) {
    let script = tree.text(scalar);
    let lower = script.to_ascii_lowercase();
    if !script.contains(char::is_whitespace) || !HINTS.iter().any(|hint| lower.contains(hint)) {
        return;
    }
    let commands = match shell::read(script) {
        Some(commands) => commands
            .into_iter()
            .map(|command| {
                command.assignments.into_iter().chain(command.words).map(|word| word.text).collect()
            })
            .collect(),
        // Not understood: the words as they stand.
        None => vec![script.split_whitespace().map(unquoted).collect::<Vec<_>>()],
    };
    for words in commands {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        for (_, secret) in of_words(&words) {
            add(text, tree, scalar, Some(secret), found);
        }
    }
}

fn unquoted(word: &str) -> String {
    word.trim_matches(['"', '\'', ';', ')', '(']).to_owned()
}

/// A secret within a value: what it is, and the secret itself.
type Within<'s> = (String, &'s str);

/// Adds the secret of a scalar, with its own place where that is known.
fn add(text: &str, tree: &Tree, scalar: NodeId, secret: Option<Within>, found: &mut BTreeSet<Secret>) {
    let Some((what, secret)) = secret.filter(|(_, secret)| is_literal(secret)) else { return };
    let (span, value) = (tree.span(scalar), tree.text(scalar));
    let place = value.find(secret).map(|at| place_within(text, span, value, at..at + secret.len()));
    let is_exact = |place: &Span| &text[place.start as usize..place.end as usize] == secret;
    let span = place.filter(is_exact).unwrap_or(span);
    let what_follows =
        Secret { span: Span { start: span.start, end: u32::MAX }, what: String::new(), texts: vec![] };
    let is_known = |other: &Secret| other.span.start <= span.start && span.end <= other.span.end;
    if !found.range(..what_follows).next_back().is_some_and(is_known) {
        found.insert(Secret { span, what, texts: vec![secret.to_owned()] });
    }
}

/// Whether a value stands for itself: it is no reference, no path, no placeholder.
fn is_literal(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let is_word = matches!(lower.as_str(), "true" | "false" | "none" | "null" | "yes" | "no");
    let is_placeholder = value.chars().all(|c| matches!(c, '*' | '.' | 'x' | 'X' | '-'));
    let is_path = value.starts_with(['/', '~']) || value.starts_with("./") || value.starts_with("../");
    let is_reference = value.starts_with(['$', '{', '<', '%', '`', '@']);
    let is_computed = value.contains("$(") || value.contains("${");
    !(is_word || is_placeholder || is_path || is_reference || is_computed)
}

/// The secret that a variable holds, by its name.
fn of_variable<'s>(name: &str, value: &'s str) -> Option<Within<'s>> {
    const NOT_IT: [&str; 11] = [
        "_FILE",
        "_PATH",
        "_DIR",
        "_URL",
        "_NAME",
        "_TTL",
        "_ID",
        "_LIFETIME",
        "_COMMAND",
        "_LENGTH",
        "_HASH",
    ];
    const IT: [&str; 7] = ["SECRET", "TOKEN", "API_KEY", "APIKEY", "CREDENTIAL", "PRIVATE_KEY", "ACCESS_KEY"];
    let upper = name.to_ascii_uppercase();
    if NOT_IT.iter().any(|end| upper.ends_with(end)) || upper.ends_with("TOKENS") {
        return None;
    }
    let is_password = ["PASSWORD", "PASSWD", "PASSPHRASE"].iter().any(|word| upper.contains(word))
        || upper.ends_with("_PASS")
        || upper == "PGPASS";
    let is_number = value.bytes().all(|b| b.is_ascii_digit());
    let is_secret = is_password || (!is_number && IT.iter().any(|word| upper.contains(word)));
    is_secret.then(|| (format!("the value of `{name}`"), value))
}

/// The secret that a header holds, by its name.
fn of_header<'s>(name: &str, value: &'s str) -> Option<Within<'s>> {
    const IT: [&str; 7] = ["authorization", "api-key", "apikey", "token", "secret", "password", "cookie"];
    let lower = name.to_ascii_lowercase();
    let is_secret = IT.iter().any(|word| lower.contains(word));
    let scheme = |value: &'s str| {
        ["Bearer ", "Basic ", "Token ", "bearer ", "basic ", "token ", "Digest "]
            .iter()
            .find_map(|scheme| value.strip_prefix(scheme))
            .unwrap_or(value)
    };
    is_secret.then(|| (format!("the header `{name}`"), scheme(value.trim()).trim()))
}

/// Options whose value is a secret.
const OPTIONS: [&str; 14] = [
    "--password",
    "--passwd",
    "--pass",
    "--passphrase",
    "--token",
    "--api-key",
    "--apikey",
    "--secret",
    "--secret-key",
    "--auth-token",
    "--access-token",
    "--client-secret",
    "--http-password",
    "--admin-password",
];

/// Programs with an option of one letter whose value is a password.
const SHORT_OPTIONS: [(&str, &[&str]); 3] = [
    ("-p", &["sshpass"]),
    ("-a", &["redis-cli"]),
    ("-w", &["ldapsearch", "ldapmodify", "ldapadd", "ldapdelete"]),
];

const MYSQL: [&str; 6] = ["mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin"];

/// The secrets among the words of a command, each with the place of its word.
fn of_words<'s>(words: &[&'s str]) -> Vec<(usize, Within<'s>)> {
    let program = program_name(words);
    let runs = |any_of: &[&str]| any_of.contains(&program);
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        found.extend(of_word(word, &runs).map(|within| (index, within)));
        if let (true, Some(next)) = (word.starts_with('-'), words.get(index + 1)) {
            found.extend(of_option(word, next, &runs).map(|within| (index + 1, within)));
        }
    }
    found
}

/// The secret in a word that says itself what it is; `runs` knows the program of the command.
fn of_word<'s>(word: &'s str, runs: &impl Fn(&[&str]) -> bool) -> Option<Within<'s>> {
    if let Some((option, value)) = word.split_once('=').filter(|(option, _)| OPTIONS.contains(option)) {
        return Some((format!("the value of `{option}`"), value));
    }
    if let Some((name, value)) = shell::assigned(word) {
        return of_variable(name, value);
    }
    let header = word.split_once(": ").filter(|(name, _)| !name.contains(' '));
    if let Some((name, value)) = header.filter(|_| runs(&["curl", "wget", "http", "https", "xh"])) {
        return of_header(name.trim_start_matches("-H"), value);
    }
    let password = word.strip_prefix("-p").filter(|_| runs(&MYSQL))?;
    Some(("the value of `-p`".to_owned(), password))
}

/// The secret in the word after an option.
fn of_option<'s>(option: &str, value: &'s str, runs: &impl Fn(&[&str]) -> bool) -> Option<Within<'s>> {
    if matches!(option, "-u" | "--user" | "-U" | "--proxy-user") && runs(&["curl"]) {
        return value.split_once(':').map(|(_, password)| (format!("the password of `{option}`"), password));
    }
    let is_password = OPTIONS.contains(&option)
        || SHORT_OPTIONS.iter().any(|(short, programs)| *short == option && runs(programs));
    (is_password && !value.starts_with('-')).then(|| (format!("the value of `{option}`"), value))
}

/// Hides secrets in texts that quote them.
#[derive(Debug, Clone)]
pub(super) struct Mask(Vec<Regex>);

/// A shorter secret stands in too many words to be hidden wherever it stands.
const SHORTEST: usize = 4;

impl Mask {
    /// Hides these secrets.
    pub(super) fn new(secrets: &[Secret]) -> Self {
        // So many are one pattern that none of them becomes too large.
        const AT_ONCE: usize = 500;
        let texts: BTreeSet<_> = secrets.iter().flat_map(|secret| &secret.texts).collect();
        let mut texts: Vec<_> = texts.into_iter().filter(|text| text.chars().count() >= SHORTEST).collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let pattern = |texts: &[&String]| {
            let escaped: Vec<_> = texts.iter().map(|text| regex::escape(text)).collect();
            Regex::new(&escaped.join("|")).ok()
        };
        Self(texts.chunks(AT_ONCE).filter_map(pattern).collect())
    }

    /// Whether there is nothing to hide.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text without the secrets.
    pub(super) fn text(&self, text: &mut String) {
        for pattern in &self.0 {
            let hide = |captures: &Captures| "*".repeat(captures[0].chars().count());
            if let Cow::Owned(hidden) = pattern.replace_all(text, hide) {
                *text = hidden;
            }
        }
    }

    /// Hides the secrets in everything that a finding says.
    pub(super) fn finding(&self, finding: &mut Finding) {
        if self.is_empty() {
            return;
        }
        self.text(&mut finding.message);
        self.text(&mut finding.subject);
        let related = finding.related.as_mut().map(|(_, what)| what);
        for text in [finding.expected.as_mut(), finding.help.as_mut(), related].into_iter().flatten() {
            self.text(text);
        }
    }

    /// Every place of a text that shows a secret, sorted and apart from each other.
    pub(super) fn places(&self, text: &str, secrets: &[Secret]) -> Vec<Span> {
        let copies = self.0.iter().flat_map(|pattern| pattern.find_iter(text));
        let copies = copies.map(|copy| Span { start: offset(copy.start()), end: offset(copy.end()) });
        let mut places: Vec<_> = secrets.iter().map(|secret| secret.span).chain(copies).collect();
        places.sort_unstable();
        places.dedup_by(|next, kept| {
            let is_joined = next.start <= kept.end;
            if is_joined {
                kept.end = kept.end.max(next.end);
            }
            is_joined
        });
        places
    }
}
