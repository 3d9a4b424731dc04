//! The dry run: what would be done, and what is known about it beforehand.
//!
//! It asks, and it changes nothing: no command runs, no silence is made, no state is written. Each line says
//! how much it is worth: verified, assumed, or wrong.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::actions::user_of;
use super::controller::{self, GateAnswer};
use super::engine::silence_matchers;
use crate::calendar::Zone;
use crate::model::{Check, Phase, PlanFile, Step, Task};
use crate::scheduler::words::why_not;
use crate::security::approval::{Standing, Work};
use crate::security::secrets::{self, Outlook, Secrets};
use crate::validator::checks::{self, Answer};
use crate::world::World;
use crate::world::cancel::Cancel;
use crate::world::process;

/// What one question of a dry run may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How much a line of a dry run is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// It was looked at, and it is so.
    Verified,
    /// It cannot be known before it is done.
    Assumed,
    /// It was looked at, and the real run would stop here.
    Wrong,
}

impl Certainty {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Assumed => "assumed",
            Self::Wrong => "wrong",
        }
    }
}

/// One thing that the real run would do or need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The part of the run.
    pub phase: Phase,
    /// What it is.
    pub name: String,
    /// How much is known.
    pub certainty: Certainty,
    /// What is known.
    pub note: String,
}

/// Looks at everything that a run of `task` would do at `now`.
pub fn look_ahead(
    plan: &PlanFile,
    zone: &Zone,
    task: &Task,
    length: TimeDelta,
    world: &World,
    now: DateTime<Utc>,
) -> Vec<Item> {
    let mut items = vec![time_gate(plan, zone, task, length, now)];
    items.extend(task.gate.as_ref().map(|gate| match controller::ask_gate(gate, world) {
        GateAnswer::Open(found) => item(Phase::Gate, "gate", Certainty::Verified, found),
        GateAnswer::Closed(why) | GateAnswer::Unknown(why) => {
            item(Phase::Gate, "gate", Certainty::Wrong, why)
        }
    }));
    items.extend(secrets::of_task(task).into_iter().map(|name| secret(plan, name, world)));
    items.extend(task.preconditions.iter().map(|check| precondition(check, world)));
    items.extend(task.baseline.as_ref().map(|_| baseline(world)));
    items.extend(task.silence.as_ref().map(|_| silence(task, world)));
    items.extend(task.steps.iter().map(|step| of_step(Phase::Steps, step, world)));
    let later = |check: &Check| {
        item(Phase::Verify, &check.in_short(), Certainty::Assumed, "asked after the work".to_owned())
    };
    items.extend(task.verify.iter().map(|check| later(check)));
    items.extend(task.rollback.iter().map(|step| of_step(Phase::Rollback, step, world)));
    items.extend(task.finally.iter().map(|step| of_step(Phase::Finally, step, world)));
    items
}

fn item(phase: Phase, name: &str, certainty: Certainty, note: String) -> Item {
    Item { phase, name: name.to_owned(), certainty, note }
}

fn time_gate(plan: &PlanFile, zone: &Zone, task: &Task, length: TimeDelta, now: DateTime<Utc>) -> Item {
    match controller::admit(plan, zone, task, length, now) {
        Ok(Ok(None)) => item(Phase::Gate, "window", Certainty::Verified, "may run at any time".to_owned()),
        Ok(Ok(Some(span))) => {
            let note = format!("`{}` is open until {}", span.name, zone.date_and_time(span.end));
            item(Phase::Gate, "window", Certainty::Verified, note)
        }
        Ok(Err(because)) => item(Phase::Gate, "window", Certainty::Wrong, why_not(&because, zone)),
        Err(error) => item(Phase::Gate, "window", Certainty::Wrong, crate::in_words(&error)),
    }
}

/// Adds how the work stands to the approvals that it needs, after the time gates.
pub fn add_approval(items: &mut Vec<Item>, plan: &PlanFile, work: &Work, standing: &Standing) {
    let (certainty, note) = if standing.is_given() {
        (Certainty::Verified, standing.in_words())
    } else {
        (Certainty::Wrong, controller::waits_for(plan, work, standing))
    };
    items.insert(items.len().min(1), item(Phase::Gate, "approval", certainty, note));
}

fn secret(plan: &PlanFile, name: &str, world: &World) -> Item {
    let (certainty, note) = match Secrets::new(plan, world).look_ahead(name) {
        Ok(Outlook::There(note)) => (Certainty::Verified, note),
        Ok(Outlook::NotAsked(note)) => (Certainty::Assumed, note),
        Err(error) => (Certainty::Wrong, crate::in_words(&error)),
    };
    item(Phase::Gate, &format!("secret {name}"), certainty, note)
}

/// What an emergency passes is not in its way.
pub fn pass_as_emergency(items: &mut [Item]) {
    let passed =
        |item: &&mut Item| item.phase == Phase::Gate && ["window", "approval"].contains(&item.name.as_str());
    for item in items.iter_mut().filter(passed).filter(|item| item.certainty == Certainty::Wrong) {
        item.certainty = Certainty::Verified;
        item.note = format!("passed, because this is an emergency: {}", item.note);
    }
}

fn precondition(check: &Check, world: &World) -> Item {
    let name = check.in_short();
    if check.command.is_some() {
        return item(Phase::Preconditions, &name, Certainty::Assumed, "a dry run runs no command".to_owned());
    }
    let Ok(never) = Cancel::new() else {
        return item(Phase::Preconditions, &name, Certainty::Wrong, "no file descriptor is left".to_owned());
    };
    let answer = checks::ask(check, world, &never);
    let certainty = if matches!(answer, Answer::Yes { .. }) { Certainty::Verified } else { Certainty::Wrong };
    item(Phase::Preconditions, &name, certainty, answer.in_words())
}

fn baseline(world: &World) -> Item {
    let Some(prometheus) = &world.prometheus else {
        return item(
            Phase::Baseline,
            "capture the baseline",
            Certainty::Wrong,
            "there is no Prometheus".to_owned(),
        );
    };
    match super::baseline::capture(prometheus, world) {
        Ok(facts) => {
            let note = format!(
                "{} answers, with {}",
                prometheus.url(),
                crate::counted(facts.targets.len(), "target")
            );
            item(Phase::Baseline, "capture the baseline", Certainty::Verified, note)
        }
        Err(error) => {
            item(Phase::Baseline, "capture the baseline", Certainty::Wrong, crate::in_words(&error))
        }
    }
}

fn silence(task: &Task, world: &World) -> Item {
    let matchers = task.silence.as_ref().map(|spec| silence_matchers(spec)).unwrap_or_default();
    let Some(alertmanager) = &world.alertmanager else {
        return item(
            Phase::Silence,
            "silence alerts",
            Certainty::Wrong,
            "there is no Alertmanager".to_owned(),
        );
    };
    match alertmanager.alerts(&matchers, TIMEOUT) {
        Ok(alerts) => {
            let note = format!("would match now: {}", crate::counted(alerts.len(), "alert"));
            item(Phase::Silence, "silence alerts", Certainty::Verified, note)
        }
        Err(error) => item(Phase::Silence, "silence alerts", Certainty::Wrong, crate::in_words(&error)),
    }
}

fn of_step(phase: Phase, step: &Step, world: &World) -> Item {
    let name = step.label();
    let folder = step.cwd.as_ref().map_or_else(|| world.folder.clone(), |cwd| world.folder.join(&cwd.value));
    if (step.run.is_some() || step.shell.is_some()) && !folder.is_dir() {
        return item(phase, &name, Certainty::Wrong, format!("there is no folder {}", folder.display()));
    }
    if let Err(error) = user_of(step) {
        return item(phase, &name, Certainty::Wrong, crate::in_words(&error));
    }
    if let Some(argv) = &step.run {
        return match process::program(&argv[0], &folder) {
            Ok(path) => item(phase, &name, Certainty::Verified, format!("program {}", path.display())),
            Err(error) => item(phase, &name, Certainty::Wrong, crate::in_words(&error)),
        };
    }
    if step.prometheus.is_some() {
        return peer(
            phase,
            &name,
            world.prometheus.as_ref().map(|peer| (peer.url(), peer.is_ready(TIMEOUT))),
        );
    }
    if step.alertmanager.is_some() {
        return peer(
            phase,
            &name,
            world.alertmanager.as_ref().map(|peer| (peer.url(), peer.is_ready(TIMEOUT))),
        );
    }
    item(phase, &name, Certainty::Assumed, step.action_in_short())
}

fn peer(
    phase: Phase,
    name: &str,
    ready: Option<(String, Result<bool, crate::world::prometheus::PeerError>)>,
) -> Item {
    match ready {
        None => item(phase, name, Certainty::Wrong, "the plan file does not name it".to_owned()),
        Some((url, Ok(true))) => item(phase, name, Certainty::Verified, format!("{url} is ready")),
        Some((url, Ok(false))) => item(phase, name, Certainty::Wrong, format!("{url} is not ready")),
        Some((_, Err(error))) => item(phase, name, Certainty::Wrong, crate::in_words(&error)),
    }
}
