//! What servers word otherwise, and what differs.

use super::*;

fn found(is_prometheus: bool, written: &str, served: &str) -> Vec<String> {
    let dialect = Dialect { folder: Path::new("/etc/x"), is_prometheus };
    let read = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
    dialect.compare(&read(written), &read(served)).iter().map(ToString::to_string).collect()
}

#[test]
fn what_a_server_words_otherwise_is_the_same() {
    for (written, served) in [
        ("global: {scrape_interval: 60s}", "global: {scrape_interval: 1m, evaluation_interval: 1m}"),
        ("rule_files: [rules/*.yml]", "rule_files: ['/etc/x/rules/*.yml']"),
        (
            "scrape_configs: [{job_name: a, body_size_limit: 10MB}]",
            "scrape_configs: [{job_name: a, honor_timestamps: true, scrape_interval: 1m, scrape_timeout: 10s, metrics_path: /metrics, scheme: http, body_size_limit: 10MiB, follow_redirects: true}]",
        ),
        (
            "scrape_configs: [{job_name: a, scrape_interval: 5s}]",
            "scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 5s}]",
        ),
        (
            "scrape_configs: [{job_name: a, honor_labels: false, basic_auth: {username: u, password: p}}]",
            "scrape_configs: [{job_name: a, basic_auth: {username: u, password: <secret>}}]",
        ),
    ] {
        assert_eq!(found(true, written, served), [""; 0], "{written}");
    }
    for (written, served) in [
        (
            "route: {receiver: a, matchers: [a=b, 'c =~ \"d\"']}",
            "route: {receiver: a, continue: false, matchers: ['c=~\"d\"', 'a=\"b\"']}",
        ),
        (
            "time_intervals: [{name: x, time_intervals: [{months: ['january:march', may], years: [2026]}]}]",
            "time_intervals: [{name: x, time_intervals: [{months: ['1:3', '5'], years: ['2026']}]}]",
        ),
        (
            "receivers: [{name: a}]",
            "receivers: [{name: a}]\ntemplates: []\nglobal: {resolve_timeout: 5m, smtp_hello: localhost}",
        ),
    ] {
        assert_eq!(found(false, written, served), [""; 0], "{written}");
    }
}

#[test]
fn what_differs_is_named_with_its_place() {
    let check = |is_prometheus: bool, written: &str, served: &str, expected: &str| {
        assert_eq!(found(is_prometheus, written, served), [expected], "{written}");
    };
    check(
        true,
        "scrape_configs: [{job_name: a, scrape_interval: 5s}]",
        "scrape_configs: [{job_name: a, scrape_interval: 6s, scrape_timeout: 5s}]",
        "`scrape_configs[a].scrape_interval` is written as `5s`, served as `6s`",
    );
    check(
        true,
        "scrape_configs: [{job_name: a}]",
        "scrape_configs: [{job_name: a, scrape_interval: 5s, scrape_timeout: 10s}]",
        "`scrape_configs[a].scrape_interval` is written as 1m, by default, served as 5s",
    );
    check(
        true,
        "scrape_configs: [{job_name: a}]",
        "scrape_configs: [{job_name: a}, {job_name: b}]",
        "`scrape_configs[b]` (a mapping of 1 key) is served and not written",
    );
    check(true, "{}", "rule_files: [a]", "`rule_files` (`a`) is served and not written");
    check(
        true,
        "global: {external_labels: {a: 1m}}",
        "global: {external_labels: {a: 60s}}",
        "`global.external_labels.a` is written as `1m`, served as `60s`",
    );
    check(
        false,
        "route: {receiver: a, routes: [{receiver: b}, {receiver: c}]}",
        "route: {receiver: a, routes: [{receiver: b}]}",
        "`route.routes[1]` (a mapping of 1 key) is written and not served",
    );
    check(
        false,
        "route: {receiver: a}",
        "route: {receiver: a, group_wait: 5s}",
        "`route.group_wait` (`5s`) is served and not written",
    );
    check(
        false,
        "receivers: [{name: a, webhook_configs: [{url: 'http://x/'}]}]",
        "receivers: [{name: a, webhook_configs: [{url: 'http://y/', send_resolved: true}]}]",
        "`receivers[a].webhook_configs[0].url` is written as `http://x/`, served as `http://y/`",
    );
}
