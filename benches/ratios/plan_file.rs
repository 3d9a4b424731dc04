//! The plan files that are measured.

use std::fmt::Write as _;

/// Tasks as people write them: a few keys each, one of them a reference. The only window is called `night`.
pub fn of_tasks(n_tasks: usize, window: &str) -> String {
    let mut text = String::from(
        "mainstay: 1\n\
         title: Measured\n\
         targets:\n  here: {local: true}\n\
         windows:\n  night: {cron: \"0 2 * * *\", duration: 4h, cutoff: 30m}\n\
         tasks:\n",
    );
    for n in 0..n_tasks {
        let _ = write!(
            text,
            "  task-{n:05}:\n    \
                 title: Task number {n}\n    \
                 type: routine\n    \
                 domain: component\n    \
                 schedule: {{cron: \"{} 2 * * *\"}}\n    \
                 window: {window}\n    \
                 targets: [here]\n    \
                 duration: 1m\n    \
                 steps:\n      - run: [\"true\"]\n        timeout: 30s\n    \
                 verify:\n      - command: {{run: [\"true\"]}}\n",
            n % 60
        );
    }
    text
}

/// One task of many steps.
pub fn of_steps(n_steps: usize) -> String {
    let head = "mainstay: 1\ntitle: Measured\ntargets:\n  here: {local: true}\ntasks:\n  steps:\n    \
                title: Steps that do nothing\n    type: routine\n    domain: component\n    targets: [here]\n    \
                duration: 5m\n    steps:\n";
    head.to_owned() + &"      - run: [\"true\"]\n".repeat(n_steps)
}
