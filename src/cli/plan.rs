//! `mainstay plan`.

mod text;

use anyhow::Context;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use clap::Args;

use super::output::{Format, deliver};
use super::{Exit, Global, Terminal};
use crate::calendar::Zone;
use crate::manager::{Manager, Past};
use crate::model::{Length, Moment, PlanFile};
use crate::scheduler::{self, engine, explain, monitor, report};
use crate::validator::checker::Checked;

/// Show what happens when, and what changed since the published schedule
///
/// Computes the schedule for the time ahead: every piece of work at its earliest start that its windows,
/// blackouts, resources, groups and predecessors allow. Changes nothing without --publish.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct PlanArgs {
    /// How far to look ahead
    #[arg(long, value_name = "LENGTH", default_value = "4w", value_parser = horizon)]
    horizon: Length,

    /// Pretend that it is this time: 2026-12-20, 2026-12-20T02:30 or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = |text: &str| text.parse::<Moment>())]
    from: Option<Moment>,

    /// Make this the schedule in force
    #[arg(long, conflicts_with_all = ["explain", "from"])]
    publish: bool,

    /// Say when this task runs next, why not before, and when that could change
    #[arg(long, value_name = "TASK")]
    explain: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay plan                     the next four weeks, and what changed
  mainstay plan --horizon 1d        only the next day
  mainstay plan --publish           make it the schedule
  mainstay plan --explain upgrade   why does `upgrade` not run now?
  mainstay plan --from 2026-12-20   what would it look like then?
  mainstay plan --format json       for programs

Exit codes:
  0  the schedule was computed, also when something cannot be placed
  2  the command line or the plan file is wrong
  3  there is no task to plan, or the state cannot be read";

/// Beyond this, a schedule is a guess.
const LONGEST_HORIZON: TimeDelta = TimeDelta::days(3 * 366);

fn horizon(text: &str) -> Result<Length, String> {
    let length: Length = text.parse()?;
    if length.0 <= TimeDelta::zero() {
        return Err("expected a length above 0".to_owned());
    }
    if LONGEST_HORIZON < length.0 {
        return Err("expected at most 3 years, 156w".to_owned());
    }
    Ok(length)
}

/// What `plan` knows before it computes.
struct Question {
    plan: PlanFile,
    loaded: Checked,
    zone: Zone,
    past: Past,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// Runs `mainstay plan`.
pub fn run(
    args: PlanArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let now = manager.clock().now().trunc_subsecs(0);
    let (plan, loaded) = super::open_plan(manager, terminal)?;
    if plan.tasks.is_empty() {
        terminal.error(&format!("nothing to plan: {} has no task", text::one_line(&loaded.source.path)));
        return Ok(Exit::Unknown);
    }
    let zone = scheduler::zone_of(&plan)?;
    let past = manager.past(&plan).context("reading the state")?;
    let from = args.from.map_or(now, |from| zone.resolve(&from));
    let until = from.checked_add_signed(args.horizon.0).unwrap_or(from);
    let question = Question { plan, loaded, zone, past, from, until };
    match args.explain {
        Some(task) => explain_task(&question, &task, global, terminal),
        None => show(&question, args.publish, global, manager, terminal),
    }
}

fn show(
    question: &Question,
    publish: bool,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Question { plan, loaded, zone, past, from, until } = question;
    let before = past.published.as_ref();
    let mut computed = scheduler::compute(plan, &loaded.digest, &past.history, before, *from, *until)?;
    let changes = engine::diff(before, &computed.schedule, &past.history);
    if publish {
        let base = before.map_or(0, |before| before.revision);
        computed.schedule =
            manager.publish(&computed.schedule, base, &changes).context("publishing the schedule")?;
    }
    let in_force = if publish { Some(&computed.schedule) } else { before };
    let overruns = monitor::overruns(plan, &past.history, computed.schedule.from);
    let table = text::Table {
        computed: &computed,
        changes: &changes,
        overruns: &overruns,
        revision_before: before.map(|before| before.revision),
        is_published: publish,
        n_on_demand: plan.tasks.iter().filter(|(_, task)| task.schedule.is_none()).count(),
        zone,
        now: computed.schedule.from,
    };
    let (is_interactive, width) = (terminal.is_interactive(), terminal.width());
    deliver(global, terminal, &[Format::Text, Format::Json, Format::Markdown], &mut |format, is_shown| {
        Ok(match format {
            Format::Json => {
                let report = report::report(&computed, &changes, &overruns, in_force, publish, zone);
                serde_json::to_string_pretty(&report)? + "\n"
            }
            Format::Markdown => table.markdown(),
            _ => table.text((is_shown && is_interactive).then_some(width)),
        })
    })?;
    let is_new = before.is_none() || !changes.is_empty();
    if is_new && !publish && global.format.unwrap_or(Format::Text) == Format::Text {
        terminal.hint("`mainstay plan --publish` makes this the schedule");
    }
    Ok(Exit::Done)
}

fn explain_task(
    question: &Question,
    task: &str,
    global: &Global,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Question { plan, loaded, zone, past, from, until } = question;
    let (history, published) = (&past.history, past.published.as_ref());
    let computed = scheduler::compute(plan, &loaded.digest, history, published, *from, *until)?;
    let explained = explain::explain(plan, &computed.schedule, history, task, computed.schedule.from)?;
    let Some(explained) = explained else {
        let names: Vec<_> = plan.tasks.names().map(text::one_line).collect();
        let task = text::one_line(task);
        terminal.error(&format!("there is no task `{task}`\nhelp: the tasks are {}", names.join(", ")));
        return Ok(Exit::Wrong);
    };
    let line = |span| loaded.source.place(span).start.line as usize;
    let (is_interactive, width) = (terminal.is_interactive(), terminal.width());
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, is_shown| {
        if format == Format::Json {
            return Ok(serde_json::to_string_pretty(&explain::report(&explained, zone, line))? + "\n");
        }
        let path = &loaded.source.path;
        Ok(text::explanation(&explained, zone, path, line, (is_shown && is_interactive).then_some(width)))
    })?;
    Ok(Exit::Done)
}
