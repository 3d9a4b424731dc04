//! `alert_route`: whom alerts reach, answered from the configuration, in agreement with `amtool` and the server.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use mainstay::routing::{Labels, Routing};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::{PATIENCE, alertmanagers, answer, asked, assert_says, plan_file};
use crate::support::{Case, HungPeer, Stack, wait_until};

/// What a generated route asks for.
#[derive(Debug, Clone)]
struct Route {
    conditions: Vec<(&'static str, &'static str, &'static str)>,
    is_old: bool,
    continues: bool,
    receiver: Option<usize>,
    routes: Vec<Route>,
}

const LABELS: [&str; 3] = ["severity", "team", "job"];
const VALUES: [&str; 4] = ["page", "db", "a.b", "node"];
const PATTERNS: [&str; 8] = ["page|db", ".*", "", "n.+", "[a-d].*", "(?i)PAGE", "no?de|a\\\\.b", "\\\\w+"];

fn route() -> BoxedStrategy<Route> {
    let condition = (
        prop::sample::select(&LABELS[..]),
        prop::sample::select(&["=", "!=", "=~", "!~"][..]),
        prop::sample::select(&VALUES[..]),
        prop::sample::select(&PATTERNS[..]),
    );
    let condition = condition.prop_map(|(label, operator, value, pattern)| {
        (label, operator, if operator.ends_with('~') { pattern } else { value })
    });
    let leaf =
        (prop::collection::vec(condition, 1..3), any::<bool>(), any::<bool>(), prop::option::of(0..4_usize));
    let leaf = leaf.prop_map(|(conditions, is_old, continues, receiver)| Route {
        conditions,
        is_old,
        continues,
        receiver,
        routes: Vec::new(),
    });
    leaf.prop_recursive(3, 20, 4, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..4))
            .prop_map(|(above, routes)| Route { routes, ..above })
    })
    .boxed()
}

impl Route {
    fn write(&self, indent: usize, yaml: &mut String) {
        let pad = " ".repeat(indent);
        writeln!(yaml, "{pad}- continue: {}", self.continues).unwrap();
        if let Some(receiver) = self.receiver {
            writeln!(yaml, "{pad}  receiver: r{receiver}").unwrap();
        }
        // The old keys know equality and patterns, once for each label.
        let mut old: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        let mut new = Vec::new();
        for (label, operator, value) in &self.conditions {
            let is_free = !old.keys().any(|(_, other)| other == label);
            match *operator {
                "=" if self.is_old && is_free => _ = old.insert(("match", label), value),
                "=~" if self.is_old && is_free => _ = old.insert(("match_re", label), value),
                _ => new.push(format!("{label}{operator}\"{value}\"")),
            }
        }
        for kind in ["match", "match_re"] {
            let of_kind: Vec<_> = old.iter().filter(|((other, _), _)| *other == kind).collect();
            if !of_kind.is_empty() {
                writeln!(yaml, "{pad}  {kind}:").unwrap();
            }
            for ((_, label), value) in of_kind {
                writeln!(yaml, "{pad}    {label}: '{}'", value.replace("\\\\", "\\")).unwrap();
            }
        }
        if !new.is_empty() {
            writeln!(yaml, "{pad}  matchers:").unwrap();
        }
        for matcher in new {
            writeln!(yaml, "{pad}    - '{matcher}'").unwrap();
        }
        if !self.routes.is_empty() {
            writeln!(yaml, "{pad}  routes:").unwrap();
            self.routes.iter().for_each(|route| route.write(indent + 4, yaml));
        }
    }
}

fn written(routes: &[Route]) -> String {
    let mut yaml = "route:\n  receiver: root\n".to_owned();
    if !routes.is_empty() {
        yaml += "  routes:\n";
        for route in routes {
            route.write(4, &mut yaml);
        }
    }
    yaml + "receivers: [{name: root}, {name: r0}, {name: r1}, {name: r2}, {name: r3}]\n"
}

/// What `amtool` says of labels.
fn by_amtool(config: &Path, labels: &Labels) -> String {
    let mut command = Command::new("amtool");
    command.args(["config", "routes", "test", "--config.file"]).arg(config);
    command.args(labels.iter().map(|(name, value)| format!("{name}={value}")));
    let output = command.output().expect("amtool is installed; `.ci/setup` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn routes_agree_with_amtool_on_whatever_configuration_and_labels() {
    let labels = prop::collection::btree_map(
        prop::sample::select(&LABELS[..]).prop_map(str::to_owned),
        prop::sample::select(&VALUES[..]).prop_map(str::to_owned),
        1..4,
    );
    let cases = (prop::collection::vec(route(), 0..4), prop::collection::vec(labels, 4));
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("alertmanager.yml");
    let config = Config { cases: 60, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let law = |(routes, label_sets): (Vec<Route>, Vec<Labels>)| {
        let yaml = written(&routes);
        std::fs::write(&path, &yaml).expect("a file");
        let routing = Routing::read(&yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        for labels in &label_sets {
            let ours: Vec<_> = routing.ways(labels).iter().map(|way| way.receiver).collect();
            prop_assert_eq!(ours.join(","), by_amtool(&path, labels), "{:?}\n{}", labels, yaml);
            // What is not known is among what is possible.
            for hidden in LABELS {
                let lookup =
                    |name: &str| (name != hidden).then(|| labels.get(name).map_or("", String::as_str));
                let possible: Vec<_> =
                    routing.possible_ways(&lookup).iter().map(|way| way.receiver).collect();
                prop_assert!(
                    ours.iter().all(|one| possible.contains(one)),
                    "{} {:?}\n{}",
                    hidden,
                    labels,
                    yaml
                );
            }
        }
        Ok(())
    };
    TestRunner::new(config).run(&cases, law).unwrap_or_else(|error| panic!("{error}"));
}

const TREE: &str = "\
route:
  receiver: fallback
  group_by: [alertname, cluster]
  routes:
    - {matchers: [severity=page], receiver: pager, continue: true}
    - {matchers: ['team=~\"db|net\"'], receiver: team, mute_time_intervals: [nights]}
    - {matchers: [severity=none], receiver: \"null\"}
receivers:
  - {name: fallback, webhook_configs: [{url: RECEIVER}]}
  - {name: pager, webhook_configs: [{url: RECEIVER}]}
  - {name: team, webhook_configs: [{url: RECEIVER}]}
  - {name: \"null\"}
time_intervals:
  - name: nights
    time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}], location: Europe/Berlin}]
inhibit_rules:
  - {source_matchers: [severity=page], target_matchers: [severity=ticket], equal: [cluster]}
";

fn offline(check: &str) -> Case {
    let config = TREE.replace("RECEIVER", "http://127.0.0.1:9/");
    Case::new().plan_file(plan_file("  {}", check)).file("alertmanager.yml", config)
}

#[test]
fn routes_of_the_plan_file_hold_or_are_told_with_what_is() {
    let check = |routes: &str, expected: &[&str]| {
        let case = offline(&format!("alert_route: {{config: alertmanager.yml, routes: [{routes}]}}"));
        let answer = answer(&case);
        if expected.is_empty() {
            assert_eq!(answer, "", "{routes}");
        }
        assert_says(&answer, expected);
    };
    check(
        "{labels: {severity: page, team: db}, receivers: [team, pager], group_by: [cluster, alertname]}",
        &[],
    );
    check(
        "{labels: {severity: page}, receivers: [team]}",
        &["route 1 {severity=\"page\"}: expected to go to `team`, goes to `pager`"],
    );
    check("{labels: {team: db}, muted: true, at: 2026-11-27T21:30:00Z}", &[]);
    check(
        "{labels: {team: db}, muted: false, at: 2026-11-27T21:30:00Z}",
        &["expected not to be muted on its way to `team`, is muted, in `nights`"],
    );
    check("{labels: {team: db}, muted: false, at: 2026-11-27T23:30:00Z}", &[]);
    check(
        "{labels: {severity: ticket, cluster: a}, inhibited: true, firing: [{severity: page, cluster: a}]}",
        &[],
    );
    check(
        "{labels: {severity: ticket, cluster: a}, inhibited: true, firing: [{severity: page, cluster: b}]}",
        &["expected to be inhibited, is not"],
    );
}

#[test]
fn a_whole_file_of_routes_is_held_and_what_is_wrong_in_it_has_its_line() {
    let case = offline("alert_route: {config: alertmanager.yml, tests: routes.yaml}");
    let tests = |text: &str| case_with(&case, text);
    assert_eq!(
        tests("- {labels: {severity: page}, receivers: [pager]}\n- {labels: {}, receivers: [fallback]}\n"),
        ""
    );
    assert_says(
        &tests(
            "# first\n- {labels: {a: b}, receivers: [fallback]}\n- {labels: {a: b}, receivers: [pager]}\n",
        ),
        &["routes.yaml:3 {a=\"b\"}: expected to go to `pager`, goes to `fallback`"],
    );
    assert_says(&tests("[]"), &["could not be found out: routes.yaml expects no route"]);
    assert_says(
        &tests("- {labels: {a: b}}\n"),
        &["routes.yaml:1 expects nothing: give it one of `receivers`"],
    );
    assert_says(&tests("- {labels: {a: b}, receiver: x}\n"), &["routes.yaml", "unknown field `receiver`"]);
}

fn case_with(case: &Case, tests: &str) -> String {
    std::fs::write(case.path().join("routes.yaml"), tests).expect("a file");
    answer(case)
}

const RULES: &str = "\
groups:
  - name: node
    rules:
      - {record: a, expr: b}
      - {alert: Page, expr: up == 0, labels: {severity: page}}
      - {alert: Ticket, expr: up == 0, labels: {severity: ticket}}
      - {alert: Muted, expr: sum(x) == 0, labels: {severity: none}}
      - {alert: Team, expr: 'sum by (team) (x{team=\"db\"}) > 0', labels: {severity: ticket}}
      - {alert: Summed, expr: sum(x) > 0, labels: {severity: ticket}}
";

#[test]
fn a_rule_that_reaches_nobody_is_named_with_its_file_and_group() {
    let ask = |rules: &str, more: &str| {
        let case = offline(&format!("alert_route: {{config: alertmanager.yml, rules: [rules/*.yml]{more}}}"));
        answer(&case.file("rules/a.yml", rules))
    };
    assert_says(
        &ask(RULES, ""),
        &[
            "expected 5 alerting rules as intended",
            "`Muted` (rules/a.yml group `node`) reaches nobody: it goes to `null`, which has no integration",
            "`Summed` (rules/a.yml group `node`) reaches nobody: it goes to the root's `fallback` alone",
            "of 1 more it is not known",
        ],
    );
    let without = |names: &[&str]| -> String {
        let is_kept = |line: &&str| !names.iter().any(|name| line.contains(&format!("alert: {name},")));
        RULES.lines().filter(is_kept).map(|line| line.to_owned() + "\n").collect()
    };
    assert_says(
        &ask(&without(&["Muted", "Summed"]), ""),
        &["could not be found out", "`Ticket`", "may reach nobody: by its label `team`"],
    );
    assert_eq!(ask(&without(&["Muted", "Summed", "Ticket"]), ""), "");
    assert_eq!(ask(&without(&["Muted"]), ", receivers: [fallback, team, pager]"), "");
    assert_says(
        &ask(&without(&["Muted", "Summed", "Ticket"]), ", not_receivers: [pager]"),
        &["could not be found out", "`Page`", "by its label `team`", "one of `not_receivers`"],
    );
    assert_says(&ask("groups: []\n", ""), &["could not be found out: there is no alerting rule"]);
}

#[test]
fn members_that_answer_decide_and_one_that_is_down_or_hangs_is_named() {
    let stack = Stack::alertmanagers(3, TREE);
    let urls = stack.alertmanager_urls();
    let case = |urls: &[String], receiver: &str| {
        Case::new().plan_file(format!(
            "mainstay: 1\nconnections:\n{}\nchecks:\n  pages: {{alert_route: {{routes: [{{labels: {{severity: page}}, \
             receivers: [{receiver}]}}]}}, timeout: 6s}}\n",
            alertmanagers(urls)
        ))
    };
    let said = |urls: &[String], receiver: &str, code: i32| {
        let report = case(urls, receiver).run("validate --live pages --format json").exit(code).json();
        report["items"][0]["said"].as_str().expect("words").to_owned()
    };
    assert_eq!(said(&urls, "pager", 0), format!("1 route as intended, by {}", urls[0]));

    // The first one, which other questions go to, is down.
    stack.stop("alertmanager");
    let one_down = said(&urls, "pager", 0);
    let expected = format!("1 route as intended, by {}; not asked: cannot reach {}", urls[1], urls[0]);
    assert!(one_down.starts_with(&expected) && one_down.contains("connection refused"), "{one_down}");
    assert_says(
        &said(&urls, "fallback", 1),
        &["goes to `pager`", &format!("; not asked: cannot reach {}", urls[0])],
    );

    // One that takes connections and says nothing takes no time from the others.
    let hung = HungPeer::start();
    let with_hung = [hung.url(), urls[1].clone()];
    let one_hangs = said(&with_hung, "pager", 0);
    assert_says(
        &one_hangs,
        &[&format!("by {}; not asked: {}", urls[1], hung.url()), "did not answer within 3s"],
    );

    // Whoever is up serves two configurations: both are asked, and named.
    let path = stack.alertmanager_config();
    let text = std::fs::read_to_string(&path).expect("a configuration");
    std::fs::write(&path, text.replace("receiver: pager", "receiver: team")).expect("writable");
    ureq::post(&format!("{}/-/reload", urls[2])).send_empty().expect("it reloads");
    assert_says(&said(&urls, "pager", 1), &[&format!("{}: ", urls[2]), "goes to `team`"]);

    stack.stop("alertmanager-2");
    stack.stop("alertmanager-3");
    assert_says(&said(&urls, "pager", 3), &[&urls[0], &urls[1], &urls[2], "connection refused"]);
}

#[test]
fn what_is_served_decides_when_no_file_is_named_and_inhibition_is_as_the_server_does_it() {
    let stack = Stack::alertmanagers(1, TREE);
    let connection = alertmanagers(&stack.alertmanager_urls());
    let routes = "{labels: {severity: page}, receivers: [pager]}";
    assert_eq!(asked(&connection, &format!("alert_route: {{routes: [{routes}]}}")), "");

    let routing = Routing::read(&TREE.replace("RECEIVER", "http://x/")).expect("a configuration");
    let sets = [
        json!({"alertname": "A", "severity": "page", "cluster": "a"}),
        json!({"alertname": "B", "severity": "ticket", "cluster": "a"}),
        json!({"alertname": "C", "severity": "ticket", "cluster": "b"}),
        json!({"alertname": "D", "severity": "ticket"}),
        json!({"alertname": "E", "severity": "page"}),
    ];
    let alerts: Vec<_> = sets.iter().map(|labels| json!({"labels": labels})).collect();
    let url = format!("{}/api/v2/alerts", stack.alertmanager_url());
    ureq::post(&url).send_json(json!(alerts)).expect("the alerts are taken");
    let labels = |set: &serde_json::Value| -> Labels {
        let pairs = set.as_object().expect("labels");
        pairs.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
    };
    let firing: Vec<_> = sets.iter().map(labels).collect();
    let expected: Vec<_> =
        firing.iter().map(|labels| routing.inhibited_by(labels, &firing).is_some()).collect();
    assert_eq!(expected, [false, true, false, true, false]);
    wait_until("the server inhibits the same alerts", PATIENCE, || {
        let held = stack.alerts();
        held.len() == sets.len()
            && held.iter().all(|alert| {
                let at = firing.iter().position(|set| *set == labels(&alert["labels"])).expect("ours");
                (alert["status"]["state"] == "suppressed") == expected[at]
            })
    });
}
