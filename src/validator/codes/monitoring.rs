//! `MV`: what is wrong with the monitoring system itself.

use super::Code;
use crate::model::Severity;

/// A server that does not answer.
pub const NO_ANSWER: Code = Code {
    code: "MV101",
    title: "monitoring that does not answer",
    severity: Severity::Error,
    why: "Nothing can be said of a server that does not answer, and nobody is told what it would have seen.",
    help: "",
};

/// A configuration that did not load.
pub const NOT_LOADED: Code = Code {
    code: "MV102",
    title: "configuration that did not load",
    severity: Severity::Error,
    why: "The last reload failed: some of the new configuration may be in force, and the server does not start again \
          with it. A defect that nobody noticed becomes an outage at the next restart.",
    help: "`promtool check config` or `amtool check-config` says what is wrong; mend it and reload",
};

/// A target that is not up.
pub const TARGET_DOWN: Code = Code {
    code: "MV103",
    title: "target that is not up",
    severity: Severity::Error,
    why: "Nothing is known of what cannot be scraped, and rules that read it say nothing.",
    help: "",
};

/// No target at all.
pub const NO_TARGET: Code = Code {
    code: "MV104",
    title: "monitoring without a target",
    severity: Severity::Error,
    why: "A Prometheus that scrapes nothing has nothing that is down: every check of it says yes.",
    help: "look at `scrape_configs` and the files of targets; right after a start it takes five seconds",
};

/// A rule that fails.
pub const RULE_FAILS: Code = Code {
    code: "MV105",
    title: "rule that fails",
    severity: Severity::Error,
    why: "A rule that loads well may fail each time that it is evaluated: it alerts nobody and records nothing.",
    help: "ask its expression as a query: the answer says what is wrong",
};

/// A rule group that lags.
pub const RULES_LAG: Code = Code {
    code: "MV106",
    title: "rule group that lags",
    severity: Severity::Warning,
    why: "A group that takes longer than its interval leaves evaluations out: `for` and rates are wrong.",
    help: "make its rules cheaper, divide the group, or make its interval longer",
};

/// Scrapes that are not stored.
pub const NOT_STORED: Code = Code {
    code: "MV107",
    title: "scrapes that are not stored",
    severity: Severity::Error,
    why: "On a full disk targets are up and `up` is 1, but no sample is stored, so that no alert can fire.",
    help: "make room on the disk of the server, and snapshot before the next restart",
};

/// Writes to the WAL that failed.
pub const WRITES_FAILED: Code = Code {
    code: "MV108",
    title: "writes to the WAL that failed",
    severity: Severity::Error,
    why: "A record that was written in part ends the replay: the next restart throws away all that was scraped since, \
          although everything looks well now.",
    help: "snapshot before the next restart (`prometheus: snapshot`)",
};

/// Storage that is damaged.
pub const DAMAGED: Code = Code {
    code: "MV109",
    title: "storage that is damaged",
    severity: Severity::Error,
    why: "Corruptions, and compactions or loads of blocks that fail, lose samples or fill the disk. The next start \
          counts from 0 again, and hides it.",
    help: "look into the log of the server; a snapshot that restores says what is still whole",
};

/// Alerts that wait for Alertmanager.
pub const QUEUE: Code = Code {
    code: "MV110",
    title: "alerts that wait for Alertmanager",
    severity: Severity::Error,
    why: "Alerts that wait in the queue have reached nobody; when it is full they are dropped.",
    help: "see whether the Alertmanagers answer",
};

/// Alert rules and no Alertmanager.
pub const NO_ALERTMANAGER: Code = Code {
    code: "MV111",
    title: "alerts without an Alertmanager",
    severity: Severity::Error,
    why: "A Prometheus that knows no Alertmanager evaluates alerts that nobody is told of.",
    help: "look at `alerting:` in its configuration",
};

/// Remote write that lags.
pub const REMOTE_WRITE_LAGS: Code = Code {
    code: "MV112",
    title: "remote write that lags",
    severity: Severity::Warning,
    why: "What reads the other storage sees the past; what is not sent when the WAL is truncated is lost.",
    help: "",
};

/// A cluster that is not whole.
pub const CLUSTER: Code = Code {
    code: "MV113",
    title: "Alertmanager cluster that is not whole",
    severity: Severity::Error,
    why: "Members that do not see each other notify twice, and do not know each other's silences.",
    help: "",
};

/// Members with several configurations.
pub const MEMBERS_DIFFER: Code = Code {
    code: "MV114",
    title: "Alertmanagers that differ",
    severity: Severity::Error,
    why: "Which members routes an alert is a matter of chance: with several configurations so is who is told.",
    help: "give all members one configuration and reload each",
};

/// Replicas that load different rules.
pub const REPLICAS_DIFFER: Code = Code {
    code: "MV115",
    title: "replicas with different rules",
    severity: Severity::Warning,
    why: "Replicas stand in for each other only if they evaluate the same rules.",
    help: "give all replicas the same rule files and reload each",
};

/// Answers with warnings.
pub const WARNS: Code = Code {
    code: "MV116",
    title: "answers with warnings",
    severity: Severity::Warning,
    why: "Prometheus answers, and warns that its answer lacks something or may not be what was meant: when a storage \
          that it reads from is away, what it says rests on the rest alone.",
    help: "ask the query in Prometheus' own page, which shows the warning, and mend what it speaks of",
};

/// All of them.
pub const CODES: &[&Code] = &[
    &NO_ANSWER,
    &NOT_LOADED,
    &TARGET_DOWN,
    &NO_TARGET,
    &RULE_FAILS,
    &RULES_LAG,
    &NOT_STORED,
    &WRITES_FAILED,
    &DAMAGED,
    &QUEUE,
    &NO_ALERTMANAGER,
    &REMOTE_WRITE_LAGS,
    &CLUSTER,
    &MEMBERS_DIFFER,
    &REPLICAS_DIFFER,
    &WARNS,
];
