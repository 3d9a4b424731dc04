//! Whether the run was let in: window, blackout, gate, what comes before it, and the review of one that was not.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::prelude::*;
use crate::calendar;
use crate::model::{Task, WindowSpan};

pub(super) const QUESTIONS: &[OfRun] = &[
    OfRun {
        question: Question {
            code: &codes::OUT_OF_WINDOW,
            name: "in its window",
            aspect: Aspect::Process,
            asks: "did it begin before the cutoff of a maintenance window, and end before the window did?",
        },
        ask: in_window,
    },
    OfRun {
        question: Question {
            code: &codes::IN_BLACKOUT,
            name: "in no blackout",
            aspect: Aspect::Process,
            asks: "was no change freeze in force while it ran?",
        },
        ask: in_no_blackout,
    },
    OfRun {
        question: Question {
            code: &codes::NOT_REVIEWED,
            name: "emergency reviewed",
            aspect: Aspect::Process,
            asks: "does an emergency say why, and was it reviewed in time?",
        },
        ask: reviewed,
    },
    OfRun {
        question: Question {
            code: &codes::UNSOUND_GROUND,
            name: "after what it builds on",
            aspect: Aspect::Process,
            asks: "had the last run of each task that it comes after succeeded?",
        },
        ask: after,
    },
    OfRun {
        question: Question {
            code: &codes::PAST_ITS_GATE,
            name: "gate held",
            aspect: Aspect::Process,
            asks: "was its gate asked before anything was touched, and was it open?",
        },
        ask: gate,
    },
];

fn in_window(case: &Case) -> Said {
    let account = case.account;
    let task = match case.task() {
        Ok(task) => task,
        Err(unknown) => return unknown,
    };
    if task.window.is_empty() {
        return Said::does_not_arise("the task may run at any time");
    }
    if account.is_emergency() {
        return Said::does_not_arise("an emergency passes windows");
    }
    let start = account.started.at;
    let scheduled = account.occurrence.as_ref().and_then(|id| case.around.history.windows.get(id));
    let scheduled = scheduled.filter(|(_, span)| span.start <= start && start < span.end);
    let (span, basis, seq) = match (scheduled, opening(case, task, start)) {
        (_, Some(span)) if case.is_same_plan() => (span, "", None),
        (Some((seq, span)), _) => (span.clone(), ", by the published schedule", Some(*seq)),
        (None, Some(span)) => (span, ", as the plan file has it today; it has changed since", None),
        (None, None) if case.is_same_plan() => {
            let at = account.started.at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let names: Vec<_> = task.window.iter().map(|name| format!("`{}`", name.value)).collect();
            let text = format!("it began at {at}, when {} was not open", names.join(" or "));
            return Said::no(text, [account.started.seq]);
        }
        (None, None) => {
            let text =
                "the plan file has changed since, and its windows of today say nothing about that time";
            return Said::unknown(text, [account.started.seq]);
        }
    };
    let mut against = Vec::new();
    if span.cutoff <= start {
        let text =
            format!("it began {} after the cutoff of `{}`{basis}", ago(start - span.cutoff), span.name);
        against.push(Words::new(text, [account.started.seq].into_iter().chain(seq)));
    }
    let end = account.end().map(|(end, ..)| end);
    if let Some(end) = end.filter(|end| span.end < end.at) {
        let text = format!("it ended {} after the end of `{}`{basis}", ago(end.at - span.end), span.name);
        let help = "make `duration` or the window longer, so that work that begins in it also ends in it";
        let evidence = [account.started.seq, end.seq].into_iter().chain(seq);
        against.push(Words::new(text, evidence).help(help));
    }
    let evidence = [account.started.seq].into_iter().chain(end.map(|end| end.seq)).chain(seq);
    Said::unless(against, || Words::new(format!("in `{}`{basis}", span.name), evidence))
}

/// The opening that was open at `start`, by the plan file of today.
fn opening(case: &Case, task: &Task, start: DateTime<Utc>) -> Option<WindowSpan> {
    let plan = case.around.plan?;
    let mut spans = Vec::new();
    for name in task.window.iter() {
        let window = plan.windows.get(name)?;
        let until = start + TimeDelta::seconds(1);
        spans.extend(calendar::openings(name, window, case.around.zone, start, until).ok()?);
    }
    calendar::merge(spans).into_iter().find(|span| span.start <= start && start < span.end)
}

fn in_no_blackout(case: &Case) -> Said {
    let account = case.account;
    let Some(plan) = case.around.plan else {
        return Said::unknown("the plan file cannot be read", [account.started.seq]);
    };
    let task = match case.task() {
        Ok(task) => task,
        Err(unknown) => return unknown,
    };
    if account.is_emergency() {
        return Said::does_not_arise("an emergency passes blackouts");
    }
    if plan.blackouts.is_empty() {
        return Said::does_not_arise("the plan file has no blackout");
    }
    let start = account.started.at;
    let end = account.end().map_or(case.around.now, |(end, ..)| end.at);
    let basis = if case.is_same_plan() { "" } else { ", as the plan file has it today" };
    let freezes =
        plan.blackouts.iter().map(|(name, blackout)| calendar::freeze(name, blackout, case.around.zone));
    let during =
        freezes.filter(|freeze| freeze.stops(task.kind.value) && freeze.start < end && start < freeze.end);
    let evidence = || std::iter::once(account.started.seq).chain(account.end().map(|(end, ..)| end.seq));
    let against: Vec<_> = during
        .map(|freeze| {
            let name = &freeze.name;
            let text = if freeze.start <= start {
                format!("it began in the blackout `{name}`{basis}")
            } else {
                format!(
                    "it went on for {} into the blackout `{name}`{basis}",
                    ago(end.min(freeze.end) - freeze.start)
                )
            };
            Words::new(text, evidence())
        })
        .collect();
    Said::unless(against, || Words::new(format!("none was in force{basis}"), evidence()))
}

fn reviewed(case: &Case) -> Said {
    let (account, now) = (case.account, case.around.now);
    if !account.is_emergency() {
        return Said::does_not_arise("it was no emergency");
    }
    let started = account.started.seq;
    if account.justification.as_ref().is_none_or(|words| words.trim().is_empty()) {
        return Said::no("it does not say why it could not wait", [started]);
    }
    let command = format!("review it: `mainstay audit review {} --note TEXT`", account.run);
    let Some(review) = &account.review else {
        return Said::No(vec![Words::new("no review was asked for", [started]).help(command)]);
    };
    let due = review.due.to_rfc3339_opts(SecondsFormat::Secs, true);
    match &review.closed {
        Some(closed) if closed.at <= review.due => {
            Said::yes(format!("by {}", closed.who), [started, review.opened.seq, closed.seq])
        }
        Some(closed) => {
            let text = format!("it was reviewed {} too late", ago(closed.at - review.due));
            let help = "the next one in time: `mainstay audit review` lists what is open";
            Said::No(vec![Words::new(text, [review.opened.seq, closed.seq]).help(help)])
        }
        None if now <= review.due => {
            Said::yes(format!("not yet; it has to be until {due}"), [started, review.opened.seq])
        }
        None => {
            let text = format!("its review is overdue since {due}");
            Said::No(vec![Words::new(text, [started, review.opened.seq]).help(command)])
        }
    }
}

fn after(case: &Case) -> Said {
    let account = case.account;
    let task = match case.task() {
        Ok(task) => task,
        Err(unknown) => return unknown,
    };
    if task.after.is_empty() {
        return Said::does_not_arise("the task comes after no other");
    }
    let (mut against, mut evidence, mut names) = (Vec::new(), vec![account.started.seq], Vec::new());
    for before in task.after.iter() {
        // Only the newest run of a task is ever taken up again, so its end is the last one.
        let earlier = case.around.history.before(&before.value, account.run);
        let ended = |it: &'_ Account| {
            let ends = it.ends.iter().rev();
            ends.map(|(mark, outcome, _)| (it.run, mark.seq, *outcome))
                .find(|end| end.1 < account.started.seq)
        };
        let Some((run, seq, outcome)) = { earlier }.find_map(ended) else { continue };
        evidence.push(seq);
        if outcome == Outcome::Succeeded {
            names.push(format!("run {run} of `{}`", before.value));
            continue;
        }
        let text = format!("it began after run {run} of `{}`, which ended {outcome}", before.value);
        against.push(Words::new(text, [account.started.seq, seq]));
    }
    if against.is_empty() && names.is_empty() {
        return Said::does_not_arise("no task that it comes after had run");
    }
    Said::unless(against, || Words::new(format!("after {}", names.join(", ")), evidence))
}

fn gate(case: &Case) -> Said {
    let account = case.account;
    let task = match case.task() {
        Ok(task) => task,
        Err(unknown) => return unknown,
    };
    if task.gate.is_none() {
        return Said::does_not_arise("the task has no gate");
    }
    let Some(first) = account.first_step() else { return Said::does_not_arise("nothing was touched") };
    let asked = account.of_phase(Phase::Gate).filter(|it| it.intended.seq < first.intended.seq);
    let Some(asked) = { asked }.next_back() else {
        return Said::no("it was not asked before the first step", [account.started.seq, first.intended.seq]);
    };
    let said = asked.ended.as_ref().and_then(|ended| ended.message.clone()).unwrap_or_default();
    match asked.outcome() {
        Some(Outcome::Succeeded) => Said::Yes(words_of(asked, said)),
        _ => Said::No(vec![words_of(asked, format!("it was not open: {said}"))]),
    }
}

/// A length for people; what is below a second is a moment.
fn ago(length: TimeDelta) -> String {
    if length < TimeDelta::seconds(1) { "a moment".to_owned() } else { crate::text::roughly(length) }
}
