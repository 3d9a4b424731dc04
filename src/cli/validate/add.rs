//! `mainstay validate --live --add`: checks of what this machine shows, written into the plan file.

use anyhow::Context;
use clap::Args;

use super::import::write;
use crate::cli::output::{Format, chosen};
use crate::cli::{Exit, Global, Terminal};
use crate::manager::{ImportError, Looked, Manager};
use crate::text::inert_line;
use crate::validator::checks::scaffold::Subject;
use crate::validator::reporter::text;
use crate::world::signals::Interrupts;

/// What checks are made of.
#[derive(Debug, Args)]
#[command(next_help_heading = "Writing checks")]
pub struct AddArgs {
    /// With --live: look at this machine, and write a check of what is found into `checks:` of the plan file;
    /// `file:/etc/hosts`, `port:tcp:9090`, `service:prometheus`; repeatable
    #[arg(long, value_name = "KIND:NAME", num_args = 1.., requires = "live", group = "changes", conflicts_with_all = ["task", "timeout", "fail_on", "show", "exit_zero"])]
    add: Vec<Subject>,
}

impl AddArgs {
    /// Whether anything is to be looked at.
    pub fn is_asked(&self) -> bool {
        !self.add.is_empty()
    }
}

/// Looks, and writes all checks or none; `named` are the checks that are asked as well.
pub fn run(
    args: &AddArgs,
    named: &[String],
    is_diff: bool,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    chosen(global, &[Format::Text])?;
    if let Some(check) = named.first() {
        let check = inert_line(check);
        terminal.error(&format!(
            "`--live {check}` asks a check and `--add` writes others\nhelp: first `--live --add`, then `--live {check}`"
        ));
        return Ok(Exit::Wrong);
    }
    let interrupts = Interrupts::new().context("preparing for signals")?;
    interrupts.listen().context("listening for signals")?;
    let looked = match manager.look_at(&args.add, &interrupts.work) {
        Err(ImportError::Form { source_text, findings }) => {
            let color = console::colors_enabled_stderr();
            terminal.raw_error(&text::findings(findings.iter(), |_| &*source_text, color));
            return Err(ImportError::Form { source_text, findings }.into());
        }
        looked => looked?,
    };
    if let Some(signal) = interrupts.signal() {
        return Ok(Exit::Signal(signal));
    }
    for (subject, name) in &looked.known {
        let (subject, name) = (inert_line(subject), inert_line(name));
        terminal.status(&format!("left alone: {subject} has its check already, checks.{name}"));
    }
    if !looked.failures.is_empty() {
        return Ok(refuse(&looked, terminal));
    }
    if looked.checks.is_empty() {
        return Ok(Exit::Done);
    }
    let refused = manager.add_checks(&looked.checks, false)?.refused;
    for (name, why) in &refused {
        terminal.error(&format!("checks.{} cannot be written: {}", inert_line(name), inert_line(why)));
    }
    if !refused.is_empty() {
        return Ok(Exit::No);
    }
    write(&looked.checks, is_diff, manager, terminal)
}

/// Says of which subjects there can be no check; then there is none of the others, either.
fn refuse(looked: &Looked, terminal: &mut Terminal) -> Exit {
    for failure in &looked.failures {
        let (subject, why) = (inert_line(&failure.subject), failure.answer.in_words());
        terminal.error(&format!("no check of {subject}: {}", inert_line(&why)));
    }
    if !looked.checks.is_empty() {
        let others = crate::counted(looked.checks.len(), "other check");
        terminal.status(&format!("nothing is written: {others} would be right"));
    }
    if looked.is_no() { Exit::No } else { Exit::Unknown }
}
