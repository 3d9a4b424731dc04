//! Faults of the stack itself, injected by the step of a run: each is named with what is wrong.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::{PATIENCE, change, ctl, edit_script, has, reload, run, scrape, sed, work};
use crate::support::{Case, Exporter, Stack, wait_until};

/// The same work, with every member of the stack's cluster in the plan file.
fn with_members(case: Case, stack: &Stack) -> Case {
    let urls = stack.alertmanager_urls();
    let (first, others) = urls.split_first().expect("an Alertmanager");
    let others: Vec<_> = others.iter().map(|url| format!("\"{url}\"")).collect();
    let text = case.read("maintenance.yaml");
    let only = format!("alertmanager: {{url: \"{first}\"");
    assert!(text.contains(&only), "{text}");
    case.plan_file(text.replace(&only, &format!("{only}, members: [{}]", others.join(", "))))
}

#[test]
fn an_exporter_that_hangs_and_one_that_is_gone_are_told_apart() {
    let stack = Stack::start();
    let pid = stack.pid("node");
    let hang = format!("kill -STOP {pid}");
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", &[hang]), 1);
    assert!(reason.contains("target node {instance="), "{reason}");
    let down = change(&baseline, "target", "node");
    let message = down["message"].as_str().expect("text");
    assert!(message.contains("was up, and is down: ") && message.contains("deadline exceeded"), "{message}");

    fs::write(stack.dir().join("go-on"), format!("kill -CONT {pid}\n")).expect("a file");
    let up = "count_over_time(up{job=\"node\"}[3s]) >= 3 and min_over_time(up{job=\"node\"}[3s]) == 1";
    let go_on = std::process::Command::new("sh").arg(stack.dir().join("go-on")).status().expect("a shell");
    assert!(go_on.success());
    wait_until("it is scraped again", PATIENCE, || has(&stack, up));
    let (_, baseline) = run(&work(&stack, "{settle: 12s}", &[ctl(&stack, "stop node")]), 1);
    let down = change(&baseline, "target", "node");
    let message = down["message"].as_str().expect("text");
    assert!(message.contains("was up, and is down: ") && message.contains("connection refused"), "{message}");
}

#[test]
fn a_reload_that_failed_and_was_applied_in_part_is_not_as_it_was() {
    let stack = Stack::prometheus_only();
    let nobody = "127.0.0.1:9";
    let bad = format!(
        "printf '\\n  - job_name: new\\n    static_configs: [{{targets: [\"{nobody}\"]}}]\\n' >> {} && echo nonsense > {} && ! curl -fsS -X POST {}/-/reload",
        stack.prometheus_config().display(),
        stack.rules_dir().join("bad.yml").display(),
        stack.prometheus_url()
    );
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", &[bad]), 1);
    assert!(reason.contains("the configuration was loaded before, and is not now"), "{reason}");
    assert_eq!(change(&baseline, "reload", "prometheus")["verdict"], "worse");
    // Of what failed this part is in force.
    assert_eq!(change(&baseline, "target", "new")["verdict"], "changed");
    assert_eq!(change(&baseline, "config", "prometheus")["verdict"], "changed");
}

#[test]
fn an_alertmanager_that_is_gone_or_whose_configuration_does_not_load_keeps_monitoring_from_being_as_it_was() {
    let stack = Stack::start();
    let config = stack.alertmanager_config();
    let bad = format!(
        "echo nonsense >> {} && ! curl -fsS -X POST {}/-/reload",
        config.display(),
        stack.alertmanager_url()
    );
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", &[bad]), 1);
    assert!(
        reason.contains("Alertmanager had loaded its configuration, and could not the last time"),
        "{reason}"
    );
    assert_eq!(change(&baseline, "reload", "alertmanager")["verdict"], "worse");

    let (reason, _) = run(&work(&stack, "{settle: 12s}", &[ctl(&stack, "stop alertmanager")]), 1);
    assert!(reason.contains(&stack.alertmanager_url()) && reason.contains("connection refused"), "{reason}");
}

#[test]
fn one_member_of_three_that_is_down_or_configured_otherwise_is_named_and_so_is_what_the_others_see() {
    let stack = Stack::with_cluster();
    let urls = stack.alertmanager_urls();
    let three = |url: &str| {
        let status = stack.get_json(&format!("{url}/api/v2/status"));
        status["cluster"]["peers"].as_array().is_some_and(|peers| peers.len() == 3)
    };
    wait_until("all see all", PATIENCE, || urls.iter().all(|url| three(url)));

    // Another configuration on one of them, loaded without a fault.
    let other = stack.dir().join("alertmanager/other.yml");
    let text = fs::read_to_string(stack.alertmanager_config()).expect("a configuration");
    fs::write(&other, text.replace("group_wait: 1s", "group_wait: 2s")).expect("a file");
    let differ = [
        sed(
            &stack.dir().join("bin/alertmanager-2"),
            &stack.alertmanager_config().display().to_string(),
            &other.display().to_string(),
        ),
        ctl(&stack, "restart alertmanager-2"),
    ];
    let (reason, baseline) = run(&with_members(work(&stack, "{settle: 15s}", &differ), &stack), 1);
    assert!(reason.contains("the members of Alertmanager had one configuration, and have 2"), "{reason}");
    let config = change(&baseline, "config", "alertmanager");
    assert_eq!((&config["server"], &config["verdict"]), (&json!(urls[1]), &json!("changed")));
    assert_eq!(change(&baseline, "cluster", "configurations")["verdict"], "worse");
    // The same by a look without a baseline.
    let live = Case::new().plan_file(format!(
        "mainstay: 1\nconnections: {{prometheus: {{url: \"{}\"}}, alertmanager: {{url: \"{}\", members: [\"{}\", \"{}\"]}}}}\n",
        stack.prometheus_url(),
        urls[0],
        urls[1],
        urls[2]
    ));
    let told = live.run("validate --live").exit(1).take_text();
    assert!(told.contains("MV114") && told.contains("have 2 configurations"), "{told}");

    let case = with_members(work(&stack, "{settle: 15s}", &[ctl(&stack, "stop alertmanager-3")]), &stack);
    let (reason, baseline) = run(&case, 1);
    assert!(reason.contains(&format!("{}: could not be held against what it was: ", urls[2])), "{reason}");
    assert_eq!(change(&baseline, "peer", &urls[2])["verdict"], "unknown");
    let seen = change(&baseline, "cluster", "members");
    assert_eq!((&seen["before"], &seen["after"]), (&json!("3"), &json!("2")));

    // What was down before is told, and is nobody's fault; when the first one is down, the others are asked all the same.
    stack.stop("alertmanager");
    let (_, baseline) = run(&with_members(work(&stack, "{settle: 30s}", &["true".to_owned()]), &stack), 0);
    assert_eq!(baseline["same"], true, "{baseline:#}");
}

/// Lets `stack` send what it scrapes to `receiver`.
fn write_remotely(stack: &Stack, receiver: &Stack) {
    edit_script(
        receiver,
        "prometheus",
        "'--web.enable-admin-api'",
        "'--web.enable-admin-api' '--web.enable-remote-write-receiver'",
    );
    receiver.stop("prometheus");
    receiver.start_component("prometheus");
    // Whoever stops does not wait for a receiver that is gone.
    edit_script(
        stack,
        "prometheus",
        "'--web.enable-admin-api'",
        "'--web.enable-admin-api' '--storage.remote.flush-deadline=1s'",
    );
    stack.stop("prometheus");
    stack.start_component("prometheus");
    let config = stack.prometheus_config();
    let mut text = fs::read_to_string(&config).expect("a configuration");
    let remote = format!(
        "\nremote_write:\n  - url: {}/api/v1/write\n    queue_config: {{batch_send_deadline: 1s}}\n",
        receiver.prometheus_url()
    );
    text.push_str(&remote);
    fs::write(&config, text).expect("a configuration");
    reload(stack);
    let sent = "prometheus_remote_storage_queue_highest_sent_timestamp_seconds > 0";
    wait_until("samples are sent", PATIENCE, || has(stack, sent));
}

#[test]
fn remote_write_whose_receiver_is_gone_lags_and_is_named_with_the_seconds() {
    let (stack, receiver) = (Stack::prometheus_only(), Stack::prometheus_only());
    write_remotely(&stack, &receiver);
    let tolerance = "tolerances: {remote_write: 4}";
    // Well, and with nothing done to it, it does not lag.
    let well = work(&stack, &format!("{{settle: 30s, {tolerance}}}"), &["true".to_owned()]);
    let (_, baseline) = run(&well, 0);
    assert_eq!(baseline["compared"]["remote_write"], 1, "{baseline:#}");

    let gone =
        [format!("{} stop prometheus", receiver.dir().join("bin/ctl").display()), "sleep 3".to_owned()];
    let (reason, baseline) = run(&work(&stack, &format!("{{settle: 15s, {tolerance}}}"), &gone), 1);
    assert!(reason.contains("remote write lagged ") && reason.contains("(allowed: within 4)"), "{reason}");
    assert_eq!(change(&baseline, "remote_write", "lag")["verdict"], "worse");

    // A restart meanwhile forgets what was sent: that is told as it is, and not as a lag of 50 years.
    receiver.start_component("prometheus");
    let small = "prometheus_remote_storage_highest_timestamp_in_seconds - ignoring (remote_name, url) prometheus_remote_storage_queue_highest_sent_timestamp_seconds < 3";
    wait_until("what was held back is sent", PATIENCE, || has(&stack, small));
    let gone_and_new = [gone[0].clone(), ctl(&stack, "restart prometheus")];
    let (reason, baseline) = run(&work(&stack, &format!("{{settle: 15s, {tolerance}}}"), &gone_and_new), 1);
    assert!(baseline["changes"].is_array(), "{reason}");
    let message = change(&baseline, "remote_write", "lag")["message"].as_str().expect("text").to_owned();
    assert!(message.contains("nothing has been sent since Prometheus started"), "{message}; {reason}");
}

#[test]
fn remote_write_that_a_reload_took_out_is_missed() {
    let (stack, receiver) = (Stack::prometheus_only(), Stack::prometheus_only());
    write_remotely(&stack, &receiver);
    let out = format!(
        "sed -i '/^remote_write:/,$d' {} && curl -fsS -X POST {}/-/reload",
        stack.prometheus_config().display(),
        stack.prometheus_url()
    );
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", &[out]), 1);
    assert!(reason.contains("samples were sent to another storage, and are not now"), "{reason}");
    assert_eq!(change(&baseline, "remote_write", "lag")["verdict"], "worse");
}

/// The page of an exporter, written in one go.
fn write_page(page: &Path, text: &str) -> String {
    format!("printf '{text}' > {0}.new && mv {0}.new {0}", page.display())
}

#[test]
fn a_series_that_a_stale_marker_ended_is_missed_by_its_label_while_others_of_its_name_go_on() {
    let stack = Stack::prometheus_only();
    let page = stack.dir().join("page.prom");
    let exporter = Exporter::start(&page);
    exporter.write("disk_free{mount=\"/\"} 1\ndisk_free{mount=\"/data\"} 2\n");
    let rules =
        "groups: [{name: disks, rules: [{alert: DataFull, expr: 'disk_free{mount=\"/data\"} < 1'}]}]\n";
    scrape(&stack, "disks", &exporter.address(), rules);
    let fewer = write_page(&page, "disk_free{mount=\"/\"} 1\\n");
    let (_, baseline) = run(&work(&stack, "{settle: 30s, within: 100%}", std::slice::from_ref(&fewer)), 0);
    // The marker has ended it: an instant query does not find it any more, the history does.
    assert!(!has(&stack, "disk_free{mount=\"/data\"}") && has(&stack, "disk_free{mount=\"/\"}"));
    assert!(has(&stack, "last_over_time(disk_free{mount=\"/data\"}[2m])"));
    // Label sets come and go with what they count, so that by default this is told, with who reads it.
    let lost = change(&baseline, "signal", "disk_free{mount=\"/data\"}");
    assert_eq!(lost["verdict"], "changed");
    let message = lost["message"].as_str().expect("text");
    assert!(
        message.contains("selects none of the 1") && message.contains("alert disks/DataFull"),
        "{message}"
    );

    exporter.write("disk_free{mount=\"/\"} 1\ndisk_free{mount=\"/data\"} 2\n");
    wait_until("it is there again", PATIENCE, || has(&stack, "disk_free{mount=\"/data\"}"));
    let strict = "{settle: 12s, within: 100%, tolerances: {signals: 0%}}";
    let (reason, baseline) = run(&work(&stack, strict, &[fewer]), 1);
    assert_eq!(change(&baseline, "signal", "disk_free{mount=\"/data\"}")["verdict"], "worse");
    assert!(reason.contains("alert `disks/DataFull` can never fire again"), "{reason}");
}
