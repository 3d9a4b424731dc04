//! `mainstay validate --import`: the checks of Goss files.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{Exit, Global, Terminal};
use crate::counted;
use crate::manager::{Added, ImportError, Manager, NewCheck, fragment};
use crate::text::{inert, inert_line};
use crate::validator::reporter::text;

/// Where checks come from that are written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Writing checks")]
pub struct ImportArgs {
    /// Write the checks of a Goss file, and of those that it includes, as a part of a plan file; repeatable
    #[arg(long, value_name = "GOSS-FILE", group = "changes", conflicts_with_all = ["paths", "fix", "changed_since", "run", "since", "live"])]
    import: Vec<PathBuf>,

    /// With --import: write them into `checks:` of the plan file
    #[arg(long, requires = "import")]
    into: bool,
}

impl ImportArgs {
    /// Whether anything is imported.
    pub fn is_asked(&self) -> bool {
        !self.import.is_empty()
    }
}

/// Imports, and tells what could not be carried over.
pub fn run(
    args: &ImportArgs,
    is_diff: bool,
    global: &Global,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    crate::cli::output::chosen(global, &[crate::cli::output::Format::Text])?;
    let imported = match manager.import(&args.import) {
        Ok(imported) => imported,
        Err(ImportError::Form { source_text, findings }) => {
            let color = console::colors_enabled_stderr();
            terminal.raw_error(&text::findings(findings.iter(), |_| &*source_text, color));
            return Err(ImportError::Form { source_text, findings }.into());
        }
        Err(error) => return Err(error.into()),
    };
    for (place, why) in &imported.left_out {
        let at = place.as_ref().map(|place| {
            format!("{}:{}:{}: ", inert_line(&place.file), place.start.line, place.start.column)
        });
        terminal.warning(&format!("{}not carried over: {}", at.unwrap_or_default(), inert_line(why)));
    }
    if imported.checks.is_empty() {
        terminal.error("there is nothing to carry over: no resource that a check could ask about");
        return Ok(Exit::Unknown);
    }
    if args.into || is_diff {
        return write(&imported.checks, is_diff, manager, terminal);
    }
    terminal.result(&inert(&fragment(&imported.checks)))?;
    let (checks, resources) =
        (counted(imported.checks.len(), "check"), counted(imported.n_resources, "resource"));
    terminal.status(&format!("{checks} of {resources}, {} not carried over", imported.left_out.len()));
    Ok(Exit::Done)
}

/// Writes checks into the plan file, or shows what would change.
pub fn write(
    checks: &[NewCheck],
    is_diff: bool,
    manager: &Manager,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let Added { added, refused, diff } = manager.add_checks(checks, !is_diff)?;
    let did = if is_diff { "would add" } else { "added" };
    for name in &added {
        terminal.status(&format!("{did}: checks.{}", inert_line(name)));
    }
    for (name, why) in &refused {
        terminal.warning(&format!("not added: checks.{}: {}", inert_line(name), inert_line(why)));
    }
    if is_diff {
        // `patch` gets the bytes as they are; a person gets what cannot act.
        terminal.result(&if terminal.is_interactive() { inert(&diff) } else { diff })?;
    }
    Ok(Exit::Done)
}
