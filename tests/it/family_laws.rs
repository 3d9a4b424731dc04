//! Large plan files in the shape of real maintenance get schedules that keep every rule.

use mainstay::model::Schedule;
use mainstay::planfile::Text;
use mainstay::scheduler::solver::Effort;
use mainstay::scheduler::{self, History, Search};

use super::family::Family;

/// Makes a schedule wrong at one place.
type Spoil = fn(&mut Schedule, usize);

fn schedule(family: Family, steps: u64) -> Schedule {
    let text = Text::new("maintenance.yaml", family.yaml().into_bytes());
    let plan = text.read().into_plan().expect("a plan file");
    let (from, until) = (Family::from(), Family::until());
    let search = Search::new(1, Effort::Steps(steps));
    let computed = scheduler::compute_with(&plan, "", &History::default(), None, from, until, search);
    computed.expect("a schedule").schedule
}

#[test]
fn a_thousand_occurrences_keep_every_rule_at_once_and_after_a_search() {
    let family = Family::of_occurrences(1_000);
    for steps in [0, 300] {
        let schedule = schedule(family, steps);
        assert!(900 < schedule.placed.len(), "{} are placed", schedule.placed.len());
        assert_eq!(family.faults(&schedule), Vec::<String>::new(), "after {steps} schedules");
    }
}

#[test]
fn ten_thousand_occurrences_keep_every_rule() {
    let family = Family::of_occurrences(10_000);
    let schedule = schedule(family, 0);
    assert!(9_000 < schedule.placed.len(), "{} are placed", schedule.placed.len());
    assert_eq!(family.faults(&schedule), Vec::<String>::new());
}

#[test]
fn the_checker_sees_what_is_wrong() {
    let family = Family::of_occurrences(1_000);
    let sound = schedule(family, 0);
    let n =
        sound.placed.iter().position(|placed| placed.occurrence.id.0.contains('@')).expect("one by calendar");
    let spoiled = |spoil: Spoil| {
        let mut schedule = sound.clone();
        spoil(&mut schedule, n);
        family.faults(&schedule).join("\n")
    };
    let cases: [(Spoil, &str); 4] = [
        (|it, n| drop(it.placed.remove(n)), "None times"),
        (|it, n| it.placed[n].end += chrono::TimeDelta::minutes(1), "has another length"),
        (|it, n| it.placed.push(it.placed[n].clone()), " of h"),
        (
            |it, n| {
                let half_a_day = chrono::TimeDelta::hours(10);
                it.placed[n].start += half_a_day;
                it.placed[n].end += half_a_day;
            },
            "is not within its window",
        ),
    ];
    for (spoil, expected) in cases {
        let faults = spoiled(spoil);
        assert!(faults.contains(expected), "`{expected}` is not in:\n{faults}");
    }
}
