//! `mainstay plan --explain TASK [--at TIME]`.

use chrono::{DateTime, SubsecRound, Utc};

use super::{Question, approve, text, words};
use crate::cli::output::{Format, deliver};
use crate::cli::{Exit, Global, Terminal};
use crate::manager::Manager;
use crate::model::Moment;
use crate::scheduler::explain::{self, report};
use crate::scheduler::report::LONGEST_HORIZON;

/// Says when a task runs next, why not before, and when that could change.
pub fn run(
    question: &Question,
    task: &str,
    at: Option<&Moment>,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Question { plan, loaded, zone, past, from: now, until, .. } = question;
    let now = now.trunc_subsecs(0);
    let at = at.map_or(now, |at| zone.resolve(at)).trunc_subsecs(0);
    if LONGEST_HORIZON < (at - now).abs() {
        terminal.error("--at lies more than 3 years away: nothing can be said of that");
        return Ok(Exit::Wrong);
    }
    // The future is what becomes of the present; the past begins where it is asked about.
    let (from, horizon) = (now.min(at), *until - question.from);
    let until: DateTime<Utc> = at.checked_add_signed(horizon).unwrap_or(at);
    let (history, published) = (&past.history, past.published.as_ref());
    let computed = question.compute_for(from, until)?;
    let schedule = &computed.schedule;
    let asked = explain::Question { plan, schedule, published, history, now, at };
    let Some(mut explained) = explain::explain(&asked, task)? else {
        let names: Vec<_> = plan.tasks.names().map(words::one_line).collect();
        let task = words::one_line(task);
        terminal.error(&format!("there is no task `{task}`\nhelp: the tasks are {}", names.join(", ")));
        return Ok(Exit::Wrong);
    };
    approve::explain(&mut explained, question, manager)?;
    let line = |span| loaded.source.place(span).start.line as usize;
    let (is_interactive, width) = (terminal.is_interactive(), terminal.width());
    deliver(global, terminal, &[Format::Text, Format::Json], &mut |format, is_shown| {
        if format == Format::Json {
            return Ok(serde_json::to_string_pretty(&report::report(&explained, zone, line))? + "\n");
        }
        let path = &loaded.source.path;
        Ok(text::explanation(&explained, zone, path, line, (is_shown && is_interactive).then_some(width)))
    })?;
    Ok(Exit::Done)
}
