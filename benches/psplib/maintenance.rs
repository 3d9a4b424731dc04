//! Plan files in the shape of real maintenance, from their text to a schedule that is checked.

use std::time::Instant;

use mainstay::planfile::Text;
use mainstay::scheduler::solver::Effort;
use mainstay::scheduler::{self, History, Search};

#[path = "../../tests/it/family/mod.rs"]
mod family;

use family::Family;

/// Prints for each number of occurrences when the first schedule was there, how good it is and what memory it took.
pub fn measure(numbers: &[String]) {
    for number in numbers {
        let family = Family::of_occurrences(number.parse().expect("a number of occurrences"));
        let yaml = family.yaml();
        let begin = Instant::now();
        let plan = Text::new("maintenance.yaml", yaml.into_bytes()).read().into_plan().expect("a plan file");
        let read = begin.elapsed().as_secs_f64();
        let search = Search::new(1, Effort::Steps(0));
        let (from, until) = (Family::from(), Family::until());
        let computed = scheduler::compute_with(&plan, "", &History::default(), None, from, until, search);
        let schedule = computed.expect("a schedule").schedule;
        let seconds = begin.elapsed().as_secs_f64();
        let faults = family.faults(&schedule);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        println!(
            "{number} occurrences: read after {read:.3} s, a schedule after {seconds:.3} s, {} placed, {} unplaced, \
             at most {} MB; {:?}",
            schedule.placed.len(),
            schedule.unplaced.len(),
            most_memory() / 1024,
            schedule.objective
        );
    }
}

/// The most memory that this program had so far, in kilobytes.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
