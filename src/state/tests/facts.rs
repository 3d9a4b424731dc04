//! What is known beside runs: schedules, misses, silences, baselines, alerts.

use super::*;

fn schedule(tasks: &[&str]) -> Schedule {
    let (from, until) = (instant("2026-03-07T00:00:00Z"), instant("2026-04-07T00:00:00Z"));
    let placed = tasks.iter().map(|task| Placed {
        occurrence: Occurrence {
            id: OccurrenceId::at(task, from),
            task: (*task).to_owned(),
            targets: vec!["local".to_owned()],
            release: from,
            due: None,
            latest: None,
            estimate: TimeDelta::minutes(10),
        },
        start: from,
        end: from + TimeDelta::minutes(10),
        window: None,
        moved_from: None,
        because: vec![],
    });
    Schedule {
        revision: 0,
        plan_digest: "ab".repeat(32),
        from,
        until,
        placed: placed.collect(),
        unplaced: vec![],
        objective: crate::model::Objective::default(),
        basis: None,
    }
}

#[test]
fn a_schedule_is_published_unless_another_was_in_the_meantime() {
    let place = Place::new();
    let state = place.open_at("2026-03-01T00:00:00Z");
    assert_eq!(state.published().unwrap(), None);
    let counts = Published { added: 1, ..Published::default() };
    assert_eq!(state.publish(schedule(&["a"]), 0, &state.history().unwrap(), counts).unwrap(), 1);
    let error = state.publish(schedule(&["a", "b"]), 0, &state.history().unwrap(), counts).unwrap_err();
    assert!(matches!(error, StateError::Stale { base: 0, published: 1 }), "{error}");
    assert_eq!(state.publish(schedule(&["a", "b"]), 1, &state.history().unwrap(), counts).unwrap(), 2);
    let error = state.publish(schedule(&["a"]), 2, &std::collections::BTreeMap::new(), counts).unwrap_err();
    assert!(matches!(&error, StateError::Moved { task } if task == "a"), "{error}");
    assert_eq!(state.published().unwrap(), Some(Schedule { revision: 2, ..schedule(&["a", "b"]) }));
    let first_known = state.task_history("b").unwrap().first_known.unwrap();
    assert_eq!(first_known.date_naive().to_string(), "2026-03-01");
    assert_eq!(state.task_history("c").unwrap(), TaskHistory::default());
}

#[test]
fn a_schedule_of_an_earlier_version_is_still_read() {
    let place = Place::new();
    let state = place.open();
    let counts = Published::default();
    state.publish(schedule(&["a"]), 0, &state.history().unwrap(), counts).unwrap();
    drop(state);
    // What earlier versions did not write yet.
    let raw = rusqlite::Connection::open(place.path()).unwrap();
    let sql = "UPDATE revision SET schedule = json_remove(schedule, '$.objective.peak', '$.basis')";
    assert_eq!(raw.execute(sql, []).unwrap(), 1);
    drop(raw);
    let state = place.open();
    assert_eq!(state.published().unwrap(), Some(Schedule { revision: 1, ..schedule(&["a"]) }));
    let history = state.history().unwrap();
    assert_eq!(state.publish(schedule(&["a", "b"]), 1, &history, counts).unwrap(), 2);
}

#[test]
fn a_miss_is_recorded_once_and_never_for_what_was_started() {
    let place = Place::new();
    let state = place.open();
    let miss = |id: &str| Miss {
        occurrence: OccurrenceId(id.to_owned()),
        task: "upgrade".to_owned(),
        release: instant("2026-03-07T06:00:00Z"),
        reason: "the machine slept".to_owned(),
    };
    let run = state.start_run(&new_run("upgrade", Some("upgrade#1"))).unwrap();
    let misses = [miss("upgrade#1"), miss("upgrade#2"), miss("upgrade#2")];
    assert_eq!(state.record_missed(&misses).unwrap(), 1);
    assert_eq!(state.record_missed(&misses).unwrap(), 0);
    assert_eq!(state.missed(None).unwrap()[0].miss, miss("upgrade#2"));
    assert_eq!(state.missed(Some(Utc::now() + TimeDelta::hours(1))).unwrap(), []);
    state.record(&ended(run, Outcome::Succeeded)).unwrap();
    let error = state.start_run(&new_run("upgrade", Some("upgrade#2"))).unwrap_err();
    assert!(matches!(error, StartError::Missed { .. }), "{error}");
    let history = state.task_history("upgrade").unwrap();
    assert_eq!((history.started.len(), history.missed.len()), (1, 1));
}

#[test]
fn silences_stay_open_until_their_end_is_recorded() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    let (tag, until) = ("mainstay-1".to_owned(), instant("2026-03-07T06:00:00Z"));
    let alertmanager = "http://127.0.0.1:9093".to_owned();
    let matchers = vec!["job=\"x\"".to_owned()];
    state.record(&Event::SilenceIntended { run, tag: tag.clone(), alertmanager, matchers }).unwrap();
    assert_eq!(state.open_silences().unwrap()[0].id, None);
    let (id, silenced) = ("1-2-3".to_owned(), vec!["Down".to_owned()]);
    state.record(&Event::SilenceCreated { run, tag: tag.clone(), id, until, silenced }).unwrap();
    let (id, because) = ("4-5-6".to_owned(), None);
    state.record(&Event::SilenceRenewed { tag: tag.clone(), id, until, because }).unwrap();
    let open = state.open_silences().unwrap();
    assert_eq!((open[0].id.as_deref(), open[0].until, open[0].run), (Some("4-5-6"), Some(until), run));
    state.record(&ended(run, Outcome::Succeeded)).unwrap();
    assert_eq!(state.open_silences().unwrap().len(), 1);
    state.record(&Event::SilenceExpired { tag, reason: "the run ended".to_owned() }).unwrap();
    assert_eq!(state.open_silences().unwrap(), []);
    let about = LogFilter { run: Some(run), ..LogFilter::default() };
    assert_eq!(state.log(&about).unwrap().entries.len(), 6);
    let other = LogFilter { task: Some("other".to_owned()), ..LogFilter::default() };
    assert_eq!(state.log(&other).unwrap().entries, []);
}

#[test]
fn baselines_keep_what_was_before_and_how_it_compared() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    let taken = |series: u32, at: &str| Event::BaselineTaken {
        run,
        at: instant(at),
        facts: serde_json::json!({"series": series}),
    };
    state.record(&taken(10, "2026-03-07T06:00:00Z")).unwrap();
    state.record(&taken(20, "2026-03-07T07:00:00Z")).unwrap();
    let differences = vec!["20 series, not 10".to_owned()];
    let compared = Event::BaselineCompared {
        run,
        same: false,
        differences: differences.clone(),
        settled_ms: None,
        changes: Vec::new(),
        compared: std::collections::BTreeMap::new(),
        gaps: Vec::new(),
    };
    state.record(&compared).unwrap();
    let baseline = state.baseline(run).unwrap().unwrap();
    assert_eq!(baseline.facts["series"], 10);
    let comparison = baseline.compared.unwrap();
    assert_eq!((comparison.same, comparison.differences, comparison.settled_ms), (false, differences, None));
}

#[test]
fn alerts_stand_where_they_went_last() {
    let place = Place::new();
    let state = place.open();
    let change = |state: Option<AlertState>, value: &str| Event::AlertChanged {
        name: "late".to_owned(),
        labels: [("task".to_owned(), "upgrade".to_owned())].into(),
        state,
        since: instant("2026-03-07T06:00:00Z"),
        value: value.to_owned(),
    };
    let refused = Event::AlertsDelivered {
        alertmanager: "http://a".to_owned(),
        alerts: 1,
        error: Some("refused".to_owned()),
    };
    state
        .record_all(&[change(Some(AlertState::Pending), "NaN"), change(Some(AlertState::Firing), "+Inf")])
        .unwrap();
    state.record(&refused).unwrap();
    let alerts = state.alerts().unwrap();
    assert_eq!((alerts.len(), alerts[0].state, alerts[0].delivered), (1, AlertState::Firing, None));
    assert!(alerts[0].value.is_infinite());
    let entries = state.ledger_head().unwrap().entries;
    state.note_delivered(&alerts, instant("2026-03-07T06:05:00Z")).unwrap();
    assert!(state.alerts().unwrap()[0].delivered.is_some());
    assert_eq!(state.ledger_head().unwrap().entries, entries, "a delivery that went well is no entry");
    state.record_all(&[change(Some(AlertState::Resolved), "0"), change(None, "0")]).unwrap();
    assert_eq!(state.alerts().unwrap(), []);
}
