//! A resource in the words of the constraint solver: at no instant is more in use than there is.
//!
//! It finds what the solver's own `cumulative` finds and learns from it what that does. It is here because
//! it is faster: it reads each bound once, compares a job only with what may be in its way, and gives its
//! reasons when they are asked for, which most never are.
//!
//! Source: time-tables, explained at single instants: Schutt, Feydy, Stuckey, Wallace, "Explaining the
//! cumulative propagator" (2011).

use std::sync::Arc;

use pumpkin_core::predicate;
use pumpkin_core::predicates::{Predicate, PropositionalConjunction};
use pumpkin_core::proof::{ConstraintTag, InferenceCode, InferenceLabel};
use pumpkin_core::propagation::{
    DomainEvents, EventsToRegister, ExplanationContext, LazyExplanation, LocalId, Priority,
    PropagationContext, Propagator, PropagatorConstructor, PropagatorConstructorContext, PropagatorSpec,
    ReadDomains, RuntimeCheckers,
};
use pumpkin_core::state::{PropagationStatusCP, propagator_conflict};
use pumpkin_core::variables::DomainId;

/// What the reasons in here are called in a proof.
struct AtAnInstant;

impl InferenceLabel for AtAnInstant {
    fn to_str(&self) -> Arc<str> {
        Arc::from("at_an_instant")
    }
}

/// What holds some of the resource.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    pub start: DomainId,
    pub length: i32,
    pub amount: i32,
}

/// A resource and all that needs it.
#[derive(Debug)]
pub struct Resource {
    pub tasks: Vec<Task>,
    pub capacity: i32,
    pub tag: ConstraintTag,
}

impl PropagatorConstructor for Resource {
    type PropagatorImpl = TimeTable;

    fn create(mut self, _: PropagatorConstructorContext) -> PropagatorSpec<TimeTable> {
        // Few that need much make a shorter reason than many that need little.
        self.tasks.sort_by_key(|task| -task.amount);
        let mut registration = EventsToRegister::builder();
        for (id, task) in (0..).zip(&self.tasks) {
            registration = registration.add(&task.start, DomainEvents::BOUNDS, LocalId::from(id));
        }
        let propagator = TimeTable {
            bounds: Vec::with_capacity(self.tasks.len()),
            tasks: self.tasks,
            capacity: self.capacity,
            changes: Vec::new(),
            parts: Vec::new(),
            reason: Vec::new(),
            code: InferenceCode::new(self.tag, AtAnInstant),
        };
        PropagatorSpec { registration: registration.build(), checkers: RuntimeCheckers::empty(), propagator }
    }
}

/// From when to when so much is in use for certain.
#[derive(Debug, Clone, Copy)]
struct Part {
    start: i32,
    end: i32,
    used: i32,
}

/// What is in use for certain keeps other things from being there too.
#[derive(Debug, Clone)]
pub struct TimeTable {
    /// What needs most comes first.
    tasks: Vec<Task>,
    capacity: i32,
    /// The first and the last start of each task when the table was made.
    bounds: Vec<(i32, i32)>,
    changes: Vec<(i32, i32)>,
    /// The table: what is in use for certain, in order of time.
    parts: Vec<Part>,
    reason: Vec<Predicate>,
    code: InferenceCode,
}

/// That a task starts so much later, or sooner, because it would run at an instant at which there is no room.
#[derive(Debug, Clone, Copy)]
struct Push {
    task: usize,
    instant: i32,
    is_later: bool,
}

impl From<Push> for u64 {
    fn from(push: Push) -> u64 {
        let instant = u64::from(push.instant.cast_unsigned());
        (push.task as u64) << 33 | instant << 1 | u64::from(push.is_later)
    }
}

impl From<u64> for Push {
    fn from(code: u64) -> Push {
        let instant = u32::try_from(code >> 1 & u64::from(u32::MAX)).unwrap_or(u32::MAX).cast_signed();
        Push { task: usize::try_from(code >> 33).unwrap_or(usize::MAX), instant, is_later: code & 1 == 1 }
    }
}

impl TimeTable {
    /// Makes the table, and says how much is in use where most is.
    fn tabulate(&mut self, context: &PropagationContext) -> Part {
        self.bounds.clear();
        self.changes.clear();
        for task in &self.tasks {
            let (first, last) = (context.lower_bound(&task.start), context.upper_bound(&task.start));
            self.bounds.push((first, last));
            if last < first + task.length {
                self.changes.extend([(last, task.amount), (first + task.length, -task.amount)]);
            }
        }
        self.changes.sort_unstable();
        self.parts.clear();
        let mut most = Part { start: 0, end: 0, used: 0 };
        let mut used = 0;
        for pair in self.changes.windows(2) {
            used += pair[0].1;
            let part = Part { start: pair[0].0, end: pair[1].0, used };
            if part.start < part.end && part.used != 0 {
                self.parts.push(part);
                if most.used < part.used {
                    most = part;
                }
            }
        }
        most
    }

    /// Whether what `task` itself holds for certain is counted in `part`.
    fn is_in(&self, task: usize, part: Part) -> bool {
        let (first, last) = self.bounds[task];
        last <= part.start && part.end <= first + self.tasks[task].length
    }

    /// `task` starts after what leaves no room for it at its first start.
    fn push_later(&self, context: &mut PropagationContext, n: usize) -> PropagationStatusCP {
        let Task { start, length, amount } = self.tasks[n];
        let mut first = self.bounds[n].0;
        let from = self.parts.partition_point(|part| part.end <= first);
        for part in &self.parts[from..] {
            if first + length <= part.start {
                break;
            }
            if part.used + amount <= self.capacity || self.is_in(n, *part) {
                continue;
            }
            while first < part.end {
                let instant = part.end.min(first + length) - 1;
                let push = Push { task: n, instant, is_later: true };
                context.post(predicate![start >= instant + 1], u64::from(push))?;
                first = context.lower_bound(&start);
            }
        }
        Ok(())
    }

    /// `task` ends before what leaves no room for it at its last start.
    fn push_sooner(&self, context: &mut PropagationContext, n: usize) -> PropagationStatusCP {
        let Task { start, length, amount } = self.tasks[n];
        let mut last = self.bounds[n].1;
        let until = self.parts.partition_point(|part| part.start < last + length);
        for part in self.parts[..until].iter().rev() {
            if part.end <= last {
                break;
            }
            if part.used + amount <= self.capacity || self.is_in(n, *part) {
                continue;
            }
            while part.start < last + length {
                let instant = part.start.max(last);
                let push = Push { task: n, instant, is_later: false };
                context.post(predicate![start <= instant - length], u64::from(push))?;
                last = context.upper_bound(&start);
            }
        }
        Ok(())
    }

    /// Adds to the reason that more than `limit` is in use at `instant`, without `except`. `bounds` are those
    /// of what starts when.
    fn explain(
        &mut self,
        instant: i32,
        limit: i32,
        except: Option<usize>,
        bounds: impl Fn(&DomainId) -> (i32, i32),
    ) {
        let mut used = 0;
        for (n, Task { start, length, amount }) in self.tasks.iter().enumerate() {
            if except == Some(n) {
                continue;
            }
            let (first, last) = bounds(start);
            if last <= instant && instant < first + length {
                self.reason.push(predicate![start >= instant - length + 1]);
                self.reason.push(predicate![start <= instant]);
                used += amount;
                if limit < used {
                    break;
                }
            }
        }
    }
}

impl Propagator for TimeTable {
    fn name(&self) -> &'static str {
        "TimeTable"
    }

    fn priority(&self) -> Priority {
        Priority::VeryLow
    }

    fn propagate_from_scratch(&self, context: PropagationContext) -> PropagationStatusCP {
        self.clone().propagate(context)
    }

    fn propagate(&mut self, mut context: PropagationContext) -> PropagationStatusCP {
        let most = self.tabulate(&context);
        if self.capacity < most.used {
            let instant = most.start + (most.end - most.start) / 2;
            self.reason.clear();
            let bounds = |start: &DomainId| (context.lower_bound(start), context.upper_bound(start));
            self.explain(instant, self.capacity, None, bounds);
            return propagator_conflict(PropositionalConjunction::new(self.reason.clone()), &self.code);
        }
        for n in 0..self.tasks.len() {
            if most.used + self.tasks[n].amount <= self.capacity {
                // All others need no more.
                break;
            }
            if self.bounds[n].0 != self.bounds[n].1 {
                self.push_later(&mut context, n)?;
                self.push_sooner(&mut context, n)?;
            }
        }
        Ok(())
    }

    fn lazy_explanation(&mut self, code: u64, context: ExplanationContext) -> LazyExplanation<'_> {
        let Push { task: n, instant, is_later } = Push::from(code);
        let Task { start, length, amount } = self.tasks[n];
        let own =
            if is_later { predicate![start >= instant - length + 1] } else { predicate![start <= instant] };
        self.reason.clear();
        self.reason.push(own);
        let position = context.get_trail_position();
        let bounds = |start: &DomainId| {
            let first = context.lower_bound_at_trail_position(start, position);
            (first, context.upper_bound_at_trail_position(start, position))
        };
        self.explain(instant, self.capacity - amount, Some(n), bounds);
        LazyExplanation { predicates: &self.reason, inference_code: self.code.clone() }
    }
}

#[cfg(test)]
mod tests {
    use pumpkin_conflict_resolvers::resolvers::ResolutionResolver;
    use pumpkin_core::Solver;
    use pumpkin_core::results::{ProblemSolution as _, SatisfactionResult};
    use pumpkin_core::termination::Indefinite;

    use super::*;
    use crate::scheduler::solver::branching::EarliestFirst;
    use crate::scheduler::solver::random::Random;

    const CAPACITY: i32 = 4;
    const LAST: i32 = 4;

    fn below(random: &mut Random, n: usize) -> i32 {
        i32::try_from(random.below(n)).unwrap_or(0)
    }

    fn fits(needs: &[(i32, i32)], starts: &[i32]) -> bool {
        let used = |time: i32| -> i32 {
            let running = needs.iter().zip(starts);
            running
                .filter(|((length, _), start)| (**start..**start + length).contains(&time))
                .map(|(need, _)| need.1)
                .sum()
        };
        (0..3 * LAST).all(|time| used(time) <= CAPACITY)
    }

    /// Whether any starts fit, tried one after the other.
    fn can_fit(needs: &[(i32, i32)], starts: &mut Vec<i32>) -> bool {
        if starts.len() == needs.len() {
            return fits(needs, starts);
        }
        (0..=LAST).any(|start| {
            starts.push(start);
            let is_found = can_fit(needs, starts);
            starts.pop();
            is_found
        })
    }

    #[test]
    fn there_is_a_schedule_where_one_is_found_by_trying_all() {
        let mut n_refuted = 0;
        for seed in 0..60 {
            let mut random = Random::new(seed);
            let needs: Vec<(i32, i32)> =
                (0..5).map(|_| (1 + below(&mut random, 5), 1 + below(&mut random, 4))).collect();
            let mut solver = Solver::default();
            let starts: Vec<DomainId> = needs.iter().map(|_| solver.new_bounded_integer(0, LAST)).collect();
            let task = |(start, (length, amount)): (&DomainId, &(i32, i32))| Task {
                start: *start,
                length: *length,
                amount: *amount,
            };
            let tasks = starts.iter().zip(&needs).map(task).collect();
            let tag = solver.new_constraint_tag();
            solver.add_propagator(Resource { tasks, capacity: CAPACITY, tag });
            let mut brancher = EarliestFirst::of(starts.clone());
            let mut resolver = ResolutionResolver::default();
            let found = match solver.satisfy(&mut brancher, &mut Indefinite, &mut resolver) {
                SatisfactionResult::Satisfiable(found) => {
                    let solution = found.solution();
                    Some(starts.iter().map(|start| solution.get_integer_value(*start)).collect::<Vec<_>>())
                }
                _ => None,
            };
            assert_eq!(found.is_some(), can_fit(&needs, &mut Vec::new()), "seed {seed}: {needs:?}");
            assert!(found.is_none_or(|starts| fits(&needs, &starts)), "seed {seed}: {needs:?}");
            n_refuted += u32::from(!can_fit(&needs, &mut Vec::new()));
        }
        assert!((10..50).contains(&n_refuted), "{n_refuted} of 60 were refuted: all or none proves little");
    }

    #[test]
    fn a_push_is_itself_after_it_was_a_number() {
        for (instant, is_later) in [(0, true), (-7, false), (i32::MAX, true), (i32::MIN, false)] {
            let push = Push::from(u64::from(Push { task: 299, instant, is_later }));
            assert_eq!((push.task, push.instant, push.is_later), (299, instant, is_later));
        }
    }
}
