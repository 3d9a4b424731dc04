//! Lost signals: an exporter that calls its metrics otherwise after an upgrade.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::{PATIENCE, change, run, scrape, work};
use crate::support::{Exporter, Stack, wait_until};

/// Old names by new ones.
fn renames() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("renames.map").lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once(' ')).filter(|(old, new)| old != new);
    pairs.map(|(old, new)| (new, old)).collect()
}

/// The page of a metric by its old name, for all that the map names.
fn of_the_old_version(page: &str) -> String {
    let renames = renames();
    let mut old = String::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let end = line.find(['{', ' ']).unwrap_or(line.len());
        let name = renames.get(&line[..end]).copied().unwrap_or(&line[..end]);
        let rest = if name == "node_cpu" {
            line[end..].replace("cpu=\"", "cpu=\"cpu")
        } else {
            line[end..].to_owned()
        };
        writeln!(old, "{name}{rest}").expect("memory");
    }
    old
}

/// Ends the process with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the installed node_exporter says with the collectors that it has by default.
fn page_of_the_installed_version() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let programs = ["prometheus-node-exporter", "node_exporter"];
    let mut started = programs.iter().filter_map(|program| {
        Command::new(program)
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()
    });
    let _running = Ended(started.next().expect("node_exporter, which `.ci/setup` installs"));
    let mut page = String::new();
    wait_until("node_exporter answers", PATIENCE, || {
        let answer = ureq::get(&format!("http://{address}/metrics")).call();
        let text = answer.ok().and_then(|mut answer| answer.body_mut().read_to_string().ok());
        page = text.unwrap_or_default();
        page.contains("node_cpu_seconds_total")
    });
    // The same values at each scrape: only names differ. A machine of a test may have no disk and one network.
    for disk in ["sda", "sdb"] {
        for (new, _) in renames().iter().filter(|(new, _)| new.starts_with("node_disk_")) {
            if !page.contains(&format!("{new}{{device=\"{disk}\"}}")) {
                writeln!(page, "{new}{{device=\"{disk}\"}} 1").expect("memory");
            }
        }
    }
    page
}

#[test]
fn metrics_that_an_upgrade_renamed_are_named_with_their_new_names_and_the_alerts_that_went_dead() {
    let new = page_of_the_installed_version();
    let stack = Stack::prometheus_only();
    let page = stack.dir().join("node.prom");
    let exporter = Exporter::start(&page);
    let (old_page, new_page) = (stack.dir().join("old.prom"), stack.dir().join("new.prom"));
    fs::write(&old_page, of_the_old_version(&new)).expect("a file");
    fs::write(&new_page, &new).expect("a file");
    exporter.write(&of_the_old_version(&new));
    // Every old name that this machine has is read by an alert.
    let has_metric = |name: &str| {
        new.lines()
            .any(|line| line.starts_with(&format!("{name} ")) || line.starts_with(&format!("{name}{{")))
    };
    let known: Vec<_> = renames().into_iter().filter(|(name, _)| has_metric(name)).collect();
    assert!(15 < known.len(), "{known:?}");
    let mut rules = "groups:\n  - name: node\n    rules:\n".to_owned();
    for (_, old) in &known {
        writeln!(rules, "      - {{alert: Reads_{old}, expr: 'rate({old}[5m]) > 1e12'}}").expect("memory");
    }
    scrape(&stack, "nodes", &exporter.address(), &rules);
    fs::write(
        stack.dir().join("dashboard.json"),
        json!({"title": "Nodes", "panels": [{"title": "CPU", "targets": [
            {"expr": "sum by (mode) (rate(node_cpu{instance=~\"$node\"}[$__rate_interval]))"}]}]})
        .to_string(),
    )
    .expect("a file");

    let upgrade = format!("cp {} {1}.new && mv {1}.new {1}", new_page.display(), page.display());
    let baseline = format!("{{settle: 12s, within: 50%, dashboards: {}/*.json}}", stack.dir().display());
    let case = work(&stack, &baseline, &[upgrade]);
    let (reason, found) = run(&case, 1);
    assert!(reason.contains("can never fire again"), "{reason}");

    let mut wrong = Vec::new();
    for (new, old) in &known {
        let message = change(&found, "signal", old);
        let changes = found["changes"].as_array().expect("changes");
        let message =
            changes.iter().find(|one| one["fact"] == "signal" && one["subject"] == **old).unwrap_or(message)
                ["message"]
                .as_str()
                .expect("text");
        assert!(message.contains(&format!("`node/Reads_{old}`")), "{message}");
        if !message.contains(&format!("`{new}` has probably taken its place")) {
            wrong.push(message.to_owned());
        }
    }
    // A guess may miss: that a hundred of a hundred are right is not promised.
    assert!(wrong.len() * 10 <= known.len(), "{} of {}: {wrong:#?}", wrong.len(), known.len());
    let cpu = found["changes"].as_array().expect("changes").iter().find(|one| one["subject"] == "node_cpu");
    let cpu = cpu.expect("node_cpu")["message"].as_str().expect("text");
    assert!(cpu.contains("dashboard Nodes/CPU sees nothing; `node_cpu_seconds_total` has probably"), "{cpu}");
}

#[test]
fn a_rename_that_was_expected_is_no_loss() {
    let stack = Stack::prometheus_only();
    let page = stack.dir().join("page.prom");
    let exporter = Exporter::start(&page);
    exporter.write("old_jobs 1\nother 1\n");
    scrape(
        &stack,
        "app",
        &exporter.address(),
        "groups: [{name: app, rules: [{alert: A, expr: old_jobs > 5}]}]\n",
    );
    let rename = format!("printf 'jobs_total 1\\nother 1\\n' > {0}.new && mv {0}.new {0}", page.display());
    let (_, baseline) = run(&work(&stack, "{settle: 60s, expect: [{metric: \"old_*\"}]}", &[rename]), 0);
    assert_eq!(change(&baseline, "signal", "old_jobs")["verdict"], "expected");
}
