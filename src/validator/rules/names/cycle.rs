//! MS205: tasks that wait for each other.

use std::collections::HashMap;

use crate::validator::rules::prelude::*;

pub(super) const RULE: Rule = Rule {
    code: "MS205",
    title: "cycle",
    severity: Severity::Error,
    standing: Standing::Fault,
    why: "Tasks that wait for each other never start.",
    before: "\
mainstay: 1
tasks:
  a:
    type: routine
    domain: component
    duration: 5m
    after: b
    steps: [{run: [rm, old]}]
  b:
    type: routine
    domain: component
    duration: 5m
    after: a
    steps: [{run: [rm, old]}]
",
    after: "\
mainstay: 1
tasks:
  a:
    type: routine
    domain: component
    duration: 5m
    steps: [{run: [rm, old]}]
  b:
    type: routine
    domain: component
    duration: 5m
    after: a
    steps: [{run: [rm, old]}]
",
    finder: Finder::Look(look),
};

/// What is known about a task while cycles are looked for.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    OnPath,
    Done,
}

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let tasks: Vec<_> = facts.plan.tasks.iter().collect();
    let index: HashMap<&str, usize> =
        tasks.iter().enumerate().map(|(at, (name, _))| (name.value.as_str(), at)).collect();
    let mut marks = vec![Mark::New; tasks.len()];
    for start in 0..tasks.len() {
        if marks[start] != Mark::New {
            continue;
        }
        // A stack of our own: a chain of ten thousand tasks must not end the program.
        let mut path = vec![(start, 0)];
        marks[start] = Mark::OnPath;
        while let Some((at, edge)) = path.last_mut() {
            let from = *at;
            let Some(after) = tasks[from].1.after.get(*edge) else {
                marks[from] = Mark::Done;
                path.pop();
                continue;
            };
            *edge += 1;
            let Some(next) = index.get(after.value.as_str()).copied() else { continue };
            match marks[next] {
                Mark::New => {
                    marks[next] = Mark::OnPath;
                    path.push((next, 0));
                }
                Mark::OnPath => {
                    let first = path.iter().position(|(on_path, _)| *on_path == next).unwrap_or(0);
                    let mut names: Vec<_> =
                        path[first..].iter().map(|(on_path, _)| tasks[*on_path].0.value.as_str()).collect();
                    names.push(tasks[next].0.value.as_str());
                    faults.push(
                        Fault::new(
                            RULE.code,
                            after.span,
                            format!("tasks wait for each other: {}", in_full(&names)),
                        )
                        .help("remove one `after` of the cycle"),
                    );
                }
                Mark::Done => {}
            }
        }
    }
}

/// `a -> b -> a`; of a cycle that fills the screen, its ends.
fn in_full(names: &[&str]) -> String {
    const MOST: usize = 100;
    if names.len() <= MOST {
        return names.join(" -> ");
    }
    let (head, tail) = (&names[..MOST / 2], &names[names.len() - MOST / 2..]);
    let hidden = names.len() - MOST;
    format!("{} -> ({hidden} more) -> {}", head.join(" -> "), tail.join(" -> "))
}
