//! `mainstay monitor`.

use clap::Args;

use super::{Exit, Global, Terminal};
use crate::manager::Manager;

/// To be written
#[derive(Debug, Args)]
pub struct MonitorArgs {}

/// Runs `mainstay monitor`.
pub fn run(
    _args: MonitorArgs,
    _global: &Global,
    _manager: &Manager,
    _terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
