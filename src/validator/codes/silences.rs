//! `MH`: silences that are in force and should not be.

use super::Code;
use crate::model::Severity;

/// It holds nothing back.
pub const IDLE: Code = Code {
    code: "MH001",
    title: "silence that matches nothing",
    severity: Severity::Warning,
    why: "It hides the next alert that fits, long after anybody remembers what it was for; or its matchers never did \
          what they were meant to.",
    help: "",
};

/// It holds back far more than when it was made.
pub const GROWN: Code = Code {
    code: "MH002",
    title: "silence that matches far more than when it was created",
    severity: Severity::Error,
    why: "What was looked at when it was made is not what it hides now: alerts that nobody thought of are not heard. \
          Only of the silences that mainstay made is it on record what each held back at first. Alertmanager does not \
          keep that, so of a silence that somebody else made it cannot be known, and is not guessed: `amtool silence \
          query` shows its matchers, and `amtool alert query --silenced` what it holds back now.",
    help: "",
};

/// Its run is over.
pub const OUTLIVES: Code = Code {
    code: "MH003",
    title: "silence that outlives its run",
    severity: Severity::Error,
    why: "The work is over, and its alerts are still not heard.",
    help: "",
};

/// It ends before the work does.
pub const ENDS_EARLY: Code = Code {
    code: "MH004",
    title: "silence that ends in the middle of the work",
    severity: Severity::Warning,
    why: "From then on the work pages people about what it does on purpose.",
    help: "",
};

/// It never ends.
pub const ETERNAL: Code = Code {
    code: "MH005",
    title: "silence without an end",
    severity: Severity::Warning,
    why: "A silence that lasts for months is an alert rule that nobody dared to remove; what it hides is not known \
          any more. How long is too long says `connections.alertmanager.silences.longest`.",
    help: "",
};

/// Nobody can be asked about it.
pub const OWNERLESS: Code = Code {
    code: "MH006",
    title: "silence without an owner",
    severity: Severity::Warning,
    why: "Nobody can be asked what it is for, so nobody ends it.",
    help: "",
};

/// There is another one like it.
pub const GHOST: Code = Code {
    code: "MH007",
    title: "silence that comes again",
    severity: Severity::Warning,
    why: "Of two silences with the same matchers the one that is ended leaves the other in force; and one that is made \
          again whenever it ends has no end.",
    help: "",
};

/// Not every member of the cluster has it.
pub const NOT_EVERYWHERE: Code = Code {
    code: "MH008",
    title: "silence that not every member has",
    severity: Severity::Error,
    why: "The member without it notifies, or does so when the others are down: the cluster does not gossip.",
    help: "",
};

/// All of them.
pub const CODES: &[&Code] =
    &[&IDLE, &GROWN, &OUTLIVES, &ENDS_EARLY, &ETERNAL, &OWNERLESS, &GHOST, &NOT_EVERYWHERE];
