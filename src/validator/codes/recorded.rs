//! `MR`: what recorded runs show. `MR1` is about the process, `MR2` about the result, `MR3` about quality, `MR4` about
//! security.

use super::Code;
use crate::model::Severity;

/// Work that was not approved.
pub const NOT_APPROVED: Code = Code {
    code: "MR101",
    title: "work that was not approved",
    severity: Severity::Error,
    why: "Work that has to be approved and began without that was decided by one person alone, whoever started \
          it. An approval counts when it was recorded before the start, for this occurrence, these targets and \
          this plan file.",
    help: "find out who started it, and let the people of the role look at what was done",
};

/// Work outside its window.
pub const OUT_OF_WINDOW: Code = Code {
    code: "MR102",
    title: "work outside its window",
    severity: Severity::Error,
    why: "Outside its window work meets people who did not expect it. What begins in time and ends too late was \
          estimated too short.",
    help: "make `duration` or the window longer, or start it as an emergency with its reason",
};

/// Work in a blackout.
pub const IN_BLACKOUT: Code = Code {
    code: "MR103",
    title: "work in a blackout",
    severity: Severity::Error,
    why: "A blackout is a promise to the business that nothing changes. Only the task types that it allows, and \
          emergencies with a reason, pass it.",
    help: "find out who started it; what cannot wait is an emergency, with its reason",
};

/// Emergency without its review.
pub const NOT_REVIEWED: Code = Code {
    code: "MR104",
    title: "emergency without its review",
    severity: Severity::Error,
    why: "An emergency passes windows, blackouts and approval on the word of one person. The review afterwards is \
          what keeps that from becoming the ordinary way.",
    help: "review it now: `mainstay audit review RUN --note TEXT`",
};

/// Work after work that failed.
pub const UNSOUND_GROUND: Code = Code {
    code: "MR105",
    title: "work after work that failed",
    severity: Severity::Error,
    why: "Work on ground that did not hold is sand: an upgrade after a snapshot that failed has no way back.",
    help: "repeat the task that it comes after, then this one",
};

/// Work past its gate.
pub const PAST_ITS_GATE: Code = Code {
    code: "MR106",
    title: "work past its gate",
    severity: Severity::Error,
    why: "The gate keeps work away from a running incident. Work that began past it may have destroyed what was \
          needed to understand the incident, or made it worse.",
    help: "compare the times of the run with the alerts of that time",
};

/// Work past its preconditions.
pub const PAST_PRECONDITIONS: Code = Code {
    code: "MR107",
    title: "work past its preconditions",
    severity: Severity::Error,
    why: "Work on one half of a pair whose other half is down turns maintenance into an outage. Who begins \
          without asking finds that out afterwards.",
    help: "compare what was found then with the outcome of the run",
};

/// Steps out of order.
pub const OUT_OF_ORDER: Code = Code {
    code: "MR108",
    title: "steps out of order",
    severity: Severity::Error,
    why: "Steps build on each other. One that began before the step before it was done worked on something else \
          than its author meant, and a batch that began too early had nobody to stand in for it.",
    help: "`mainstay run --show RUN` shows what was done in which order",
};

/// Step without a record.
pub const SKIPPED_UNRECORDED: Code = Code {
    code: "MR109",
    title: "step without a record",
    severity: Severity::Error,
    why: "A step that is missing without a word was either not done, or done by somebody whom no record knows.",
    help: "`mainstay run --show RUN` shows what is on record",
};

/// Beginning that was not on record.
pub const NOT_RECORDED_FIRST: Code = Code {
    code: "MR110",
    title: "beginning that was not on record",
    severity: Severity::Error,
    why: "What began before it was on record is lost when the machine dies. mainstay records each start first; a \
          record in another order was not written by it, or not like that.",
    help: "`mainstay audit verify` says whether the ledger is as it was written",
};

/// Work beside work that excludes it.
pub const OVERLAP: Code = Code {
    code: "MR111",
    title: "work beside work that excludes it",
    severity: Severity::Error,
    why: "Two pieces of work on one target each undo what the other relies on. mainstay starts none beside one \
          that excludes it; where two state files serve one estate, nothing does.",
    help: "let one state file serve one estate",
};

/// Work without its silence.
pub const NOT_SILENCED: Code = Code {
    code: "MR112",
    title: "work without its silence",
    severity: Severity::Error,
    why: "Work without its silence pages people for what is planned. They learn to ignore pages.",
    help: "`mainstay audit log --run RUN` shows the life of the silence",
};

/// Silence that outlived its run.
pub const SILENCE_LEFT: Code = Code {
    code: "MR113",
    title: "silence that outlived its run",
    severity: Severity::Error,
    why: "A silence that outlives its work hides the next outage. It is ended with the run, and found again and \
          ended after a crash.",
    help: "`mainstay run --due` ends what is left of silences; look into Alertmanager for what it cannot reach",
};

/// Way back that was not gone to its end.
pub const WAY_BACK_NOT_GONE: Code = Code {
    code: "MR114",
    title: "way back that was not gone to its end",
    severity: Severity::Error,
    why: "Work that failed half-way leaves something that is neither old nor new. Where the task has a way back, \
          it has to be gone to its end.",
    help: "`mainstay run --show RUN` shows where it stopped; finish it by hand, or repeat the task",
};

/// What is owed at the end.
pub const OWED: Code = Code {
    code: "MR115",
    title: "what is owed at the end",
    severity: Severity::Error,
    why: "`finally` puts back what the work took away: a drain, a lock, a mode. What is not done of it is owed \
          until somebody does it.",
    help: "do what is left by hand and settle it with `mainstay run --abandon RUN --reason TEXT`, or repeat the task",
};

/// Work that is not done.
pub const NOT_DONE: Code = Code {
    code: "MR201",
    title: "work that is not done",
    severity: Severity::Error,
    why: "A run that failed, or went back, left the work to be done. Nobody sees that in a list of runs that have \
          all ended.",
    help: "repair the cause, and repeat it: `mainstay run TASK`",
};

/// Success that was not verified.
pub const NOT_VERIFIED: Code = Code {
    code: "MR202",
    title: "success that was not verified",
    severity: Severity::Error,
    why: "A package manager that exits with 0 has not shown that the service answers. A success without its \
          checks is a guess.",
    help: "ask them now: `mainstay validate --live`",
};

/// Monitoring that is not as before.
pub const NOT_AS_BEFORE: Code = Code {
    code: "MR203",
    title: "monitoring that is not as before",
    severity: Severity::Error,
    why: "What the work broke in monitoring is found by nothing else: it is monitoring that would tell.",
    help: "`mainstay run --show RUN` shows what differed",
};

/// Interruption that nobody settled.
pub const LEFT_OPEN: Code = Code {
    code: "MR204",
    title: "interruption that nobody settled",
    severity: Severity::Error,
    why: "Of a step that was interrupted nobody knows whether it is done. Work that builds on it builds on a guess.",
    help: "see what it left behind, then `mainstay run --resume RUN`, or `mainstay run --abandon RUN --reason TEXT`",
};

/// Too few successes.
pub const FEW_SUCCESSES: Code = Code {
    code: "MR301",
    title: "too few successes",
    severity: Severity::Warning,
    why: "Work that fails often is either wrong or done at the wrong time, and each failure costs the window of the work that \
          waited behind it.",
    help: "`mainstay report status` lists what failed; mend the task that fails most",
};

/// Too much rework.
pub const MUCH_REWORK: Code = Code {
    code: "MR302",
    title: "too much rework",
    severity: Severity::Warning,
    why: "A retry, a way back, a run that is taken up again or repeated is work done twice. Much of it says that the work is \
          not as safe as its successes look.",
    help: "look at the attempts of the steps that are tried again: `mainstay run --show RUN`",
};

/// Estimates that do not hold.
pub const POOR_ESTIMATES: Code = Code {
    code: "MR303",
    title: "estimates that do not hold",
    severity: Severity::Warning,
    why: "Windows, crews and the cutoff are planned by `duration`. Where it is far from the truth, work is late, or windows \
          stand empty that others wait for.",
    help: "write the duration that was measured into the plan file",
};

/// Too little work that is approved, in its window and verified.
pub const POOR_COMPLIANCE: Code = Code {
    code: "MR304",
    title: "too little work that is approved, in its window and verified",
    severity: Severity::Warning,
    why: "The share of work that was approved where it had to be, in its window and verified is what auditors ask for first.",
    help: "the findings of each run say what was missing",
};

/// Approval whose signature does not count.
pub const NOT_BY_KEYS: Code = Code {
    code: "MR401",
    title: "approval whose signature does not count",
    severity: Severity::Error,
    why: "An approval is worth what its signature is worth. It has to verify by a key that the signers file gives \
          to a member of the role; and security work needs somebody other than its author.",
    help: "compare the signers file with the people of the role; a key that was taken out has approved nothing",
};

/// Secret on record.
pub const SECRET_ON_RECORD: Code = Code {
    code: "MR402",
    title: "secret on record",
    severity: Severity::Error,
    why: "What is in the ledger cannot be taken out again, and goes to everybody who reads a report. Values that \
          mainstay knows are hidden before anything is stored; one that stands there all the same became a secret \
          later, or was not declared.",
    help: "change the secret: it is known to everybody who can read the record",
};

/// What looks like a secret on record.
pub const LOOKS_SECRET: Code = Code {
    code: "MR403",
    title: "what looks like a secret on record",
    severity: Severity::Warning,
    why: "mainstay hides what it knows. A token that a program made or found by itself is known to nobody, and \
          stands in the output as it is.",
    help: "declare it in `secrets:`, or keep the program from printing it; and change it",
};

/// State that others can read or write.
pub const EXPOSED: Code = Code {
    code: "MR404",
    title: "state that others can read or write",
    severity: Severity::Error,
    why: "Whoever can read the state file reads what every step printed; whoever can write it writes history.",
    help: "`chmod 0600` the files, `chmod 0700` the folders",
};

/// Privileges that nothing declares.
pub const UNDECLARED_PRIVILEGE: Code = Code {
    code: "MR405",
    title: "privileges that nothing declares",
    severity: Severity::Error,
    why: "What runs as root, as another user or through `sudo` can do anything. Its record has to say what it was \
          and who stood behind it; a step that is not in the text of its task was declared by nobody.",
    help: "compare the recorded action with the plan file of that time",
};

/// Ledger that is not as it was written.
pub const BROKEN_LEDGER: Code = Code {
    code: "MR406",
    title: "ledger that is not as it was written",
    severity: Severity::Error,
    why: "Every answer rests on the ledger. Where its chain is broken, or a line cannot be understood, what it says of a run \
          is worth nothing.",
    help: "`mainstay audit verify` says what is wrong, and since which entry",
};

/// All of them.
pub const CODES: &[&Code] = &[
    &NOT_APPROVED,
    &OUT_OF_WINDOW,
    &IN_BLACKOUT,
    &NOT_REVIEWED,
    &UNSOUND_GROUND,
    &PAST_ITS_GATE,
    &PAST_PRECONDITIONS,
    &OUT_OF_ORDER,
    &SKIPPED_UNRECORDED,
    &NOT_RECORDED_FIRST,
    &OVERLAP,
    &NOT_SILENCED,
    &SILENCE_LEFT,
    &WAY_BACK_NOT_GONE,
    &OWED,
    &NOT_DONE,
    &NOT_VERIFIED,
    &NOT_AS_BEFORE,
    &LEFT_OPEN,
    &FEW_SUCCESSES,
    &MUCH_REWORK,
    &POOR_ESTIMATES,
    &POOR_COMPLIANCE,
    &NOT_BY_KEYS,
    &SECRET_ON_RECORD,
    &LOOKS_SECRET,
    &EXPOSED,
    &UNDECLARED_PRIVILEGE,
    &BROKEN_LEDGER,
];
