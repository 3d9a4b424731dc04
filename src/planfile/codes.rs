//! Every code of a finding about the plan file: what it is called, how bad it is, and why it is one.
//!
//! A released code keeps its meaning. `MS0` is about reading the file, `MS1` about its form, `MS2` about
//! names, `MS3` about values and what they mean together, `MS9` about what is not supported yet.

use crate::model::Severity;

/// One code.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// Names the rule in output.
    pub code: &'static str,
    /// How bad a finding is.
    pub severity: Severity,
    /// What it is called.
    pub title: &'static str,
    /// Why it matters, in one sentence.
    pub why: &'static str,
}

const fn error(code: &'static str, title: &'static str, why: &'static str) -> Code {
    Code { code, severity: Severity::Error, title, why }
}

const fn warning(code: &'static str, title: &'static str, why: &'static str) -> Code {
    Code { code, severity: Severity::Warning, title, why }
}

/// All codes, in order.
pub const CODES: &[Code] = &[
    error("MS001", "not UTF-8", "Text in another encoding would be read as other names and commands."),
    error("MS002", "UTF-16", "The file has to be saved as UTF-8."),
    error("MS003", "NUL character", "No command, name or URL can hold one; text after it would be lost."),
    warning(
        "MS004",
        "others can write the plan file",
        "Who can write the plan file can run commands as you.",
    ),
    error("MS005", "empty plan file", "A file that says nothing is a mistake more often than a wish."),
    Code {
        code: "MS006",
        severity: Severity::Note,
        title: "more findings",
        why: "Output is bounded; the findings that are left out show when the first ones are gone.",
    },
    error("MS101", "not YAML", "The file cannot be read from there on."),
    error(
        "MS102",
        "duplicate key",
        "Only one of the two values could count, and it would not be said which.",
    ),
    error("MS103", "wrong kind of key", "Keys are names; a list, a mapping or nothing is none."),
    error("MS104", "template text", "A template means something only after it was rendered."),
    error("MS105", "merge key", "What stands in the plan file is what people review; merging hides it."),
    error("MS106", "wrong alias", "An alias has to name an anchor before it, outside of itself."),
    error("MS107", "tag", "Keys decide how values are read; a tag could only contradict."),
    error("MS108", "several documents", "A plan file is one document, so that nothing in it is overlooked."),
    error("MS109", "nested too deeply", "No plan needs it, and reading it could exhaust the machine."),
    error("MS110", "too many values", "No plan needs them, and reading them could exhaust the machine."),
    error("MS111", "not a mapping", "A plan file consists of keys."),
    error("MS112", "unknown key", "A key that nobody reads is a wish that nobody fulfils."),
    error("MS113", "missing key", "Nothing sensible can be assumed in its place."),
    error("MS114", "unknown value", "The key has a fixed set of values."),
    error("MS115", "wrong form", "The value is not of the kind that the key takes."),
    error("MS116", "empty value", "It cannot be told whether it was forgotten or meant as nothing."),
];

/// How bad findings of a code are. A code that is not in the table is an error in every sense.
pub fn severity(code: &str) -> Severity {
    CODES.iter().find(|known| known.code == code).map_or(Severity::Error, |known| known.severity)
}
