//! Answers as the validator tells them: questions with outcomes, and findings for every no.

use std::collections::BTreeMap;

use super::{Answered, Question, Said, Words};
use crate::model::{Finding, Place, RunId};
use crate::validator::report::{Item, Outcome};

/// Where the runs of a task are declared: for findings, which have to point at something that people can open.
pub type PlaceOf<'a> = &'a dyn Fn(Option<RunId>) -> Option<Place>;

/// The questions and the findings of some runs. Of one run every question is an item; of several runs each question is
/// one item about all of them, so that a year of runs is still read by somebody.
pub fn told(answers: &[Answered], is_one: bool, place_of: PlaceOf) -> (Vec<Item>, Vec<Finding>) {
    let findings = answers.iter().flat_map(|answered| findings(answered, is_one, place_of)).collect();
    let items = if is_one { answers.iter().map(item).collect() } else { summed(answers) };
    (items, findings)
}

fn name(question: &Question, run: Option<RunId>, is_one: bool) -> String {
    match run.filter(|_| is_one) {
        Some(run) => format!("run {run}: {}", question.name),
        None => question.name.to_owned(),
    }
}

fn outcome(said: &Said) -> Outcome {
    match said {
        Said::Yes(_) => Outcome::Yes,
        Said::No(_) => Outcome::No,
        Said::Unknown(_) => Outcome::Unknown,
        Said::DoesNotArise(_) => Outcome::Skipped,
    }
}

fn item(answered: &Answered) -> Item {
    let question = answered.question;
    let said = match &answered.said {
        Said::Yes(words) | Said::Unknown(words) => with_evidence(words),
        Said::No(against) => against.iter().map(with_evidence).collect::<Vec<_>>().join("; "),
        Said::DoesNotArise(why) => why.clone(),
    };
    Item {
        name: name(question, answered.run, true),
        asks: format!("{}: {}", question.aspect.as_str(), question.asks),
        outcome: outcome(&answered.said),
        said,
        took: None,
    }
}

/// `by ops@example.org (entries 3, 7)`.
fn with_evidence(words: &Words) -> String {
    match in_words(&words.evidence) {
        Some(entries) => format!("{} ({entries})", words.text),
        None => words.text.clone(),
    }
}

/// More entries than these are not named in words; programs get all of them.
const MOST_ENTRIES: usize = 4;

fn in_words(evidence: &[u64]) -> Option<String> {
    let (first, last) = (evidence.first()?, evidence.last()?);
    Some(match evidence.len() {
        1 => format!("entry {first}"),
        n if n <= MOST_ENTRIES => {
            let all: Vec<_> = evidence.iter().map(u64::to_string).collect();
            format!("entries {}", all.join(", "))
        }
        n => format!("{n} entries from {first} to {last}"),
    })
}

/// One item for each question about several runs.
fn summed(answers: &[Answered]) -> Vec<Item> {
    let mut sums: BTreeMap<&str, (&Question, [usize; 4], Vec<&Answered>)> = BTreeMap::new();
    for answered in answers {
        let question = answered.question;
        let sum = sums.entry(question.code.code).or_insert_with(|| (question, [0; 4], Vec::new()));
        let at = match outcome(&answered.said) {
            Outcome::Yes => 0,
            Outcome::No => 1,
            Outcome::Unknown => 2,
            Outcome::Skipped => 3,
        };
        sum.1[at] += 1;
        // An example of what could not be found out; what is no has findings.
        if at == 2 || answered.run.is_none() {
            sum.2.push(answered);
        }
    }
    let of_all = |(question, [yes, no, unknown, skipped], told): (&Question, [usize; 4], Vec<&Answered>)| {
        if let Some(whole) = told.iter().find(|answered| answered.run.is_none()) {
            return Item { name: question.name.to_owned(), ..item(whole) };
        }
        let mut words = Vec::new();
        for (n, word) in [(yes, "yes"), (no, "no"), (unknown, "unknown"), (skipped, "not asked")] {
            if n > 0 {
                words.push(format!("{n} {word}"));
            }
        }
        if let Some(Answered { run: Some(run), said: Said::Unknown(why), .. }) = told.first() {
            words.push(format!("run {run}: {}", why.text));
        }
        Item {
            name: question.name.to_owned(),
            asks: format!("{}: {}", question.aspect.as_str(), question.asks),
            outcome: match () {
                () if no > 0 => Outcome::No,
                () if unknown > 0 => Outcome::Unknown,
                () if yes > 0 => Outcome::Yes,
                () => Outcome::Skipped,
            },
            said: words.join(", "),
            took: None,
        }
    };
    sums.into_values().map(of_all).collect()
}

fn findings(answered: &Answered, is_one: bool, place_of: PlaceOf) -> Vec<Finding> {
    let Said::No(against) = &answered.said else { return Vec::new() };
    let (question, run) = (answered.question, answered.run);
    let subject = name(question, run, is_one);
    let number = run.map(|run| run.to_string()).unwrap_or_default();
    let finding = |words: &Words| {
        let who = run.map_or_else(|| format!("{}: ", question.name), |run| format!("run {run}: "));
        let entries = in_words(&words.evidence).map(|entries| format!(" ({entries})")).unwrap_or_default();
        let finding = question.code.finding(&subject, format!("{who}{}{entries}", words.text), place_of(run));
        let help = words.help.clone().or_else(|| finding.help.map(|help| help.replace("RUN", &number)));
        Finding { help, evidence: words.evidence.clone(), ..finding }
    };
    against.iter().map(finding).collect()
}
