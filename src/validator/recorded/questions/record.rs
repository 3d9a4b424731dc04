//! Whether the record itself can be right: nothing before its announcement, nothing beside what excludes it, nothing
//! done that was not declared.

use super::prelude::*;
use crate::model::script::{Script, Unit};
use crate::model::{ClaimMode, Step};

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: &codes::NOT_RECORDED_FIRST,
            name: "recorded before it began",
            aspect: Aspect::Process,
            asks: "was the start of everything on record before it began, and its end before the next one?",
        },
        ask: recorded_first,
    },
    OfRun {
        question: Question {
            code: &codes::OVERLAP,
            name: "beside nothing that excludes it",
            aspect: Aspect::Process,
            asks: "did no other run work on the same task, on its targets or on its claims at the same time?",
        },
        ask: alone,
    },
    OfRun {
        question: Question {
            code: &codes::UNDECLARED_PRIVILEGE,
            name: "privileges as declared",
            aspect: Aspect::Security,
            asks: "is what ran with privileges on record with its text, and is it what the task declares?",
        },
        ask: privileges,
    },
];

fn recorded_first(case: &Case) -> Said {
    let account = case.account;
    if account.attempts.is_empty() && account.impossible.is_empty() {
        return Said::does_not_arise("nothing was begun");
    }
    let against = account.impossible.iter().map(|(seq, what)| Words::new(what.clone(), [*seq])).collect();
    let last = account.attempts.last().map(|it| it.intended.seq);
    Said::unless(against, || {
        let what = crate::counted(account.attempts.len(), "announcement");
        Words::new(what, std::iter::once(account.started.seq).chain(last))
    })
}

fn alone(case: &Case) -> Said {
    let account = case.account;
    let others = case.beside.iter().filter_map(|run| case.around.history.accounts.get(run));
    let (mut against, mut n_beside) = (Vec::new(), 0);
    for other in others {
        n_beside += 1;
        if let Some(why) = excluded_by(account, other) {
            let text = format!("run {} of `{}` was not over when it began, and {why}", other.run, other.task);
            against.push(Words::new(text, [other.started.seq, account.started.seq]));
        }
    }
    Said::unless(against, || {
        let beside = crate::counted(n_beside, "other run");
        let text = if n_beside == 0 { "it was alone".to_owned() } else { format!("beside {beside}") };
        Words::new(text, [account.started.seq])
    })
}

/// Why two runs cannot go on beside each other.
fn excluded_by(account: &Account, other: &Account) -> Option<String> {
    if account.task == other.task {
        return Some("both are of the same task".to_owned());
    }
    // This machine is the target of tasks that name none, and is no single thing.
    let mut both = account.targets.iter().filter(|target| *target != crate::model::IMPLICIT_TARGET);
    if let Some(target) = both.find(|target| other.targets.contains(target)) {
        return Some(format!("both work on `{target}`"));
    }
    let mut claims = account.holds.claims.iter().filter_map(|(name, mode)| {
        let theirs = other.holds.claims.get(name)?;
        let is_shared = *mode == ClaimMode::Shared && *theirs == ClaimMode::Shared;
        (!is_shared).then_some(name)
    });
    claims.next().map(|name| format!("both hold the claim `{name}`"))
}

/// Programs that give privileges to others.
const RAISERS: [&str; 5] = ["sudo", "doas", "su", "pkexec", "runuser"];

/// With which privileges an action runs, when with any.
fn privilege(account: &Account, action: &str, step: Option<&Step>) -> Option<String> {
    if let Some(user) = step.and_then(|step| step.user.as_ref()) {
        return Some(format!("as `{}`", user.value));
    }
    let first = action.split_whitespace().next().unwrap_or_default();
    let program = first.rsplit('/').next().unwrap_or_default();
    if RAISERS.contains(&program) {
        return Some(format!("through `{program}`"));
    }
    (account.holder.user == "root").then(|| "as root".to_owned())
}

fn privileges(case: &Case) -> Said {
    let account = case.account;
    let script = case.script();
    let units: Vec<Unit> = script.iter().flat_map(Script::parts).fold(Vec::new(), |mut all, part| {
        all.extend(part.steps.iter().chain(&part.rollback).chain(&part.finally).copied());
        all
    });
    let (mut against, mut told, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
    for attempt in account.newest() {
        let is_step = matches!(attempt.phase, Phase::Steps | Phase::Rollback | Phase::Finally);
        if !is_step || attempt.place.is_none() {
            continue;
        }
        let unit = units.iter().find(|unit| {
            (unit.phase, unit.target, unit.step.label())
                == (attempt.phase, attempt.target.as_str(), attempt.name.clone())
        });
        let Some(privilege) = privilege(account, &attempt.action, unit.map(|unit| unit.step)) else {
            continue;
        };
        evidence.push(attempt.intended.seq);
        let is_resumed = !account.resumed.is_empty();
        match unit {
            None if script.is_err() => {
                let text = format!(
                    "{} ran {privilege}, and the text of its task is not on record",
                    attempt.in_words()
                );
                against.push(words_of(attempt, text));
            }
            // What was done before a run went on by another text is that of the earlier one.
            None if is_resumed => {}
            None => {
                let text = format!("{} ran {privilege}, and its task has no such step", attempt.in_words());
                against.push(words_of(attempt, text));
            }
            Some(unit) if unit.step.action_in_short() != attempt.action && !is_resumed => {
                let text = format!(
                    "{} ran `{}` {privilege}, and its task says `{}`",
                    attempt.in_words(),
                    attempt.action,
                    unit.step.action_in_short()
                );
                against.push(words_of(attempt, text));
            }
            Some(_) => {}
        }
        if !told.contains(&privilege) {
            told.push(privilege);
        }
    }
    if evidence.is_empty() {
        return Said::does_not_arise(format!(
            "nothing ran with privileges, all as `{}`",
            account.holder.user
        ));
    }
    let n_steps = crate::counted(evidence.len(), "step");
    Said::unless(against, || Words::new(format!("{n_steps} {}", told.join(" and ")), evidence))
}
