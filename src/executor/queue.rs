//! The ready queue: which piece of work comes next, as a plain value without threads.
//!
//! 1. A piece is ready when all that it comes after are over, each piece comes once, and the more urgent one first.
//! 2. A piece has everything that it needs of what they share, or nothing of it: no circle of pieces that wait for each
//!    other can come about.
//! 3. What is given back wakes as many as it has room for, so that work is linear in what there is to do.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use chrono::{DateTime, Utc};

use crate::model::{ClaimMode, Holds, IMPLICIT_TARGET};
use crate::state::Limits;

/// What comes first: the higher priority, the earlier due time, the earlier place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    urgency: Reverse<u8>,
    due: DateTime<Utc>,
    place: usize,
}

/// So much of one thing.
#[derive(Debug, Clone, Copy)]
struct Need {
    thing: usize,
    amount: u32,
}

#[derive(Debug)]
struct Node {
    rank: Rank,
    needs: Vec<Need>,
    followers: Vec<usize>,
    n_before: usize,
    /// One that it comes after and that did not succeed.
    before_failed: Option<usize>,
    /// The thing that it waited for when it was woken.
    woken_by: Option<usize>,
}

/// One thing that pieces share.
#[derive(Debug)]
struct Thing {
    capacity: u32,
    taken: u32,
    waiting: BinaryHeap<Reverse<Rank>>,
}

/// What the queue has to know of one piece.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its task.
    pub task: &'a str,
    /// Its targets.
    pub targets: &'a [String],
    /// What it holds beside them.
    pub holds: Holds,
    /// How much there is of that.
    pub limits: Limits,
    /// The places of those that it comes after.
    pub after: &'a [usize],
    /// The higher the earlier.
    pub priority: u8,
    /// When it is due.
    pub due: Option<DateTime<Utc>>,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Start the piece at this place; it has what it needs.
    Start(usize),
    /// The first piece is not to be started, because the second one did not succeed.
    Blocked(usize, usize),
    /// Wait until something is over.
    Wait,
    /// Nothing is left.
    Over,
}

/// The queue.
#[derive(Debug)]
pub struct Queue {
    nodes: Vec<Node>,
    things: Vec<Thing>,
    ready: BinaryHeap<Reverse<Rank>>,
    in_work: BTreeSet<usize>,
    /// Pieces that wait for what another process holds.
    elsewhere: BTreeSet<usize>,
}

impl Queue {
    /// A queue of these pieces.
    pub fn new(entries: &[Entry]) -> Self {
        let mut names: HashMap<String, usize> = HashMap::new();
        let mut queue = Self {
            nodes: Vec::new(),
            things: Vec::new(),
            ready: BinaryHeap::new(),
            in_work: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
        };
        for (place, entry) in entries.iter().enumerate() {
            let due = entry.due.unwrap_or(DateTime::<Utc>::MAX_UTC);
            let rank = Rank { urgency: Reverse(entry.priority), due, place };
            let needs = needs_of(entry, |name, capacity| {
                *names.entry(name).or_insert_with(|| {
                    queue.things.push(Thing { capacity, taken: 0, waiting: BinaryHeap::new() });
                    queue.things.len() - 1
                })
            });
            queue.nodes.push(Node {
                rank,
                needs,
                followers: Vec::new(),
                n_before: entry.after.len(),
                before_failed: None,
                woken_by: None,
            });
        }
        for (place, entry) in entries.iter().enumerate() {
            for before in entry.after {
                queue.nodes[*before].followers.push(place);
            }
            if entry.after.is_empty() {
                queue.ready.push(Reverse(queue.nodes[place].rank));
            }
        }
        queue
    }

    /// Takes the next piece.
    pub fn hand_out(&mut self) -> Next {
        while let Some(Reverse(rank)) = self.ready.pop() {
            let place = rank.place;
            if let Some(before) = self.nodes[place].before_failed {
                return Next::Blocked(place, before);
            }
            let woken_by = self.nodes[place].woken_by.take();
            let missing = self.take(place);
            if let Some(thing) = missing {
                self.things[thing].waiting.push(Reverse(rank));
            }
            // There may be room for another one that waited for the same.
            if let Some(thing) = woken_by.filter(|thing| missing != Some(*thing)) {
                self.wake(thing);
            }
            if missing.is_none() {
                self.in_work.insert(place);
                return Next::Start(place);
            }
        }
        if self.in_work.is_empty() && self.elsewhere.is_empty() { Next::Over } else { Next::Wait }
    }

    /// The piece at `place` is over, or will never begin.
    pub fn settle(&mut self, place: usize, has_succeeded: bool) {
        self.give_back(place);
        self.elsewhere.remove(&place);
        for follower in std::mem::take(&mut self.nodes[place].followers) {
            let node = &mut self.nodes[follower];
            node.n_before -= 1;
            if !has_succeeded {
                node.before_failed.get_or_insert(place);
            }
            if node.n_before == 0 {
                self.ready.push(Reverse(node.rank));
            }
        }
    }

    /// The piece at `place` could not be started, because another process holds what it needs: it waits for that.
    pub fn park(&mut self, place: usize) {
        self.give_back(place);
        self.elsewhere.insert(place);
    }

    /// The piece at `place` need not wait for another process any more.
    pub fn recall(&mut self, place: usize) {
        if self.elsewhere.remove(&place) {
            self.ready.push(Reverse(self.nodes[place].rank));
        }
    }

    /// Pieces that wait for what another process holds.
    pub fn parked(&self) -> impl Iterator<Item = usize> {
        self.elsewhere.iter().copied()
    }

    /// Takes all that a piece needs, or nothing and says what is missing.
    fn take(&mut self, place: usize) -> Option<usize> {
        let needs = &self.nodes[place].needs;
        let has_room = |need: &&Need| {
            let thing = &self.things[need.thing];
            need.amount <= thing.capacity.saturating_sub(thing.taken)
        };
        if let Some(missing) = needs.iter().find(|need| !has_room(need)) {
            return Some(missing.thing);
        }
        for need in needs {
            self.things[need.thing].taken += need.amount;
        }
        None
    }

    fn give_back(&mut self, place: usize) {
        if !self.in_work.remove(&place) {
            return;
        }
        for n in 0..self.nodes[place].needs.len() {
            let need = self.nodes[place].needs[n];
            self.things[need.thing].taken -= need.amount;
            self.wake(need.thing);
        }
    }

    /// The first that waits for `thing` tries again.
    fn wake(&mut self, thing: usize) {
        if let Some(Reverse(rank)) = self.things[thing].waiting.pop() {
            self.nodes[rank.place].woken_by = Some(thing);
            self.ready.push(Reverse(rank));
        }
    }
}

/// What a piece needs, each thing by the number that `thing` gives for its name and capacity.
fn needs_of(entry: &Entry, mut thing: impl FnMut(String, u32) -> usize) -> Vec<Need> {
    let mut needs = vec![Need { thing: thing(format!("task:{}", entry.task), 1), amount: 1 }];
    let mut add = |name: String, capacity: u32, amount: u32| {
        // What can never be had is refused by the state, with its reason.
        if amount <= capacity {
            needs.push(Need { thing: thing(name, capacity), amount });
        }
    };
    for target in entry.targets.iter().filter(|target| *target != IMPLICIT_TARGET) {
        add(format!("target:{target}"), 1, 1);
    }
    for (claim, mode) in &entry.holds.claims {
        add(format!("claim:{claim}"), u32::MAX, if *mode == ClaimMode::Shared { 1 } else { u32::MAX });
    }
    for (name, amount) in &entry.holds.resources {
        add(
            format!("resource:{name}"),
            entry.limits.resources.get(name).copied().unwrap_or(u32::MAX),
            *amount,
        );
    }
    for (name, amount) in &entry.holds.groups {
        let max_down = entry.limits.groups.get(name).map_or(u32::MAX, |limit| limit.max_down);
        add(format!("group:{name}"), max_down, *amount);
    }
    needs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A piece for the tests: its targets, what it takes of the crew of 2, what it comes after, its priority.
    struct Of(&'static [&'static str], u32, &'static [usize], u8);

    fn queue(pieces: &[Of]) -> Queue {
        let names: Vec<_> = (0..pieces.len()).map(|n| format!("task-{n}")).collect();
        let targets: Vec<Vec<String>> =
            pieces.iter().map(|of| of.0.iter().map(|target| (*target).to_owned()).collect()).collect();
        let entries = pieces.iter().enumerate().map(|(n, of)| Entry {
            task: &names[n],
            targets: &targets[n],
            holds: Holds { resources: BTreeMap::from([("crew".to_owned(), of.1)]), ..Holds::default() },
            limits: Limits { resources: BTreeMap::from([("crew".to_owned(), 2)]), ..Limits::default() },
            after: of.2,
            priority: of.3,
            due: None,
        });
        Queue::new(&entries.collect::<Vec<_>>())
    }

    #[test]
    fn the_more_urgent_comes_first_and_else_the_order() {
        let mut queue = queue(&[Of(&[], 0, &[], 50), Of(&[], 0, &[], 90), Of(&[], 0, &[], 50)]);
        let order: Vec<_> = (0..3).map(|_| queue.hand_out()).collect();
        assert_eq!(order, [Next::Start(1), Next::Start(0), Next::Start(2)]);
        assert_eq!(queue.hand_out(), Next::Wait);
        (0..3).for_each(|place| queue.settle(place, true));
        assert_eq!(queue.hand_out(), Next::Over);
    }

    #[test]
    fn case_45_a_diamond_has_its_shared_node_once_and_starts_each_as_soon_as_it_can() {
        let mut queue = queue(&[
            Of(&[], 0, &[], 50),
            Of(&[], 0, &[0], 50),
            Of(&[], 0, &[0], 50),
            Of(&[], 0, &[1, 2], 50),
            Of(&[], 0, &[1], 50),
        ]);
        assert_eq!((queue.hand_out(), queue.hand_out()), (Next::Start(0), Next::Wait));
        queue.settle(0, true);
        assert_eq!(
            (queue.hand_out(), queue.hand_out(), queue.hand_out()),
            (Next::Start(1), Next::Start(2), Next::Wait)
        );
        queue.settle(1, true);
        assert_eq!(queue.hand_out(), Next::Start(4), "it need not wait for 2");
        queue.settle(2, true);
        assert_eq!(queue.hand_out(), Next::Start(3));
    }

    #[test]
    fn what_comes_after_a_failure_is_not_started_nor_is_what_comes_after_that() {
        let mut queue = queue(&[Of(&[], 0, &[], 50), Of(&[], 0, &[0], 50), Of(&[], 0, &[1], 50)]);
        assert_eq!(queue.hand_out(), Next::Start(0));
        queue.settle(0, false);
        assert_eq!(queue.hand_out(), Next::Blocked(1, 0));
        queue.settle(1, false);
        assert_eq!(queue.hand_out(), Next::Blocked(2, 1));
        queue.settle(2, false);
        assert_eq!(queue.hand_out(), Next::Over);
    }

    #[test]
    fn what_is_taken_is_waited_for_and_what_is_given_back_wakes_all_that_fit() {
        let mut queue = queue(&[
            Of(&["a"], 2, &[], 90),
            Of(&["b"], 1, &[], 50),
            Of(&["c"], 1, &[], 50),
            Of(&["c"], 1, &[], 40),
        ]);
        assert_eq!((queue.hand_out(), queue.hand_out()), (Next::Start(0), Next::Wait));
        queue.settle(0, true);
        assert_eq!(
            (queue.hand_out(), queue.hand_out(), queue.hand_out()),
            (Next::Start(1), Next::Start(2), Next::Wait)
        );
        queue.settle(1, true);
        assert_eq!(queue.hand_out(), Next::Wait, "the target is in work");
        queue.settle(2, true);
        assert_eq!(queue.hand_out(), Next::Start(3));
    }

    #[test]
    fn what_waits_for_another_process_holds_nothing_meanwhile() {
        let mut queue = queue(&[Of(&["a"], 2, &[], 90), Of(&["b"], 2, &[], 50)]);
        assert_eq!(queue.hand_out(), Next::Start(0));
        queue.park(0);
        assert_eq!(queue.hand_out(), Next::Start(1));
        queue.recall(0);
        assert_eq!(queue.hand_out(), Next::Wait);
        queue.settle(1, true);
        assert_eq!(queue.hand_out(), Next::Start(0));
    }

    proptest::proptest! {
        /// Whatever the pieces need: nothing is used beyond what there is, and every piece is started once.
        #[test]
        fn every_piece_comes_once_and_nothing_is_overdrawn(
            pieces in proptest::collection::vec((0_usize..4, 0_u32..=2, 0_usize..100, 0_u8..100), 1..40),
            ends in proptest::collection::vec(0_usize..100, 400),
        ) {
            const TARGETS: [&[&str]; 4] = [&[], &["a"], &["b"], &["a", "b"]];
            let after: Vec<Vec<usize>> = pieces
                .iter()
                .enumerate()
                .map(|(n, piece)| if n > 0 && piece.2 % 3 == 0 { vec![piece.2 % n] } else { Vec::new() })
                .collect();
            let names: Vec<_> = (0..pieces.len()).map(|n| format!("task-{n}")).collect();
            let targets: Vec<Vec<String>> =
                pieces.iter().map(|piece| TARGETS[piece.0].iter().map(|t| (*t).to_owned()).collect()).collect();
            let entries: Vec<_> = pieces.iter().enumerate().map(|(n, piece)| Entry {
                task: &names[n],
                targets: &targets[n],
                holds: Holds { resources: BTreeMap::from([("crew".to_owned(), piece.1)]), ..Holds::default() },
                limits: Limits { resources: BTreeMap::from([("crew".to_owned(), 2)]), ..Limits::default() },
                after: &after[n],
                priority: piece.3,
                due: None,
            }).collect();
            let mut queue = Queue::new(&entries);
            let (mut in_work, mut over) = (Vec::new(), BTreeSet::new());
            let mut ends = ends.into_iter();
            loop {
                match queue.hand_out() {
                    Next::Start(place) => {
                        assert!(after[place].iter().all(|before| over.contains(before)), "{place} is too early");
                        in_work.push(place);
                        let crew: u32 = in_work.iter().map(|place: &usize| pieces[*place].1).sum();
                        assert!(crew <= 2, "{in_work:?}");
                        let mut used: Vec<_> = in_work.iter().flat_map(|place| TARGETS[pieces[*place].0]).collect();
                        let n_used = used.len();
                        used.sort_unstable();
                        used.dedup();
                        assert_eq!(used.len(), n_used, "{in_work:?}");
                    }
                    Next::Wait => {
                        let place = in_work.swap_remove(ends.next().unwrap_or(0) % in_work.len());
                        assert!(over.insert(place), "{place} twice");
                        queue.settle(place, true);
                    }
                    Next::Over => break,
                    Next::Blocked(..) => panic!("nothing failed"),
                }
            }
            assert_eq!(over.len(), pieces.len());
        }
    }

    #[test]
    fn ten_thousand_that_take_turns_at_one_thing_are_done_in_no_more_steps_than_there_are() {
        const N: usize = 10_000;
        let pieces: Vec<_> = (0..N).map(|_| Of(&["a"], 1, &[], 50)).collect();
        let mut queue = queue(&pieces);
        for n in 0..N {
            assert_eq!(queue.hand_out(), Next::Start(n));
            queue.settle(n, true);
        }
        assert_eq!(queue.hand_out(), Next::Over);
    }
}
