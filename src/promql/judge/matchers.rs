//! What the matchers of a selector mean together.

use regex::Regex;

use super::regexes::literal;
use crate::promql::ast::{LabelMatcher, MatchOp, Selector};

/// What one matcher asks for, patterns without a special character being texts.
enum Demand<'m> {
    Is(String),
    IsNot(String),
    Matches(&'m str),
    MatchesNot(&'m str),
}

/// The name of the metric, when it can be no other.
pub fn name(selector: &Selector) -> Option<&str> {
    let is_name = |matcher: &&LabelMatcher| {
        let is_literal =
            matcher.op == MatchOp::Regex && literal(&matcher.value).as_ref() == Some(&matcher.value);
        matcher.label == "__name__" && (matcher.op == MatchOp::Equal || is_literal)
    };
    let inside = || selector.matchers.iter().find(is_name).map(|matcher| matcher.value.as_str());
    selector.name.as_deref().or_else(inside)
}

/// The value that a matcher asks for, when it can be no other.
pub fn value(matcher: &LabelMatcher) -> Option<String> {
    match demand(matcher) {
        Some(Demand::Is(value)) => Some(value),
        _ => None,
    }
}

/// A label of which no value passes all matchers.
pub fn contradiction(selector: &Selector) -> Option<(&LabelMatcher, &LabelMatcher)> {
    // Nobody writes so many; a file made to be slow might.
    const MOST_PAIRS: usize = 100;
    let matchers = &selector.matchers;
    let pairs = matchers.iter().enumerate().flat_map(|(i, first)| {
        matchers[i + 1..]
            .iter()
            .filter(|second| second.label == first.label)
            .map(move |second| (first, second))
    });
    pairs.take(MOST_PAIRS).find(|(first, second)| are_contradictory(first, second))
}

fn are_contradictory(first: &LabelMatcher, second: &LabelMatcher) -> bool {
    let (Some(first), Some(second)) = (demand(first), demand(second)) else { return false };
    match (&first, &second) {
        (Demand::Is(value), other) | (other, Demand::Is(value)) => match other {
            Demand::Is(other) => value != other,
            Demand::IsNot(other) => value == other,
            Demand::Matches(pattern) => matches(pattern, value) == Some(false),
            Demand::MatchesNot(pattern) => matches(pattern, value) == Some(true),
        },
        _ => false,
    }
}

/// None when the value had bytes that are lost.
fn demand(matcher: &LabelMatcher) -> Option<Demand<'_>> {
    if matcher.value.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let value = &matcher.value;
    Some(match (matcher.op, literal(value)) {
        (MatchOp::Equal, _) => Demand::Is(value.clone()),
        (MatchOp::NotEqual, _) => Demand::IsNot(value.clone()),
        (MatchOp::Regex, Some(text)) => Demand::Is(text),
        (MatchOp::NotRegex, Some(text)) => Demand::IsNot(text),
        (MatchOp::Regex, None) => Demand::Matches(value),
        (MatchOp::NotRegex, None) => Demand::MatchesNot(value),
    })
}

/// Whether a pattern matches a text from end to end; none unless Go and this program read the pattern alike.
fn matches(pattern: &str, text: &str) -> Option<bool> {
    let is_common = |c: char| c.is_ascii_alphanumeric() || " _-:/=,.*+?|()".contains(c);
    if !pattern.chars().all(is_common) || pattern.contains("(?") || text.contains('\n') {
        return None;
    }
    Regex::new(&format!("^(?:{pattern})$")).ok().map(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::{parse, selectors};

    #[test]
    fn no_value_passes_matchers_that_contradict_each_other() {
        for (matchers, expected) in [
            (r#"a="x",a="y""#, true),
            (r#"a="x",b="y""#, false),
            (r#"a="x",a="x""#, false),
            (r#"a="x",a!="x""#, true),
            (r#"a!="x",a="x""#, true),
            (r#"a!="x",a!="y""#, false),
            (r#"a=~"x",a!="x""#, true),
            (r#"a="x",a=~"x|y""#, false),
            (r#"a="z",a=~"x|y""#, true),
            (r#"a=~"x.*",a="y""#, true),
            (r#"a="xy",a!~"x.*""#, true),
            (r#"a="xy",a!~"x""#, false),
            (r#"a="",a=~".+""#, true),
            (r#"a="1",a=~"\\d""#, false),
            (r#"a="x",a=~"\\d""#, false),
            (r#"a="\xff",a="\xfe""#, false),
            (r#"__name__="x",__name__="y""#, true),
        ] {
            let expr = parse(&format!("{{z=\"z\",{matchers}}}")).unwrap();
            let found = selectors(&expr).any(|selector| contradiction(selector).is_some());
            assert_eq!(found, expected, "{matchers}");
        }
    }
}
