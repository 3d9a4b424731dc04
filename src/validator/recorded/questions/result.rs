//! Whether what was to be reached is there.

use super::prelude::*;
use crate::model::{SeriesResult, SeriesVerdict};
use crate::validator::verifier::series::in_words;

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: &codes::NOT_DONE,
            name: "work done",
            aspect: Aspect::Result,
            asks: "did it succeed, or did a later run make it good?",
        },
        ask: done,
    },
    OfRun {
        question: Question {
            code: &codes::NOT_VERIFIED,
            name: "verified",
            aspect: Aspect::Result,
            asks: "were all checks after the work asked after its last step, and did they hold?",
        },
        ask: verified,
    },
    OfRun {
        question: Question {
            code: &codes::NOT_AS_BEFORE,
            name: "monitoring as before",
            aspect: Aspect::Result,
            asks: "was monitoring captured before the work, compared after it, and as it was?",
        },
        ask: as_before,
    },
    OfRun {
        question: Question {
            code: &codes::LEFT_OPEN,
            name: "nothing left open",
            aspect: Aspect::Result,
            asks: "is nothing of it interrupted that nobody has settled?",
        },
        ask: nothing_open,
    },
];

fn done(case: &Case) -> Said {
    let account = case.account;
    let Some((end, outcome, reason)) = account.end() else {
        return Said::unknown(super::order::still(case), [account.last_seq()]);
    };
    let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    match outcome {
        Outcome::Succeeded => Said::yes(format!("it succeeded{why}"), [end.seq]),
        Outcome::Skipped | Outcome::Refused => Said::does_not_arise(format!("it was {outcome}{why}")),
        Outcome::Failed | Outcome::RolledBack | Outcome::Interrupted => match case.made_good_by() {
            Some(later) => {
                let text = format!("it ended {outcome}, and run {} made it good", later.run);
                Said::yes(text, [end.seq, later.last_seq()])
            }
            None if account.abandoned.is_some() => Said::no(format!("it was given up{why}"), [end.seq]),
            None => Said::no(format!("it ended {outcome}{why}"), [end.seq]),
        },
    }
}

fn verified(case: &Case) -> Said {
    let script = match case.script() {
        Ok(script) => script,
        Err(unknown) => return unknown,
    };
    let account = case.account;
    if script.verify.is_empty() {
        return Said::does_not_arise("the task has no checks after its work");
    }
    let Some((end, outcome, _)) = account.end() else {
        return Said::unknown(super::order::still(case), [account.last_seq()]);
    };
    if outcome != Outcome::Succeeded {
        return Said::does_not_arise(format!("it ended {outcome}, which stands for itself"));
    }
    let Some(last) = account.end_of_work() else { return Said::does_not_arise("nothing was touched") };
    let (mut against, mut evidence) = (Vec::new(), vec![last, end.seq]);
    for asked in &script.verify {
        let name = asked.check.in_short();
        let after = account
            .of_phase(Phase::Verify)
            .filter(|it| it.place == Some(asked.place) && last <= it.intended.seq);
        match { after }.next_back() {
            Some(found) if found.outcome() == Some(Outcome::Succeeded) => evidence.extend(found.evidence()),
            Some(found) => {
                let how =
                    found.outcome().map_or("has no answer".to_owned(), |outcome| format!("ended {outcome}"));
                against.push(words_of(found, format!("`{name}` {how}, and the run counts as a success")));
            }
            None => {
                let text = format!("`{name}` was not asked after the last step");
                against.push(Words::new(text, [last, end.seq]));
            }
        }
    }
    Said::unless(against, || {
        Words::new(format!("{} held", crate::counted(script.verify.len(), "check")), evidence)
    })
}

fn as_before(case: &Case) -> Said {
    let task = match case.task() {
        Ok(task) => task,
        Err(unknown) => return unknown,
    };
    let account = case.account;
    if task.baseline.is_none() {
        return Said::does_not_arise("the task takes no baseline");
    }
    let Some(first) = account.first_step() else { return Said::does_not_arise("nothing was touched") };
    let Some(taken) = account.baseline.as_ref().filter(|taken| taken.seq < first.intended.seq) else {
        return Said::no(
            "nothing was captured before the first step",
            [account.started.seq, first.intended.seq],
        );
    };
    let work = [Phase::Steps, Phase::Rollback].into_iter().flat_map(|phase| account.of_phase(phase));
    let last = work.map(Attempt::last_seq).max().unwrap_or(first.intended.seq);
    match account.compared.last().filter(|compared| last < compared.mark.seq) {
        Some(compared) if compared.same => {
            of_series(case, !task_series(task).is_empty(), [taken.seq, compared.mark.seq])
        }
        Some(compared) => Said::no(
            format!("monitoring did not come back: {}", compared.differences.join("; ")),
            [taken.seq, compared.mark.seq],
        ),
        None if !case.is_over() => Said::unknown(super::order::still(case), [taken.seq, last]),
        None if account.outcome() == Some(Outcome::Interrupted) => {
            Said::unknown("it was interrupted before anything was compared", [taken.seq, last])
        }
        None if account.outcome() == Some(Outcome::Failed) => {
            Said::unknown("it failed before anything was compared", [taken.seq, last])
        }
        None => Said::no("nothing was compared after the work", [taken.seq, last]),
    }
}

fn task_series(task: &crate::model::Task) -> &[crate::model::Spanned<crate::model::SeriesSpec>] {
    task.baseline.as_ref().map_or(&[], |baseline| &baseline.series)
}

/// What the series say, when everything else of monitoring is as it was.
fn of_series(case: &Case, are_asked: bool, evidence: [u64; 2]) -> Said {
    let account = case.account;
    match &account.series {
        // Only a success has to have compared them: who goes back does not wait for them.
        None if are_asked && account.outcome() == Some(Outcome::Succeeded) => {
            Said::no("its series were not compared after the work", evidence)
        }
        None => Said::yes("it was", evidence),
        Some((mark, series)) => {
            let evidence = || evidence.into_iter().chain([mark.seq]);
            let told = |is: &dyn Fn(&SeriesResult) -> bool| -> Vec<_> {
                series.iter().filter(|one| is(one)).map(in_words).collect()
            };
            let worse = told(&|one| one.fails);
            if !worse.is_empty() {
                return Said::no(format!("series are not as before: {}", worse.join(" / ")), evidence());
            }
            let untold = told(&|one| one.judgement.verdict == SeriesVerdict::InsufficientData);
            if untold.is_empty() {
                Said::yes(format!("it was, {} series included", series.len()), evidence())
            } else {
                Said::unknown(format!("too little to tell: {}", untold.join(" / ")), evidence())
            }
        }
    }
}

fn nothing_open(case: &Case) -> Said {
    let account = case.account;
    if !case.is_over() && case.is_alive {
        return Said::unknown("it is still going", [account.last_seq()]);
    }
    let newest = account.newest();
    let open: Vec<_> = newest.iter().filter(|it| it.is_open()).collect();
    if !case.is_interrupted() {
        // A step that was stopped and taken back is no longer open.
        return Said::yes("nothing", [account.last_seq()]);
    }
    let evidence = || open.iter().map(|it| it.last_seq()).chain([account.last_seq()]);
    if let Some((mark, why)) = &account.abandoned {
        return Said::yes(format!("{} settled it: {why}", mark.who), evidence().chain([mark.seq]));
    }
    if let Some(later) = case.made_good_by() {
        return Said::yes(format!("run {} made it good", later.run), evidence().chain([later.last_seq()]));
    }
    let what = match open.first() {
        Some(step) => format!("{} was interrupted, and nobody has said what became of it", step.in_words()),
        None => "it was interrupted between two steps".to_owned(),
    };
    Said::no(what, evidence())
}
