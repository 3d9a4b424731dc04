//! Right plan files at random: every key of every type, with values that its type takes.
//!
//! Names need not be defined; what is right here is the form.

#![expect(clippy::needless_pass_by_value, reason = "a rule is written where it is used, like a value")]

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

use crate::support::Yaml;

type Rule = BoxedStrategy<Yaml>;

/// A plan file.
pub fn plan_file() -> Rule {
    mapping()
        .must("mainstay", any_of(&["1"]))
        .may("title", text())
        .may("owner", text())
        .may("reviewers", list(text()))
        .may("criticality", criticality())
        .may("status", any_of(&["draft", "review", "approved", "retired"]))
        .may("version", text())
        .may("tags", list(text()))
        .may("timezone", any_of(&["UTC", "Europe/Berlin", "'Asia/Tokyo'"]))
        .may("documents", all_may(&["process", "system", "security", "audit"], &text()).done())
        .may("connections", connections())
        .may("targets", named(target()))
        .may("groups", named(mapping().must("max_down", positive()).may("cover", length()).done()))
        .may("windows", named(window()))
        .may("blackouts", named(blackout()))
        .may("resources", named(positive()))
        .may("tasks", named(task()))
        .may("secrets", named(secret()))
        .may("checks", named(check()))
        .may("metrics", named_by(&["up", "job:x_total", "_"], metric()))
        .may("alerts", named(alert()))
        .may("reports", named(report()))
        .may("standards", list(text()))
        .may("quality", all_may(&["success", "rework", "estimate_error", "compliance"], &percent()).done())
        .may("access", access())
        .may("reviews", named(mapping().may("every", length()).may("from", text()).done()))
        .may("ignore", list(waiver()))
        .done()
}

fn connections() -> Rule {
    mapping()
        .may("prometheus", mapping().must("url", url()).may("replicas", list(url())).done())
        .may("alertmanager", alertmanager())
        .done()
}

fn alertmanager() -> Rule {
    let silences = mapping()
        .may("longest", length())
        .may("idle", length())
        .may("ticket", any_of(&["'OPS-[0-9]+'"]))
        .done();
    mapping().must("url", url()).may("members", list(url())).may("silences", silences).done()
}

fn waiver() -> Rule {
    mapping()
        .must("code", any_of(&["MS316"]))
        .must("reason", text())
        .may("at", text())
        .may("until", any_of(&["2026-12-20", "2026-12-20T02:30:00Z"]))
        .done()
}

fn target() -> Rule {
    let rest = || mapping().may("group", text()).may("labels", named_by(&["instance", "a b", "5"], text()));
    prop_oneof![
        rest().must("local", any_of(&["true"])).done(),
        rest().must("ssh", text()).may("local", any_of(&["false"])).done(),
        rest().must("ansible", text()).done(),
    ]
    .boxed()
}

fn window() -> Rule {
    mapping()
        .one(&[("cron", cron()), ("rrule", rrule())])
        .must("duration", any_of(&["4h", "'1d'", "2w"]))
        .may("cutoff", any_of(&["0s", "30m"]))
        .done()
}

fn blackout() -> Rule {
    mapping()
        .must("from", any_of(&["2026-12-20", "2026-12-20 02:30", "2026-12-20T02:30:00Z"]))
        .must("to", any_of(&["2027-01-04", "'2027-01-04T02:30'", "2027-01-04 02:30:00+01:00"]))
        .may("allow", list(task_type()))
        .done()
}

fn task() -> Rule {
    mapping()
        .may("title", text())
        .must("type", task_type())
        .must("domain", any_of(&["system", "component", "data", "'security'"]))
        .may("criticality", criticality())
        .may("priority", any_of(&["0", "50", "100"]))
        .may("schedule", recurrence())
        .may("window", one_or_many(text()))
        .may("targets", list(text()))
        .may("rollout", rollout())
        .must("duration", positive_length())
        .may("resources", named_by(&["crew", "band width"], any_of(&["0", "1"])))
        .may("after", one_or_many(text()))
        .may("missed", any_of(&["latest", "all", "skip"]))
        .may("overlap", any_of(&["skip", "queue", "replace"]))
        .may("dst", any_of(&["once", "literal", "skip"]))
        .may("approval", mapping().must("required", count()).must("from", text()).done())
        .may("silence", mapping().must("matchers", some(any_of(&["'job=\"a\"'", "'a=~\"b\"'"]))).done())
        .may("baseline", baseline())
        .may(
            "gate",
            mapping().must("promql", filled()).may("unknown", any_of(&["wait", "open", "closed"])).done(),
        )
        .may("claims", list(claim()))
        .may("preconditions", list(check()))
        .must("steps", some(step()))
        .may("verify", list(check()))
        .may("rollback", list(step()))
        .may("finally", list(step()))
        .may("timeout", positive_length())
        .may("idempotent", boolean())
        .done()
}

fn baseline() -> Rule {
    let labels = || named(text());
    let expectation = prop_oneof![
        any_of(&["version", "flags", "config", "history"]),
        mapping().must("target", labels()).done(),
        mapping().must("series", text()).done(),
        mapping().must("metric", text()).done(),
        mapping().must("rule", text()).done(),
        mapping().must("alert", labels()).done(),
        mapping().must("probe", labels()).done(),
        mapping().must("flag", text()).done(),
    ];
    mapping()
        .may("within", tolerance())
        .may("settle", length())
        .may("gap", positive_length())
        .may(
            "tolerances",
            mapping()
                .may("metrics", tolerance())
                .may("signals", tolerance())
                .may("notifications", tolerance())
                .may("remote_write", tolerance())
                .done(),
        )
        .may("dashboards", one_or_many(text()))
        .may("expect", list(expectation.boxed()))
        .may("series", list(series()))
        .done()
}

fn rrule() -> Rule {
    any_of(&["FREQ=MONTHLY;BYDAY=2TU;BYHOUR=2", "'DTSTART:20260106T020000 RRULE:FREQ=WEEKLY;INTERVAL=2'"])
}

fn recurrence() -> Rule {
    let when = mapping().must("when", text()).may("within", positive_length());
    let others = mapping().one(&[
        ("every", any_of(&["30d", "1w"])),
        ("cron", cron()),
        ("rrule", rrule()),
        ("at", any_of(&["2026-12-20", "2026-12-20t02:30:00.5z"])),
    ]);
    let tolerance = || any_of(&["0s", "2h", "3d"]);
    prop_oneof![when.may("tolerance", tolerance()).done(), others.may("tolerance", tolerance()).done()]
        .boxed()
}

fn rollout() -> Rule {
    mapping()
        .may("serial", one_or_many(portion()))
        .may("canary", count())
        .may("pause", length())
        .may("max_failures", portion())
        .done()
}

fn claim() -> Rule {
    prop_oneof![text(), named(any_of(&["exclusive", "shared"]))].boxed()
}

fn step() -> Rule {
    let http = mapping()
        .must("url", url())
        .may("method", text())
        .may("body", text())
        .may("headers", named_by(&["Accept", "X-A"], text()))
        .may("status", matcher());
    let env = prop_oneof![text(), mapping().must("secret", text()).done()].boxed();
    let wait = prop_oneof![length(), mapping().must("until", check()).done()].boxed();
    let moment = || any_of(&["2026-12-20", "2026-12-20T02:30:00Z"]);
    let series = mapping()
        .must("match", some(any_of(&["up", "'{job=\"a\"}'"])))
        .may("start", moment())
        .may("end", moment());
    let silence = mapping()
        .must("name", any_of(&["a", "5", "true"]))
        .must("matchers", some(any_of(&["'job=\"a\"'", "'a=~\"b\"'"])))
        .must("for", positive_length())
        .may("comment", text());
    let prometheus = prop_oneof![
        any_of(&["snapshot", "reload", "clean_tombstones"]),
        mapping().must("delete_series", series.done()).done()
    ];
    let alertmanager = prop_oneof![
        any_of(&["reload"]),
        mapping().must("silence", silence.done()).done(),
        mapping().must("expire", any_of(&["a", "5"])).done()
    ];
    mapping()
        .may("name", text())
        .one(&[
            ("run", argv()),
            ("shell", filled()),
            ("http", http.done()),
            ("wait", wait),
            ("prometheus", prometheus.boxed()),
            ("alertmanager", alertmanager.boxed()),
            ("ansible", anything()),
            ("pause", text()),
        ])
        .may("timeout", positive_length())
        .may("retry", mapping().must("attempts", positive()).may("backoff", length()).done())
        .may("idempotent", boolean())
        .may("env", named_by(&["PATH", "5"], env))
        .may("cwd", filled())
        .may("user", text())
        .may("destructive", boolean())
        .may("only_if", check())
        .may("done_if", check())
        .done()
}

fn check() -> Rule {
    let http = mapping()
        .must("url", url())
        .may("method", text())
        .may("headers", named_by(&["Accept"], text()))
        .may("redirects", any_of(&["0", "10"]))
        .may("ca", filled())
        .may("client", mapping().must("certificate", filled()).must("key", filled()).done())
        .may("status", matcher())
        .may("response_headers", named_by(&["Content-Type", "x_a"], matcher()))
        .may("body", matcher())
        .may("seconds", matcher());
    let promql = mapping().must("query", filled()).one(&[
        ("every", matcher()),
        ("any", matcher()),
        ("count", matcher()),
    ]);
    let all = mapping()
        .must("query", filled())
        .must("every", matcher())
        .must("any", matcher())
        .must("count", matcher())
        .may("allow_empty", any_of(&["true", "false"]));
    let target_up = mapping().must("job", text()).may("instance", text());
    let mut kinds = vec![
        ("http", http.done()),
        ("tcp", mapping().must("address", any_of(&["127.0.0.1:9090", "'[::1]:80'"])).done()),
        ("promql", prop_oneof![promql.done(), all.done()].boxed()),
        ("target_up", target_up.done()),
        ("rules_healthy", mapping().may("group", text()).done()),
    ];
    let restore = mapping()
        .may("snapshot", text())
        .may("queries", some(any_of(&["up", "'sum(up)'"])))
        .may("within", tolerance());
    let labels = || named_by(&["alertname", "5"], text());
    let path = mapping()
        .must("receiver", filled())
        .may("labels", labels())
        .may("annotations", labels())
        .may("within", positive_length())
        .may("webhook", any_of(&["127.0.0.1:9099"]))
        .may("resolved", boolean());
    let expected = mapping()
        .must("labels", labels())
        .one(&[
            ("receivers", list(text())),
            ("group_by", list(text())),
            ("muted", boolean()),
            ("inhibited", boolean()),
        ])
        .may("at", any_of(&["2026-12-20", "2026-12-20T02:30:00Z"]))
        .may("firing", list(labels()));
    let route = mapping()
        .may("config", filled())
        .one(&[("routes", some(expected.done())), ("tests", text()), ("rules", some(text()))])
        .may("receivers", list(text()))
        .may("not_receivers", list(text()));
    let live =
        mapping().one(&[("prometheus", filled()), ("alertmanager", filled())]).may("ignore", list(text()));
    kinds.extend([("alert_path", path.done()), ("alert_route", route.done()), ("config_live", live.done())]);
    kinds.extend(of_host());
    kinds.extend(of_network());
    kinds.push(("restore", restore.done()));
    let retry = mapping().must("for", positive_length()).may("every", positive_length()).done();
    let written: BTreeSet<_> = kinds.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(written, mainstay::model::Check::KINDS.iter().copied().collect(), "a form for every kind");
    mapping().one(&kinds).may("timeout", positive_length()).may("retry", retry).done()
}

/// What is there, with more said of it, or is not.
fn there_or_not(must: Keys, flag: &'static str, more: Keys) -> Rule {
    let not = Keys(must.0.clone()).must(flag, any_of(&["false"])).done();
    let there = Keys([must.0, more.0].concat()).may(flag, any_of(&["true"])).done();
    prop_oneof![there, not].boxed()
}

fn of_host() -> Vec<(&'static str, Rule)> {
    let name = || mapping().must("name", filled());
    let path = || mapping().must("path", filled());
    let kinds = &["file", "directory", "symlink", "fifo", "socket", "block_device", "char_device"];
    let file = all_may(&["mode", "owner", "group", "size", "linked_to", "contents"], &matcher())
        .may("type", any_of(kinds))
        .may("younger_than", positive_length())
        .may("older_than", positive_length())
        .may("contains", text())
        .may("sha512", any_of(&["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]))
        .may("sha256", any_of(&["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852B855"]));
    let command = mapping()
        .must("run", argv())
        .may("exit", matcher())
        .may("stdout", matcher())
        .may("stderr", matcher());
    let disk = path().one(&[
        ("used", matcher()),
        ("free", matcher()),
        ("min_free", any_of(&["10GiB", "5", "'7kB'", "0B"])),
        ("inodes_used", matcher()),
    ]);
    let package = mapping().may("version", matcher()).may("manager", any_of(&["dpkg", "rpm", "apk"]));
    vec![
        ("file", there_or_not(path(), "exists", file)),
        ("command", command.done()),
        ("process", there_or_not(name(), "running", all_may(&["count", "user"], &matcher()))),
        ("service", name().may("running", boolean()).may("enabled", boolean()).done()),
        ("package", there_or_not(name(), "installed", package)),
        ("mount", there_or_not(path(), "exists", all_may(&["source", "filesystem", "options"], &matcher()))),
        ("disk", disk.done()),
        (
            "user",
            there_or_not(
                name(),
                "exists",
                all_may(&["uid", "home", "groups"], &matcher())
                    .must("gid", matcher())
                    .must("shell", matcher()),
            ),
        ),
        ("group", there_or_not(name(), "exists", all_may(&["gid", "members"], &matcher()))),
        ("kernel_param", name().may("value", matcher()).done()),
    ]
}

fn of_network() -> Vec<(&'static str, Rule)> {
    let name = || mapping().must("name", filled());
    let types = &["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "SSHFP", "TXT"];
    let dns = name()
        .may("type", any_of(types))
        .may("server", any_of(&["192.0.2.1", "'[::1]:53'", "192.0.2.1:5353"]));
    let port = mapping().must("port", any_of(&["9090", "tcp:9090", "'udp6:053'"]));
    let interface = all_may(&["addrs", "mtu"], &matcher()).may("up", boolean());
    let certificate = all_may(&["names", "subject", "issuer", "serial", "key"], &matcher())
        .one(&[("address", any_of(&["h:443", "'[::1]:80'"])), ("file", filled())])
        .may("server_name", filled())
        .may("valid_for", length())
        .may("trusted", boolean())
        .may("ca", filled());
    vec![
        ("dns", there_or_not(dns, "resolves", mapping().may("answers", matcher()))),
        ("port", there_or_not(port, "listening", all_may(&["ip", "process"], &matcher()))),
        ("interface", there_or_not(name(), "exists", interface)),
        ("certificate", certificate.done()),
    ]
}

fn matcher() -> Rule {
    let number = || any_of(&["0", "-1", ".5", "5.", "1e3", "01.5"]);
    let tests = |below: Rule| {
        mapping()
            .must("eq", text())
            .may("ne", text())
            .may("lt", number())
            .may("le", number())
            .may("gt", number())
            .may("ge", number())
            .may("contains", filled())
            .may("has_prefix", filled())
            .may("has_suffix", filled())
            .may("matches", filled())
            .may("patterns", some(any_of(&["a", "5", "/a|b/", "'!x'", "'\\!'"])))
            .may("len", below.clone())
            .may("has_key", below.clone())
            .may("has", below.clone())
            .may("has_all", some(below.clone()))
            .may("exactly", some(below.clone()))
            .may("semver", any_of(&["'>=1.2 <3'", "2.x", "1.10"]))
            .may("json", mapping().must("$.a", below.clone()).may("'$[\"b c\"]'", below.clone()).done())
            .may("not", below.clone())
            .may("all", some(below.clone()))
            .may("any", some(below))
            .done()
    };
    let leaf = prop_oneof![3 => text(), 1 => mapping().must("ge", number()).done()].boxed();
    prop_oneof![4 => leaf.clone(), 1 => some(leaf.clone()), 1 => tests(leaf)].boxed()
}

fn secret() -> Rule {
    mapping().one(&[("env", text()), ("file", text()), ("command", list(text()))]).done()
}

fn metric() -> Rule {
    let http = mapping()
        .must("url", url())
        .may("status", matcher())
        .may("value", any_of(&["up", "seconds", "status"]))
        .may("timeout", positive_length());
    mapping()
        .one(&[("promql", mapping().must("query", filled()).done()), ("http", http.done())])
        .may("help", text())
        .done()
}

fn alert() -> Rule {
    mapping()
        .must("expr", any_of(&["a > 0", "a{b=\"c\", d=\"e}\"} <= -1.5e3", "'mainstay_runs_total==.5'"]))
        .may("for", length())
        .may("severity", text())
        .may("send", any_of(&["alertmanager", "none"]))
        .may("summary", text())
        .done()
}

fn report() -> Rule {
    mapping()
        .must("kind", text())
        .may("period", text())
        .may("formats", list(text()))
        .may("send", anything())
        .may("keep", length())
        .done()
}

fn access() -> Rule {
    mapping().may("signers", text()).may("roles", named_by(&["approvers", "a b"], list(text()))).done()
}

/// Any scalar but null is a text where a text is asked for.
fn text() -> Rule {
    any_of(&["a", "yes", "true", "5", "'5'", "1.10", "0x1", "\"\"", "' '", "'null'", "2026-12-20"])
}

/// A text that says something.
fn filled() -> Rule {
    any_of(&["make all", "5", "false", "' a'", "1.10"])
}

fn anything() -> Rule {
    prop_oneof![text(), list(text()), named(text())].boxed()
}

fn argv() -> Rule {
    (filled(), vec(text(), 0..3))
        .prop_map(|(program, arguments)| Yaml::List([vec![program], arguments].concat()))
        .boxed()
}

fn boolean() -> Rule {
    any_of(&["true", "false"])
}

fn count() -> Rule {
    any_of(&["0", "1", "4294967295"])
}

fn portion() -> Rule {
    any_of(&["0", "5", "'30'", "30%", "'100%'", "0%"])
}

fn positive() -> Rule {
    any_of(&["1", "2", "4294967295"])
}

fn series() -> Rule {
    mapping()
        .must("promql", filled())
        .may("name", text())
        .may("kind", any_of(&["gauge", "counter"]))
        .may("direction", any_of(&["increase", "decrease", "either"]))
        .may("within", tolerance())
        .may("window", positive_length())
        .may("absent", any_of(&["unknown", "zero"]))
        .may("critical", boolean())
        .may("required", boolean())
        .done()
}

fn percent() -> Rule {
    any_of(&["90%", "'007%'", "0%", "999%"])
}

fn length() -> Rule {
    any_of(&["0s", "90s", "010m", "'4h'", "3d", "2w"])
}

fn positive_length() -> Rule {
    any_of(&["90s", "010m", "'4h'", "3d", "2w"])
}

fn tolerance() -> Rule {
    any_of(&["2%", "5", "'5'", ".5", "0.5%", "0"])
}

fn url() -> Rule {
    any_of(&["http://127.0.0.1:9090", "'https://user:secret@[::1]/-/ready?a#b'"])
}

fn cron() -> Rule {
    any_of(&["'0 2 * * SAT,SUN'", "0 0 1 */3 *"])
}

fn criticality() -> Rule {
    any_of(&["low", "medium", "high", "critical"])
}

fn task_type() -> Rule {
    any_of(&["routine", "preventive", "corrective", "emergency"])
}

fn any_of(written: &'static [&'static str]) -> Rule {
    select(written).prop_map(|written| Yaml::Scalar(written.to_owned())).boxed()
}

fn list(of: Rule) -> Rule {
    vec(of, 0..3).prop_map(Yaml::List).boxed()
}

fn some(of: Rule) -> Rule {
    vec(of, 1..3).prop_map(Yaml::List).boxed()
}

fn one_or_many(of: Rule) -> Rule {
    prop_oneof![of.clone(), list(of)].boxed()
}

fn named(of: Rule) -> Rule {
    named_by(&["a", "B-1.2_c", "5"], of)
}

/// A mapping of some of these names.
fn named_by(names: &'static [&'static str], of: Rule) -> Rule {
    Keys(names.iter().map(|name| maybe(name, 0.3, &of)).collect()).done()
}

fn all_may(keys: &'static [&'static str], of: &Rule) -> Keys {
    keys.iter().fold(mapping(), |mapping, key| mapping.may(key, of.clone()))
}

/// A mapping in the making.
struct Keys(Vec<BoxedStrategy<Option<(String, Yaml)>>>);

fn mapping() -> Keys {
    Keys(Vec::new())
}

fn maybe(key: &'static str, probability: f64, of: &Rule) -> BoxedStrategy<Option<(String, Yaml)>> {
    option::weighted(probability, of.clone().prop_map(move |value| (key.to_owned(), value))).boxed()
}

impl Keys {
    /// A key that is always there.
    fn must(mut self, key: &'static str, of: Rule) -> Self {
        self.0.push(of.prop_map(move |value| Some((key.to_owned(), value))).boxed());
        self
    }

    /// A key that may be there.
    fn may(mut self, key: &'static str, of: Rule) -> Self {
        self.0.push(maybe(key, 0.33, &of));
        self
    }

    /// Exactly one of these keys.
    fn one(mut self, of: &[(&'static str, Rule)]) -> Self {
        let all = of.iter().map(|(key, of)| {
            let key = *key;
            of.clone().prop_map(move |value| Some((key.to_owned(), value))).boxed()
        });
        self.0.push(Union::new(all).boxed());
        self
    }

    fn done(self) -> Rule {
        self.0.prop_map(|entries| Yaml::Map(entries.into_iter().flatten().collect())).boxed()
    }
}
