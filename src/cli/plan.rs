//! `mainstay plan`.

mod approve;
mod blind;
mod calendar;
mod drawing;
mod drift;
mod effort;
mod explain;
mod gantt;
mod html;
mod layout;
mod notes;
mod quality;
mod runbook;
mod saved;
mod show;
mod text;
mod words;

use std::path::PathBuf;

use anyhow::Context;
use chrono::{DateTime, Datelike, SubsecRound, TimeDelta, Utc};
use clap::{ArgAction, Args};

use super::output::Format;
use super::{Exit, Global, Terminal};
use crate::calendar::Zone;
use crate::counted;
use crate::manager::{Manager, Past};
use crate::model::{Length, Moment, PlanFile};
use crate::scheduler::report::{LONGEST_HORIZON, Proposal, dropped};
use crate::scheduler::{self, Computed, ScheduleError, engine, monitor};
use crate::validator::checker::Checked;
use crate::validator::rules::Use;

use effort::Effort;
pub use saved::{CannotPublish, NoSavedPlan};

/// Show what happens when, and what changed since the published schedule
///
/// Computes the schedule for the time ahead. Within what windows, blackouts, resources, groups, claims and
/// predecessors allow, it leaves nothing out that can be done, then has as little late as can be, weighted by
/// priority, then moves as few published starts as it can, and ends soon. Changes nothing without --publish.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct PlanArgs {
    /// How far to look ahead
    #[arg(long, value_name = "LENGTH", default_value = "4w", value_parser = horizon)]
    horizon: Length,

    /// Pretend that it is this time: 2026-12-20, 2026-12-20T02:30 or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = |text: &str| text.parse::<Moment>())]
    from: Option<Moment>,

    /// How long to look for a better schedule, or how many to try; it ends sooner once none can be better
    #[arg(long, value_name = "TIME|N", default_value = Effort::DEFAULT,
        value_parser = |text: &str| text.parse::<Effort>())]
    effort: Effort,

    /// Decides between schedules that are equally good; with an effort in numbers, the same seed gives the same plan
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Make this the schedule in force
    #[arg(long, conflicts_with_all = ["explain", "from", "calendar"])]
    publish: bool,

    /// Show, or publish, the plan that `--output plan.json` wrote instead of a new one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["explain", "from", "horizon", "calendar"])]
    from_file: Option<PathBuf>,

    /// Exit with 1 when it differs from the published schedule
    #[arg(long, conflicts_with_all = ["publish", "explain", "calendar"])]
    detailed_exitcode: bool,

    /// Show bars over time instead of a table
    #[arg(long, conflicts_with_all = ["explain", "calendar"])]
    gantt: bool,

    /// Say when this task runs next, why not before, and when that could change
    #[arg(long, value_name = "TASK", conflicts_with = "calendar")]
    explain: Option<String>,

    /// The time to explain, in the forms of --from; what only the present tells is unknown then [default: now]
    #[arg(long, value_name = "TIME", requires = "explain", value_parser = |text: &str| text.parse::<Moment>())]
    at: Option<Moment>,

    /// Say when this task is due next or this window opens; without a name, all of them
    #[arg(long, value_name = "TASK|WINDOW", num_args = 0..=1, action = ArgAction::Set)]
    calendar: Option<Vec<String>>,

    #[command(flatten)]
    approval: approve::ApproveArgs,

    /// How many of these times
    #[arg(short, long, value_name = "N", default_value_t = 10, requires = "calendar",
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    number: u16,
}

const AFTER_HELP: &str = "\
Examples:
  mainstay plan                     the next four weeks, and what changed
  mainstay plan --horizon 1d        only the next day
  mainstay plan --gantt             as bars over time
  mainstay plan --publish           make it the schedule
  mainstay plan --explain upgrade   why does `upgrade` not run now?
  mainstay plan --explain upgrade --at 2026-12-24T02:00   and why not then?
  mainstay plan --from 2026-12-20   what would it look like then?
  mainstay plan --approve           agree to the schedule, with your SSH key
  mainstay plan --approve rotate    only to `rotate`
  mainstay plan --calendar night    when does the window `night` open next?
  mainstay plan --format json       for programs
  mainstay plan -o plan.ics -o plan.html   for calendars and browsers
  mainstay plan -o plan.md          a runbook to work from by hand, and to sign

Review first, publish what was reviewed:
  mainstay plan --output plan.json
  mainstay plan --from-file plan.json --publish

Exit codes:
  0  the schedule was computed, also when something cannot be placed
  1  it differs from the published one (--detailed-exitcode), it cannot be
     published because something has changed since it was computed, or
     --approve may not be
  2  the command line, the plan file or the file of --from-file is wrong
  3  there is no task to plan, the state cannot be read, or nothing was signed";

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

/// RFC 3339 has four digits for the year.
const LAST_YEAR: i32 = 9999;

/// What `plan` knows before it computes.
struct Question {
    plan: PlanFile,
    loaded: Checked,
    zone: Zone,
    past: Past,
    /// The time of the question.
    now: DateTime<Utc>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    effort: Effort,
    seed: u64,
}

impl Question {
    /// Computes the answer, as good as the effort allows.
    fn compute(&self) -> Result<Computed, ScheduleError> {
        self.compute_for(self.from, self.until)
    }

    /// The same for another horizon.
    fn compute_for(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Computed, ScheduleError> {
        let Self { plan, loaded, past, .. } = self;
        let (history, published) = (&past.history, past.published.as_ref());
        self.effort.spend(self.seed, |search| {
            scheduler::compute_with(plan, &loaded.digest, history, published, from, until, search)
        })
    }
}

/// What is done with a schedule.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    publish: bool,
    detailed_exitcode: bool,
    gantt: bool,
}

/// Runs `mainstay plan`.
pub fn run(
    args: PlanArgs,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let now = manager.clock().now().trunc_subsecs(0);
    let (plan, loaded) = super::open_plan(manager, Use::Plan, terminal)?;
    let asks_for_windows = args.calendar.is_some() && !plan.windows.is_empty();
    if plan.tasks.is_empty() && !asks_for_windows {
        terminal.error(&format!("nothing to plan: {} has no task", words::one_line(&loaded.source.path)));
        return Ok(Exit::Unknown);
    }
    warn_of_what_cannot_run(&loaded, terminal);
    let zone = scheduler::zone_of(&plan)?;
    let past = manager.past(&plan).context("reading the state")?;
    for left in manager.still_running().context("looking for what was left running")? {
        terminal.warning(&crate::text::inert_line(&left));
    }
    let from = args.from.map_or(now, |from| zone.resolve(&from));
    let until = from.checked_add_signed(args.horizon.0).unwrap_or(DateTime::<Utc>::MAX_UTC);
    if LAST_YEAR < until.year() {
        terminal.error("--from and --horizon reach beyond the year 9999, for which no calendar is kept");
        return Ok(Exit::Wrong);
    }
    let PlanArgs { publish, detailed_exitcode, gantt, effort, seed, .. } = args;
    let question = Question { plan, loaded, zone, past, now, from, until, effort, seed };
    if args.approval.is_wanted() {
        return approve::run(&args.approval, &question, global, manager, terminal);
    }
    let wanted = Wanted { publish, detailed_exitcode, gantt };
    match (args.explain, args.calendar, args.from_file) {
        (Some(task), ..) => explain::run(&question, &task, args.at.as_ref(), global, manager, terminal),
        (_, Some(names), _) => {
            let name = names.first().map(String::as_str);
            calendar::run(&question, name, args.number.into(), global, terminal)
        }
        (.., Some(file)) => saved::run(question, &file, wanted, global, manager, terminal),
        _ => compute(&question, wanted, global, manager, terminal),
    }
}

/// Says that the schedule has work in it that `run` does not do yet.
fn warn_of_what_cannot_run(loaded: &Checked, terminal: &mut Terminal) {
    let mut findings = loaded.stopping(Use::Work);
    let Some(first) = findings.next() else { return };
    let line = first.place.as_ref().map(|place| format!(":{}", place.start.line)).unwrap_or_default();
    let more = match findings.count() {
        0 => String::new(),
        n => format!(", and {n} more"),
    };
    terminal.warning(&format!(
        "`run` cannot do all of this: {}{line}: {}{more}; see `mainstay validate`",
        words::one_line(&loaded.source.path),
        first.message
    ));
}

fn compute(
    question: &Question,
    wanted: Wanted,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let computed = question.compute()?;
    conclude(question, computed, wanted, global, manager, terminal)
}

/// Publishes the schedule if that is wanted, and shows it.
fn conclude(
    question: &Question,
    mut computed: Computed,
    wanted: Wanted,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Question { plan, loaded, zone, past, now, .. } = question;
    let before = past.published.as_ref();
    let mut changes = engine::diff(before, &computed.schedule, &past.history);
    engine::keep_news(&mut changes, &computed.missed);
    let base = before.map(|before| before.revision);
    if wanted.publish {
        computed.schedule =
            manager.publish(&computed.schedule, past, &changes).context("publishing the schedule")?;
    }
    let in_force = if wanted.publish { Some(&computed.schedule) } else { before };
    let debt =
        manager.debt(plan, loaded, (&past.history, in_force), *now).context("looking for what is owed")?;
    let proposal = Proposal {
        plan,
        zone,
        computed: &computed,
        approvals: &manager.approvals_of(plan, &loaded.digest, &computed.schedule, *now)?,
        changes: &changes,
        dropped: &dropped((plan, zone), &past.history, &changes, before, &computed.schedule),
        drift: &monitor::drift(plan, &loaded.digest, in_force, &past.history, computed.schedule.from)?,
        debt: &debt,
        blind: &crate::scheduler::blind::predict(plan, &computed.schedule, &past.blind_times),
        base,
        is_published: wanted.publish,
        at: *now,
    };
    show::show(question, &proposal, wanted, global, manager, terminal)?;
    let is_new = before.is_none() || !changes.is_empty();
    let is_text = global.format.unwrap_or(Format::Text) == Format::Text;
    if is_new && !wanted.publish && is_text {
        let without = match computed.schedule.unplaced.len() {
            0 => String::new(),
            n => format!(", without {} that cannot happen", counted(n, "occurrence")),
        };
        terminal.hint(&format!("`mainstay plan --publish` makes this the schedule{without}"));
    } else if is_text && proposal.approvals.values().any(|approval| !approval.is_given()) {
        terminal.hint("`mainstay plan --approve` approves what waits, with your SSH key");
    }
    Ok(if wanted.detailed_exitcode && !changes.is_empty() { Exit::No } else { Exit::Done })
}
