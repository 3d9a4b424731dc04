//! `mainstay validate`.

use clap::Args;

use super::{Exit, Global, Terminal};
use crate::manager::Manager;

/// To be written
#[derive(Debug, Args)]
pub struct ValidateArgs {}

/// Runs `mainstay validate`.
pub fn run(
    _args: ValidateArgs,
    _global: &Global,
    _manager: &Manager,
    _terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    Ok(Exit::Done)
}
