//! The edges of what is said to and of monitoring systems.

use crate::validator::rules::tests::check_code;

/// A plan file with both connections and one task that holds these lines.
fn plan(task: &str) -> String {
    format!(
        "mainstay: 1\nconnections:\n  prometheus: {{url: \"http://p:9090\"}}\n  alertmanager: {{url: \"http://a:9093\"}}\n\
         tasks:\n  t:\n    type: routine\n    domain: component\n    duration: 5m\n{task}"
    )
}

/// The same with a silence of these matchers.
fn silenced(matchers: &str) -> String {
    plan(&format!("    silence: {{matchers: [{matchers}]}}\n    steps: [{{run: [ls]}}]\n"))
}

#[test]
fn a_matcher_that_fits_everything_is_idle_beside_one_that_does_not() {
    let check = |matchers: &str, expected: &[&str]| check_code("MS611", &silenced(matchers), expected);
    check(r#"'job="a"', 'x=~".*"'"#, &["10:37 `x=~\".*\"` matches every alert"]);
    check(r#"'job="a"', 'x!~"$^.+"'"#, &["10:37 `x!~\"$^.+\"` matches every alert"]);
    check(r#"'job="a"', 'x=~".+"'"#, &[]);
    check(r#"'job="a"', 'x=""'"#, &[]);
    // A silence without any bound is told by another rule.
    check(r#"'x=~".*"'"#, &[]);
}

#[test]
fn a_silence_names_a_system_by_any_label_that_is_not_about_treatment() {
    let broad = &["10:14 the silence of task `t` names no system"][..];
    let check = |matchers: &str, expected: &[&str]| check_code("MS612", &silenced(matchers), expected);
    check(r#"'severity="warning"'"#, broad);
    check(r#"'alertname=~".+"'"#, broad);
    check(r#"'severity="warning"', 'job!="a"'"#, broad);
    check(r#"'alertname="Down"'"#, &[]);
    check(r#"'severity="warning"', 'cluster="b"'"#, &[]);
    check(r#"'severity=~".*"'"#, &[]);
}

#[test]
fn a_silence_is_proved_by_a_baseline_or_by_a_check_that_asks_prometheus() {
    let with = |more: &str| {
        plan(&format!("    silence: {{matchers: ['job=\"a\"']}}\n{more}    steps: [{{run: [ls]}}]\n"))
    };
    let unproved = &["10:14 task `t` silences alerts, and nothing proves that they would come"][..];
    check_code("MS613", &with(""), unproved);
    check_code("MS613", &with("    verify: [{tcp: {address: \"p:9090\"}}]\n"), unproved);
    check_code("MS613", &with("    verify: [{target_up: {job: a}}]\n"), &[]);
    check_code("MS613", &with("    baseline: {}\n"), &[]);
}

#[test]
fn ready_alone_proves_no_restart_of_prometheus() {
    let with = |steps: &str, verify: &str| plan(&format!("    steps: [{steps}]\n    verify: [{verify}]\n"));
    let ready = "{http: {url: \"http://p:9090/-/ready\"}}";
    let early = &["11:14 task `t` takes an early answer for proof"][..];
    check_code("MS617", &with("{run: [systemctl, restart, prometheus]}", ready), early);
    check_code("MS617", &with("{shell: sudo systemctl restart prometheus.service}", ready), early);
    check_code("MS617", &with("{run: [systemctl, restart, nginx]}", ready), &[]);
    check_code("MS617", &with("{run: [ls]}", ready), &[]);
    let both = format!("{ready}, {{target_up: {{job: prometheus}}}}");
    check_code("MS617", &with("{run: [systemctl, restart, prometheus]}", &both), &[]);
}

#[test]
fn credentials_stay_on_the_machine_or_are_encrypted() {
    let with = |url: &str| {
        plan(&format!("    steps: [{{http: {{url: \"{url}\", headers: {{authorization: x}}}}}}]\n"))
    };
    let open = &["10:26 `authorization` goes over the network unencrypted"][..];
    check_code("MS624", &with("http://push.example.org/"), open);
    for near in
        ["https://push.example.org/", "http://127.0.0.1:9091/", "http://localhost/", "http://[::1]:1/"]
    {
        check_code("MS624", &with(near), &[]);
    }
}

/// A plan file with this check, as it is written.
fn asked(query: &str, matcher: &str) -> String {
    plan(&format!("    steps: [{{run: [ls]}}]\n    verify:\n      - promql: {{query: {query}, {matcher}}}\n"))
}

#[test]
fn a_fault_of_a_query_is_shown_at_its_place_in_the_file() {
    let check =
        |query: &str, expected: &str| check_code("MS601", &asked(query, "every: {eq: 1}"), &[expected]);
    check("'up{job=\"a\"'", "12:35 this is not PromQL");
    check("\"sum(rate(up[5m])\"", "12:29 this is not PromQL");
    check("sume(up)", "12:25 this is not PromQL");
    // Where the text is not what is written, the whole of it is shown.
    check("\"up{job=\\\"a\\\"\"", "12:25 this is not PromQL");
    check_code("MS601", &asked("'up{job=\"a\"}'", "every: {eq: 1}"), &[]);
    check_code("MS601", &asked("' '", "every: {eq: 1}"), &[]);
}

#[test]
fn a_check_that_filters_asks_every_about_what_passed() {
    let check = |query: &str, matcher: &str, expected: &[&str]| {
        check_code("MS604", &asked(query, matcher), expected);
    };
    check("up == 1", "every: {eq: 1}", &["12:28 `==` drops the samples that `every` is asked about"]);
    check("up == bool 1", "every: {eq: 1}", &[]);
    check("up == 0", "count: {eq: 0}", &[]);
    check("up", "every: {eq: 1}", &[]);
}

#[test]
fn a_query_that_cannot_answer_is_told_wherever_it_stands() {
    let never = "12:25 the check never returns a sample";
    check_code("MS602", &asked("count(up == 0) == 0", "count: {ge: 1}"), &[never]);
    check_code("MS602", &asked("up", "count: {ge: 1}"), &[]);
    let gate = plan("    gate: {promql: up > 1}\n    steps: [{run: [ls]}]\n");
    check_code("MS602", &gate, &["10:20 the gate never returns a sample"]);
    let metric = plan("    steps: [{run: [ls]}]\n") + "metrics: {m: {promql: {query: absent(up) == 0}}}\n";
    check_code("MS602", &metric, &["11:31 the metric never returns a sample"]);
}

#[test]
fn an_expectation_that_nothing_or_everything_meets_is_told() {
    let check = |expect: &str, expected: &[&str]| {
        let text = plan(&format!("    baseline: {{expect: [{expect}]}}\n    steps: [{{run: [ls]}}]\n"));
        check_code("MS625", &text, expected);
    };
    check("{rule: HighLoad}", &["10:25 no rule is called `HighLoad`: their names are `GROUP/NAME`"]);
    check("{metric: 'up{job=\"a\"}'}", &["10:25 no metric is called `up{job=\"a\"}`"]);
    check("{flag: --web.enable-lifecycle}", &["10:25 no flag is called `--web.enable-lifecycle`"]);
    check("{target: {}}", &["10:25 without a label it speaks of every target"]);
    check(
        "{target: {__address__: a}}",
        &["10:25 no target has a label `__address__`: what begins with `__` is dropped when it is scraped"],
    );
    check("{alert: {team: ''}}", &["10:25 no alert has an empty label `team`: that is the same as none"]);
    check("{series: ''}", &["10:25 no job has an empty name"]);
    let well = "version, flags, config, history, {rule: 'node/*'}, {rule: '*Load'}, {metric: 'node_*'}, {series: '*'}, \
                {flag: query.max-samples}, {target: {job: 'old-*'}}, {alert: {alertname: A}}, {probe: {instance: 'https://*'}}";
    check(well, &[]);
}
