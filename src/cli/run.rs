//! `mainstay run`.

use clap::Args;

use super::{Exit, Global, Terminal};
use crate::manager::Manager;

/// To be written
#[derive(Debug, Args)]
pub struct RunArgs {}

/// Runs `mainstay run`.
pub fn run(
    _args: RunArgs,
    _global: &Global,
    _manager: &Manager,
    _terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
