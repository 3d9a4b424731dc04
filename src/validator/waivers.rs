//! Waivers: findings that are borne, with a reason, and for a time.
//!
//! They stand in the plan file, in a comment beside what they are about, or in the list `ignore:`.
//!
//! 1. A waiver takes back judgements only; what the other commands rely on stays an error.
//! 2. A date includes its day, to the last moment of it in the plan file's zone; after that the finding is back.
//! 3. A waiver names a rule, or a control of a standard: then it takes back what that control asks for.
//! 4. A waiver that is not understood, unknown, expired or of no use is a finding itself, and cannot be waived.

use chrono::{DateTime, Utc};

use super::facts::{Facts, stands};
use super::rules::{self, Rule};
use crate::model::{self, Moment, Span, Spanned};
use crate::planfile::{Fault, Source, offset};

/// One code that is waived: of a rule, or of a control.
struct Waiver {
    code: String,
    scope: Scope,
    /// The first instant at which it no longer holds.
    ends: Option<DateTime<Utc>>,
    /// Where it stands.
    span: Span,
    is_used: bool,
}

/// A waiver that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What it waived.
    pub code: String,
    /// The first instant at which it no longer held.
    pub at: DateTime<Utc>,
}

/// What came of the waivers.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// How many findings were taken back.
    pub n_waived: usize,
    /// Those that have ended, in their order.
    pub ended: Vec<Ended>,
}

/// What a waiver is about.
enum Scope {
    File,
    /// What a path of keys leads to, and all below it.
    Path(String),
    /// What begins beside a comment.
    Place(Span),
}

/// Takes back the faults that are waived, and adds what is wrong with the waivers.
pub(super) fn apply(facts: &Facts, source: &Source, comments: &[Span], faults: &mut Vec<Fault>) -> Applied {
    let mut wrong = Vec::new();
    let mut waivers = of_list(facts);
    for comment in comments {
        match of_comment(facts, source, *comment) {
            Ok(read) => waivers.extend(read),
            Err(fault) => wrong.push(*fault),
        }
    }
    if waivers.is_empty() && wrong.is_empty() {
        return Applied::default();
    }
    // A control of a catalogue that could not be read may be meant.
    let is_known = |code: &str| rules::by_code(code).is_some() || facts.standards.knows(code);
    waivers.retain(|waiver| facts.standards.is_complete() || is_known(&waiver.code));
    let has_ended = |waiver: &&Waiver| waiver.ends.is_some_and(|ends| ends <= facts.now);
    let ended = waivers
        .iter()
        .filter(has_ended)
        .filter_map(|waiver| Some(Ended { code: waiver.code.clone(), at: waiver.ends? }));
    let ended = ended.collect();
    waivers.retain(|waiver| match objection(facts, waiver) {
        Some(fault) => {
            wrong.push(fault);
            false
        }
        None => true,
    });
    let n_before = faults.len();
    faults.retain(|fault| !is_waived(facts, fault, &mut waivers));
    let n_waived = n_before - faults.len();
    wrong.extend(waivers.iter().filter_map(remark));
    faults.append(&mut wrong);
    Applied { n_waived, ended }
}

fn of_list(facts: &Facts) -> Vec<Waiver> {
    let read = |waiver: &Spanned<model::Waiver>| Waiver {
        code: waiver.code.value.clone(),
        scope: waiver.at.as_ref().map_or(Scope::File, |at| Scope::Path(at.value.clone())),
        ends: waiver.until.map(|until| end_of(facts, until.value)),
        span: waiver.code.span,
        is_used: false,
    };
    let is_whole = |waiver: &&Spanned<model::Waiver>| stands(&waiver.code) && stands(&waiver.reason);
    facts.plan.ignore.iter().filter(is_whole).map(read).collect()
}

/// The first instant after what `until` includes.
fn end_of(facts: &Facts, until: Moment) -> DateTime<Utc> {
    let end = match until {
        Moment::Date(date) => date.succ_opt().map_or(until, Moment::Date),
        Moment::Utc(_) | Moment::Local(_) => until,
    };
    facts.zone.resolve(&end)
}

/// Reads `# mainstay: ignore MS123, MS124 until 2027-01-31 reason`.
fn of_comment(facts: &Facts, source: &Source, comment: Span) -> Result<Vec<Waiver>, Box<Fault>> {
    const FORM: &str = "expected `# mainstay: ignore CODE until DATE REASON`; `until DATE` may be left out";
    let fault = |message: String| Box::new(Fault::new("MS701", comment, message));
    let unclear = |message: &str| Box::new(fault(message.to_owned()).expected(FORM));
    let text = &source.text[comment.start as usize..comment.end as usize];
    let said = text.trim_start_matches('#').trim_start().strip_prefix("mainstay:").unwrap_or_default();
    let rest = said.trim().strip_prefix("ignore ").ok_or_else(|| unclear("this comment is no waiver"))?;
    let n_codes = rest.split_whitespace().take_while(|word| word.ends_with(',')).count() + 1;
    let (codes, rest) = split_words(rest, n_codes);
    let (until, reason) = match rest.strip_prefix("until ") {
        None => (None, rest),
        Some(rest) => {
            let (until, reason) = split_words(rest, 1);
            let until = until.parse::<Moment>().map_err(|expected| {
                fault(format!("the waiver ends at `{until}`, which is no time")).expected(expected)
            })?;
            (Some(end_of(facts, until)), reason)
        }
    };
    if reason.is_empty() {
        return Err(unclear("the waiver has no reason"));
    }
    let place = scope_of(facts, source, comment);
    let waiver = |code: &str| Waiver {
        code: code.to_owned(),
        scope: Scope::Place(place),
        ends: until,
        span: comment,
        is_used: false,
    };
    Ok(codes.split([',', ' ']).filter(|code| !code.is_empty()).map(waiver).collect())
}

/// The first `n` words of a text, and the rest of it.
fn split_words(text: &str, n: usize) -> (&str, &str) {
    let text = text.trim_start();
    let mut end = 0;
    for _ in 0..n {
        let rest = &text[end..];
        let begin = end + (rest.len() - rest.trim_start().len());
        end = text[begin..].find(char::is_whitespace).map_or(text.len(), |at| begin + at);
    }
    (&text[..end], text[end..].trim_start())
}

/// What a comment speaks of: what begins on its own line or, when it stands alone there, on the next line that
/// holds anything but comments.
fn scope_of(facts: &Facts, source: &Source, comment: Span) -> Span {
    let text = &source.text;
    let own_start = text[..comment.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let mut start = own_start;
    for line in text[own_start..].split_inclusive('\n') {
        let is_code = !line.trim().is_empty() && !line.trim_start().starts_with('#');
        if is_code {
            let line = Span { start: offset(start), end: offset(start + line.len()) };
            return facts.tree.extent(line).unwrap_or(line);
        }
        start += line.len();
    }
    comment
}

/// Why a waiver does not hold, if it does not.
fn objection(facts: &Facts, waiver: &Waiver) -> Option<Fault> {
    let code = &waiver.code;
    let rule = rules::by_code(code);
    if rule.is_none() && !facts.standards.knows(code) {
        let controls = facts.standards.controls().map(|(_, control)| control.id.value.as_str());
        let known = rules::all().map(|rule| rule.code).chain(controls);
        let fault = Fault::new("MS702", waiver.span, format!("the waiver names an unknown code `{code}`"));
        return Some(fault.expected("expected the code of a finding, such as `MS316`").near(code, known));
    }
    if let Some(rule) = rule.filter(|rule| !rule.is_waivable()) {
        let message = format!("`{code}` ({}) cannot be waived", rule.title);
        return Some(Fault::new("MS705", waiver.span, message).help("mend what it finds"));
    }
    let ended = waiver.ends.filter(|ends| *ends <= facts.now)?;
    let message = format!("the waiver of `{code}` ended on {}", facts.zone.date_and_time(ended));
    Some(
        Fault::new("MS703", waiver.span, message)
            .help("mend what it finds, or decide again and give it another date"),
    )
}

fn is_waived(facts: &Facts, fault: &Fault, waivers: &mut [Waiver]) -> bool {
    let mut is_waived = false;
    for waiver in waivers.iter_mut().filter(|waiver| names(&waiver.code, fault)) {
        let is_meant = match &waiver.scope {
            Scope::File => true,
            Scope::Place(place) => place.start <= fault.span.start && fault.span.start < place.end,
            Scope::Path(path) => {
                let subject = facts.tree.path_to(fault.span.start);
                let rest = subject.strip_prefix(path.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            }
        };
        waiver.is_used |= is_meant;
        is_waived |= is_meant;
    }
    is_waived
}

/// Whether a code is that of a fault, or that of the control that asks for what is missing.
fn names(code: &str, fault: &Fault) -> bool {
    let is_control =
        || fault.control().and_then(|name| name.rsplit_once(' ')).is_some_and(|(_, id)| id == code);
    fault.code == code || (is_control() && rules::by_code(fault.code).is_some_and(Rule::is_waivable))
}

/// What there is to say about a waiver that holds.
fn remark(waiver: &Waiver) -> Option<Fault> {
    let code = &waiver.code;
    if !waiver.is_used {
        let fault = Fault::new("MS704", waiver.span, format!("the waiver of `{code}` takes nothing back"));
        return Some(fault.help("remove it"));
    }
    let fault = || Fault::new("MS706", waiver.span, format!("the waiver of `{code}` has no end"));
    waiver.ends.is_none().then(|| fault().help("add `until` and a date on which somebody decides again"))
}
