//! `mainstay plan`.

use clap::Args;

use super::{Exit, Global, Terminal};
use crate::manager::Manager;

/// To be written
#[derive(Debug, Args)]
pub struct PlanArgs {}

/// Runs `mainstay plan`.
pub fn run(
    _args: PlanArgs,
    _global: &Global,
    _manager: &Manager,
    _terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
