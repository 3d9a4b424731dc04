//! Whether things were done in the order in which the task has them, and nothing was skipped unrecorded.

use super::prelude::*;
use crate::model::script::{Script, Unit};

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: &codes::PAST_PRECONDITIONS,
            name: "preconditions held",
            aspect: Aspect::Process,
            asks: "were all preconditions asked before anything was touched, and did they hold?",
        },
        ask: preconditions,
    },
    OfRun {
        question: Question {
            code: &codes::OUT_OF_ORDER,
            name: "in order",
            aspect: Aspect::Process,
            asks: "was every step begun only after the step before it was done, on each target and from batch to batch?",
        },
        ask: in_order,
    },
    OfRun {
        question: Question {
            code: &codes::SKIPPED_UNRECORDED,
            name: "nothing skipped unrecorded",
            aspect: Aspect::Process,
            asks: "does every step of the task have a record: done, left out with a reason, or not reached because of one?",
        },
        ask: nothing_skipped,
    },
];

fn preconditions(case: &Case) -> Said {
    let script = match case.script() {
        Ok(script) => script,
        Err(unknown) => return unknown,
    };
    if script.preconditions.is_empty() {
        return Said::does_not_arise("the task has none");
    }
    let account = case.account;
    let Some(first) = account.first_step() else { return Said::does_not_arise("nothing was touched") };
    let (mut against, mut evidence) = (Vec::new(), vec![first.intended.seq]);
    for asked in &script.preconditions {
        let name = asked.check.in_short();
        let of = account.of_phase(Phase::Preconditions);
        let before = of.filter(|it| it.place == Some(asked.place) && it.last_seq() < first.intended.seq);
        match { before }.next_back() {
            Some(found) if found.outcome() == Some(Outcome::Succeeded) => evidence.extend(found.evidence()),
            Some(found) => {
                let why = found.ended.as_ref().and_then(|ended| ended.message.clone()).unwrap_or_default();
                against.push(words_of(found, format!("`{name}` did not hold, and the work began: {why}")));
            }
            None => {
                let text = format!("`{name}` was not asked before the work began");
                against.push(Words::new(text, [account.started.seq, first.intended.seq]));
            }
        }
    }
    Said::unless(against, || {
        Words::new(format!("{} held", crate::counted(script.preconditions.len(), "check")), evidence)
    })
}

fn in_order(case: &Case) -> Said {
    let script = match case.touched_script() {
        Ok(script) => script,
        Err(said) => return said,
    };
    let account = case.account;
    let (mut against, mut evidence) = (Vec::new(), Vec::new());
    for part in script.parts() {
        for list in [&part.steps, &part.rollback, &part.finally] {
            pairs(case, list, &mut against, &mut evidence);
        }
    }
    batches(case, &script, &mut against);
    let first_back = account.of_phase(Phase::Rollback).map(|it| it.intended.seq).min();
    let is_rolled = case.task.is_some_and(|task| task.rollout.is_some());
    let late = account.of_phase(Phase::Steps).find(|it| {
        // A rollout that bears a failed target goes back on that one, and on with the others.
        first_back.is_some_and(|back| back < it.intended.seq) && !is_rolled
    });
    if let Some(late) = late {
        against.push(words_of(late, format!("{} was begun after the way back was", late.in_words())));
    }
    Said::unless(against, || Words::new(crate::counted(evidence.len(), "step"), evidence))
}

/// Each step of one list on one target, with the one before it.
fn pairs(case: &Case, list: &[Unit], against: &mut Vec<Words>, evidence: &mut Vec<u64>) {
    let mut before: Option<&Attempt> = None;
    for unit in list {
        let Some(found) = case.of_unit(unit) else { continue };
        evidence.push(found.intended.seq);
        let begun = first_of(case, found);
        if let Some(before) = before
            && begun.intended.seq < before.last_seq()
        {
            let text = format!("{} was begun before {} had ended", found.in_words(), before.in_words());
            let seqs = [begun.intended.seq, before.last_seq()];
            against.push(Words::new(text, seqs));
        } else if let Some(before) = before
            && unit.phase != Phase::Finally
            && !before.is_done()
        {
            let how = before.outcome().map_or("has no end".to_owned(), |outcome| format!("ended {outcome}"));
            let text = format!("{} was begun though {} {how}", found.in_words(), before.in_words());
            against.push(Words::new(text, [begun.intended.seq, before.last_seq()]));
        }
        before = Some(found);
    }
}

/// The first attempt at what `newest` is an attempt at.
fn first_of<'a>(case: &Case<'a>, newest: &'a Attempt) -> &'a Attempt {
    let mut same = case.account.attempts.iter().filter(|it| it.ordinal == newest.ordinal);
    same.next().unwrap_or(newest)
}

/// No target of a batch is begun before those of the batches before it are over.
fn batches(case: &Case, script: &Script, against: &mut Vec<Words>) {
    let steps_on = |target: &str| {
        let target = target.to_owned();
        case.account.of_phase(Phase::Steps).filter(move |it| it.target == target)
    };
    let mut over: Option<(u64, &str)> = None;
    for batch in &script.batches {
        let begun = batch.parts.iter().filter_map(|part| steps_on(part.target).next());
        if let Some((end, target)) = over {
            for early in begun.filter(|it| it.intended.seq < end) {
                let text = format!(
                    "{} was begun before the work on `{target}`, which is in a batch before, had ended",
                    early.in_words()
                );
                against.push(Words::new(text, [early.intended.seq, end]));
            }
        }
        let ends =
            batch.parts.iter().flat_map(|part| steps_on(part.target).map(|it| (it.last_seq(), part.target)));
        over = over.into_iter().chain(ends).max_by_key(|(seq, _)| *seq);
    }
}

fn nothing_skipped(case: &Case) -> Said {
    let script = match case.script() {
        Ok(script) => script,
        Err(unknown) => return unknown,
    };
    let account = case.account;
    let Some((end, outcome, reason)) = account.end() else {
        return Said::unknown(still(case), [account.last_seq()]);
    };
    let (mut n_done, mut left_out, mut not_reached) = (0, Vec::new(), 0);
    let (mut against, mut evidence) = (Vec::new(), vec![end.seq]);
    for part in script.parts() {
        let is_left_out = case.is_left_out(part.target);
        for unit in &part.steps {
            match case.of_unit(unit) {
                Some(found) => {
                    evidence.extend(found.evidence());
                    match found.outcome() {
                        Some(Outcome::Skipped) => left_out.push(found.name.clone()),
                        _ => n_done += 1,
                    }
                }
                None if is_left_out || is_accounted_for(case, outcome, reason) => not_reached += 1,
                None => {
                    let label = unit.step.label();
                    let text = format!(
                        "the run {} and nothing is on record of its step {}, `{label}`, on `{}`",
                        ended(outcome, reason),
                        unit.place + 1,
                        part.target
                    );
                    against.push(Words::new(text, [account.started.seq, end.seq]));
                }
            }
        }
    }
    let mut words = vec![crate::counted(n_done, "step")];
    if !left_out.is_empty() {
        words.push(format!("left out: {}", left_out.join(", ")));
    }
    if not_reached > 0 {
        words.push(format!("{not_reached} not reached: {}", reason.unwrap_or("left out")));
    }
    Said::unless(against, || Words::new(words.join("; "), evidence))
}

/// Whether the end of the run says why a step was not reached.
fn is_accounted_for(case: &Case, outcome: Outcome, reason: Option<&str>) -> bool {
    let is_said = reason.is_some_and(|reason| !reason.trim().is_empty());
    // A success may leave targets out, which its reason then says; of the others everything is done.
    outcome != Outcome::Succeeded && (is_said || case.account.abandoned.is_some())
}

fn ended(outcome: Outcome, reason: Option<&str>) -> String {
    match reason {
        Some(_) => format!("ended {outcome}"),
        None => format!("ended {outcome} without a reason,"),
    }
}

/// Why a run without an end cannot be judged by it.
pub(super) fn still(case: &Case) -> &'static str {
    if case.is_alive { "it is still going" } else { "it has no end on record: it was interrupted" }
}
