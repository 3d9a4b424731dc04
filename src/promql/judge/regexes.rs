//! Matchers with a regular expression that needs none.

use std::fmt;

use crate::promql::ast::{Expr, LabelMatcher, MatchOp, Span};
use crate::promql::{re2, selectors};

/// A matcher that is more than it has to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NeedlessRegex {
    /// The matcher.
    pub span: Span,
    /// Its label.
    pub label: String,
    /// What is too much.
    pub excess: RegexExcess,
}

/// What is too much in a matcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegexExcess {
    /// The pattern is a text: `=` or `!=` and this value do.
    Literal {
        /// The operator that does.
        op: MatchOp,
        /// The text.
        value: String,
    },
    /// The pattern matches every value: `=~` takes all series, and `!~` none.
    MatchesAll,
    /// Patterns are anchored without being told.
    Anchored {
        /// The pattern without its anchors.
        pattern: String,
    },
}

impl fmt::Display for RegexExcess {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Literal { .. } => "the regular expression has no special character",
            Self::MatchesAll => "the regular expression matches every value",
            Self::Anchored { .. } => "a regular expression is anchored at both ends anyhow",
        })
    }
}

/// The matchers of a query whose regular expression is needless, in part or as a whole.
pub fn needless_regexes(expr: &Expr) -> Vec<NeedlessRegex> {
    let matchers = selectors(expr).flat_map(|selector| &selector.matchers);
    matchers
        .filter_map(|matcher| {
            let (span, label) = (matcher.span.clone(), matcher.label.clone());
            excess(matcher).map(|excess| NeedlessRegex { span, label, excess })
        })
        .collect()
}

fn excess(matcher: &LabelMatcher) -> Option<RegexExcess> {
    let op = match matcher.op {
        MatchOp::Regex => MatchOp::Equal,
        MatchOp::NotRegex => MatchOp::NotEqual,
        MatchOp::Equal | MatchOp::NotEqual => return None,
    };
    let pattern = without_anchors(&matcher.value);
    if pattern == ".*" {
        return Some(RegexExcess::MatchesAll);
    }
    if let Some(value) = literal(pattern) {
        return Some(RegexExcess::Literal { op, value });
    }
    (pattern != matcher.value).then(|| RegexExcess::Anchored { pattern: pattern.to_owned() })
}

/// The text that alone matches a pattern without special characters.
pub fn literal(pattern: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(char::is_ascii_punctuation)?),
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            _ => text.push(c),
        }
    }
    Some(text)
}

/// The pattern without `^` before and `$` behind it.
fn without_anchors(pattern: &str) -> &str {
    let start = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = match start.strip_suffix('$') {
        // An odd number of backslashes makes it a dollar.
        Some(inner) if inner.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 0 => inner,
        _ => start,
    };
    // Quoted it would be a dollar as well, and `^*` would lose what it repeats.
    if pattern.contains(r"\Q") || re2::matches_empty(inner).is_err() { pattern } else { inner }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::parse;

    #[test]
    fn a_regular_expression_is_for_what_only_it_can_say() {
        let is = |value: &str| Some(RegexExcess::Literal { op: MatchOp::Equal, value: value.to_owned() });
        let anchored = |pattern: &str| Some(RegexExcess::Anchored { pattern: pattern.to_owned() });
        for (pattern, expected) in [
            ("node", is("node")),
            ("", is("")),
            (r"a\.b:9100", is("a.b:9100")),
            ("^node$", is("node")),
            (".*", Some(RegexExcess::MatchesAll)),
            ("^.*$", Some(RegexExcess::MatchesAll)),
            ("^a|b$", anchored("a|b")),
            ("a.+$", anchored("a.+")),
            (r"a.\$", None),
            (r"a.\\$", anchored(r"a.\\")),
            ("^*", None),
            (r"^\Qa$\E", None),
            ("a|b", None),
            (".+", None),
            (r"\d", None),
            ("a{", None),
        ] {
            let expr = parse(&format!("x{{a=~`{pattern}`}}")).unwrap();
            let found = needless_regexes(&expr).pop().map(|needless| needless.excess);
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn the_matcher_is_pointed_at_and_its_operator_kept() {
        let text = r#"sum(rate(x{a="b",c!~"d"}[5m]))"#;
        let [needless] = needless_regexes(&parse(text).unwrap()).try_into().unwrap();
        assert_eq!(&text[needless.span], r#"c!~"d""#);
        assert_eq!(needless.label, "c");
        assert_eq!(needless.excess, RegexExcess::Literal { op: MatchOp::NotEqual, value: "d".to_owned() });
        assert_eq!(needless.excess.to_string(), "the regular expression has no special character");
    }
}
