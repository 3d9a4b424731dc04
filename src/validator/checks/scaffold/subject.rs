//! What a check is to be made of: `KIND:NAME`.

use std::str::FromStr;

use crate::model::{Check, PortSpec, Value};
use crate::planfile::goss::name_of;
use crate::text::nearest;

/// Something of this machine, or that answers on the network: `file:/etc/hosts`, `port:tcp:9090`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    kind: &'static str,
    name: String,
}

/// The kinds that can be made of what is found, each with the key that names its subject.
const KINDS: [(&str, &str); 16] = [
    ("file", "path"),
    ("command", "run"),
    ("http", "url"),
    ("tcp", "address"),
    ("dns", "name"),
    ("process", "name"),
    ("port", "port"),
    ("service", "name"),
    ("package", "name"),
    ("mount", "path"),
    ("disk", "path"),
    ("user", "name"),
    ("group", "name"),
    ("interface", "name"),
    ("kernel_param", "name"),
    ("certificate", "address"),
];

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, name) = match text.split_once(':') {
            // An address of the web says itself what kind of thing it is.
            Some(("http" | "https", rest)) if rest.starts_with("//") => ("http", text),
            Some((kind, name)) => (kind, name),
            None => (text, ""),
        };
        let Some((kind, _)) = KINDS.iter().find(|(known, _)| *known == kind) else {
            return Err(no_such_kind(kind));
        };
        if name.trim().is_empty() {
            return Err(format!("expected a name after the kind: `{kind}:NAME`"));
        }
        let name = match *kind {
            "port" => name.parse::<PortSpec>()?.to_string(),
            _ => name.to_owned(),
        };
        Ok(Self { kind, name })
    }
}

fn no_such_kind(kind: &str) -> String {
    let known = || KINDS.iter().map(|(kind, _)| *kind);
    if Check::KINDS.contains(&kind) {
        return format!(
            "what a check of the kind `{kind}` expects is not on a machine; write it into the plan file"
        );
    }
    if let Some(near) = nearest(kind, known()) {
        return format!("there is no kind of checks `{kind}`; did you mean `{near}`?");
    }
    let known: Vec<_> = known().collect();
    format!("there is no kind of checks `{kind}`; expected KIND:NAME with one of {}", known.join(", "))
}

/// What only a shell understands.
const OF_SHELL: &str = "'\"`\\$&|;<>()[]{}*?~#!\n";

impl Subject {
    /// In one short line: `file /etc/hosts`.
    pub fn in_short(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// A name for its check.
    pub fn check_name(&self) -> String {
        name_of(&format!("{}-{}", self.kind, self.name))
    }

    /// Whether `check` is of the same thing.
    pub fn is_of(&self, check: &Check) -> bool {
        if let Some(command) = &check.command {
            let words: Vec<_> = command.run.value.iter().map(|word| Value::from(word.as_str())).collect();
            return self.kind == "command" && self.words() == words;
        }
        // A unit of systemd is a service unless it says otherwise, and a folder is one with a slash as well.
        let plain = |text: &str| {
            let text = text.strip_suffix(".service").filter(|_| self.kind == "service").unwrap_or(text);
            if self.kind == "mount" { text.trim_end_matches('/').to_owned() } else { text.to_owned() }
        };
        plain(&check.in_short()) == plain(&self.in_short())
    }

    /// Its check with these attributes beside what names it.
    pub fn form(&self, attributes: &[(&'static str, Value)]) -> Value {
        let (mut key, mut subject) = (self.key(), Value::from(self.name.as_str()));
        let mut defaults = Vec::new();
        match self.kind {
            "command" => subject = Value::List(self.words()),
            "certificate" if self.name.contains('/') => key = "file",
            // Without one of its attributes it would ask nothing.
            "disk" if attributes.is_empty() => defaults.push(("used", at_most(100))),
            _ => {}
        }
        if self.kind == "certificate" {
            defaults.push(("valid_for", Value::from(VALID_FOR)));
        }
        let entries = std::iter::once((key, subject)).chain(attributes.iter().cloned()).chain(defaults);
        let entries = entries.map(|(key, value)| (key.to_owned(), value)).collect();
        Value::Map(vec![(self.kind.to_owned(), Value::Map(entries))])
    }

    /// Whether looking at it does more than to look, so that it is not done twice.
    pub fn acts(&self) -> bool {
        self.kind == "command"
    }

    fn key(&self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self.kind).map_or("name", |(_, key)| key)
    }

    /// The words of a command; one that only a shell understands is given to a shell.
    fn words(&self) -> Vec<Value> {
        if self.name.contains(|c| OF_SHELL.contains(c)) {
            return ["sh", "-c", self.name.as_str()].map(Value::from).to_vec();
        }
        self.name.split_whitespace().map(Value::from).collect()
    }
}

/// For so long a certificate has to be valid: time enough to see to its renewal.
const VALID_FOR: &str = "14d";

/// At most this number.
pub(super) fn at_most(number: u64) -> Value {
    Value::Map(vec![("le".to_owned(), Value::Bare(number.to_string()))])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        text.parse().unwrap()
    }

    #[test]
    fn a_kind_is_before_the_first_colon_and_a_url_says_its_own() {
        assert_eq!(subject("tcp:h:1").in_short(), "tcp h:1");
        assert_eq!(subject("port:9090").in_short(), "port tcp:9090");
        assert_eq!(subject("https://h/x").in_short(), "http https://h/x");
        assert_eq!(subject("http:http://h").in_short(), "http http://h");
    }

    #[test]
    fn what_is_no_subject_says_what_is_expected() {
        let wrong = |text: &str| text.parse::<Subject>().unwrap_err();
        assert_eq!(wrong("flie:/x"), "there is no kind of checks `flie`; did you mean `file`?");
        assert!(wrong("promql:up").contains("is not on a machine"));
        assert!(wrong("/etc/hosts").contains("expected KIND:NAME with one of file, command"));
        assert_eq!(wrong("file:"), "expected a name after the kind: `file:NAME`");
        assert!(wrong("port:0").contains("from 1 to 65535"));
    }

    #[test]
    fn a_command_is_its_words_unless_it_needs_a_shell() {
        assert_eq!(subject("command:a  b").words(), ["a", "b"].map(Value::from));
        assert_eq!(subject("command:a | b").words(), ["sh", "-c", "a | b"].map(Value::from));
    }
}
