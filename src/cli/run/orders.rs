//! The options that say how work is started: as an emergency, on which targets, and how long it may wait.

use clap::Args;

use super::RunArgs;
use crate::cli::Terminal;
use crate::executor::coordinator::{Account, Fate};
use crate::executor::orders::Orders;
use crate::executor::{RunError, limited};
use crate::model::{Length, PlanFile, Task};
use crate::state::REVIEW_WITHIN;

/// How work is started.
#[derive(Debug, Args)]
pub struct OrderArgs {
    /// Run tasks although their windows, a blackout or a missing approval say no, and open a review of each run
    ///
    /// Locks, silences, baselines and preconditions hold as ever, and so does a gate unless it cannot be asked. The
    /// reason goes on record; the run has to be reviewed within three days, with `mainstay audit review`.
    #[arg(long, requires_all = ["reason", "tasks"], conflicts_with_all = ["due", "abandon"])]
    pub emergency: bool,

    /// Only these of the targets: names, group:NAME, label:KEY=VALUE, separated by commas
    #[arg(long, value_name = "TARGETS", value_delimiter = ',', requires = "tasks")]
    #[arg(conflicts_with_all = ["due", "abandon"])]
    limit: Vec<String>,

    /// How long to wait for what another mainstay holds, such as 10m; without it not at all
    #[arg(long, value_name = "TIME", requires = "tasks", conflicts_with_all = ["due", "abandon"])]
    #[arg(allow_hyphen_values = true)]
    wait: Option<Length>,
}

impl OrderArgs {
    /// The targets of `task` that are meant.
    pub fn targets(&self, plan: &PlanFile, name: &str, task: &Task) -> Result<Vec<String>, RunError> {
        limited(plan, name, task, &self.limit)
    }

    /// Whether it waits for what others hold.
    pub fn waits(&self) -> bool {
        self.wait.is_some()
    }
}

/// What `args` ask for; `say` tells people what is waited for.
pub fn orders<'a>(args: &RunArgs, say: &'a (dyn Fn(&str) + Sync)) -> Orders<'a> {
    let OrderArgs { emergency, limit, wait } = &args.orders;
    Orders {
        emergency: args.reason.clone().filter(|_| *emergency),
        limit: limit.clone(),
        wait: wait.map(Length::to_std).unwrap_or_default(),
        say,
    }
}

/// Says what an emergency leaves to do.
pub fn remind(orders: &Orders, accounts: &[Account], terminal: &mut Terminal) {
    for account in accounts.iter().filter(|_| orders.emergency.is_some()) {
        if let Fate::Ended(run, _) = &account.fate {
            terminal.hint(&format!(
                "run {run} was an emergency and has to be reviewed within {}: `mainstay audit review {run} --note TEXT`",
                Length(REVIEW_WITHIN)
            ));
        }
    }
}

/// A text that says something.
pub fn not_blank(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("expected a reason in words"),
        text => Ok(text.to_owned()),
    }
}
