//! `alert_path`: six ways to fail have six verdicts, and the alert is resolved on every way out.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{PATIENCE, alertmanagers, asked, assert_nothing_fires, assert_says, plan_file};
use crate::support::{Case, HungPeer, Stack, free_address, wait_until};

/// A configuration with a receiver `pager` whose webhook is `address`; `extra` stands at its top level.
fn config(address: &str, route: &str, extra: &str) -> String {
    format!(
        "route:\n  receiver: sink\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 2s\n  routes:\n\
         {route}receivers:\n  - name: sink\n    webhook_configs: [{{url: RECEIVER}}]\n  - name: empty\n  - name: pager\n    \
         webhook_configs: [{{url: \"http://{address}/alerts\"}}]\n{extra}"
    )
}

const PAGES: &str = "    - {matchers: ['severity=\"page\"'], receiver: pager}\n";

struct Way {
    stack: Stack,
    webhook: String,
}

impl Way {
    fn new(n: usize, route: &str, extra: &str) -> Self {
        let webhook = free_address();
        Self { stack: Stack::alertmanagers(n, &config(&webhook, route, extra)), webhook }
    }

    fn simple() -> Self {
        Self::new(1, PAGES, "")
    }

    /// A check of the way to `pager`, with these keys more.
    fn check(&self, more: &str) -> String {
        format!(
            "alert_path: {{receiver: pager, labels: {{severity: page}}, webhook: \"{}\"{more}}}",
            self.webhook
        )
    }

    fn asked(&self, more: &str) -> String {
        let answer = asked(&alertmanagers(&self.stack.alertmanager_urls()), &self.check(more));
        assert_nothing_fires(&self.stack);
        answer
    }
}

#[test]
fn an_alert_goes_from_every_member_to_its_receiver_and_back() {
    let way = Way::new(3, PAGES, "");
    assert_eq!(way.asked(", within: 30s"), "");
}

#[test]
fn case_21_one_member_of_three_that_is_down_is_told_and_does_not_keep_the_alert_from_arriving() {
    let way = Way::new(3, PAGES, "");
    way.stack.stop("alertmanager-2");
    let urls = way.stack.alertmanager_urls();
    assert_eq!(asked(&alertmanagers(&urls), &way.check(", within: 30s")), "");
    // Whoever looks at the live system is told of the one that has no alerts.
    let live = format!(
        "mainstay: 1\nconnections:\n{}\nchecks:\n  path: {{{}}}\n",
        alertmanagers(&urls),
        way.check(", within: 30s")
    );
    let report = Case::new().plan_file(live).run("validate --live path --format json").exit(0).json();
    let said = report["items"][0]["said"].as_str().expect("words");
    assert_says(
        said,
        &["; posted to 2 members; warning: not all of the 3 members have the alert: ", &urls[1]],
    );
    way.stack.stop("alertmanager");
    way.stack.stop("alertmanager-3");
    let answer = asked(&alertmanagers(&urls), &way.check(""));
    assert_says(&answer, &["could not be found out", "connection refused"]);
}

#[test]
fn case_40_a_silenced_alert_is_told_with_its_silence() {
    let way = Way::simple();
    let silence = json!({
        "matchers": [{"name": "severity", "value": "page", "isRegex": false, "isEqual": true}],
        "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "ops", "comment": "forgotten",
    });
    let id = way.stack.post_json(&format!("{}/api/v2/silences", way.stack.alertmanager_url()), &silence);
    let id = id["silenceID"].as_str().expect("an id");
    assert_says(&way.asked(""), &["found silenced: by the silence", id, "by ops: forgotten"]);
}

#[test]
fn case_40_an_inhibited_alert_is_told_with_what_inhibits_it() {
    let rules =
        "inhibit_rules: [{source_matchers: [alertname=ClusterDown], target_matchers: [severity=page]}]\n";
    let way = Way::new(1, PAGES, rules);
    post(&way.stack, &json!([{"labels": {"alertname": "ClusterDown"}}]));
    wait_until("the alert is there", PATIENCE, || !way.stack.alerts().is_empty());
    assert_says(&way.asked(""), &["found inhibited: by the alert ClusterDown"]);
}

#[test]
fn case_40_an_alert_that_goes_elsewhere_is_mis_routed() {
    let way = Way::new(1, "    - {matchers: [severity=ticket], receiver: pager}\n", "");
    assert_says(&way.asked(""), &["expected a route to `pager`, found mis-routed:", "sends it to `sink`"]);
    let check = "alert_path: {receiver: pagre}";
    let answer = asked(&alertmanagers(&way.stack.alertmanager_urls()), check);
    assert_says(&answer, &["mis-routed:", "knows only `sink`, `empty`, `pager`"]);
    let answer = asked(&alertmanagers(&way.stack.alertmanager_urls()), "alert_path: {receiver: empty}");
    assert_says(&answer, &["not delivered: it has no integration"]);
}

#[test]
fn an_alert_whose_route_is_muted_is_told_with_the_interval() {
    let route = "    - {matchers: [severity=page], receiver: pager, mute_time_intervals: [ever]}\n";
    let way =
        Way::new(1, route, "time_intervals: [{name: ever, time_intervals: [{years: ['2000:2100']}]}]\n");
    assert_says(&way.asked(""), &["muted: its route sends nothing in `ever`"]);
}

#[test]
fn case_40_a_notification_that_comes_after_its_budget_is_delayed() {
    let route = "    - {matchers: [severity=page], receiver: pager, group_wait: 3s}\n";
    let way = Way::new(1, route, "");
    let expected = ["expected a notification to `pager` within 1s, found delayed: it came after 3."];
    assert_says(&way.asked(", within: 1s"), &expected);
}

#[test]
fn case_40_a_notification_that_comes_twice_is_duplicated() {
    let twice = "    - {matchers: [severity=page], receiver: pager, continue: true}\n".to_owned() + PAGES;
    let way = Way::new(1, &twice, "");
    assert_says(
        &way.asked(""),
        &["expected one notification to `pager`, found duplicated: the same one came 2 times"],
    );
}

#[test]
fn case_40_the_end_that_nobody_is_told_of_is_missing() {
    let webhook = free_address();
    let config = config(&webhook, PAGES, "").replace("/alerts\"", "/alerts\", send_resolved: false");
    let way = Way { stack: Stack::alertmanagers(1, &config), webhook };
    assert_says(&way.asked(", within: 3s, resolved: true"), &["found resolved notice missing: none within"]);
    assert_eq!(way.asked(", within: 5s"), "", "by default what the receiver is told is what is asked");
}

#[test]
fn whether_the_end_is_told_is_not_known_before_the_group_interval_is_over() {
    let route = "    - {matchers: [severity=page], receiver: pager, group_interval: 10m}\n";
    let way = Way::new(1, route, "");
    let check = way.check("") + "\n        timeout: 6s";
    let answer = asked(&alertmanagers(&way.stack.alertmanager_urls()), &check);
    assert_says(&answer, &["could not be found out: the alert arrived", "longer `timeout`"]);
    assert_nothing_fires(&way.stack);
}

#[test]
fn an_alert_that_never_comes_is_told_with_where_it_should_have_gone() {
    let elsewhere = free_address();
    let stack = Stack::alertmanagers(1, &config(&elsewhere, PAGES, ""));
    let way = Way { stack, webhook: free_address() };
    let expected =
        ["found not delivered: nothing came within 6.", "the receiver's webhook is http://", &elsewhere];
    assert_says(&way.asked(", within: 1s"), &expected);
}

#[test]
fn without_a_webhook_of_ours_the_counters_tell_what_succeeded() {
    let stack = Stack::alertmanager_only();
    let connection = alertmanagers(&stack.alertmanager_urls());
    assert_eq!(asked(&connection, "alert_path: {receiver: sink, within: 30s}"), "");
    assert_nothing_fires(&stack);

    let failing = answering("500 Internal Server Error");
    let stack = Stack::alertmanagers(1, &config(&failing, PAGES, ""));
    let check = "alert_path: {receiver: pager, labels: {severity: page}, within: 2s}";
    let answer = asked(&alertmanagers(&stack.alertmanager_urls()), check);
    assert_says(&answer, &["not delivered: nothing came", "of the requests to it", "failed by webhook"]);

    let hung = HungPeer::start();
    let address = hung.url().replace("http://", "");
    let stack = Stack::alertmanagers(1, &config(&address, PAGES, ""));
    let answer = asked(&alertmanagers(&stack.alertmanager_urls()), check);
    assert_says(&answer, &["not delivered: nothing came", "no request to the receiver has ended"]);
}

/// Counters do not say whose a notification is: one of another alert must not be taken for the probe's, which would then end
/// before it was ever sent.
#[test]
fn a_notification_of_another_alert_is_not_taken_for_that_of_the_probe_by_its_counter() {
    let routes = "    - {matchers: [alertname=Noise], receiver: sink, group_wait: 1s}\n    \
                  - {matchers: [severity=page], receiver: pager, group_wait: 4s}\n";
    let stack = Stack::alertmanagers(1, &config(&answering("200 OK"), routes, ""));
    post(&stack, &json!([{"labels": {"alertname": "Noise"}}]));
    let check = "alert_path: {receiver: pager, labels: {severity: page}, within: 30s}";
    assert_eq!(asked(&alertmanagers(&stack.alertmanager_urls()), check), "");
    let noise = stack.notifications();
    assert_eq!(noise.len(), 1, "it came while the probe waited: {noise:#?}");
    assert_nothing_fires(&stack);
}

#[test]
fn case_21_labels_that_alertmanager_does_not_take_are_told() {
    let way = Way::simple();
    let check =
        format!("alert_path: {{receiver: sink, labels: {{\"a-b\": x}}, webhook: \"{}\"}}", way.webhook);
    let answer = asked(&alertmanagers(&way.stack.alertmanager_urls()), &check);
    assert_says(&answer, &["found refused: 400"]);
}

#[test]
fn case_20_credentials_and_overload_are_told_apart() {
    for (status, expected) in [
        ("401 Unauthorized", "not allowed:"),
        ("403 Forbidden", "not allowed:"),
        ("429 Too Many Requests", "overloaded:"),
        ("503 Service Unavailable", "overloaded:"),
    ] {
        let peer = answering(status);
        let answer = asked(&alertmanagers(&[format!("http://{peer}")]), "alert_path: {receiver: sink}");
        assert_says(&answer, &["could not be found out", expected]);
    }
}

#[test]
fn case_40_a_signal_in_the_middle_resolves_the_alert() {
    for signal in [Signal::INT, Signal::TERM] {
        let (way, case) = waiting();
        let child = case.command("run try").spawn().expect("the binary was built");
        wait_until("the alert fires", PATIENCE, || !way.stack.alerts().is_empty());
        let pid = Pid::from_raw(child.id().try_into().expect("a process id")).expect("not 0");
        kill_process(pid, signal).expect("it runs");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(128 + signal.as_raw()), "{output:?}");
        assert_nothing_fires(&way.stack);
    }
}

#[test]
fn an_alert_of_a_mainstay_that_was_killed_ends_by_itself() {
    let (way, case) = waiting();
    let mut child = case.command("run try").spawn().expect("the binary was built");
    wait_until("the alert fires", PATIENCE, || !way.stack.alerts().is_empty());
    child.kill().expect("it runs");
    assert_eq!(child.wait().expect("it ends").signal(), Some(9));
    wait_until("the alert is over", PATIENCE, || way.stack.alerts().is_empty());
}

/// A way on which nothing comes for long.
fn waiting() -> (Way, Case) {
    let route = "    - {matchers: [severity=page], receiver: pager, group_wait: 10m}\n";
    let way = Way::new(1, route, "");
    let check = way.check(", within: 5m");
    let case = Case::new().plan_file(plan_file(&alertmanagers(&way.stack.alertmanager_urls()), &check));
    (way, case)
}

fn post(stack: &Stack, alerts: &serde_json::Value) {
    let url = format!("{}/api/v2/alerts", stack.alertmanager_url());
    ureq::post(&url).send_json(alerts).unwrap_or_else(|error| panic!("POST {url}: {error}"));
}

/// The address of a peer that answers this status to everything, until the test ends.
fn answering(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free loopback port");
    let address = listener.local_addr().expect("a bound socket has an address");
    thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            let mut head = [0; 4096];
            let _ = connection.read(&mut head);
            let _ = write!(connection, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address.to_string()
}

#[test]
fn a_dry_run_posts_nothing() {
    let way = Way::simple();
    let connection = alertmanagers(&way.stack.alertmanager_urls());
    let plan = plan_file(&connection, &way.check("")).replace("verify:", "preconditions:");
    let output =
        Case::new().plan_file(plan).command("run --dry-run try").output().expect("the binary was built");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("a dry run posts no alert"), "{text}");
    assert_eq!(way.stack.alerts(), [json!(null); 0]);
}
