//! Matchers in words.

use std::fmt;

use super::{Expects, Literal, Matcher, Tests};

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Matcher {
    /// In words: `200`, `at least 1 and below 5`.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.0.value {
            Expects::Equals(literal) => literal.fmt(f),
            Expects::HasAll(elements) => write!(f, "with {}", listed(elements, ", ")),
            Expects::Tests(tests) => tests.fmt(f),
        }
    }
}

fn listed(all: &[Matcher], joint: &str) -> String {
    let words: Vec<_> = all.iter().map(ToString::to_string).collect();
    format!("({})", words.join(joint))
}

impl fmt::Display for Tests {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut words = Vec::new();
        words.extend(self.eq.iter().map(|value| value.to_string()));
        words.extend(self.ne.iter().map(|value| format!("not {}", value.value)));
        words.extend(self.lt.iter().map(|value| format!("below {}", value.value)));
        words.extend(self.le.iter().map(|value| format!("at most {}", value.value)));
        words.extend(self.gt.iter().map(|value| format!("above {}", value.value)));
        words.extend(self.ge.iter().map(|value| format!("at least {}", value.value)));
        words.extend(self.contains.iter().map(|text| format!("containing `{}`", text.value)));
        words.extend(self.has_prefix.iter().map(|text| format!("beginning with `{}`", text.value)));
        words.extend(self.has_suffix.iter().map(|text| format!("ending with `{}`", text.value)));
        words.extend(self.matches.iter().map(|regex| format!("matching `{}`", regex.value)));
        if !self.patterns.is_empty() {
            let patterns: Vec<_> =
                self.patterns.iter().map(|pattern| format!("`{}`", pattern.value)).collect();
            words.push(format!("with lines {}", patterns.join(", ")));
        }
        words.extend(self.len.iter().map(|inner| format!("of length {inner}")));
        words.extend(self.has_key.iter().map(|inner| format!("with the key {inner}")));
        words.extend(self.has.iter().map(|inner| format!("with an element {inner}")));
        words.extend((!self.has_all.is_empty()).then(|| format!("with {}", listed(&self.has_all, ", "))));
        words.extend((!self.exactly.is_empty()).then(|| format!("exactly {}", listed(&self.exactly, ", "))));
        words.extend(self.semver.iter().map(|range| format!("within the versions `{}`", range.value)));
        let by_path = self.json.iter();
        words.extend(by_path.map(|(path, inner)| format!("at `{}` {inner}", path.value)));
        words.extend(self.not.iter().map(|inner| format!("not ({inner})")));
        words.extend((!self.all.is_empty()).then(|| listed(&self.all, " and ")));
        words.extend((!self.any.is_empty()).then(|| listed(&self.any, " or ")));
        f.write_str(&words.join(" and "))
    }
}
