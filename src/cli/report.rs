//! `mainstay report`.

use clap::Args;

use super::{Exit, Global, Terminal};
use crate::manager::Manager;

/// To be written
#[derive(Debug, Args)]
pub struct ReportArgs {}

/// Runs `mainstay report`.
pub fn run(
    _args: ReportArgs,
    _global: &Global,
    _manager: &Manager,
    _terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
