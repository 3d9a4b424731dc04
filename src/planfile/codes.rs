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
    error(
        "MS201",
        "unknown name",
        "A name that is not defined is a slip of the pen, and work would be left out.",
    ),
    error("MS202", "nothing selected", "A task that selects no target would succeed without doing anything."),
    error("MS203", "not a selector", "Targets are selected by name, group or label."),
    error("MS204", "not enough of a resource", "A task that needs more than there is would never start."),
    error("MS205", "cycle", "Tasks that wait for each other never start."),
    error("MS206", "no connection", "What asks a monitoring system has to know where it answers."),
    error("MS301", "nothing said", "One of the alternatives has to be chosen."),
    error(
        "MS302",
        "too much said",
        "Only one of the alternatives could be done, and it would not be said which.",
    ),
    error("MS303", "unknown format version", "A file of another version may mean something else."),
    error("MS304", "out of range", "The value cannot have the effect that it asks for."),
    error(
        "MS305",
        "times that contradict",
        "Together the two times make sure that nothing happens as meant.",
    ),
    error("MS306", "unknown time zone", "Every local time in the file depends on it."),
    error("MS307", "not a cron expression", "Work that never comes would not be missed by anybody."),
    error("MS308", "nothing to do", "Work that consists of nothing succeeds without an effect."),
    error("MS309", "vacuous check", "A check that holds whatever the answer is proves nothing."),
    error("MS310", "not a URL or address", "Nothing can be reached there."),
    error("MS311", "not a matcher", "Alertmanager would refuse the silence when the work begins."),
    error("MS312", "boundless silence", "It would mute alerts that the work has nothing to do with."),
    error("MS313", "not an alert expression", "The alert could never fire."),
    error("MS314", "unknown destination", "The alert would reach nobody."),
    error(
        "MS315",
        "nothing saved",
        "What a destructive step removes can only come back from what was saved before.",
    ),
    warning(
        "MS316",
        "no way back",
        "When system work fails, somebody has to know the way back at that moment.",
    ),
    error(
        "MS320",
        "not a name",
        "Names appear in selectors, ids and file names, where other characters act.",
    ),
    error("MS321", "reserved name", "`local` is the name of the machine that mainstay runs on."),
    error(
        "MS901",
        "not supported yet",
        "The key has a meaning; ignoring it would leave out what it asks for.",
    ),
];

/// How bad findings of a code are. A code that is not in the table is an error in every sense.
pub fn severity(code: &str) -> Severity {
    CODES.iter().find(|known| known.code == code).map_or(Severity::Error, |known| known.severity)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// All codes that stand in the sources of this module, as text.
    fn used(folder: &Path, codes: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                used(&path, codes);
            } else if !path.ends_with("codes.rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let quoted = text.split("\"MS").skip(1).filter_map(|rest| rest.get(..4));
                codes.extend(quoted.filter_map(|rest| Some(format!("MS{}", rest.strip_suffix('"')?))));
            }
        }
    }

    #[test]
    fn the_table_holds_exactly_the_codes_that_are_used() {
        let mut codes = BTreeSet::new();
        used(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/planfile")), &mut codes);
        let table: Vec<_> = CODES.iter().map(|code| code.code.to_owned()).collect();
        assert_eq!(table, codes.into_iter().collect::<Vec<_>>(), "sorted, unique and complete");
    }
}
