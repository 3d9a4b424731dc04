//! Cycles in `after`: tasks that wait for each other never start.

use std::collections::HashMap;

use super::Facts;
use crate::planfile::fault::Fault;

/// What is known about a task while cycles are looked for.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    OnPath,
    Done,
}

pub(super) fn check(facts: &Facts, faults: &mut Vec<Fault>) {
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
                            "MS205",
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
    const MOST: usize = 20;
    if names.len() <= MOST {
        return names.join(" -> ");
    }
    let (head, tail) = (&names[..MOST / 2], &names[names.len() - MOST / 2..]);
    let hidden = names.len() - MOST;
    format!("{} -> ({hidden} more) -> {}", head.join(" -> "), tail.join(" -> "))
}
