//! What a terminal shows of runs that are going: a line each, never wider than the terminal, ten at most.

use std::time::Instant;

use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};

use crate::executor::monitor::{Progress, Standing, elapsed};
use crate::model::{Phase, RunId};
use crate::text::inert_line;

/// The most lines that are drawn.
const MOST_LINES: usize = 10;
/// The cells of a bar.
const BAR: usize = 12;
/// The most columns that the name of a task takes.
const MOST_NAME: usize = 24;
/// Turns while something is going.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// When a frame is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Now.
    pub now: Instant,
    /// How many frames there were.
    pub n_ticks: usize,
    /// Whether somebody has asked to stop.
    pub is_stopping: bool,
}

/// The lines that are drawn for a terminal of `width` columns; none when nothing is going.
pub fn frame(progress: &Progress, moment: Moment, width: usize) -> Vec<String> {
    // The last column stays empty: some terminals wrap as soon as it is written.
    let width = width.saturating_sub(1).max(20);
    let note = note(progress, moment.is_stopping);
    let n_runs = progress.runs.len();
    let room = MOST_LINES - usize::from(!note.is_empty());
    let n_shown = if n_runs <= room { n_runs } else { MOST_LINES - 1 };
    let name_width = progress.runs.values().take(n_shown).map(|standing| measure_text_width(&standing.task));
    let name_width = name_width.max().unwrap_or(0).min(MOST_NAME).min(width / 3);
    let runs = progress.runs.iter().take(n_shown);
    let mut lines: Vec<_> = runs.map(|run| line(run, moment, name_width, width)).collect();
    let hidden = n_runs - n_shown;
    let footer = match (hidden, note.is_empty()) {
        (0, _) => note,
        (hidden, true) => format!("and {hidden} more"),
        (hidden, false) => format!("and {hidden} more; {note}"),
    };
    if !lines.is_empty() && !footer.is_empty() {
        lines.push(truncate_str(&format!("  {footer}"), width, "…").into_owned());
    }
    lines
}

/// What is worth saying beside the runs that are going.
fn note(progress: &Progress, is_stopping: bool) -> String {
    let mut parts = Vec::new();
    if is_stopping {
        parts.push("stopping and cleaning up; Ctrl-C again leaves that".to_owned());
    }
    if progress.n_ended > 0 {
        parts.push(format!("{} done", progress.n_ended));
    }
    if progress.n_not_well > 0 {
        parts.push(format!("{} not well", progress.n_not_well));
    }
    parts.join(", ")
}

/// `⠋ upgrade  ━━━━━━╸     3/12 restart on prom-2   2m 10s, usually 4m`.
fn line((_, standing): (&RunId, &Standing), moment: Moment, name_width: usize, width: usize) -> String {
    let spinner = SPINNER[moment.n_ticks % SPINNER.len()];
    let name = inert_line(&standing.task);
    let name = pad_str(&name, name_width, Alignment::Left, Some("…"));
    let mut left = format!("{spinner} {name} ");
    if 60 <= width {
        left.push_str(&bar(standing));
        left.push(' ');
    }
    let mut right = format!("  {}", elapsed(moment.now.saturating_duration_since(standing.since)));
    if let Some(takes) = standing.takes
        && 60 <= width
    {
        right.extend([", ", takes.in_words().as_str()]);
    }
    let room = width.saturating_sub(measure_text_width(&left) + measure_text_width(&right));
    let doing = doing(standing);
    format!("{left}{}{right}", pad_str(&doing, room, Alignment::Left, Some("…")))
}

/// `3/12 restart on prom-2`, `verify http http://...`.
fn doing(standing: &Standing) -> String {
    let Some(step) = standing.oldest() else { return standing.phase.to_string() };
    let place = match step.phase {
        Phase::Steps => format!("{}/{}", standing.n_begun, standing.n_steps.max(standing.n_begun)),
        phase => phase.to_string(),
    };
    let on = if standing.targets.len() > 1 && !step.target.is_empty() {
        format!(" on {}", step.target)
    } else {
        String::new()
    };
    let attempt = if step.attempt > 1 { format!(", attempt {}", step.attempt) } else { String::new() };
    let more = match standing.at_work.len().saturating_sub(1) {
        0 => String::new(),
        n => format!(" +{n}"),
    };
    inert_line(&format!("{place} {}{on}{attempt}{more}", step.name))
}

fn bar(standing: &Standing) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the cells")]
    let full = (standing.fraction() * 12.0).round() as usize;
    let style = match standing.phase {
        Phase::Rollback => Style::new().for_stderr().yellow(),
        _ => Style::new().for_stderr().cyan(),
    };
    let full = full.min(BAR);
    let rest = Style::new().for_stderr().dim().apply_to("─".repeat(BAR - full));
    format!("{}{rest}", style.apply_to("━".repeat(full)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::executor::monitor::{Expected, Takes};
    use crate::model::{Event, Holder, Origin, Outcome};

    /// `n` runs of `upgrade-0`, `upgrade-1` ... on two targets, each in the middle of its second step of three.
    fn going(n: i64, name: &str) -> (Progress, Instant) {
        let takes = Takes::Usually(chrono::TimeDelta::minutes(4));
        let expected = (0..n).map(|run| (format!("{name}-{run}"), Expected { n_steps: 3, takes }));
        let mut progress = Progress::new(expected.collect());
        let began = Instant::now();
        for run in 0..n {
            progress.hear(&started(run, &format!("{name}-{run}")), began);
            progress.hear(&intended(run, 1, "install"), began);
            progress.hear(&ended(run, 1), began);
            progress.hear(&intended(run, 2, "restart\u{1b}[2J"), began);
        }
        (progress, began + Duration::from_secs(130))
    }

    fn started(run: i64, task: &str) -> Event {
        Event::RunStarted {
            run: RunId(run),
            task: task.to_owned(),
            occurrence: None,
            origin: Origin::OnDemand,
            due: None,
            plan_digest: String::new(),
            targets: vec!["prom-1".to_owned(), "prom-2".to_owned()],
            holder: Holder {
                pid: 1,
                started_ticks: 1,
                boot_id: String::new(),
                user: "ops".to_owned(),
                host: "here".to_owned(),
                pid_namespace: None,
                sign_of_life: None,
            },
            approvals: Vec::new(),
            definition: None,
            holds: crate::model::Holds::default(),
            justification: None,
            partial: false,
        }
    }

    fn intended(run: i64, ordinal: u32, name: &str) -> Event {
        Event::StepIntended {
            run: RunId(run),
            ordinal,
            phase: Phase::Steps,
            target: "prom-1".to_owned(),
            name: name.to_owned(),
            action: String::new(),
            attempt: 1,
            place: None,
        }
    }

    fn ended(run: i64, ordinal: u32) -> Event {
        Event::StepEnded {
            run: RunId(run),
            ordinal,
            attempt: 1,
            outcome: Outcome::Succeeded,
            retried: false,
            exit_code: Some(0),
            took_ms: 1,
            message: None,
            output: None,
            usage: None,
        }
    }

    fn drawn(progress: &Progress, now: Instant, width: usize) -> Vec<String> {
        let lines = frame(progress, Moment { now, n_ticks: 0, is_stopping: false }, width);
        lines.iter().map(|line| console::strip_ansi_codes(line).into_owned()).collect()
    }

    #[test]
    fn a_run_shows_its_bar_its_step_its_time_and_what_is_usual() {
        let (progress, now) = going(1, "upgrade");
        assert_eq!(
            drawn(&progress, now, 100),
            [
                "⠋ upgrade-0 ━━────────── 2/6 restart\\u{1b}[2J on prom-1                          2m 10s, usually 4m"
            ]
        );
        assert_eq!(
            drawn(&progress, now, 80),
            ["⠋ upgrade-0 ━━────────── 2/6 restart\\u{1b}[2J on prom-1      2m 10s, usually 4m"]
        );
        assert_eq!(drawn(&progress, now, 40), ["⠋ upgrade-0 2/6 restart\\u{1b}[…  2m 10s"]);
    }

    #[test]
    fn many_runs_are_ten_lines_and_none_is_wider_than_the_terminal() {
        for (n, name) in [(1, "a"), (9, "アップグレード作業を行う"), (10, "b"), (11, "c"), (500, "ω")]
        {
            let (mut progress, now) = going(n, name);
            for width in [20, 40, 59, 60, 80, 132] {
                let lines = drawn(&progress, now, width);
                assert!(lines.len() <= MOST_LINES, "{lines:#?}");
                let widest = lines.iter().map(|line| measure_text_width(line)).max();
                assert!(widest < Some(width.max(21)), "{width}: {lines:#?}");
            }
            if n > 10 {
                let lines = drawn(&progress, now, 80);
                assert_eq!(lines.last(), Some(&format!("  and {} more", n - 9)));
            }
            let over = Event::RunEnded { run: RunId(0), outcome: Outcome::Failed, reason: None };
            progress.hear(&over, now);
            let lines = drawn(&progress, now, 80);
            assert!(lines.len() <= MOST_LINES, "{lines:#?}");
            if n > 1 {
                assert!(lines.last().unwrap().ends_with("1 done, 1 not well"), "{lines:#?}");
            }
        }
    }

    #[test]
    fn nothing_that_is_going_draws_nothing() {
        let now = Instant::now();
        assert_eq!(drawn(&Progress::default(), now, 80), Vec::<String>::new());
    }
}
