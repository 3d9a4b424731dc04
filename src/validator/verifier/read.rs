//! What rules and dashboards read: the selectors of their queries, without the time.

use std::collections::BTreeMap;

use crate::promql::{self, MatchOp, Selector};
use crate::world::prometheus::RuleGroup;

/// What is read, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Who reads each selector: `alert GROUP/NAME`, `rule GROUP/NAME`, `dashboard TITLE/PANEL`.
    pub selectors: BTreeMap<String, Vec<String>>,
    /// Queries that are not understood here, and whose they are.
    pub unread: Vec<String>,
}

impl Reading {
    /// Adds what others read.
    pub fn add(&mut self, other: Self) {
        for (selector, readers) in other.selectors {
            for reader in readers {
                self.note(selector.clone(), &reader);
            }
        }
        self.unread.extend(other.unread);
    }

    /// Adds what `query` reads, but for selectors with a matcher that `is_open` says is filled in by somebody else: these
    /// are read without it.
    pub fn read(&mut self, query: &str, reader: &str, is_open: impl Fn(&str) -> bool) {
        let Ok(expr) = promql::parse(query) else {
            self.unread.push(reader.to_owned());
            return;
        };
        for selector in promql::selectors(&expr) {
            match written(selector, &is_open) {
                Some(selector) => self.note(selector, reader),
                None => self.unread.push(reader.to_owned()),
            }
        }
    }

    fn note(&mut self, selector: String, reader: &str) {
        let readers = self.selectors.entry(selector).or_default();
        if !readers.iter().any(|known| known == reader) {
            readers.push(reader.to_owned());
        }
    }
}

/// What the loaded rules read.
pub fn by_rules(groups: &[RuleGroup]) -> Reading {
    let mut reading = Reading::default();
    for group in groups {
        for rule in &group.rules {
            let kind = if rule.kind == "alerting" { "alert" } else { "rule" };
            reading.read(&rule.query, &format!("{kind} {}/{}", group.name, rule.name), |_| false);
        }
    }
    reading
}

/// A selector of one metric, always written the same way; `None` when the metric is not named.
fn written(selector: &Selector, is_open: impl Fn(&str) -> bool) -> Option<String> {
    let by_matcher = selector
        .matchers
        .iter()
        .find(|matcher| matcher.label == "__name__" && matcher.op == MatchOp::Equal)
        .map(|matcher| matcher.value.as_str());
    let name = selector.name.as_deref().or(by_matcher)?;
    if is_open(name) || !is_plain(name) {
        return None;
    }
    let matchers = selector.matchers.iter().filter(|matcher| matcher.label != "__name__");
    let mut matchers: Vec<_> = matchers
        .filter(|matcher| !is_open(&matcher.value) && !is_open(&matcher.label))
        .map(|matcher| format!("{}{}{}", matcher.label, matcher.op, quoted(&matcher.value)))
        .collect();
    matchers.sort();
    matchers.dedup();
    let braces = if matchers.is_empty() { String::new() } else { format!("{{{}}}", matchers.join(",")) };
    Some(format!("{name}{braces}"))
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':')
}

/// The metric of a selector that was written here.
pub fn metric_of(selector: &str) -> Option<&str> {
    selector.split('{').next().filter(|name| !name.is_empty())
}

/// A text of PromQL.
pub fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_reads_its_selectors_whatever_their_time() {
        let mut reading = Reading::default();
        let query =
            r#"rate(b{y="2",x!~"1\\."}[5m] offset 1h) / on () b{x!~"1\\.",y="2"} > {__name__="c"} or up"#;
        reading.read(query, "alert g/A", |_| false);
        reading.read("sum(up[5m])", "rule g/wrong", |_| false);
        reading.read("count({job=\"a\"}) + rate(up[1m])", "rule g/many", |_| false);
        let expected = [
            ("b{x!~\"1\\\\.\",y=\"2\"}", vec!["alert g/A"]),
            ("c", vec!["alert g/A"]),
            ("up", vec!["alert g/A", "rule g/many"]),
        ];
        let found: Vec<_> =
            reading.selectors.iter().map(|(selector, who)| (selector.as_str(), who)).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((selector, who), (expected, readers)) in found.iter().zip(&expected) {
            assert_eq!(
                (*selector, who.iter().map(String::as_str).collect::<Vec<_>>()),
                (*expected, readers.clone())
            );
        }
        assert_eq!(reading.unread, ["rule g/wrong", "rule g/many"]);
        assert_eq!(metric_of("b{x=\"1\"}"), Some("b"));
    }
}
