//! The metrics that mainstay has by itself: their names and what they mean.

/// How a metric's values relate to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// One metric of our own.
#[derive(Debug, Clone, Copy)]
pub struct OwnMetric {
    /// Its name, with its base unit.
    pub name: &'static str,
    /// How its values relate to each other.
    pub kind: Kind,
    /// What it means.
    pub help: &'static str,
}

/// What every metric of our own begins with; no metric of the plan file may.
pub const PREFIX: &str = "mainstay_";

/// All metrics of our own. A released name keeps its meaning.
pub const OWN: &[OwnMetric] = &[
    gauge(TASK_OVERDUE, "How late the task's work is; 0 when it is not."),
    gauge(TASK_LAST_SUCCESS, "When the task last succeeded; absent when it never has."),
    gauge(TASK_LAST_RUN_FAILED, "Whether the task's last run failed: 1 or 0."),
    gauge(TASK_RUNNING, "Whether a run of the task is going: 1 or 0."),
    gauge(TASK_NEXT_START, "When the task starts next; absent when nothing is planned."),
    OwnMetric {
        name: RUNS,
        kind: Kind::Counter,
        help: "Runs that ended, by task and outcome, since the state file was made.",
    },
    gauge(RUN_INTERRUPTED, "Runs that stopped in their middle and need a person."),
    gauge(SILENCES_OPEN, "Silences that mainstay created and that are still in force."),
    gauge(LEDGER_ENTRIES, "Entries of the ledger."),
    gauge(LEDGER_INFO, "Always 1; the label `root` begins as the ledger's root does, as a witness of it."),
    gauge(LAST_RUN, "When these metrics were collected."),
    gauge(COLLECTOR_UP, "Whether a metric of the plan file could be collected: 1 or 0."),
];

pub(crate) const TASK_OVERDUE: &str = "mainstay_task_overdue_seconds";
pub(crate) const TASK_LAST_SUCCESS: &str = "mainstay_task_last_success_timestamp_seconds";
pub(crate) const TASK_LAST_RUN_FAILED: &str = "mainstay_task_last_run_failed";
pub(crate) const TASK_RUNNING: &str = "mainstay_task_running";
pub(crate) const TASK_NEXT_START: &str = "mainstay_task_next_start_timestamp_seconds";
pub(crate) const RUNS: &str = "mainstay_runs_total";
pub(crate) const RUN_INTERRUPTED: &str = "mainstay_run_interrupted";
pub(crate) const SILENCES_OPEN: &str = "mainstay_silences_open";
pub(crate) const LEDGER_ENTRIES: &str = "mainstay_ledger_entries";
pub(crate) const LEDGER_INFO: &str = "mainstay_ledger_info";
pub(crate) const LAST_RUN: &str = "mainstay_last_run_timestamp_seconds";
pub(crate) const COLLECTOR_UP: &str = "mainstay_collector_up";

const fn gauge(name: &'static str, help: &'static str) -> OwnMetric {
    OwnMetric { name, kind: Kind::Gauge, help }
}
