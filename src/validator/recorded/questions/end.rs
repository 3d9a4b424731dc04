//! Whether a run that went wrong was brought to a sound end: the way back, and what is owed in any case.

use std::collections::BTreeSet;

use super::prelude::*;
use crate::model::script::Unit;

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: &codes::WAY_BACK_NOT_GONE,
            name: "way back gone",
            aspect: Aspect::Process,
            asks: "was the way back gone to its end on every target where the work went wrong?",
        },
        ask: way_back,
    },
    OfRun {
        question: Question {
            code: &codes::OWED,
            name: "nothing owed",
            aspect: Aspect::Process,
            asks: "was everything done that has to come at the end in any case?",
        },
        ask: nothing_owed,
    },
];

/// What objects to the work: a step that failed for good, a check that did not hold after it, monitoring that was not as
/// before, a step that was not let through. The targets that are meant; none: all that were touched.
struct Wrong<'a> {
    attempt: &'a Attempt,
    target: Option<&'a str>,
}

fn went_wrong<'a>(case: &Case<'a>) -> Option<Wrong<'a>> {
    let newest = case.account.newest();
    let first_back =
        newest.iter().find(|it| it.phase == Phase::Rollback).map_or(u64::MAX, |it| it.intended.seq);
    let is_bad = |it: &&&Attempt| {
        let is_failed = it.outcome() == Some(Outcome::Failed);
        let is_asked_after = matches!(it.phase, Phase::Verify | Phase::Gate) && it.intended.seq < first_back;
        is_failed && (it.phase == Phase::Steps || is_asked_after)
    };
    let first = case.account.first_step()?.intended.seq;
    let attempt = newest.iter().filter(|it| first <= it.intended.seq).find(is_bad).copied()?;
    let target = (attempt.phase == Phase::Steps).then_some(attempt.target.as_str());
    Some(Wrong { attempt, target })
}

fn way_back(case: &Case) -> Said {
    let script = match case.touched_script() {
        Ok(script) => script,
        Err(said) => return said,
    };
    let account = case.account;
    if script.parts().all(|part| part.rollback.is_empty()) {
        return Said::does_not_arise("the task has no way back");
    }
    let began = account.of_phase(Phase::Rollback).next().is_some();
    let wrong = went_wrong(case);
    let Some((end, outcome, _)) = account.end() else {
        return Said::unknown(super::order::still(case), [account.last_seq()]);
    };
    if outcome == Outcome::Succeeded || (wrong.is_none() && !began) {
        return Said::does_not_arise("nothing went wrong that it would undo");
    }
    if account.abandoned.is_some() || (outcome == Outcome::Interrupted && !began) {
        return Said::does_not_arise("it was interrupted, and what becomes of it is for somebody to say");
    }
    let is_rolled = case.task.is_some_and(|task| task.rollout.is_some());
    let touched: BTreeSet<&str> = account.of_phase(Phase::Steps).map(|it| it.target.as_str()).collect();
    let has_to_go = |target: &str| match (is_rolled, wrong.as_ref().and_then(|wrong| wrong.target)) {
        // Batches that are verified stay as they are.
        (true, Some(failed)) => failed == target,
        (true, None) => account.of_phase(Phase::Rollback).any(|it| it.target == target),
        (false, _) => touched.contains(target) && !case.is_left_out(target),
    };
    let mut evidence = vec![end.seq];
    evidence.extend(wrong.iter().flat_map(|wrong| wrong.attempt.evidence()));
    let mut against = Vec::new();
    for part in script.parts().filter(|part| has_to_go(part.target)) {
        undone(case, &part.rollback, &mut against, &mut evidence);
    }
    if let Some(later) = case.made_good_by().filter(|_| !against.is_empty()) {
        evidence.push(later.last_seq());
        return Said::yes(format!("not to its end, and run {} made that good", later.run), evidence);
    }
    Said::unless(against, || Words::new("to its end", evidence))
}

/// What of a list is not done.
fn undone(case: &Case, list: &[Unit], against: &mut Vec<Words>, evidence: &mut Vec<u64>) {
    for unit in list {
        match case.of_unit(unit) {
            Some(found) if found.is_done() => evidence.extend(found.evidence()),
            Some(found) => {
                let how =
                    found.outcome().map_or("has no end".to_owned(), |outcome| format!("ended {outcome}"));
                against.push(words_of(found, format!("{} {how}", found.in_words())));
            }
            None => {
                let text = format!("`{}` on `{}` was never begun", unit.step.label(), unit.target);
                let end = case.account.end().map(|(end, ..)| end.seq);
                against.push(Words::new(text, std::iter::once(case.account.started.seq).chain(end)));
            }
        }
    }
}

fn nothing_owed(case: &Case) -> Said {
    let script = match case.touched_script() {
        Ok(script) => script,
        Err(said) => return said,
    };
    let account = case.account;
    if script.parts().all(|part| part.finally.is_empty()) {
        return Said::does_not_arise("the task has no `finally`");
    }
    let Some((end, ..)) = account.end() else {
        return Said::unknown(super::order::still(case), [account.last_seq()]);
    };
    let (mut against, mut evidence) = (Vec::new(), vec![end.seq]);
    for part in script.parts() {
        let is_touched = account.of_phase(Phase::Steps).any(|it| it.target == part.target);
        if is_touched && !case.is_left_out(part.target) {
            undone(case, &part.finally, &mut against, &mut evidence);
        }
    }
    if against.is_empty() {
        return Said::yes("everything", evidence);
    }
    if let Some((mark, why)) = &account.abandoned {
        evidence.push(mark.seq);
        return Said::yes(format!("not everything; {} settled it: {why}", mark.who), evidence);
    }
    match case.made_good_by() {
        Some(later) => Said::yes(format!("not everything, and run {} made that good", later.run), evidence),
        None => Said::No(against),
    }
}
