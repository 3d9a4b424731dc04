//! Runs, from start to end.

use super::*;

#[test]
fn a_run_is_recorded_from_start_to_end() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", Some("upgrade#1"))).unwrap();
    assert_eq!(run, RunId(1));
    let step = |attempt| Event::StepIntended {
        run,
        ordinal: 1,
        phase: Phase::Steps,
        target: "host".to_owned(),
        name: "install".to_owned(),
        action: "apt-get install".to_owned(),
        attempt,
        place: Some(0),
    };
    let end = |attempt, outcome, retried| Event::StepEnded {
        run,
        ordinal: 1,
        attempt,
        outcome,
        retried,
        exit_code: Some(0),
        took_ms: 12,
        message: None,
        output: Some(Output { head: "done\n".to_owned(), bytes: 5, ..Output::default() }),
        usage: None,
    };
    state.record(&step(1)).unwrap();
    assert_eq!(state.steps(run).unwrap()[0].outcome, None);
    state.record_all(&[end(1, Outcome::Failed, true), step(2)]).unwrap();
    let steps = state.steps(run).unwrap();
    assert_eq!((steps[0].outcome, steps[0].attempts, &steps[0].output), (None, 2, &None));
    assert_eq!(state.unfinished_runs().unwrap().len(), 1);
    state.record_all(&[end(2, Outcome::Succeeded, false), ended(run, Outcome::Succeeded)]).unwrap();

    let steps = state.steps(run).unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].outcome, Some(Outcome::Succeeded));
    assert_eq!(steps[0].output.as_ref().unwrap().head, "done\n");
    let found = state.run(run).unwrap().unwrap();
    assert_eq!(found.outcome, Some(Outcome::Succeeded));
    assert_eq!(found.due, Some(instant("2026-03-07T06:00:00Z")));
    assert_eq!(state.last_run("upgrade").unwrap().unwrap().id, run);
    assert_eq!(state.unfinished_runs().unwrap(), []);
    let history = state.task_history("upgrade").unwrap();
    assert_eq!(history.last_success, found.ended);
    assert_eq!(history.ended_runs, 1);
    assert_eq!(history.durations.len(), 1);
    assert_eq!(history.first_known, Some(found.started));
    assert!(history.started.contains(&OccurrenceId("upgrade#1".to_owned())));
    assert_eq!(state.history().unwrap()["upgrade"], history);
    assert_eq!(verify(&state, vec![]).verdict, Verdict::Unanchored);
    assert_eq!(verify(&state, vec![anchor(&state)]).verdict, Verdict::Intact);
}

#[test]
fn of_many_who_start_an_occurrence_one_wins() {
    let place = Place::new();
    drop(place.open());
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| place.open().start_run(&new_run("upgrade", Some("upgrade#1")))))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for error in lost {
        assert!(
            matches!(&error, Err(StartError::AlreadyStarted { by, .. }) if by.run == RunId(1)),
            "{error:?}"
        );
    }
    let state = place.open();
    assert_eq!(state.runs(&RunFilter::default()).unwrap().len(), 1);
    assert_eq!(state.ledger_head().unwrap().entries, 2);
}

#[test]
fn a_task_and_a_target_are_in_one_run_at_a_time() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", Some("upgrade#1"))).unwrap();
    let again = state.start_run(&new_run("upgrade", Some("upgrade#2"))).unwrap_err();
    assert!(matches!(&again, StartError::TaskRunning { by, .. } if by.run == run), "{again}");
    let same_target =
        NewRun { targets: vec!["x".into(), "host-of-upgrade".into()], ..new_run("clean", None) };
    let busy = state.start_run(&same_target).unwrap_err();
    assert!(matches!(&busy, StartError::TargetBusy { target, .. } if target == "host-of-upgrade"), "{busy}");
    state.record(&ended(run, Outcome::Failed)).unwrap();
    assert_eq!(state.start_run(&same_target).unwrap(), RunId(2));
    let once = state.start_run(&new_run("upgrade", Some("upgrade#1"))).unwrap_err();
    assert!(matches!(&once, StartError::AlreadyStarted { by, .. } if by.run == RunId(1)), "{once}");
}

#[test]
fn a_run_is_taken_over_from_the_dead_only_and_by_one() {
    let place = Place::new();
    let state = place.open();
    let me = process_identity::current().unwrap();
    let dead = Holder { boot_id: "an earlier boot".to_owned(), ..me.clone() };
    let run = state.start_run(&NewRun { holder: dead.clone(), ..new_run("upgrade", None) }).unwrap();
    assert_eq!(state.resume_run(run, &me, None, &Limits::default()).unwrap().holder, me);
    let other = Holder { pid: me.pid + 1, ..me.clone() };
    let held = state.resume_run(run, &other, None, &Limits::default()).unwrap_err();
    assert!(matches!(held, StartError::Held { .. }), "{held}");

    state.record(&ended(run, Outcome::Interrupted)).unwrap();
    assert_eq!(state.resume_run(run, &other, None, &Limits::default()).unwrap().outcome, None);
    assert_eq!(state.task_history("upgrade").unwrap().ended_runs, 0);
    let abandoned = Event::RunAbandoned { run, reason: "done by hand".to_owned() };
    state.record(&abandoned).unwrap();
    let found = state.run(run).unwrap().unwrap();
    assert_eq!((found.outcome, found.reason.as_deref()), (Some(Outcome::Interrupted), Some("done by hand")));
    let error = state.resume_run(run, &me, None, &Limits::default()).unwrap_err();
    assert!(matches!(error, StartError::Ended { .. }), "{error}");
    assert!(matches!(
        state.resume_run(RunId(9), &me, None, &Limits::default()).unwrap_err(),
        StartError::NoSuchRun { .. }
    ));
    assert!(matches!(state.record(&abandoned).unwrap_err(), StateError::Contradiction(_)));
}

#[test]
fn an_event_that_does_not_fit_is_refused_whole() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    let before = state.ledger_head().unwrap();
    let unknown = Event::SilenceExpired { tag: "no such".to_owned(), reason: String::new() };
    for misfit in [ended(RunId(7), Outcome::Succeeded), unknown] {
        let error = state.record_all(&[refused(1), ended(run, Outcome::Failed), misfit]).unwrap_err();
        assert!(matches!(error, StateError::Contradiction(_)), "{error}");
        assert_eq!(state.ledger_head().unwrap(), before);
        assert_eq!(state.unfinished_runs().unwrap().len(), 1);
    }
    let facts = serde_json::json!({"series": u64::MAX});
    let too_large = Event::BaselineTaken { run, at: instant("2026-03-07T06:00:00Z"), facts };
    assert!(matches!(state.record(&too_large).unwrap_err(), StateError::Line(_)));
    assert_eq!(state.baseline(run).unwrap(), None);
}

#[test]
fn a_clock_that_went_back_is_recorded_and_order_stays() {
    let place = Place::new();
    place.open_at("2026-03-29T03:30:00Z").record(&refused(1)).unwrap();
    place.open_at("2025-03-29T02:30:00Z").record(&refused(2)).unwrap();
    let state = place.open_at("1970-01-01T00:00:00Z");
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    drop(state);
    let state = place.open_at("1969-12-31T00:00:00Z");
    state.record(&ended(run, Outcome::Succeeded)).unwrap();
    assert_eq!(state.task_history("upgrade").unwrap().durations, [TimeDelta::zero()]);
    let log = state.log(&LogFilter::default()).unwrap();
    let kinds: Vec<_> = log
        .entries
        .iter()
        .map(|logged| match logged {
            Logged::Entry(entry) => matches!(entry.event, Event::ClockStepped { .. }),
            Logged::Raw { .. } => panic!("{logged:?}"),
        })
        .collect();
    assert_eq!(kinds, [false, false, true, false, true, false, true, false]);
    assert_eq!(verify(&state, vec![anchor(&state)]).verdict, Verdict::Intact);
}

#[test]
fn a_full_disk_is_named_and_costs_nothing_that_was_recorded() {
    let place = Place::new();
    let state = place.open();
    let run = state.start_run(&new_run("upgrade", None)).unwrap();
    state
        .read(|connection| {
            let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            connection.pragma_update_and_check(None, "max_page_count", pages + 8, |_| Ok(()))?;
            Ok(())
        })
        .unwrap();
    let large = Event::RunRefused { task: "t".into(), occurrence: None, reason: "x".repeat(10_000) };
    let error = (0..100).find_map(|_| state.record(&large).err()).unwrap();
    assert!(matches!(error, StateError::Full { .. }), "{error}");
    assert!(error.to_string().contains("nothing was recorded, make room"), "{error}");
    let anchor = anchor(&state);
    drop(state);
    let state = place.open();
    assert_eq!(verify(&state, vec![anchor]).verdict, Verdict::Intact);
    state.record(&ended(run, Outcome::Succeeded)).unwrap();
}

#[test]
fn a_lock_that_is_held_for_too_long_is_an_error_that_says_so() {
    let place = Place::new();
    let state = place.open();
    state.read(|connection| Ok(connection.busy_timeout(std::time::Duration::from_millis(20))?)).unwrap();
    let other = rusqlite::Connection::open(place.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = state.record(&refused(1)).unwrap_err();
    assert!(matches!(error, StateError::Busy { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    state.record(&refused(1)).unwrap();
}
