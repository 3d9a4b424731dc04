//! MS516: server killed without warning.

use super::commands::each_call;
use crate::validator::rules::prelude::*;
use crate::validator::work::Call;

pub(super) const RULE: Rule = Rule {
    code: "MS516",
    title: "server killed without warning",
    severity: Severity::Warning,
    standing: Standing::Judgement,
    why: "A Prometheus that is killed replays its write-ahead log at the next start, which takes \
          minutes and as much memory as it had; killed again meanwhile, it begins anew. \
          Alertmanager loses the silences and notifications since its last snapshot. Both end \
          cleanly on SIGTERM.",
    before: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [pkill, "-9", prometheus]
    verify: [{tcp: {address: "127.0.0.1:9090"}}]
"#,
    after: r#"mainstay: 1
tasks:
  tidy:
    type: routine
    domain: component
    duration: 5m
    steps:
      - run: [systemctl, stop, prometheus]
    verify: [{tcp: {address: "127.0.0.1:9090"}}]
"#,
    finder: Finder::Look(look),
};

const SERVERS: [&str; 8] =
    ["prometheus", "alertmanager", "grafana", "loki", "thanos", "mimir", "victoria", "cortex"];

fn look(facts: &Facts, faults: &mut Vec<Fault>) {
    each_call(
        facts,
        |step, call| {
            let is_kill = matches!(call.program(), "kill" | "pkill" | "killall")
                || (call.program() == "systemctl" && call.has(&["kill"]))
                || (call.program() == "docker" && call.has(&["kill"]));
            if !is_kill || !is_fatal(call) {
                return None;
            }
            let named = |text: &str| SERVERS.iter().find(|server| text.contains(**server));
            let server = call.texts().find_map(named)?;
            let message =
                format!("task `{}` kills {server}, which has no time to save anything", step.task_name.value);
            let span = facts.work().place_of(facts.tree, step, call);
            Some(
                Fault::new(RULE.code, span, message)
                    .help("stop it with `systemctl stop`, or SIGTERM, and wait for it"),
            )
        },
        faults,
    );
}

/// Whether the signal is SIGKILL.
fn is_fatal(call: &Call) -> bool {
    let is_signal = |text: &str| matches!(text, "9" | "KILL" | "SIGKILL");
    let joined = call.texts().any(|text| {
        let value = text.strip_prefix("--signal=").or(text.strip_prefix('-'));
        value.is_some_and(|value| is_signal(value) || value.strip_prefix('s').is_some_and(is_signal))
    });
    let apart = call
        .texts()
        .zip(call.texts().skip(1))
        .any(|(option, signal)| matches!(option, "-s" | "--signal" | "-n") && is_signal(signal));
    let by_default = call.program() == "docker"
        && !call.texts().any(|text| text.starts_with("-s") || text.starts_with("--signal"));
    joined || apart || by_default
}
