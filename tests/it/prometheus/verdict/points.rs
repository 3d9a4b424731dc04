//! The ten points, and the lies that they guard against.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::json;

use super::{PATIENCE, change, ctl, edit_script, has, run, scrape, sed, work};
use crate::support::{Exporter, Stack, wait_until};

/// The lie: ready, all targets up, all rules well; but it runs with what a package brought and nobody asked for.
#[test]
fn point_1_a_restart_that_brings_other_flags_is_seen() {
    let stack = Stack::prometheus_only();
    let script = stack.dir().join("bin/prometheus");
    let other =
        sed(&script, "'--web.enable-admin-api'", "'--web.enable-admin-api' '--query.max-samples=1000000'");
    let steps = [other, ctl(&stack, "restart prometheus")];
    // Where nobody has said what is expected it is told, and the work goes on.
    let case = work(&stack, "{settle: 60s}", &steps);
    let (_, baseline) = run(&case, 0);
    let flag = change(&baseline, "flag", "query.max-samples");
    assert_eq!((&flag["verdict"], &flag["after"]), (&json!("changed"), &json!("1000000")));
    assert_eq!(baseline["same"], true);

    edit_script(&stack, "prometheus", "1000000", "2000000");
    let restart = [ctl(&stack, "restart prometheus")];
    let (reason, baseline) = run(&work(&stack, "{settle: 15s, expect: [version]}", &restart), 1);
    assert!(reason.contains("flag --query.max-samples was `1000000`, and is `2000000`"), "{reason}");
    let version = change(&baseline, "version", "version");
    assert_eq!(version["message"], "`version` was expected to change, and did not");

    edit_script(&stack, "prometheus", "2000000", "3000000");
    let expected = "{settle: 60s, expect: [{flag: query.max-samples}]}";
    let (_, baseline) = run(&work(&stack, expected, &restart), 0);
    assert_eq!(change(&baseline, "flag", "query.max-samples")["expected"], true);
}

/// The lie: `up` of a job that a reload has removed stays 1 for five minutes.
#[test]
fn point_2_a_job_that_a_reload_removed_is_missed_although_its_up_is_still_1() {
    let stack = Stack::start();
    let config = stack.prometheus_config();
    let remove = format!(
        "sed -i '/job_name: node/,$d' {} && curl -fsS -X POST {}/-/reload",
        config.display(),
        stack.prometheus_url()
    );
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", std::slice::from_ref(&remove)), 1);
    assert!(has(&stack, "up{job=\"node\"} == 1"), "the lie is told");
    assert!(reason.contains("target node {instance=") && reason.contains("} is gone"), "{reason}");
    assert!(reason.contains("job `node` had "), "{reason}");
    let gone = change(&baseline, "target", "node");
    assert_eq!((&gone["before"], &gone["after"]), (&json!("up"), &json!(null)));
}

/// The same, as it was meant.
#[test]
fn point_2_a_job_that_was_expected_to_go_may_go() {
    let stack = Stack::start();
    let remove = format!(
        "sed -i '/job_name: node/,$d' {} && curl -fsS -X POST {}/-/reload",
        stack.prometheus_config().display(),
        stack.prometheus_url()
    );
    let expect = "{settle: 30s, expect: [config, {target: {job: node}}]}";
    let (_, baseline) = run(&work(&stack, expect, &[remove]), 0);
    assert_eq!(change(&baseline, "target", "node")["expected"], true);
    assert_eq!(change(&baseline, "config", "prometheus")["expected"], true);
}

/// The lie: a full disk; ready, targets up, `up` 1, and no sample is stored.
#[test]
fn point_3_a_disk_that_takes_no_more_samples_is_seen_although_all_targets_are_up() {
    let stack = Stack::prometheus_only();
    let pid = stack.pid("prometheus");
    let full = format!("prlimit --pid {pid} --fsize=4096:");
    let (reason, _) = run(&work(&stack, "{settle: 8s}", &[full]), 1);
    assert!(has(&stack, "up == 1"), "the lie is told");
    let targets = stack.get_json(&format!("{}/api/v1/targets", stack.prometheus_url()));
    assert_eq!(targets["data"]["activeTargets"][0]["health"], "up");
    assert!(reason.contains("fewer than 2 scrapes of prometheus "), "{reason}");

    // Room again: scrapes are stored within seconds, and all looks well.
    let free = format!("prlimit --pid {pid} --fsize=unlimited:");
    Command::new("sh").args(["-c", &free]).status().expect("util-linux");
    let stored = "time() - timestamp(up) < 1.5";
    wait_until("samples are stored again", PATIENCE, || has(&stack, stored));
    let again = format!("prlimit --pid {pid} --fsize=4096: && sleep 3 && {free}");
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", &[again]), 1);
    assert!(
        reason.contains("writes to the WAL that failed, and what was scraped then is not stored"),
        "{reason}"
    );
    assert_eq!(change(&baseline, "storage", "wal_writes_failed")["verdict"], "worse");
}

/// The lie: nobody is left to mark series stale, so that a query shows what is gone for five minutes.
#[test]
fn point_4_series_that_went_while_prometheus_was_away_are_missed_although_a_query_shows_them() {
    let stack = Stack::start();
    let fewer = sed(&stack.dir().join("bin/node"), "'--collector.meminfo'", "'--no-collector.meminfo'");
    let steps =
        [ctl(&stack, "stop prometheus"), fewer, ctl(&stack, "restart node"), ctl(&stack, "start prometheus")];
    let (reason, baseline) = run(&work(&stack, "{settle: 20s}", &steps), 1);
    assert!(has(&stack, "node_memory_MemTotal_bytes"), "the lie is told");
    assert!(reason.contains("job `node` had ") && reason.contains("(allowed: within 2%)"), "{reason}");
    let gone = change(&baseline, "metric", "metric");
    assert!(
        gone["message"].as_str().expect("text").contains("that nobody reads are gone: `node_memory_"),
        "{gone}"
    );
}

/// The lie: `promtool` and the reload take a rule that cannot be evaluated.
#[test]
fn point_5_a_rule_that_fails_only_when_it_is_evaluated_is_seen_although_the_reload_went_well() {
    let stack = Stack::start();
    let broken = "up * on () group_left () up";
    let rules = format!(
        "printf 'groups:\\n  - name: recorded\\n    rules: [{{record: \"job:up:ratio\", expr: \"{broken}\"}}]\\n' > {}",
        stack.rules_dir().join("recorded.yml").display()
    );
    let load = format!("curl -fsS -X POST {}/-/reload", stack.prometheus_url());
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", &[rules, load]), 1);
    let info = stack.get_json(&format!("{}/api/v1/status/runtimeinfo", stack.prometheus_url()));
    assert_eq!(info["data"]["reloadConfigSuccess"], true, "the lie is told");
    assert!(reason.contains("rule `recorded/job:up:ratio` was ok, and is err: found duplicate series for the match group {} on"), "{reason}");
    let failed = change(&baseline, "rule_group", "prometheus_rule_evaluation_failures_total");
    assert_eq!(failed["verdict"], "changed");
}

/// Gives Prometheus blocks of three days, from six days ago on, with a sample of `up` every minute.
fn with_last_week(stack: &Stack) {
    let now = chrono::Utc::now().timestamp();
    let mut text = "# TYPE up gauge\n".to_owned();
    for minute in 0..3 * 1440 {
        let at = now - 6 * 86_400 + minute * 60;
        writeln!(text, "up{{job=\"past\",instance=\"a\"}} 1 {at}").expect("memory");
    }
    text += "# EOF\n";
    stack.backfill(&text);
    wait_until("it scrapes again", PATIENCE, || {
        has(stack, "count_over_time(up{job=\"prometheus\"}[5s]) >= 3")
    });
}

/// The lie: all of the present is there, and the past is not.
#[test]
fn point_6_history_that_is_deleted_or_cut_off_by_a_shorter_retention_is_missed() {
    let stack = Stack::prometheus_only();
    with_last_week(&stack);
    let delete = format!(
        "curl -fsSg -X POST '{}/api/v1/admin/tsdb/delete_series?match[]=up{{job=\"past\"}}&end=$(date +%s -d \"5 days ago\")'",
        stack.prometheus_url()
    )
    .replace("$(date +%s -d \"5 days ago\")", "'$(date +%s -d '5 days ago')'");
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", std::slice::from_ref(&delete)), 1);
    assert!(reason.contains("samples are lost"), "{reason}");
    assert_eq!(change(&baseline, "history", "count(up)")["verdict"], "worse");
    // Who means to delete says so.
    let (_, baseline) =
        run(&work(&stack, "{settle: 60s, expect: [history]}", &[delete.replace("5 days", "4 days")]), 0);
    assert_eq!(change(&baseline, "history", "count(up)")["verdict"], "expected");

    let shorter = sed(
        &stack.dir().join("bin/prometheus"),
        "'--web.enable-admin-api'",
        "'--web.enable-admin-api' '--storage.tsdb.retention.time=2d'",
    );
    let (reason, _) = run(&work(&stack, "{settle: 15s}", &[shorter, ctl(&stack, "restart prometheus")]), 1);
    assert!(
        reason.contains("samples were kept for 15d, and are for 2d: what is older is deleted"),
        "{reason}"
    );
    assert!(reason.contains("the oldest sample was of "), "{reason}");
}

/// The lie: the alert is told to be over, and then that it fires, and nothing was ever different.
#[test]
fn point_7_an_alert_that_the_restart_resolved_and_fired_again_is_named_with_why() {
    let stack = Stack::start();
    let rules = "groups: [{name: slow, rules: [{alert: Slow, expr: 'vector(1)', for: 6s, labels: {severity: page}}]}]\n";
    edit_script(&stack, "prometheus", "resend-delay=5s", "resend-delay=1s");
    stack.stop("prometheus");
    fs::write(stack.rules_dir().join("slow.yml"), rules).expect("a file");
    stack.start_component("prometheus");
    wait_until("it fires", PATIENCE, || has(&stack, "ALERTS{alertname=\"Slow\",alertstate=\"firing\"}"));
    let told = |status: &str| {
        let is_it = |one: &serde_json::Value| one["status"] == status && one.to_string().contains("\"Slow\"");
        stack.notifications().iter().filter(|one| is_it(one)).count()
    };
    wait_until("it was told", PATIENCE, || told("firing") == 1);

    let (_, baseline) = run(&work(&stack, "{settle: 60s}", &[ctl(&stack, "restart prometheus")]), 0);
    let alert = change(&baseline, "alert", "Slow");
    let message = alert["message"].as_str().expect("text");
    assert!(
        message.contains("its `for` of 6s begins anew with a restart, unless it is at least 600s long"),
        "{message}"
    );
    assert!(message.contains("Alertmanager took it to be over in between"), "{message}");
    wait_until("it was told to be over", PATIENCE, || 1 <= told("resolved"));
}

/// The lie: Alertmanager is back, ready, and has forgotten what should not be told.
#[test]
fn point_8_a_silence_that_alertmanager_lost_is_missed() {
    let stack = Stack::start();
    let until = (chrono::Utc::now() + chrono::TimeDelta::hours(2)).to_rfc3339();
    let silence = json!({
        "matchers": [{"name": "job", "value": "other", "isRegex": false, "isEqual": true}],
        "startsAt": chrono::Utc::now().to_rfc3339(), "endsAt": until, "createdBy": "ops", "comment": "night"
    });
    let created = stack.post_json(&format!("{}/api/v2/silences", stack.alertmanager_url()), &silence);
    let id = created["silenceID"].as_str().expect("an id");
    let kill = format!(
        "kill -9 {} && sleep 0.5 && {}",
        stack.pid("alertmanager"),
        ctl(&stack, "start alertmanager")
    );
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", &[kill]), 1);
    assert!(reason.contains(&format!("silence {id} was in force, and is not now")), "{reason}");
    assert_eq!(change(&baseline, "silence", id)["verdict"], "worse");
}

/// The lie: when a certificate expires, its metric is gone and its alert says that all is well.
#[test]
fn point_9_an_alert_on_a_certificate_that_has_expired_is_not_taken_for_resolved() {
    let stack = Stack::prometheus_only();
    let page = stack.dir().join("probe.prom");
    let exporter = Exporter::start(&page);
    let soon = chrono::Utc::now().timestamp() + 3 * 86_400;
    exporter.write(&format!("probe_success 1\nprobe_ssl_earliest_cert_expiry {soon}\npush_time_seconds{{group=\"backup\"}} 1.7e9\nnode_textfile_mtime_seconds{{file=\"a.prom\"}} 1.7e9\n"));
    let rules = "groups: [{name: tls, rules: [{alert: CertificateSoon, expr: 'probe_ssl_earliest_cert_expiry - time() < 14 * 86400'}]}]\n";
    scrape(&stack, "blackbox", &exporter.address(), rules);
    wait_until("it fires", PATIENCE, || has(&stack, "ALERTS{alertname=\"CertificateSoon\"}"));

    let expire = format!("printf 'probe_success 0\\n' > {0}.new && mv {0}.new {0}", page.display());
    let (reason, baseline) = run(&work(&stack, "{settle: 12s}", &[expire]), 1);
    assert!(!has(&stack, "ALERTS{alertname=\"CertificateSoon\"}"), "the lie is told");
    let alert = change(&baseline, "alert", "CertificateSoon");
    assert_eq!(alert["verdict"], "worse");
    assert!(
        alert["message"]
            .as_str()
            .expect("text")
            .contains("is resolved only because `probe_ssl_earliest_cert_expiry` is gone"),
        "{alert}"
    );
    assert!(reason.contains("sees no certificate any more"), "{reason}");
    assert!(
        change(&baseline, "probe", "blackbox")["message"]
            .as_str()
            .expect("text")
            .contains("succeeded, and fails")
    );
    change(&baseline, "push", "backup");
    change(&baseline, "textfile", "a.prom");
}

/// The lie: it is all back, and nobody says what it was blind to.
#[test]
fn point_10_the_gap_that_the_work_left_is_measured_and_held_to_its_budget() {
    let stack = Stack::prometheus_only();
    let restart = [ctl(&stack, "restart prometheus")];
    let case = work(&stack, "{settle: 60s, gap: 2s}", &restart);
    let (reason, baseline) = run(&case, 1);
    assert!(reason.contains("monitoring was blind for too long: target {instance="), "{reason}");
    assert!(reason.contains("scrapes are missing (allowed: 2s)"), "{reason}");
    assert_eq!(baseline["same"], true, "it came back all the same: {baseline:#}");
    let gap = &baseline["gaps"][0];
    let (longest, lost) = (gap["longest_seconds"].as_f64().expect("seconds"), gap["lost_scrapes"].as_u64());
    assert!(5.0 <= longest && Some(3) < lost, "it waits 5s before it scrapes: {gap}");
    assert_eq!(gap["interval_seconds"], 1.0);
    let shown = case.run("run --show last").exit(0).take_text();
    assert!(shown.contains("  gap        target {instance="), "{shown}");

    let case = work(&stack, "{settle: 60s, gap: 1m}", &restart);
    let (_, baseline) = run(&case, 0);
    assert_ne!(baseline["gaps"], json!([]));
    // Work that touches nothing leaves no gap.
    let (_, baseline) = run(&work(&stack, "{settle: 60s, gap: 2s}", &["true".to_owned()]), 0);
    assert_eq!(baseline["gaps"], json!([]));
}
