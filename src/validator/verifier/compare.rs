//! The facts of before held against those of after.

use super::Facts;
use crate::model::Tolerance;

/// Names everything that is worse than before, a sentence each; empty when monitoring is as it was.
///
/// What was added is no loss: a task may add rules, targets and series. What is lost, down, erring or newly
/// firing is.
pub fn compare(before: &Facts, after: &Facts, within: Tolerance) -> Vec<String> {
    let mut worse = Vec::new();
    targets(before, after, &mut worse);
    series(before, after, within, &mut worse);
    rules(before, after, &mut worse);
    if before.reload_ok && !after.reload_ok {
        worse.push("the configuration was loaded before, and is not now".to_owned());
    }
    corruptions(before, after, &mut worse);
    let new_alerts = after.firing.difference(&before.firing);
    worse.extend(new_alerts.map(|alert| format!("alert {alert} fires, and did not before")));
    let lost_silences =
        before.silences.iter().filter(|(id, end)| after.at < **end && !after.silences.contains_key(*id));
    worse.extend(lost_silences.map(|(id, _)| format!("silence {id} was in force, and is not now")));
    worse
}

fn targets(before: &Facts, after: &Facts, worse: &mut Vec<String>) {
    for (target, was) in &before.targets {
        match after.targets.get(target) {
            None => worse.push(format!("target {target} is gone")),
            Some(is) if was == "up" && is != "up" => {
                worse.push(format!("target {target} was up, and is {is}"));
            }
            Some(_) => {}
        }
    }
}

fn series(before: &Facts, after: &Facts, within: Tolerance, worse: &mut Vec<String>) {
    for (job, had) in &before.series {
        match after.series.get(job) {
            None => worse.push(format!("job `{job}` had {had} series, and has none")),
            Some(has) if has < had && !within.admits(*had, *has) => {
                worse.push(format!("job `{job}` had {had} series, and has {has} (allowed: within {within})"));
            }
            Some(_) => {}
        }
    }
}

/// A server that was started anew counts from 0.
fn corruptions(before: &Facts, after: &Facts, worse: &mut Vec<String>) {
    let known = if before.started == after.started { before.corruptions } else { 0 };
    if known < after.corruptions {
        let found = crate::counted(usize::try_from(after.corruptions).unwrap_or(usize::MAX), "corruption");
        worse.push(format!("{found} of the WAL found: what came after in it is lost"));
    }
}

fn rules(before: &Facts, after: &Facts, worse: &mut Vec<String>) {
    for (rule, was) in &before.rules {
        match after.rules.get(rule) {
            None => worse.push(format!("rule `{rule}` is gone")),
            Some(is) if was == "ok" && is != "ok" => worse.push(format!("rule `{rule}` was ok, and is {is}")),
            Some(_) => {}
        }
    }
    let new_and_erring =
        after.rules.iter().filter(|(rule, is)| !before.rules.contains_key(*rule) && *is == "err");
    worse.extend(new_and_erring.map(|(rule, _)| format!("rule `{rule}` is new, and fails")));
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn facts() -> Facts {
        Facts {
            version: "2.42.0".to_owned(),
            started: DateTime::UNIX_EPOCH,
            config_digest: String::new(),
            reload_ok: true,
            targets: [("node {instance=\"a\"}".to_owned(), "up".to_owned())].into(),
            series: [("node".to_owned(), 200.0)].into(),
            rules: [("group/Rule".to_owned(), "ok".to_owned())].into(),
            firing: ["{alertname=\"Watchdog\"}".to_owned()].into(),
            silences: [("id".to_owned(), DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1))].into(),
            at: DateTime::UNIX_EPOCH,
            scrape_interval: 1.0,
            evaluation_interval: 1.0,
            corruptions: 0,
        }
    }

    fn worse(change: impl FnOnce(&mut Facts)) -> Vec<String> {
        let mut after = facts();
        change(&mut after);
        compare(&facts(), &after, Tolerance::Percent(2.0))
    }

    #[test]
    fn the_same_is_not_worse_and_more_is_not_worse() {
        assert_eq!(worse(|_| {}), Vec::<String>::new());
        assert_eq!(
            worse(|after| {
                after.targets.insert("new".into(), "down".into());
                after.rules.insert("group/New".into(), "unknown".into());
                after.series.insert("node".into(), 300.0);
                after.firing.clear();
                after.silences.clear();
                after.at += chrono::TimeDelta::hours(2);
            }),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_corruption_that_was_known_before_is_no_news_until_the_next_start() {
        let mut before = facts();
        before.corruptions = 1;
        let mut after = before.clone();
        assert_eq!(compare(&before, &after, Tolerance::Percent(2.0)), Vec::<String>::new());
        after.started += chrono::TimeDelta::hours(1);
        assert_eq!(compare(&before, &after, Tolerance::Percent(2.0)).len(), 1);
    }

    type Change = fn(&mut Facts);

    #[test]
    fn every_kind_of_loss_is_named() {
        let cases: [(Change, &str); 10] = [
            (|f| f.targets.clear(), "target node {instance=\"a\"} is gone"),
            (
                |f| f.targets.values_mut().for_each(|h| *h = "down".into()),
                "target node {instance=\"a\"} was up, and is down",
            ),
            (|f| f.series.clear(), "job `node` had 200 series, and has none"),
            (
                |f| f.series.values_mut().for_each(|n| *n = 190.0),
                "job `node` had 200 series, and has 190 (allowed: within 2%)",
            ),
            (|f| f.rules.clear(), "rule `group/Rule` is gone"),
            (
                |f| f.rules.values_mut().for_each(|h| *h = "err".into()),
                "rule `group/Rule` was ok, and is err",
            ),
            (|f| f.corruptions = 1, "1 corruption of the WAL found: what came after in it is lost"),
            (|f| f.reload_ok = false, "the configuration was loaded before, and is not now"),
            (
                |f| {
                    f.firing.insert("{alertname=\"Down\"}".into());
                },
                "alert {alertname=\"Down\"} fires, and did not before",
            ),
            (|f| f.silences.clear(), "silence id was in force, and is not now"),
        ];
        for (change, expected) in cases {
            assert_eq!(worse(change), [expected]);
        }
    }
}
