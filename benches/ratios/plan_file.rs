//! The plan files that are measured.

use std::fmt::Write as _;

/// Tasks as people write them: a few keys each, one of them a reference. The only window is called `night`.
pub fn of_tasks(n_tasks: usize, window: &str) -> String {
    tasks(n_tasks, window, |n| format!("{} 2 * * *", n % 60))
}

/// The same, each of them once a week.
pub fn of_weekly_tasks(n_tasks: usize) -> String {
    tasks(n_tasks, "night", |n| format!("{} 2 * * {}", n % 60, n % 7))
}

fn tasks(n_tasks: usize, window: &str, cron: impl Fn(usize) -> String) -> String {
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
                 schedule: {{cron: \"{}\"}}\n    \
                 window: {window}\n    \
                 targets: [here]\n    \
                 duration: 1m\n    \
                 steps:\n      - run: [\"true\"]\n        timeout: 30s\n    \
                 verify:\n      - command: {{run: [\"true\"]}}\n",
            cron(n)
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

/// `shape` = layers of tasks of steps that do nothing; each task comes after three of the layer before.
pub fn of_layers(shape: [usize; 3]) -> String {
    let [n_layers, n_tasks, n_steps] = shape;
    let mut text = String::from("mainstay: 1\ntitle: Measured\ntasks:\n");
    for layer in 0..n_layers {
        for task in 0..n_tasks {
            let before = (0..3.min(layer * 3)).map(|n| name(layer - 1, (task + n) % n_tasks));
            let before: Vec<_> = before.collect();
            let _ = write!(
                text,
                "  {}:\n    type: routine\n    domain: component\n    after: [{}]\n    duration: 1m\n    steps:\n{}",
                name(layer, task),
                before.join(", "),
                "      - run: [/bin/true]\n".repeat(n_steps)
            );
        }
    }
    text
}

/// The names of its tasks.
pub fn names([n_layers, n_tasks, _]: [usize; 3]) -> Vec<String> {
    (0..n_layers).flat_map(|layer| (0..n_tasks).map(move |task| name(layer, task))).collect()
}

fn name(layer: usize, task: usize) -> String {
    format!("layer-{layer}-task-{task:02}")
}

/// One task of one step, which is this program.
pub fn of_program(argv: &[&str]) -> String {
    format!(
        "mainstay: 1\ntitle: Measured\ntasks:\n  print:\n    type: routine\n    domain: component\n    \
         duration: 5m\n    steps:\n      - run: {argv:?}\n"
    )
}
