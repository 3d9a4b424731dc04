//! The text of one task: the lines of the plan file that say what it is.

use sha2::{Digest, Sha256};

use super::{Source, Text};
use crate::model::{PlanFile, Task};

/// The text of a task, as it is recorded when a run of it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// SHA-256 of the text, in hexadecimal.
    pub digest: String,
    /// The task's lines. What must not be shown in them is masked.
    pub text: String,
}

/// The text of the task called `name`; `None` when there is no such task.
///
/// Of tasks that do not begin their line all lines count to the next one that does.
pub fn definition(source: &Source, plan: &PlanFile, name: &str) -> Option<Definition> {
    let (key, _) = plan.tasks.entry(name)?;
    let text = source.text.as_str();
    let start = text.get(..key.span.start as usize)?.rfind('\n').map_or(0, |end| end + 1);
    let column = key.span.start as usize - start;
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        let is_first = end == start;
        let begin = line.trim_start_matches(' ');
        let is_empty = begin.trim().is_empty() || begin.starts_with('#');
        if !is_first && !is_empty && line.len() - begin.len() <= column {
            break;
        }
        end += line.len();
    }
    let text = without_tail(&source.shown(start..end), column);
    Some(Definition { digest: format!("{:x}", Sha256::digest(text.as_bytes())), text })
}

/// Comments and blank lines at the end belong to what follows, but for comments that are indented deeper.
fn without_tail(text: &str, column: usize) -> String {
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    let is_of_next = |line: &&str| {
        let begin = line.trim_start_matches(' ');
        begin.trim().is_empty() || (begin.starts_with('#') && line.len() - begin.len() <= column)
    };
    while lines.len() > 1 && lines.last().is_some_and(is_of_next) {
        lines.pop();
    }
    lines.concat()
}

/// The task that a recorded text says; `None` when it does not say one by itself: it holds an alias of something
/// elsewhere in its plan file, or shares its lines with another task.
pub fn task_of(text: &str, name: &str) -> Option<Task> {
    let whole = format!("mainstay: 1\ntasks:\n{text}");
    let plan = Text::new("the recorded text", whole.into_bytes()).read().into_plan()?;
    let is_alone = plan.tasks.len() == 1;
    plan.tasks.into_iter().find(|(key, _)| is_alone && key.value == name).map(|(_, task)| task)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "\
mainstay: 1
tasks:
  # about one
  one:
    type: routine
    domain: component

    duration: 1m
    # a last word on one
    steps: [{run: [\"true\"]}]
      # deeper

  # about two
  two:
    type: routine
    domain: component
    duration: 1m
    steps:
      - shell: |
          echo a

          # no comment
windows: {}
";

    fn of(text: &str, name: &str) -> Option<Definition> {
        let text = Text::new("maintenance.yaml", text.as_bytes().to_vec());
        let plan = text.read().into_plan().unwrap();
        definition(&text.source, &plan, name)
    }

    #[test]
    fn a_definition_is_the_lines_of_its_task_and_of_no_other() {
        let one = of(PLAN, "one").unwrap();
        assert!(one.text.starts_with("  one:\n") && one.text.ends_with("      # deeper\n"), "{}", one.text);
        let two = of(PLAN, "two").unwrap();
        assert!(two.text.starts_with("  two:\n") && two.text.ends_with("          # no comment\n"));
        assert_eq!(of(PLAN, "three"), None);
        let moved = PLAN.replace("  # about one", "  # another comment\n\n");
        assert_eq!(of(&moved, "one").unwrap(), one, "its place in the file is no part of it");
        assert_ne!(of(&PLAN.replace("echo a", "echo b"), "two").unwrap().digest, two.digest);
    }

    #[test]
    fn a_definition_can_be_read_again_when_it_stands_for_itself() {
        let two = of(PLAN, "two").unwrap();
        let task = task_of(&two.text, "two").unwrap();
        assert_eq!(task.steps[0].shell.as_ref().unwrap().value, "echo a\n\n# no comment\n");
        assert_eq!(task_of(&two.text, "one"), None);
        assert_eq!(task_of("  one: *elsewhere\n", "one"), None);
    }
}
