//! What steps do: one way to look at their commands, whether they are written as `run:` or as `shell:`.
//!
//! 1. `sh -c TEXT` is read like `shell: TEXT`, and what runs a program (`sudo`, `env`, `nice`, ...) is set aside.
//! 2. Text that is not understood has no commands: no rule says anything about it.
//! 3. Each distinct text is read once.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::shell::{self, Command, ExpansionKind, Link, Role, Word};
use crate::model::{PlanFile, Span, Spanned, Step, Task};
use crate::planfile::{Kind, NodeId, Tree};

/// All steps of a plan file with their commands.
pub(super) struct Work<'a> {
    /// In the order of the model.
    pub(super) steps: Vec<StepWork<'a>>,
    /// The list of arguments of each `run:`, by where it begins.
    argvs: HashMap<u32, NodeId>,
    text: &'a str,
}

/// One step with its commands.
pub(super) struct StepWork<'a> {
    /// The name of its task.
    pub(super) task_name: &'a Spanned<String>,
    pub(super) task: &'a Task,
    pub(super) phase: Phase,
    pub(super) step: &'a Spanned<Step>,
    /// In the order in which they stand.
    pub(super) calls: Rc<[Call]>,
}

impl StepWork<'_> {
    /// Whether the shell is told to stop at the first program that fails.
    pub(super) fn stops_at_errors(&self) -> bool {
        let sets = |call: &Call| call.program() == "set" || is_shell(call.program());
        self.calls.iter().any(|call| sets(call) && call.has_option(&['e'], &["errexit"]))
    }
}

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Steps,
    Rollback,
    Finally,
}

/// A program that a step runs, with its arguments.
#[derive(Debug)]
pub(super) struct Call {
    /// How it stands among the others; its words are those of [`Call::words`].
    command: Command,
    /// Which argument of `run:` each word stands in; of `shell:` none.
    arguments: Vec<Option<usize>>,
    /// The place of the program among the words, after what runs it.
    program: usize,
    /// Where its name begins in that word, after its folder.
    name_at: usize,
    /// Whether a shell reads it.
    pub(super) is_shell: bool,
}

impl Call {
    fn new(command: Command, arguments: Vec<Option<usize>>, is_shell: bool) -> Self {
        let program = program_of(command.words.len(), |at| &command.words[at].text);
        let word = command.words.get(program);
        let name_at = word.and_then(|word| word.text.rfind('/')).map_or(0, |slash| slash + 1);
        Self { command, arguments, program, name_at, is_shell }
    }

    /// The name of the program, without its folder; empty when the shell decides what it is.
    pub(super) fn program(&self) -> &str {
        let word = self.command.words.get(self.program);
        word.map_or("", |word| &word.text[self.name_at..])
    }

    /// Its arguments.
    pub(super) fn args(&self) -> &[Word] {
        self.command.words.get(self.program + 1..).unwrap_or_default()
    }

    /// The texts of its arguments.
    pub(super) fn texts(&self) -> impl DoubleEndedIterator<Item = &str> + Clone {
        self.args().iter().map(|word| word.text.as_str())
    }

    /// Whether one of these is an argument.
    pub(super) fn has(&self, any_of: &[&str]) -> bool {
        self.texts().any(|text| any_of.contains(&text))
    }

    /// Whether an option is given by one of its letters (`-rf`) or names (`--recursive`, also with `=`).
    pub(super) fn has_option(&self, letters: &[char], names: &[&str]) -> bool {
        self.texts().take_while(|text| *text != "--").any(|text| is_option(text, letters, names))
    }

    /// The arguments that are no options.
    pub(super) fn operands(&self) -> impl Iterator<Item = &Word> {
        self.args().iter().filter(|word| !word.text.starts_with('-'))
    }

    /// What runs the program: its words, from `name` to the next such program or the program itself.
    pub(super) fn runner(&self, name: &str) -> Option<&[Word]> {
        let before = &self.command.words[..self.program.min(self.command.words.len())];
        let at = before.iter().position(|word| word.text == name)?;
        Some(&before[at..])
    }

    /// The words of the program and what runs it.
    pub(super) fn words(&self) -> &[Word] {
        &self.command.words
    }

    /// `NAME=VALUE` before the program, or alone.
    pub(super) fn assignments(&self) -> &[Word] {
        &self.command.assignments
    }

    /// What it is for.
    pub(super) fn role(&self) -> Role {
        self.command.role
    }

    /// What stands before it.
    pub(super) fn before(&self) -> Link {
        self.command.before
    }

    /// What stands after it.
    pub(super) fn after(&self) -> Link {
        self.command.after
    }

    /// How many subshells, groups, conditions and loops it stands in.
    pub(super) fn depth(&self) -> u32 {
        self.command.depth
    }

    /// Whether its input comes from somewhere.
    pub(super) fn has_input(&self) -> bool {
        self.command.has_input || self.command.before == Link::Pipe
    }

    /// The word of the program; of an assignment alone that.
    pub(super) fn program_word(&self) -> Option<&Word> {
        let words = &self.command.words;
        words.get(self.program).or(words.last()).or(self.command.assignments.last())
    }

    /// The program and the first arguments that say what it does, for people.
    pub(super) fn in_short(&self) -> String {
        let mut words = vec![self.program()];
        words.extend(self.texts().take(1));
        words.join(" ")
    }
}

/// Whether an argument is an option with one of these letters or names.
pub(super) fn is_option(text: &str, letters: &[char], names: &[&str]) -> bool {
    match text.strip_prefix("--") {
        Some(_) => names.contains(&text.split('=').next().unwrap_or_default()),
        None => text.strip_prefix('-').is_some_and(|flags| {
            flags.bytes().all(|b| b.is_ascii_alphanumeric()) && flags.contains(letters)
                || names.contains(&text)
        }),
    }
}

/// Programs that run another one, with the options that take a word of their own and the number of words that
/// stand between the options and the program.
const RUNNERS: [(&str, &[&str], usize); 17] = [
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R"], 0),
    ("doas", &["-u", "-C"], 0),
    ("env", &["-u", "-C", "-S"], 0),
    ("nice", &["-n"], 0),
    ("ionice", &["-c", "-n"], 0),
    ("chrt", &[], 1),
    ("timeout", &["-k", "-s"], 1),
    ("nohup", &[], 0),
    ("setsid", &[], 0),
    ("time", &[], 0),
    ("exec", &["-a"], 0),
    ("builtin", &[], 0),
    ("stdbuf", &["-i", "-o", "-e"], 0),
    ("flock", &["-w", "-E"], 1),
    ("unshare", &[], 0),
    ("setpriv", &["--reuid", "--regid", "--groups"], 0),
    ("xargs", &["-a", "-d", "-E", "-I", "-L", "-n", "-P", "-s"], 0),
];

/// The name of the program that words run in the end, without its folder; assignments may stand before it.
pub(super) fn program_name<'w>(words: &[&'w str]) -> &'w str {
    let n_assigned = words.iter().take_while(|word| shell::assigned(word).is_some()).count();
    let words = &words[n_assigned..];
    let program = words.get(program_of(words.len(), |at| words[at]));
    program.and_then(|word| word.rsplit('/').next()).unwrap_or_default()
}

/// The place of the program that is run in the end, among so many words.
fn program_of<'w>(n_words: usize, word: impl Fn(usize) -> &'w str) -> usize {
    let mut at = 0;
    while at < n_words {
        let name = word(at).rsplit('/').next().unwrap_or_default();
        let Some((_, with_value, n_operands)) = RUNNERS.iter().find(|(runner, ..)| *runner == name) else {
            return at;
        };
        let runner = at;
        at += 1;
        while at < n_words {
            let word = word(at);
            if with_value.contains(&word) {
                at += 2;
            } else if word.starts_with('-') || shell::assigned(word).is_some() {
                at += 1;
            } else {
                break;
            }
        }
        at += n_operands;
        if at >= n_words {
            return runner;
        }
    }
    at
}

/// Programs that read what follows `-c` as shell text.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "zsh", "ksh"];

/// Whether a program is a shell.
pub(super) fn is_shell(program: &str) -> bool {
    SHELLS.contains(&program)
}

impl<'a> Work<'a> {
    /// Reads the commands of all steps.
    pub(super) fn new(plan: &'a PlanFile, tree: &Tree, text: &'a str) -> Self {
        let mut scripts: HashMap<&'a str, Rc<[Call]>> = HashMap::new();
        let mut argvs: HashMap<&'a [String], Rc<[Call]>> = HashMap::new();
        let nothing: Rc<[Call]> = Rc::new([]);
        let mut steps = Vec::new();
        for (task_name, task) in plan.tasks.iter() {
            let phases = [
                (Phase::Steps, &task.steps),
                (Phase::Rollback, &task.rollback),
                (Phase::Finally, &task.finally),
            ];
            let all =
                phases.into_iter().flat_map(|(phase, steps)| steps.iter().map(move |step| (phase, step)));
            for (phase, step) in all {
                let calls = match (&step.run, &step.shell) {
                    (Some(argv), _) => argvs.entry(argv).or_insert_with(|| of_argv(argv)).clone(),
                    (None, Some(text)) => {
                        scripts.entry(text).or_insert_with(|| of_text(text, None).into()).clone()
                    }
                    (None, None) => nothing.clone(),
                };
                steps.push(StepWork { task_name, task, phase, step, calls });
            }
        }
        Self { steps, argvs: places_of_argvs(tree), text }
    }

    /// Every command with its step.
    pub(super) fn calls(&self) -> impl Iterator<Item = (&StepWork<'a>, &Call)> {
        self.steps.iter().flat_map(|step| step.calls.iter().map(move |call| (step, call)))
    }

    /// Where a word of a step's command stands; when it is written with escapes, where what it stands in begins.
    pub(super) fn place(&self, tree: &Tree, step: &StepWork, call: &Call, word: &Word) -> Span {
        let at = call.words().iter().position(|other| std::ptr::eq(other, word));
        let argument = call.arguments.get(at.unwrap_or(0)).copied().flatten();
        let (scalar, value) = match (argument, &step.step.run, &step.step.shell) {
            (Some(index), Some(argv), _) => {
                let element = self.argvs.get(&argv.span.start).and_then(|list| element(tree, *list, index));
                let Some(element) = element else { return argv.span };
                (element, argv.get(index).map_or("", String::as_str))
            }
            (_, _, Some(text)) => (text.span, text.value.as_str()),
            _ => return step.step.span,
        };
        place_within(self.text, scalar, value, word.range.clone())
    }

    /// Where the program of a command stands.
    pub(super) fn place_of(&self, tree: &Tree, step: &StepWork, call: &Call) -> Span {
        call.program_word().map_or(step.step.span, |word| self.place(tree, step, call, word))
    }
}

/// Where each list of arguments begins.
fn places_of_argvs(tree: &Tree) -> HashMap<u32, NodeId> {
    let tasks = tree.entry(tree.root(), "tasks").map_or(&[][..], |(_, tasks)| tree.entries(tasks));
    let of_tasks = tasks.iter().flat_map(|(_, task)| tree.entries(*task));
    let lists = of_tasks.filter(|(key, _)| matches!(tree.text(*key), "steps" | "rollback" | "finally"));
    let steps = lists.flat_map(|(_, list)| elements(tree, *list));
    let runs = steps.filter_map(|step| Some(tree.entry(*step, "run")?.1));
    runs.map(|run| (tree.span(run).start, run)).collect()
}

fn elements<'t>(tree: &'t Tree, list: NodeId) -> &'t [NodeId] {
    match &tree.node(list).kind {
        Kind::Seq(elements) => elements,
        Kind::Scalar { .. } | Kind::Map(_) => &[],
    }
}

fn element(tree: &Tree, list: NodeId, index: usize) -> Option<Span> {
    elements(tree, list).get(index).map(|element| tree.span(*element))
}

fn of_argv(argv: &[String]) -> Rc<[Call]> {
    let words: Vec<_> = argv.iter().map(|text| Word::literal(text, 0..text.len())).collect();
    let arguments = (0..argv.len()).map(Some).collect();
    let command = Command {
        assignments: Vec::new(),
        words,
        has_input: false,
        before: Link::Edge,
        after: Link::Edge,
        role: Role::Work,
        depth: 0,
    };
    let call = Call::new(command, arguments, false);
    let inner = script_of(&call).map(|at| of_text(&argv[at], Some(at))).unwrap_or_default();
    std::iter::once(call).chain(inner).collect()
}

/// The commands of shell text, which is one of the arguments of `run:` or all of `shell:`.
fn of_text(text: &str, argument: Option<usize>) -> Vec<Call> {
    let mut calls = Vec::new();
    for command in shell::read(text).unwrap_or_default() {
        let arguments = vec![argument; command.words.len()];
        let call = Call::new(command, arguments, true);
        let inner = script_of(&call).map(|at| call.words()[at].clone());
        calls.push(call);
        if let Some(script) = inner {
            calls.extend(of_text(&script.text, argument).into_iter().map(|call| within(call, &script.range)));
        }
    }
    calls
}

/// The place among a command's words of the text that a shell is given with `-c`.
fn script_of(call: &Call) -> Option<usize> {
    if !is_shell(call.program()) {
        return None;
    }
    let is_c = |word: &Word| is_option(&word.text, &['c'], &[]);
    let at = call.args().iter().position(is_c)? + call.program + 2;
    call.words().get(at).filter(|script| script.is_literal()).map(|_| at)
}

/// A command of a text that is a word of another text: all of it stands where that word stands.
fn within(mut call: Call, range: &Range<usize>) -> Call {
    let words = call.command.words.iter_mut().chain(&mut call.command.assignments);
    words.for_each(|word| word.range = range.clone());
    call
}

/// Where a part of a scalar's value stands; when it is written with escapes, where the scalar begins.
pub(super) fn place_within(text: &str, scalar: Span, value: &str, range: Range<usize>) -> Span {
    let written = &text[scalar.start as usize..scalar.end as usize];
    match part_of(written, value, range) {
        Some(part) => {
            let offset = |at: usize| scalar.start + u32::try_from(at).unwrap_or(0);
            Span { start: offset(part.start), end: offset(part.end) }
        }
        None if written.contains('\n') => Span { start: scalar.start, end: scalar.start + 1 },
        None => scalar,
    }
}

/// Where a part of a value stands in the scalar that it is written as.
fn part_of(written: &str, value: &str, range: Range<usize>) -> Option<Range<usize>> {
    let header = match written.chars().next()? {
        '|' | '>' => written.find('\n')?,
        '"' | '\'' => 1,
        _ => 0,
    };
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let skip_blanks = |text: &str, at: usize| text.len() - text[at..].trim_start().len();
    let (mut from, mut at) = (skip_blanks(written, header), skip_blanks(value, 0));
    let mut start = None;
    loop {
        if at >= range.start && start.is_none() {
            start = Some(from);
        }
        if at >= range.end {
            return Some(start?..from);
        }
        let wanted = value[at..].chars().next()?;
        let found = written[from..].chars().next()?;
        if wanted.is_whitespace() {
            (from, at) = (skip_blanks(written, from), skip_blanks(value, at));
            continue;
        }
        let is_escape = (quote == Some('\'') && found == '\'') || (quote == Some('"') && found == '\\');
        if is_escape {
            from += 1;
        }
        if written[from..].chars().next()? != wanted {
            return None;
        }
        from += wanted.len_utf8();
        at += wanted.len_utf8();
    }
}

/// The variables that a step's text can rely on: those that it sets to something itself before it uses them, and
/// those of `env:`, with their values where they are known.
pub(super) fn variables<'s>(step: &'s StepWork) -> HashMap<&'s str, Option<&'s str>> {
    let mut known = HashMap::new();
    for (name, value) in &step.step.env {
        known.insert(
            name.as_str(),
            match value {
                crate::model::EnvValue::Text(text) => Some(text.as_str()),
                crate::model::EnvValue::Secret(_) => None,
            },
        );
    }
    for call in step.calls.iter() {
        let words = call.assignments().iter().chain(call.words());
        for word in words {
            if let Some((name, value)) = shell::assigned(&word.text) {
                let value = word.is_literal().then_some(value);
                known.entry(name).and_modify(|known| *known = None).or_insert(value);
            }
        }
        if call.role() == Role::Items || call.program() == "read" {
            call.args().iter().for_each(|word| {
                known.insert(word.text.as_str(), None);
            });
        }
    }
    known
}

/// The name of the variable of an expansion.
pub(super) fn variable(kind: &ExpansionKind) -> Option<&str> {
    match kind {
        ExpansionKind::Variable(name) => Some(name),
        ExpansionKind::Special | ExpansionKind::Command | ExpansionKind::Arithmetic => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_value_is_found_in_what_is_written() {
        // What is written, what it says, and the part that is looked for and found.
        let cases = [
            ("rm -r old", "rm -r old", "-r", Some("-r")),
            ("'rm ''-r'' old'", "rm '-r' old", "old", Some("old")),
            ("\"rm \\\"-r\\\" old\"", "rm \"-r\" old", "old", Some("old")),
            ("\"r\\x6d -r\"", "rm -r", "-r", None),
            ("|\n    cd x\n    rm ü\n", "cd x\nrm ü\n", "ü", Some("ü")),
            (">-\n    cd x &&\n    rm y\n", "cd x && rm y", "rm y", Some("rm y")),
            ("cd x &&\n    rm y", "cd x && rm y", "y", Some("y")),
        ];
        for (written, value, part, expected) in cases {
            let at = value.find(part).expect("a part of the value");
            let found = part_of(written, value, at..at + part.len());
            assert_eq!(found.map(|range| &written[range]), expected, "{written}");
        }
    }

    #[test]
    fn the_program_that_is_run_in_the_end_is_found() {
        let cases = [
            (&["/bin/rm", "x"][..], "rm"),
            (&["sudo", "-u", "root", "-n", "A=1", "env", "-i", "B=2", "nice", "-n", "5", "rm"], "rm"),
            (&["timeout", "-k", "5", "10m", "rm"], "rm"),
            (&["xargs", "-0", "-n", "1", "rm"], "rm"),
            (&["sudo", "-v"], "sudo"),
            (&["env"], "env"),
            (&["A=1", "B=2", "rm"], "rm"),
            (&[], ""),
        ];
        for (words, expected) in cases {
            assert_eq!(program_name(words), expected, "{words:?}");
        }
    }
}
