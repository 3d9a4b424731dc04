//! MS520: change that nobody verifies.

use crate::model::Task;
use crate::validator::rules::prelude::*;
use crate::validator::work::{Call, Phase, StepWork};

pub(super) const RULE: Rule = Rule {
    code: "MS520",
    title: "change that nobody verifies",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "That the program which restarts a service ended well says nothing about the service: it \
          may die a second later, or run without its rules. The run would be recorded as a \
          success.",
    before: "\
mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [systemctl, restart, prometheus]
",
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [systemctl, restart, prometheus]
    verify:
      - http: {url: "http://127.0.0.1:9090/-/ready"}
"#,
    finder: Finder::Look(look),
};

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    let mut steps = facts.work().steps.iter().filter(|step| step.phase == Phase::Steps).peekable();
    while let Some(first) = steps.next() {
        let mut of_task = vec![first];
        while let Some(step) = steps.next_if(|step| std::ptr::eq(step.task, first.task)) {
            of_task.push(step);
        }
        if is_verified(first.task) || facts.is_spoiled(facts.value_of("tasks", &first.task_name.value)) {
            continue;
        }
        faults.extend(of_steps(facts, &of_task));
    }
}

fn is_verified(task: &Task) -> bool {
    !task.verify.is_empty() || task.baseline.is_some()
}

/// The last change of a service that no later step looks at.
fn of_steps(facts: &Facts, steps: &[&StepWork]) -> Option<Fault> {
    let mut change = None;
    for step in steps {
        if step.step.wait.is_some() || step.step.http.is_some() {
            change = None;
        }
        for call in step.calls.iter() {
            if changes(call) {
                change = Some((*step, call));
            } else if looks(call) {
                change = None;
            }
        }
    }
    let (step, call) = change?;
    let message =
        format!("task `{}` ends with `{}`, and nothing verifies it", step.task_name.value, call.in_short());
    let span = facts.work().place_of(facts.tree, step, call);
    Some(Fault::new(RULE.code, span, message).help("add `verify` or `baseline`"))
}

/// Whether a program changes what a service does.
fn changes(call: &Call) -> bool {
    match call.program() {
        "systemctl" => {
            call.has(&["restart", "reload", "try-restart", "reload-or-restart", "try-reload-or-restart"])
        }
        "service" => call.has(&["restart", "reload"]),
        // What is installed anew has nobody who relies on it yet.
        "apt-get" | "apt" | "yum" | "dnf" | "zypper" => {
            const UPGRADES: [&str; 5] = ["upgrade", "dist-upgrade", "full-upgrade", "dup", "--only-upgrade"];
            let is_update = !call.program().starts_with("apt") && call.has(&["update"]);
            let is_played = call.has_option(&['s'], &["--simulate", "--dry-run"]);
            (is_update || call.has(&UPGRADES)) && !is_played
        }
        "kill" | "pkill" | "killall" => call.has(&["-HUP", "-1", "-SIGHUP", "HUP", "SIGHUP", "--signal=HUP"]),
        "docker" | "podman" => call.operands().next().is_some_and(|verb| verb.text == "restart"),
        "kubectl" => call.has(&["restart"]) && call.has(&["rollout"]),
        _ => false,
    }
}

/// Whether a program looks at how a service is.
fn looks(call: &Call) -> bool {
    match call.program() {
        "systemctl" => call.has(&["is-active", "status", "is-failed"]),
        "kubectl" => call.has(&["status", "wait"]),
        program => {
            const LOOKERS: [&str; 9] =
                ["curl", "wget", "promtool", "amtool", "nc", "test", "[", "pgrep", "pidof"];
            let is_called_one =
                ["check", "verify", "test", "health"].iter().any(|word| program.contains(word));
            LOOKERS.contains(&program) || is_called_one
        }
    }
}
