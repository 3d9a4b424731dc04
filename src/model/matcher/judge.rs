//! Holds what was found against what is expected.
//!
//! Each test has three answers: it holds, it does not, or nothing can be said ([`Why::Incomparable`],
//! [`Why::NotANumber`]). They are combined as in the logic of Kleene, so that `not` of what cannot be said never
//! holds, and one of `any` that holds is enough.

#![expect(
    clippy::unnecessary_box_returns,
    reason = "a mismatch is handed on as it is kept, behind one pointer"
)]

use super::found::{quoted, quoted_lines};
use super::mismatch::{Mismatch, Why};
use super::pairing::pair;
use super::pattern::regex_of;
use super::{Constraint, Expects, Found, JsonPath, LinePattern, Literal, Matcher, Tests, constraint};
use crate::counted;
use crate::model::{Named, Span, Spanned};

/// Whether a test holds.
type Held = Result<(), Box<Mismatch>>;

/// More mismatches of an `any`, or patterns of a list, are not told.
const MOST_TOLD: usize = 5;

impl Matcher {
    /// Holds `found` against this.
    ///
    /// # Errors
    /// The [`Mismatch`] in the innermost test that does not hold.
    pub fn judge(&self, found: &Found) -> Held {
        match &self.0.value {
            Expects::Equals(literal) => equals(literal, found, self.0.span),
            Expects::HasAll(elements) => has_all(elements, found, self.0.span),
            Expects::Tests(tests) => tests.judge(found),
        }
    }

    /// Whether `found` is as expected.
    pub fn matches(&self, found: impl Into<Found>) -> bool {
        self.judge(&found.into()).is_ok()
    }
}

impl Tests {
    fn judge(&self, found: &Found) -> Held {
        let mut held = All::default();
        self.compare(found, &mut held);
        self.look_into_text(found, &mut held);
        held.add(self.len.as_ref().map(|inner| of_length(inner, found)));
        held.add(self.has_key.as_ref().map(|inner| has_key(inner, found)));
        held.add(self.has.as_ref().map(|inner| has(inner, found)));
        held.add((!self.has_all.is_empty()).then(|| has_all(&self.has_all, found, place_of(&self.has_all))));
        held.add((!self.exactly.is_empty()).then(|| exactly(&self.exactly, found, place_of(&self.exactly))));
        held.add(self.semver.as_ref().map(|range| within(range, found)));
        held.add((!self.json.is_empty()).then(|| holds_json(&self.json, found)));
        held.add(self.not.as_ref().map(|inner| not(inner, found)));
        held.add((!self.all.is_empty()).then(|| all(&self.all, found)));
        held.add((!self.any.is_empty()).then(|| any(&self.any, found)));
        held.result()
    }

    fn compare(&self, found: &Found, held: &mut All) {
        held.add(self.eq.as_ref().map(|literal| equals(literal, found, literal.span)));
        held.add(self.ne.as_ref().map(|literal| differs(literal, found)));
        type Holds = fn(f64, f64) -> bool;
        let limits: [(_, Holds, _); 4] = [
            (&self.lt, |number, limit| number < limit, "below"),
            (&self.le, |number, limit| number <= limit, "at most"),
            (&self.gt, |number, limit| number > limit, "above"),
            (&self.ge, |number, limit| number >= limit, "at least"),
        ];
        for (limit, holds, words) in limits {
            held.add(limit.as_ref().map(|limit| compares(limit, holds, words, found)));
        }
    }

    fn look_into_text(&self, found: &Found, held: &mut All) {
        type Holds = fn(&str, &str) -> bool;
        let looks: [(_, Holds, _); 3] = [
            (&self.contains, |text, part| text.contains(part), "containing"),
            (&self.has_prefix, |text, part| text.starts_with(part), "beginning with"),
            (&self.has_suffix, |text, part| text.ends_with(part), "ending with"),
        ];
        for (part, holds, words) in looks {
            held.add(part.as_ref().map(|part| of_text(part, found, words, |text| holds(text, part))));
        }
        held.add(self.matches.as_ref().map(|regex| match regex_of(regex) {
            Ok(read) => of_text(regex, found, "matching", |text| read.is_match(text)),
            Err(why) => Err(incomparable(format!("matching {}", quoted(regex)), why, regex.span)),
        }));
        held.add((!self.patterns.is_empty()).then(|| has_lines(&self.patterns, found)));
    }
}

/// Of tests that all have to hold the first that does not; what differs comes before what cannot be said.
#[derive(Default)]
struct All(Option<Box<Mismatch>>);

impl All {
    fn add(&mut self, held: Option<Held>) {
        if let Some(Err(mismatch)) = held
            && self.0.as_ref().is_none_or(|before| mismatch.why < before.why)
        {
            self.0 = Some(mismatch);
        }
    }

    fn result(self) -> Held {
        self.0.map_or(Ok(()), Err)
    }
}

fn mismatch(expected: impl Into<String>, found: impl Into<String>, span: Span, why: Why) -> Box<Mismatch> {
    let (expected, found) = (expected.into(), found.into());
    Box::new(Mismatch { inside: Vec::new(), expected, found, read_as: Vec::new(), span, why })
}

fn differing(expected: impl Into<String>, found: impl Into<String>, span: Span) -> Box<Mismatch> {
    mismatch(expected, found, span, Why::Differs)
}

fn incomparable(expected: impl Into<String>, found: impl Into<String>, span: Span) -> Box<Mismatch> {
    mismatch(expected, found, span, Why::Incomparable)
}

/// The place of the first one of several.
fn place_of(matchers: &[Matcher]) -> Span {
    matchers.first().map_or(Span::default(), |matcher| matcher.0.span)
}

/// The literal as people see it beside what was found.
fn shown(literal: &Literal) -> String {
    quoted_lines(&literal.0)
}

/// Whether found and literal are the same; `None` when nothing can be said.
#[expect(clippy::float_cmp, reason = "an expectation of exactly this number is meant exactly")]
fn is_same(literal: &Literal, found: &Found) -> Option<bool> {
    match found {
        Found::Number(number) if number.is_nan() => None,
        Found::Number(number) => Some(literal.number().is_some_and(|expected| expected == *number)),
        Found::Bool(value) => Some(literal.0 == value.to_string()),
        Found::Text(text) => Some(literal.0 == *text),
        Found::List(elements) => {
            let text = found.as_text().ok()?.value;
            Some(!elements.is_empty() && literal.0 == *text)
        }
        Found::Absent | Found::Map(_) => None,
    }
}

/// What keeps a value from being compared with a literal.
fn unlike(found: &Found) -> Why {
    if found.is_nan() { Why::NotANumber } else { Why::Incomparable }
}

fn equals(literal: &Literal, found: &Found, span: Span) -> Held {
    match is_same(literal, found) {
        Some(true) => Ok(()),
        Some(false) => Err(told_apart(literal, found, span)),
        None => Err(mismatch(shown(literal), found.to_string(), span, unlike(found))),
    }
}

fn differs(literal: &Spanned<Literal>, found: &Found) -> Held {
    let expected = || format!("not {}", shown(literal));
    match is_same(literal, found) {
        Some(false) => Ok(()),
        Some(true) => Err(differing(expected(), "the same", literal.span)),
        None => Err(mismatch(expected(), found.to_string(), literal.span, unlike(found))),
    }
}

/// Says of two texts of several lines which line is the first that differs.
#[expect(clippy::float_cmp, reason = "numbers that are written in two ways are the same exactly")]
fn told_apart(literal: &Literal, found: &Found, span: Span) -> Box<Mismatch> {
    let Found::Text(text) = found else { return differing(shown(literal), found.to_string(), span) };
    if literal.0.lines().count().max(text.lines().count()) < 2 {
        let told = differing(shown(literal), found.to_string(), span);
        if literal.0.trim() == text.trim() {
            let found = format!("`{text}`, which has other blank space around it");
            return Box::new(Mismatch { found, ..*told });
        }
        let is_same_number =
            literal.number().zip(text.trim().parse().ok()).is_some_and(|(a, b): (_, f64)| a == b);
        let hint = "a text; `ge` and `le` compare as numbers".to_owned();
        return Box::new(Mismatch { read_as: is_same_number.then_some(hint).into_iter().collect(), ..*told });
    }
    let mut lines = text.lines();
    for (n, expected) in literal.0.lines().enumerate() {
        match lines.next() {
            Some(line) if line == expected => {}
            Some(line) => {
                let place = format!("line {}", n + 1);
                return differing(format!("{place} {}", quoted(expected)), quoted(line), span);
            }
            None => {
                let found = format!("{} alone", counted(n, "line"));
                return differing(format!("line {} {}", n + 1, quoted(expected)), found, span);
            }
        }
    }
    let n = literal.0.lines().count();
    match lines.next() {
        Some(line) => differing(
            format!("{} alone", counted(n, "line")),
            format!("line {} {}", n + 1, quoted(line)),
            span,
        ),
        None => differing(counted(n, "line"), "the same lines with another end", span),
    }
}

fn compares(limit: &Spanned<f64>, holds: fn(f64, f64) -> bool, words: &str, found: &Found) -> Held {
    let expected = format!("{words} {}", limit.value);
    match found.as_number() {
        Ok((number, _)) if number.is_nan() => Err(mismatch(expected, "NaN", limit.span, Why::NotANumber)),
        Ok((number, _)) if holds(number, limit.value) => Ok(()),
        Ok((number, how)) => {
            Err(differing(expected, number.to_string(), limit.span)).map_err(|it| read(it, how))
        }
        Err(why) => Err(incomparable(expected, why, limit.span)),
    }
}

/// The mismatch of a value that was read as something else.
fn read(mismatch: Box<Mismatch>, how: Option<String>) -> Box<Mismatch> {
    Box::new(mismatch.read(how.as_ref()))
}

fn of_text(part: &Spanned<String>, found: &Found, words: &str, holds: impl Fn(&str) -> bool) -> Held {
    let expected = format!("{words} `{}`", part.value);
    match found.as_text() {
        Ok(text) if holds(&text.value) => Ok(()),
        Ok(text) => Err(read(differing(expected, quoted_lines(&text.value), part.span), text.how)),
        Err(why) => Err(incomparable(expected, why, part.span)),
    }
}

/// Each pattern that fails, with the line for one that should not be there.
fn has_lines(patterns: &[Spanned<String>], found: &Found) -> Held {
    let first = patterns.first().map_or(Span::default(), |pattern| pattern.span);
    let text = found.as_text().map_err(|why| incomparable("lines", why, first))?;
    let mut wrong = Vec::new();
    for pattern in patterns {
        let read = LinePattern::parse(pattern)
            .map_err(|why| incomparable(format!("a line with `{}`", pattern.value), why, pattern.span))?;
        let line = text.value.lines().enumerate().find(|(_, line)| read.is_in(line));
        match (read.is_negated, line) {
            (true, None) | (false, Some(_)) => {}
            (true, Some((n, line))) => wrong.push((pattern, format!("line {}: {}", n + 1, quoted(line)))),
            (false, None) => {
                wrong.push((pattern, format!("none in {}", counted(text.value.lines().count(), "line"))))
            }
        }
    }
    let Some((pattern, found)) = wrong.first() else { return Ok(()) };
    let expected: Vec<_> = wrong.iter().take(MOST_TOLD).map(|(pattern, _)| in_words(pattern)).collect();
    let more = wrong.len().saturating_sub(MOST_TOLD);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let said = if wrong.len() == 1 { found.clone() } else { format!("of the first {found}") };
    Err(read(differing(expected.join(", ") + &more, said, pattern.span), text.how))
}

fn in_words(pattern: &str) -> String {
    match pattern.strip_prefix('!') {
        Some(rest) => format!("no line with `{rest}`"),
        None => format!("a line with `{pattern}`"),
    }
}

fn of_length(inner: &Matcher, found: &Found) -> Held {
    let length = match found {
        Found::Text(text) => text.chars().count(),
        Found::List(elements) => elements.len(),
        Found::Map(entries) => entries.len(),
        Found::Absent | Found::Bool(_) | Found::Number(_) => {
            let why = format!("{found}, which has no length");
            return Err(incomparable(format!("length {inner}"), why, inner.0.span));
        }
    };
    inner.judge(&length.into()).map_err(|mismatch| Box::new(mismatch.inside("length")))
}

fn has_key(inner: &Matcher, found: &Found) -> Held {
    let expected = format!("the key {inner}");
    let (json, how) = found.as_json().map_err(|why| incomparable(&*expected, why, inner.0.span))?;
    let Some(entries) = json.as_object() else {
        return Err(read(incomparable(expected, format!("{found}, no mapping"), inner.0.span), how));
    };
    let keys: Vec<Found> = entries.keys().map(|key| key.as_str().into()).collect();
    one_of(inner, &keys, expected, "the keys").map_err(|mismatch| read(mismatch, how))
}

fn has(inner: &Matcher, found: &Found) -> Held {
    let expected = format!("an element {inner}");
    let list = found.as_list().map_err(|why| incomparable(&*expected, why, inner.0.span))?;
    one_of(inner, &list.value, expected, "").map_err(|mismatch| read(mismatch, list.how))
}

/// Holds when an element matches.
fn one_of(inner: &Matcher, elements: &[Found], expected: String, what: &str) -> Held {
    let mut worst = Why::Differs;
    for element in elements {
        match inner.judge(element) {
            Ok(()) => return Ok(()),
            Err(mismatch) => worst = worst.max(mismatch.why),
        }
    }
    let found = format!("{what} {}", Found::List(elements.to_vec()));
    Err(mismatch(expected, found.trim(), inner.0.span, worst))
}

/// Which elements each expectation takes, and the worst reason of one that it does not take.
fn takers(expected: &[Matcher], elements: &[Found]) -> (Vec<Vec<bool>>, Why) {
    let mut worst = Why::Differs;
    let mut takes = |matcher: &Matcher, element: &Found| match matcher.judge(element) {
        Ok(()) => true,
        Err(mismatch) => {
            worst = worst.max(mismatch.why);
            false
        }
    };
    let takes =
        expected.iter().map(|one| elements.iter().map(|element| takes(one, element)).collect()).collect();
    (takes, worst)
}

fn has_all(expected: &[Matcher], found: &Found, span: Span) -> Held {
    let list = found.as_list().map_err(|why| incomparable("a list", why, span))?;
    let (takes, worst) = takers(expected, &list.value);
    let has = pair(&takes);
    let Some(missing) = has.iter().position(Option::is_none) else { return Ok(()) };
    let span = expected[missing].span().unwrap_or(span);
    let expected = format!("an element {}", expected[missing]);
    let found = Found::List(list.value.to_vec()).to_string();
    Err(read(mismatch(expected, found, span, worst), list.how))
}

fn exactly(expected: &[Matcher], found: &Found, span: Span) -> Held {
    has_all(expected, found, span)?;
    let list = found.as_list().map_err(|why| incomparable("a list", why, span))?;
    if list.value.len() == expected.len() {
        return Ok(());
    }
    let (takes, _) = takers(expected, &list.value);
    let has = pair(&takes);
    let extra = (0..list.value.len()).filter(|place| !has.contains(&Some(*place)));
    let extra: Vec<_> = extra.map(|place| list.value[place].clone()).collect();
    let expected = format!("no more than {}", counted(expected.len(), "element"));
    Err(read(differing(expected, format!("also {}", Found::List(extra)), span), list.how))
}

fn within(range: &Spanned<String>, found: &Found) -> Held {
    let expected = format!("a version within `{}`", range.value);
    let read_range = Constraint::parse(range).map_err(|why| incomparable(&*expected, why, range.span))?;
    let versions = match found {
        Found::List(elements) if !elements.is_empty() => elements.iter().collect(),
        Found::List(_) => return Err(incomparable(expected, "an empty list", range.span)),
        one => vec![one],
    };
    let mut held = All::default();
    for found in versions {
        let text = found.as_text().map_err(|why| incomparable(&*expected, why, range.span));
        held.add(Some(text.and_then(|text| match constraint::version(&text.value) {
            Ok((version, _)) if read_range.holds(&version) => Ok(()),
            Ok((version, how)) => Err(read(differing(&*expected, version.to_string(), range.span), how)),
            Err(why) => Err(incomparable(&*expected, why, range.span)),
        })));
    }
    held.result()
}

fn holds_json(json: &Named<Matcher>, found: &Found) -> Held {
    let first = json.iter().next().map_or(Span::default(), |(path, _)| path.span);
    let (value, how) = found.as_json().map_err(|why| incomparable("JSON", why, first))?;
    let mut held = All::default();
    for (path, inner) in json.iter() {
        let one = JsonPath::parse(path)
            .map_err(|why| incomparable(format!("JSON at `{}`", path.value), why, path.span))
            .and_then(|query| inner.judge(&query.find(&value)));
        held.add(Some(one.map_err(|mismatch| Box::new(mismatch.inside(format!("at `{}`", path.value))))));
    }
    held.result().map_err(|mismatch| read(mismatch, how))
}

fn not(inner: &Matcher, found: &Found) -> Held {
    match inner.judge(found) {
        Ok(()) => Err(differing(format!("not ({inner})"), found.to_string(), inner.0.span)),
        Err(mismatch) if mismatch.why == Why::Differs => Ok(()),
        Err(mismatch) => Err(Box::new(mismatch.inside("not"))),
    }
}

fn all(matchers: &[Matcher], found: &Found) -> Held {
    let mut held = All::default();
    for (n, matcher) in matchers.iter().enumerate() {
        let place = || format!("(all, {} of {})", n + 1, matchers.len());
        held.add(Some(matcher.judge(found).map_err(|mismatch| Box::new(mismatch.inside(place())))));
    }
    held.result()
}

fn any(matchers: &[Matcher], found: &Found) -> Held {
    let mut expected = Vec::new();
    let mut worst = Why::Differs;
    let mut read_as = Vec::new();
    for matcher in matchers {
        match matcher.judge(found) {
            Ok(()) => return Ok(()),
            Err(mismatch) => {
                worst = worst.max(mismatch.why);
                expected.push(mismatch.expected_there());
                for how in mismatch.read_as {
                    if !read_as.contains(&how) {
                        read_as.push(how);
                    }
                }
            }
        }
    }
    let more = expected.len().saturating_sub(MOST_TOLD);
    expected.truncate(MOST_TOLD);
    let more = if more > 0 { format!(", or one of {more} more") } else { String::new() };
    let told = mismatch(expected.join(", or ") + &more, found.to_string(), place_of(matchers), worst);
    Err(Box::new(Mismatch { read_as, ..*told }))
}
