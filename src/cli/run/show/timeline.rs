//! A run as people read it: what became of it, then a line a step, with a bar of its time where there is room.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use console::{Alignment, measure_text_width, pad_str};

use crate::calendar::Zone;
use crate::cli::run::changes;
use crate::cli::run::list::took;
use crate::model::{Origin, Outcome, Run, StepRecord, Usage};
use crate::state::Comparison;
use crate::table::{Screen, Tone, painted};
use crate::text::in_bytes;
use crate::text::inert_line;

/// All that is told of a run.
#[derive(Debug)]
pub struct Shown {
    /// The run.
    pub run: Run,
    /// Its steps.
    pub steps: Vec<StepRecord>,
    /// Whether the process that works on it lives.
    pub is_alive: bool,
    /// How monitoring compared with what it was before.
    pub compared: Option<Comparison>,
    /// What else is on record.
    pub notes: Vec<Note>,
}

/// Something else that is on record.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: String,
}

/// The most columns of a step's name.
const MOST_NAME: usize = 36;
/// A bar has at least and at most so many cells.
const BAR: std::ops::RangeInclusive<usize> = 8..=40;

/// The text for `screen`, as of `now`.
pub fn text(shown: &Shown, zone: &Zone, now: DateTime<Utc>, screen: Screen) -> String {
    // Time goes by for what goes on, and for nothing else.
    let goes_on = shown.run.ended.is_none() && shown.is_alive;
    let mut text = head(shown, zone, goes_on.then_some(now), screen);
    if !shown.steps.is_empty() {
        text.push('\n');
        text.push_str(&steps(shown, goes_on.then_some(now), screen));
    }
    if let Some(table) = shown.compared.as_ref().map(|compared| changes::text(compared, usize::MAX, screen))
        && !table.is_empty()
    {
        let _ = write!(text, "\nwhat has changed in monitoring\n{table}");
    }
    if !shown.notes.is_empty() {
        text.push_str("\nalso on record\n");
        for note in &shown.notes {
            let _ = writeln!(text, "  {}  {}", zone.date_and_time(note.at), inert_line(&note.what));
        }
    }
    text
}

fn head(
    Shown { run, compared, .. }: &Shown,
    zone: &Zone,
    now: Option<DateTime<Utc>>,
    screen: Screen,
) -> String {
    let outcome = match (run.outcome, now) {
        (Some(outcome), _) => outcome.to_string(),
        (None, Some(_)) => "going".to_owned(),
        (None, None) => "no end".to_owned(),
    };
    let outcome = painted(&outcome, tone(run.outcome), true, screen);
    let mut lines = vec![format!("run {} of {}: {outcome}", run.id, inert_line(&run.task))];
    let mut say = |name: &str, what: &str| lines.push(format!("  {name:<9}  {}", inert_line(what)));
    if let Some(reason) = &run.reason {
        say("why", reason);
    }
    let day = |at| zone.wall(at).format("%Y-%m-%d").to_string();
    let time = |at| zone.wall(at).format("%H:%M:%S").to_string();
    let span = if let Some(ended) = run.ended {
        // The day is told once, unless it is another.
        let until = if day(ended) == day(run.started) {
            time(ended)
        } else {
            format!("{} {}", day(ended), time(ended))
        };
        format!("to {until} {}, {}", zone.abbreviation(ended), took(ended - run.started))
    } else {
        let how_long = now.map_or_else(
            || "its mainstay has gone; `run --resume` goes on with it".to_owned(),
            |now| format!("for {} now", took(now - run.started)),
        );
        format!("{}, {how_long}", zone.abbreviation(run.started))
    };
    let span = format!("{} {} {span}", day(run.started), time(run.started));
    say("when", &span);
    let origin = match (&run.occurrence, run.origin) {
        (Some(occurrence), _) => format!("it was due ({occurrence})"),
        (None, Origin::Emergency) => "as an emergency".to_owned(),
        (None, _) => "on demand".to_owned(),
    };
    say("started", &origin);
    if let Some(justification) = &run.justification {
        say("EMERGENCY", justification);
    }
    let holder = &run.holder;
    say("by", &format!("{}@{}, process {}", holder.user, holder.host, holder.pid));
    say("targets", &run.targets.join(", "));
    if let Some(compared) = compared {
        let differences = || compared.differences.join("; ");
        say(
            "baseline",
            &match (compared.same, compared.settled_ms) {
                (true, Some(settled)) => {
                    let settled = TimeDelta::milliseconds(settled.try_into().unwrap_or(i64::MAX));
                    format!("monitoring is as it was, after {}", took(settled))
                }
                (true, None) => "monitoring is as it was".to_owned(),
                (false, _) => format!("monitoring is not as it was: {}", differences()),
            },
        );
    }
    if let Some(compared) = compared {
        if let Some(counts) = changes::counts(compared) {
            say("compared", &counts);
        }
        for gap in changes::gaps(&compared.gaps) {
            say("gap", &gap);
        }
    }
    lines.join("\n") + "\n"
}

fn steps(shown: &Shown, now: Option<DateTime<Utc>>, screen: Screen) -> String {
    let last = shown.steps.iter().map(|step| step.ended.unwrap_or(step.started)).max();
    let (begin, end) = (shown.run.started, shown.run.ended.or(now).or(last).unwrap_or(shown.run.started));
    let several = shown.run.targets.len() > 1;
    let name_of = |step: &StepRecord| {
        let on =
            if several && !step.target.is_empty() { format!(" on {}", step.target) } else { String::new() };
        inert_line(&format!("{}{on}", step.name))
    };
    let widest = |cell: &dyn Fn(&StepRecord) -> usize, head: &str| {
        shown.steps.iter().map(cell).max().unwrap_or(0).max(head.len())
    };
    // What was settled since went on no longer than its mainstay.
    let going = |step: &StepRecord| now.filter(|_| step.ended.is_none() && step.settled.is_none());
    let number = widest(&|step| step.ordinal.to_string().len(), "N");
    let phase = widest(&|step| step.phase.as_str().len(), "PHASE");
    let outcome = widest(&|step| outcome_of(step, going(step)).len(), "OUTCOME");
    let time = widest(&|step| took_of(step, going(step)).len(), "TOOK");
    let name = widest(&|step| measure_text_width(&name_of(step)), "STEP");
    let fixed = number + phase + outcome + time + 8;
    let name = match screen.width {
        None => name,
        Some(width) => name.min(MOST_NAME).min(width.saturating_sub(fixed).max(8)),
    };
    let bar = screen.width.map(|width| width.saturating_sub(fixed + name + 2).min(*BAR.end()));
    let bar = bar.filter(|cells| BAR.contains(cells));
    let head = format!(
        "{:>number$}  {:<phase$}  {:<name$}  {:<outcome$}  {:>time$}",
        "N", "PHASE", "STEP", "OUTCOME", "TOOK"
    );
    let mut text = painted(head.trim_end(), Tone::Plain, true, screen) + "\n";
    for step in &shown.steps {
        let told = pad_str(outcome_of(step, going(step)), outcome, Alignment::Left, None).into_owned();
        let told = painted(&told, tone(step.outcome), false, screen);
        let step_name = name_of(step);
        let step_name = pad_str(&step_name, name, Alignment::Left, screen.width.map(|_| "…"));
        let mut line = format!(
            "{:>number$}  {:<phase$}  {step_name}  {told}  {:>time$}",
            step.ordinal,
            step.phase.as_str(),
            took_of(step, going(step))
        );
        if let Some(cells) = bar {
            // One whose end nobody saw is a point in time.
            let until = step.ended.or(going(step)).unwrap_or(step.started);
            let _ = write!(line, "  {}", bar_of((step.started, until), (begin, end), cells));
        }
        let _ = writeln!(text, "{}", line.trim_end());
        for detail in details(step) {
            let _ = writeln!(text, "{:1$}{2}", "", number + phase + 4, inert_line(&detail));
        }
    }
    text
}

/// How a step went; one that has no end is going `now`, or was when mainstay ended.
fn outcome_of(step: &StepRecord, now: Option<DateTime<Utc>>) -> &'static str {
    match step.outcome {
        None if now.is_some() => "going",
        None => "no end",
        Some(Outcome::RolledBack) => "rolled back",
        Some(outcome) => outcome.as_str(),
    }
}

/// How long a step took, or goes on by `now`; nobody knows how long one took whose end nobody saw.
fn took_of(step: &StepRecord, now: Option<DateTime<Utc>>) -> String {
    step.ended.or(now).map_or_else(|| "-".to_owned(), |end| took(end - step.started))
}

/// What else there is to say of a step, a line each.
fn details(step: &StepRecord) -> Vec<String> {
    let mut lines = Vec::new();
    let mut parts = Vec::new();
    let is_said = step.message.as_deref().is_some_and(|message| message.contains("exit code"));
    if let Some(code) = step.exit_code.filter(|code| *code != 0 && !is_said) {
        parts.push(format!("exit code {code}"));
    }
    parts.extend(step.message.clone());
    if step.attempts > 1 {
        parts.push(format!("{} attempts", step.attempts));
    }
    match step.settled {
        Some(true) => parts.push("settled later: it is done".to_owned()),
        Some(false) => parts.push("settled later: it is not done".to_owned()),
        None => {}
    }
    if !parts.is_empty() {
        lines.push(parts.join("; "));
    }
    lines.extend(step.usage.as_ref().map(usage_in_words));
    lines
}

/// `processor 1.2s, memory 34 MiB, read 3 MiB, wrote 10 MiB`.
fn usage_in_words(usage: &Usage) -> String {
    let processor = TimeDelta::milliseconds((usage.user_ms + usage.system_ms).try_into().unwrap_or(i64::MAX));
    let mut parts = vec![format!("processor {}", took(processor))];
    parts.extend((usage.peak_bytes > 0).then(|| format!("memory {}", in_bytes(usage.peak_bytes))));
    parts.extend(usage.read_bytes.map(|bytes| format!("read {}", in_bytes(bytes))));
    parts.extend(usage.written_bytes.map(|bytes| format!("wrote {}", in_bytes(bytes))));
    parts.join(", ")
}

/// The part of the run that a step took: blank before it, at least one cell for itself.
fn bar_of(
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    (begin, end): (DateTime<Utc>, DateTime<Utc>),
    cells: usize,
) -> String {
    let all = (end - begin).num_milliseconds().max(1);
    let cell = |at: DateTime<Utc>| {
        let offset = (at - begin).num_milliseconds().clamp(0, all);
        let cells = i64::try_from(cells).unwrap_or(0);
        usize::try_from(offset * cells / all).unwrap_or(0)
    };
    let first = cell(from).min(cells - 1);
    let last = cell(until).clamp(first + 1, cells);
    format!("{}{}", " ".repeat(first), "█".repeat(last - first))
}

fn tone(outcome: Option<Outcome>) -> Tone {
    match outcome {
        None => Tone::Plain,
        Some(Outcome::Succeeded) => Tone::Good,
        Some(Outcome::Failed) => Tone::Bad,
        Some(_) => Tone::Warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stands_where_its_time_was() {
        let at = |seconds: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let check = |from, until, expected: &str| {
            assert_eq!(bar_of((at(from), at(until)), (at(0), at(100)), 10), expected);
        };
        check(0, 100, "██████████");
        check(0, 0, "█");
        check(50, 70, "     ██");
        check(100, 100, "         █");
        // A clock that was put back draws nothing beyond the edges.
        check(-50, 400, "██████████");
        check(90, 10, "         █");
    }
}
