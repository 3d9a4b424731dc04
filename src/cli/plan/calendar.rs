//! `mainstay plan --calendar`: when a task is due next, when a window opens.

use anyhow::Context;

use super::Question;
use super::layout::columns;
use super::words::{ahead, one_line};
use crate::cli::output::{Format, deliver};
use crate::cli::{Exit, Global, Terminal};
use crate::model::PlanFile;
use crate::scheduler::report::upcoming::{Note, Recurring, Upcoming, report, upcoming, utc_offset};

const HEADER: [&str; 6] = ["LOCAL TIME", "UTC OFFSET", "IN", "WHAT", "UNTIL", "NOTE"];

/// Says when what is called `name` happens next, or everything.
pub fn run(
    question: &Question,
    name: Option<&str>,
    n: usize,
    global: &Global,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Question { plan, zone, from, .. } = question;
    let schedule = question.compute()?.schedule;
    let all = upcoming(plan, zone, name, &schedule, n).context("looking for the next times")?;
    let Some(all) = all else {
        let names: Vec<_> = plan.tasks.names().chain(plan.windows.names()).map(one_line).collect();
        let (name, names) = (one_line(name.unwrap_or_default()), names.join(", "));
        terminal.error(&format!("there is no task or window `{name}`\nhelp: there are {names}"));
        return Ok(Exit::Wrong);
    };
    let watched = terminal.is_interactive().then(|| terminal.width());
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, is_shown| {
        if format == Format::Json {
            return Ok(serde_json::to_string_pretty(&report(&all, zone, *from))? + "\n");
        }
        if all.is_empty() {
            return Ok(nothing(plan, name));
        }
        let rows = all.iter().map(|it| row(question, it));
        Ok(columns(&HEADER, rows, watched.filter(|_| is_shown)))
    })?;
    Ok(Exit::Done)
}

/// Why nothing comes.
fn nothing(plan: &PlanFile, name: Option<&str>) -> String {
    let schedule = name.and_then(|name| plan.tasks.get(name)).and_then(|task| task.schedule.as_ref());
    match (name, schedule.and_then(|schedule| schedule.when.as_ref())) {
        (Some(name), Some(check)) => format!(
            "nothing by the calendar: {name} is due when check {} fails; `mainstay plan --explain {name}` says how \
             that stands\n",
            one_line(&check.value),
            name = one_line(name)
        ),
        _ => {
            "nothing: what has no schedule runs on demand, and what is over does not come again\n".to_owned()
        }
    }
}

fn row(question: &Question, it: &Upcoming) -> [String; 6] {
    let kind = match it.what {
        Recurring::Task => "task",
        Recurring::Window => "window",
    };
    let zone = &question.zone;
    let (offset, length) = match it.instant {
        Some(instant) => (utc_offset(zone, instant), ahead(instant - question.from)),
        None => ("-".to_owned(), "-".to_owned()),
    };
    [
        it.local.format("%a %Y-%m-%d %H:%M").to_string(),
        offset,
        length,
        format!("{kind} {}", one_line(&it.name)),
        it.end.map(|end| zone.local(end)).unwrap_or_default(),
        it.note.map(Note::words).unwrap_or_default(),
    ]
}
