//! Progress for a log: lines without control characters, and not more of them than somebody reads.
//!
//! A run has a line at its start and its end; a step that goes on for ten seconds gets one then, another each time
//! that it has taken twice as long, and one at its end. With `--verbose` every step has both.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::executor::monitor::{AtWork, Progress, Standing, elapsed};
use crate::model::{Event, Outcome, RunId};
use crate::text::inert_line;

/// When a step counts as slow.
const SLOW: Duration = Duration::from_secs(10);

/// So many lines may come at once.
const BURST: u32 = 50;
/// After a burst there is one line in this time.
const REFILL: Duration = Duration::from_secs(1);

/// What has been said so far.
#[derive(Debug)]
pub struct Plain {
    is_verbose: bool,
    /// When each step that was told of is told of again.
    told: BTreeMap<(RunId, u32), Duration>,
    left: u32,
    refilled: Instant,
    n_unsaid: usize,
}

impl Plain {
    /// Nothing has been said by `now`.
    pub fn new(is_verbose: bool, now: Instant) -> Self {
        Self { is_verbose, told: BTreeMap::new(), left: BURST, refilled: now, n_unsaid: 0 }
    }

    /// What is said of `event` before `progress` has taken it in: ends.
    pub fn hear(&mut self, event: &Event, progress: &Progress, now: Instant) -> Vec<String> {
        match event {
            Event::StepEnded { run, ordinal, outcome, retried, message, .. } => {
                let Some(standing) = progress.runs.get(run) else { return Vec::new() };
                let Some(step) = standing.at_work.get(ordinal) else { return Vec::new() };
                let was_told = !retried && self.told.remove(&(*run, *ordinal)).is_some();
                let is_well = matches!(outcome, Outcome::Succeeded | Outcome::Skipped);
                if is_well && !was_told {
                    return Vec::new();
                }
                let why = message.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                let again = if *retried { "; it is tried again" } else { "" };
                let after = elapsed(now.saturating_duration_since(step.since));
                self.say(
                    &format!("{} {outcome} after {after}{why}{again}", of_step(*run, standing, step)),
                    now,
                )
            }
            Event::RunEnded { run, outcome, reason } => {
                let Some(standing) = progress.runs.get(run) else { return Vec::new() };
                let why = reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
                let after = elapsed(now.saturating_duration_since(standing.since));
                self.told.retain(|(of, _), _| of != run);
                self.say(&format!("run {run}: {} {outcome} after {after}{why}", standing.task), now)
            }
            _ => Vec::new(),
        }
    }

    /// What is said of `event` after `progress` has taken it in: starts.
    pub fn heard(&mut self, event: &Event, progress: &Progress, now: Instant) -> Vec<String> {
        match event {
            Event::RunStarted { run, task, targets, .. } => {
                let usually = progress.runs.get(run).and_then(|standing| standing.takes);
                let usually = usually.map(|takes| format!(", {}", takes.in_words())).unwrap_or_default();
                self.say(&format!("run {run}: {task} started on {}{usually}", targets.join(", ")), now)
            }
            Event::StepIntended { run, ordinal, attempt: 1, .. } if self.is_verbose => {
                let Some(standing) = progress.runs.get(run) else { return Vec::new() };
                let Some(step) = standing.at_work.get(ordinal) else { return Vec::new() };
                self.told.insert((*run, *ordinal), SLOW);
                self.say(&format!("{} begins", of_step(*run, standing, step)), now)
            }
            _ => Vec::new(),
        }
    }

    /// What is said because time has passed.
    pub fn tick(&mut self, progress: &Progress, now: Instant) -> Vec<String> {
        let mut lines = Vec::new();
        for (run, standing) in &progress.runs {
            for (ordinal, step) in &standing.at_work {
                let since = now.saturating_duration_since(step.since);
                let next = self.told.get(&(*run, *ordinal)).copied().unwrap_or(SLOW);
                if since < next {
                    continue;
                }
                self.told.insert((*run, *ordinal), next.max(since).saturating_mul(2));
                lines.extend(self.say(
                    &format!("{} has been going for {}", of_step(*run, standing, step), elapsed(since)),
                    now,
                ));
            }
        }
        lines
    }

    /// What is left to say at the end.
    pub fn finish(&mut self, _: Instant) -> Vec<String> {
        self.unsaid()
    }

    /// Says it, unless too much has been said lately.
    fn say(&mut self, line: &str, now: Instant) -> Vec<String> {
        while self.left < BURST && REFILL <= now.saturating_duration_since(self.refilled) {
            self.left += 1;
            self.refilled += REFILL;
        }
        if self.left == BURST {
            self.refilled = now;
        }
        if self.left == 0 {
            self.n_unsaid += 1;
            return Vec::new();
        }
        self.left -= 1;
        let mut lines = self.unsaid();
        lines.push(inert_line(line));
        lines
    }

    fn unsaid(&mut self) -> Vec<String> {
        match std::mem::take(&mut self.n_unsaid) {
            0 => Vec::new(),
            n => vec![format!("... {} left out", crate::counted(n, "line"))],
        }
    }
}

/// `run 12: upgrade: step 3 of 12, restart on prom-1`.
fn of_step(run: RunId, standing: &Standing, step: &AtWork) -> String {
    let place = match step.phase {
        crate::model::Phase::Steps => {
            format!("step {} of {}", standing.n_begun, standing.n_steps.max(standing.n_begun))
        }
        phase => phase.to_string(),
    };
    let is_told = standing.targets.len() > 1 && !step.target.is_empty();
    let on = if is_told { format!(" on {}", step.target) } else { String::new() };
    format!("run {run}: {}: {place}, {}{on}", standing.task, step.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_is_held_back_and_counted() {
        let began = Instant::now();
        let mut plain = Plain::new(false, began);
        let said: usize = (0..1000).map(|n| plain.say(&format!("line {n}"), began).len()).sum();
        assert_eq!(said, 50);
        let later = began + Duration::from_secs(2);
        assert_eq!(
            plain.say("after a while\u{1b}[2J", later),
            ["... 950 lines left out", "after a while\\u{1b}[2J"]
        );
        assert_eq!(plain.say("once more", later), ["once more"]);
        assert_eq!(plain.say("too much", later), Vec::<String>::new());
        assert_eq!(plain.finish(later), ["... 1 line left out"]);
    }

    #[test]
    fn a_slow_step_is_told_of_at_ten_seconds_and_then_ever_more_rarely() {
        let began = Instant::now();
        let mut progress = Progress::default();
        let step = AtWork {
            phase: crate::model::Phase::Steps,
            name: "restart".to_owned(),
            target: "prom-1".to_owned(),
            attempt: 1,
            since: began,
        };
        progress
            .runs
            .insert(RunId(7), Standing::example("upgrade", &["prom-1", "prom-2"], began, (2, 3), step));
        let mut plain = Plain::new(false, began);
        let told = (0..600).filter_map(|second| {
            let lines = plain.tick(&progress, began + Duration::from_secs(second));
            lines.into_iter().next().map(|line| (second, line))
        });
        let told: Vec<_> = told.collect();
        let seconds: Vec<_> = told.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320]);
        assert_eq!(told[0].1, "run 7: upgrade: step 2 of 3, restart on prom-1 has been going for 10s");
    }
}
