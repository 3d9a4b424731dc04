use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::*;
use crate::model::{Expectation, Span, Spanned, Tolerance};
use crate::validator::verifier::facts::{Alert, Group, Member, Metrics, More, Probe, Signal, Stretch};

/// What the first version of mainstay wrote into its ledger.
const FIRST_VERSION: &str = r#"{
    "version": "2.42.0", "started": "1970-01-01T00:00:00Z", "config_digest": "", "reload_ok": true,
    "targets": {"node {instance=\"a\"}": "up"}, "series": {"node": 200.0}, "rules": {"group/Rule": "ok"},
    "firing": ["{alertname=\"Watchdog\"}"], "silences": {"id": "1970-01-01T01:00:00Z"},
    "at": "1970-01-01T00:00:00Z", "scrape_interval": 1.0, "evaluation_interval": 1.0, "corruptions": 0
}"#;

fn first_version() -> Facts {
    serde_json::from_str(FIRST_VERSION).unwrap()
}

fn facts() -> Facts {
    let signal = |series, readers: &[&str]| Signal {
        series,
        own: 0,
        readers: readers.iter().map(ToString::to_string).collect(),
        labels: BTreeMap::new(),
    };
    let counters = [
        ("prometheus_tsdb_wal_writes_failed_total", 0.0),
        ("prometheus_notifications_dropped_total", 1.0),
        ("prometheus_notifications_queue_length", 0.0),
        ("prometheus_tsdb_lowest_timestamp_seconds", 0.0),
    ];
    let alert = |state: &str, rule: &str, hold, keep| Alert {
        state: state.to_owned(),
        active_at: Some(at(-100)),
        rule: rule.to_owned(),
        hold,
        keep,
        interval: 1.0,
    };
    let mut facts = first_version();
    facts.first.more = Some(More {
        flags: [("storage.tsdb.path", "data"), ("rules.alert.resend-delay", "5s")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        retention: "15d".to_owned(),
        jobs: [("node".to_owned(), [("up".to_owned(), 1)].into())].into(),
        metrics: Some(Metrics {
            series: [("node_cpu".to_owned(), 8), ("unread".to_owned(), 3)].into(),
            others: 0,
        }),
        signals: [
            ("node_cpu".to_owned(), signal(8, &[])),
            ("node_cpu{mode=\"idle\"}".to_owned(), signal(4, &["alert g/CpuBusy", "rule g/cpu"])),
        ]
        .into(),
        unread: Vec::new(),
        groups: [("file;g".to_owned(), Group { interval: 60.0, rules: 2, lag: 0.0 })].into(),
        alerts: [
            ("{alertname=\"Watchdog\"}".to_owned(), alert("firing", "g/Watchdog", 0.0, 0.0)),
            ("{alertname=\"CpuBusy\"}".to_owned(), alert("pending", "g/CpuBusy", 25.0, 0.0)),
        ]
        .into(),
        counters: counters.map(|(name, value)| (name.to_owned(), value)).into(),
        remote_write_lag: Some(2.0),
        history: vec![Stretch {
            query: "count(up)".to_owned(),
            from: at(-3600),
            until: at(-10),
            step: 60,
            points: 10,
            sum: 20.0,
        }],
        probes: [(
            "{instance=\"https://a\",job=\"probe\"}".to_owned(),
            Probe { success: Some(true), certificate: Some(864_000.0) },
        )]
        .into(),
        pushed: [("{job=\"backup\"}".to_owned(), 0.0)].into(),
        textfiles: [("{file=\"a.prom\"}".to_owned(), 0.0)].into(),
        ..More::default()
    });
    facts.members.insert(
        "http://am".to_owned(),
        Peer::Known(Box::new(Member {
            config_digest: "abc".to_owned(),
            reload_ok: Some(true),
            cluster: "ready".to_owned(),
            peers: 2,
            silences: facts.silences.clone(),
        })),
    );
    facts
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn compared(change: impl FnOnce(&mut Facts), spec: &Spec) -> Compared {
    let mut after = facts();
    change(&mut after);
    compare(&facts(), &after, spec)
}

fn worse(change: impl FnOnce(&mut Facts)) -> Vec<String> {
    compared(change, &Spec::default()).sentences()
}

fn more(facts: &mut Facts) -> &mut More {
    facts.first.more.as_mut().unwrap()
}

fn expecting(expect: Vec<Expectation>) -> Spec {
    Spec { expect: Some(expect), ..Spec::default() }
}

#[test]
fn the_same_is_not_worse_and_more_is_not_worse() {
    let same = compared(|_| {}, &Spec::default());
    assert_eq!(same.changes, Vec::new());
    assert!(same.is_same());
    assert_eq!(
        worse(|after| {
            after.first.targets.insert("new".into(), "down".into());
            after.first.rules.insert("group/New".into(), "unknown".into());
            after.first.series.insert("node".into(), 300.0);
            after.first.firing.clear();
            after.silences.clear();
            after.at += TimeDelta::hours(2);
        }),
        Vec::<String>::new()
    );
}

#[test]
fn a_comparison_of_nothing_proves_nothing() {
    let mut empty = first_version();
    empty.first.targets.clear();
    let found = compare(&empty, &empty.clone(), &Spec::default());
    assert!(!found.is_same());
    assert_eq!(found.sentences(), ["no target was held against what it was before: nothing is proved"]);
}

#[test]
fn ledgers_of_the_first_version_are_read_and_compared_by_what_they_know() {
    let before = first_version();
    assert_eq!(before.first.more, None);
    let mut after = facts();
    assert!(compare(&before, &after, &Spec::default()).is_same());
    after.first.rules.clear();
    after.silences.clear();
    assert_eq!(
        compare(&before, &after, &Spec::default()).sentences(),
        ["rule `group/Rule` is gone", "silence id was in force, and is not now"]
    );
    // What is written now is read again as it is.
    let written = serde_json::to_value(facts()).unwrap();
    assert_eq!(serde_json::from_value::<Facts>(written).unwrap(), facts());
}

#[test]
fn a_corruption_that_was_known_before_is_no_news_until_the_next_start() {
    let mut before = facts();
    before.first.corruptions = 1;
    let mut after = before.clone();
    assert_eq!(compare(&before, &after, &Spec::default()).sentences(), Vec::<String>::new());
    after.first.started += TimeDelta::hours(1);
    assert_eq!(compare(&before, &after, &Spec::default()).sentences().len(), 1);
}

type Change = fn(&mut Facts);

#[test]
fn every_kind_of_loss_is_named() {
    let cases: &[(Change, &str)] = &[
        (|f| f.first.targets.clear(), "target node {instance=\"a\"} is gone"),
        (
            |f| f.first.targets.values_mut().for_each(|h| *h = "down".into()),
            "target node {instance=\"a\"} was up, and is down",
        ),
        (|f| f.first.series.clear(), "job `node` had 200 series, and has none"),
        (
            |f| f.first.series.values_mut().for_each(|n| *n = 190.0),
            "job `node` had 200 series, and has 190 (allowed: within 2%)",
        ),
        (|f| f.first.rules.clear(), "rule `group/Rule` is gone"),
        (
            |f| f.first.rules.values_mut().for_each(|h| *h = "err".into()),
            "rule `group/Rule` was ok, and is err",
        ),
        (|f| f.first.corruptions = 1, "1 corruption of the WAL found: what came after in it is lost"),
        (|f| f.first.reload_ok = false, "the configuration was loaded before, and is not now"),
        (
            |f| {
                f.first.firing.insert("{alertname=\"Down\"}".into());
            },
            "alert {alertname=\"Down\"} fires, and did not before",
        ),
        (
            |f| more(f).signals.values_mut().for_each(|signal| signal.series = 0),
            "`node_cpu{mode=\"idle\"}` had 4 series, and has none: alert `g/CpuBusy` can never fire again; \
             rule g/cpu sees nothing",
        ),
        (
            |f| *more(f).counters.get_mut("prometheus_tsdb_wal_writes_failed_total").unwrap() = 3.0,
            "writes to the WAL that failed, and what was scraped then is not stored: 3",
        ),
        (
            |f| *more(f).counters.get_mut("prometheus_notifications_queue_length").unwrap() = 2.0,
            "alerts that wait for Alertmanager: 2",
        ),
        (
            |f| *more(f).counters.get_mut("prometheus_tsdb_lowest_timestamp_seconds").unwrap() = 7200.0,
            "the oldest sample was of 1970-01-01 00:00:00 UTC, and is of 1970-01-01 02:00:00 UTC",
        ),
        (
            |f| more(f).history[0].sum = 19.0,
            "`count(up)` over 1969-12-31 23:00:00 UTC to 1969-12-31 23:59:50 UTC had 10 points, sum 20, and has \
             10 points, sum 19: samples are lost",
        ),
        (
            |f| more(f).retention = "10d".to_owned(),
            "samples were kept for 15d, and are for 10d: what is older is deleted",
        ),
        (
            |f| more(f).remote_write_lag = Some(90.0),
            "remote write lagged 2s behind, and lags 90s (allowed: within 60)",
        ),
        (
            |f| more(f).probes.values_mut().for_each(|probe| probe.success = Some(false)),
            "probe {instance=\"https://a\",job=\"probe\"} succeeded, and fails",
        ),
        (
            |f| more(f).probes.values_mut().for_each(|probe| probe.certificate = None),
            "probe {instance=\"https://a\",job=\"probe\"} sees no certificate any more; an alert on its expiry says \
             that all is well",
        ),
        (
            |f| more(f).probes.values_mut().for_each(|probe| probe.certificate = Some(0.0)),
            "the certificate of {instance=\"https://a\",job=\"probe\"} was good until 1970-01-11 00:00:00 UTC, and is \
             until 1970-01-01 00:00:00 UTC",
        ),
        (
            |f| more(f).pushed.clear(),
            "group {job=\"backup\"}, pushed last on 1970-01-01 00:00:00 UTC, is not there any more",
        ),
        (
            |f| more(f).textfiles.clear(),
            "textfile {file=\"a.prom\"}, written last on 1970-01-01 00:00:00 UTC, is not there any more",
        ),
        (
            |f| more(f).groups.values_mut().for_each(|group| group.lag = 200.0),
            "rule group `g` lags 200s behind its interval of 60s",
        ),
        (|f| member(f, |member| member.peers = 1), "Alertmanager saw 2 members of its cluster, and sees 1"),
        (
            |f| {
                f.members.insert("http://am".into(), Peer::Unknown("connection refused".into()));
            },
            "http://am: could not be held against what it was: connection refused",
        ),
    ];
    for (change, expected) in cases {
        let found = worse(change);
        assert_eq!(
            found.iter().map(|one| one.trim_start_matches("http://am: ")).collect::<Vec<_>>(),
            [expected.trim_start_matches("http://am: ")]
        );
    }
    assert_eq!(worse(|f| f.silences.clear()), ["silence id was in force, and is not now"]);
}

fn member(facts: &mut Facts, change: impl Fn(&mut Member)) {
    for peer in facts.members.values_mut() {
        if let Peer::Known(member) = peer {
            change(member);
        }
    }
}

#[test]
fn a_matcher_that_selects_nothing_of_a_metric_that_is_there_may_do_so_again() {
    let found = compared(
        |f| more(f).signals.get_mut("node_cpu{mode=\"idle\"}").unwrap().series = 0,
        &Spec::default(),
    );
    assert!(found.is_same());
    assert_eq!(
        found.changes[0].message,
        "`node_cpu{mode=\"idle\"}` had 4 series, and selects none of the 8 that there are of its metric; read by \
         alert g/CpuBusy, rule g/cpu"
    );
    let mut strict = Spec::default();
    strict.tolerances.signals = Some(Spanned { value: Tolerance::Percent(50.0), span: Span::default() });
    let found = compared(|f| more(f).signals.get_mut("node_cpu{mode=\"idle\"}").unwrap().series = 0, &strict);
    assert!(!found.is_same());
}

#[test]
fn what_prometheus_makes_for_itself_when_it_is_needed_is_not_lost_by_a_restart() {
    let own = |f: &mut Facts| more(f).signals.values_mut().for_each(|signal| signal.own = signal.series);
    let mut before = facts();
    own(&mut before);
    let mut after = before.clone();
    more(&mut after).signals.values_mut().for_each(|signal| signal.series = 0);
    assert!(!compare(&before, &after, &Spec::default()).is_same());
    after.first.started += TimeDelta::hours(1);
    assert!(compare(&before, &after, &Spec::default()).is_same());
}

#[test]
fn a_change_that_nobody_expects_is_worse_only_where_somebody_has_said_what_is_expected() {
    let change = |f: &mut Facts| {
        f.first.version = "2.50.0".to_owned();
        f.first.config_digest = "other".to_owned();
        more(f).flags.insert("storage.tsdb.path".to_owned(), "elsewhere".to_owned());
    };
    assert!(compared(change, &Spec::default()).is_same());
    let found = compared(change, &expecting(vec![Expectation::Version]));
    assert_eq!(
        found.sentences(),
        [
            "flag --storage.tsdb.path was `data`, and is `elsewhere`",
            "another configuration is loaded than before"
        ]
    );
    let all = vec![Expectation::Version, Expectation::Config, Expectation::Flag("storage.*".into())];
    let found = compared(change, &expecting(all));
    assert!(found.is_same());
    assert!(found.changes.iter().all(|change| change.verdict == ChangeVerdict::Expected), "{found:?}");
}

#[test]
fn what_was_expected_and_did_not_happen_is_told_and_is_no_fault() {
    let labels = BTreeMap::from([("instance".to_owned(), "a".to_owned())]);
    let spec = expecting(vec![Expectation::Target(labels)]);
    let found = compared(|f| f.first.targets.clear(), &spec);
    assert!(found.is_same());
    assert_eq!(found.changes[0].verdict, ChangeVerdict::Expected);
    let found = compared(|_| {}, &spec);
    assert!(found.is_same());
    assert_eq!(found.changes[0].message, "`target {instance=\"a\"}` was expected to change, and did not");
}

#[test]
fn an_alert_that_a_restart_has_reset_is_named_with_why_and_who_was_told() {
    let firing = |hold, keep| {
        move |f: &mut Facts| {
            let alert = more(f).alerts.get_mut("{alertname=\"Watchdog\"}").unwrap();
            (alert.hold, alert.keep) = (hold, keep);
        }
    };
    let check = |hold, keep, after: &dyn Fn(&mut Facts), expected: &str| {
        let mut before = facts();
        firing(hold, keep)(&mut before);
        let mut now = before.clone();
        now.first.started += TimeDelta::hours(1);
        after(&mut now);
        let found = compare(&before, &now, &Spec::default());
        let told = found.changes.iter().filter(|one| one.fact == Fact::Alert);
        assert_eq!(told.map(|one| one.message.as_str()).collect::<Vec<_>>(), [expected]);
    };
    let again = |state: &'static str| {
        move |f: &mut Facts| {
            let alert = more(f).alerts.get_mut("{alertname=\"Watchdog\"}").unwrap();
            (alert.state, alert.active_at) = (state.to_owned(), Some(at(50)));
        }
    };
    check(
        25.0,
        0.0,
        &again("pending"),
        "alert {alertname=\"Watchdog\"} fired, and is pending again: its `for` of 25s begins anew with a restart, \
         unless it is at least 600s long; Alertmanager took it to be over in between, and says so to its receivers, \
         and that it fires again",
    );
    check(
        15.0,
        0.0,
        &again("firing"),
        "alert {alertname=\"Watchdog\"} fires anew: its `for` of 15s begins anew with a restart, unless it is at \
         least 600s long; nobody was told",
    );
    check(
        0.0,
        300.0,
        &|f: &mut Facts| {
            more(f).alerts.remove("{alertname=\"Watchdog\"}");
        },
        "alert {alertname=\"Watchdog\"} is resolved by the restart: that it goes on for 300s (`keep_firing_for`) is \
         not kept over one",
    );
}

#[test]
fn facts_of_a_huge_estate_stay_small_and_lost_targets_are_still_counted() {
    let mut huge = facts();
    let many = |n: usize, name: &str| (0..n).map(|n| format!("{name}{n:05}")).collect::<Vec<_>>();
    huge.first.targets = many(5_000, "pool ").into_iter().map(|name| (name, "up".to_owned())).collect();
    more(&mut huge).jobs = [("node".to_owned(), [("up".to_owned(), 5_000)].into())].into();
    more(&mut huge).metrics =
        Some(Metrics { series: many(5_000, "metric_").into_iter().zip(1..).collect(), others: 0 });
    let after = huge.clone();
    let kept = huge.bounded();
    assert_eq!(kept.left_out, BTreeMap::from([("target".to_owned(), 3_000)]));
    let metrics = kept.first.more.as_ref().unwrap().metrics.as_ref().unwrap();
    assert_eq!((metrics.series.len(), metrics.others), (2_000, 3_000));
    assert!(metrics.series.contains_key("metric_04999") && !metrics.series.contains_key("metric_00000"));
    assert!(serde_json::to_string(&kept).unwrap().len() < 200_000);
    assert!(compare(&kept, &after, &Spec::default()).is_same());
    let mut fewer = after;
    fewer.first.targets.retain(|name, _| name.as_str() < "pool 04000");
    more(&mut fewer).jobs = [("node".to_owned(), [("up".to_owned(), 4_000)].into())].into();
    let found = compare(&kept, &fewer, &Spec::default()).sentences();
    assert_eq!(found, ["5000 targets of job `node` were up, and 4000 are"]);
    assert_eq!(json!(kept)["left_out"]["target"], 3_000);
}

#[test]
fn of_alerts_and_rules_that_were_too_many_to_keep_none_is_new() {
    let mut huge = facts();
    huge.first.firing = (0..2_500).map(|n| format!("{{alertname=\"A{n:05}\"}}")).collect();
    huge.first.rules = (0..2_500).map(|n| (format!("g/R{n:05}"), "err".to_owned())).collect();
    let after = huge.clone();
    let kept = huge.bounded();
    let found = compare(&kept, &after, &Spec::default());
    assert!(found.is_same(), "{:?}", found.sentences());
    let told: Vec<_> = found.changes.iter().map(|change| change.message.as_str()).collect();
    let expected = "500 alerts fire of which it is not known whether they did before: there were too many to keep them all";
    assert_eq!(told, [expected]);
    // One that would have been kept is new all the same.
    let mut more = after;
    more.first.firing.insert("{alertname=\"A00000b\"}".to_owned());
    let found = compare(&kept, &more, &Spec::default()).sentences();
    assert_eq!(found, ["alert {alertname=\"A00000b\"} fires, and did not before"]);
}

#[test]
fn why_a_target_is_down_and_what_the_server_warned_of_is_told() {
    let worse = worse(|after| {
        let target = after.first.targets.keys().next().unwrap().clone();
        after.first.targets.insert(target.clone(), "down".to_owned());
        more(after).reasons.insert(target, "connection refused".to_owned());
    });
    assert_eq!(worse, ["target node {instance=\"a\"} was up, and is down: connection refused"]);
    let warned = |before: &[&str], after: &[&str]| {
        let (mut was, mut is) = (facts(), facts());
        more(&mut was).warnings = before.iter().map(|one| (*one).to_owned()).collect();
        more(&mut is).warnings = after.iter().map(|one| (*one).to_owned()).collect();
        let found = compare(&was, &is, &Spec::default());
        assert!(found.is_same());
        found.changes.first().map(|change| change.message.clone()).unwrap_or_default()
    };
    let words = |when: &str, what: &str| {
        format!("its answers {when} came with a warning, so that something may be missing: {what}")
    };
    assert_eq!(warned(&[], &[]), "");
    assert_eq!(warned(&["a"], &["a"]), words("before and after the work", "a"));
    assert_eq!(warned(&["a"], &["a", "b"]), words("after the work", "b"));
    assert_eq!(warned(&["a"], &[]), words("before the work", "a"));
}

#[test]
fn a_server_that_could_not_be_asked_before_either_is_told_and_is_nobody_s_fault() {
    fn down<T>() -> Peer<T> {
        Peer::Unknown("connection refused".to_owned())
    }
    let (mut was, mut is) = (facts(), facts());
    was.replicas.insert("http://b".to_owned(), down());
    is.replicas.insert("http://b".to_owned(), down());
    was.members.insert("http://am-2".to_owned(), down());
    is.members.insert("http://am-2".to_owned(), down());
    let found = compare(&was, &is, &Spec::default());
    assert!(found.is_same(), "{:?}", found.sentences());
    let told: Vec<_> = found.changes.iter().map(|change| change.message.as_str()).collect();
    assert_eq!(told, ["it could not be asked before, and cannot be now: connection refused"; 2]);
    is.members.insert("http://am".to_owned(), down());
    assert!(!compare(&was, &is, &Spec::default()).is_same());
}

#[test]
fn remote_write_that_has_sent_nothing_since_a_restart_is_worse_however_short_that_is() {
    let worse = worse(|after| {
        more(after).remote_write_lag = Some(8.0);
        more(after).is_remote_write_unsent = true;
    });
    assert_eq!(worse, ["remote write: nothing has been sent since Prometheus started, 8s ago"]);
}
