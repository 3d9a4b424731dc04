//! When to look for a proof, and how hard.

use super::Effort;
use super::exact::{Outcome, Question};
use super::genetic::Genetic;
use super::model::{Cost, Model};
use super::profile::Profile;
use super::quiet::without_panic;

/// With so many jobs the search gets as many steps as the proof, with twice as many it gets eight times as
/// many: with more jobs there is more to find, and less to prove.
const JOBS_OF_EQUAL_SHARES: u64 = 64;

/// What the first question may cost, in decisions; each one that stays open makes the next one cost more.
const DECISIONS: u64 = 500;

/// By how much more.
const GROWTH: u64 = 3;

/// A decision takes about as long as so many schedules; this was measured with 30, 60 and 120 jobs.
const STEPS: u64 = 8;

/// Asks, from time to time, whether what was found can be better.
pub struct Prover<'m, 'p> {
    model: &'m Model<'p>,
    question: Option<Question<'m, 'p>>,
    n_decisions: u64,
    n_jobs: u64,
    next: u64,
}

impl<'m, 'p> Prover<'m, 'p> {
    /// A prover that has not asked yet.
    pub fn new(model: &'m Model<'p>) -> Self {
        let n_jobs = model.jobs.len() as u64;
        Self { model, question: None, n_decisions: DECISIONS, n_jobs, next: n_jobs.pow(2) / 3 }
    }

    /// Whether to ask now. Only the makespan can be proved: what comes before it has to be as good as its
    /// bound.
    pub fn is_due(&self, best: &Cost, bound: &Cost, steps: u64) -> bool {
        let before = |cost: &Cost| (cost.unplaced, cost.tardiness, cost.moved, cost.left_out);
        self.next <= steps && before(best) == before(bound)
    }

    /// Asks; learns from the answer, or raises the bound. Says how many steps that took.
    pub fn ask<P: Profile>(
        &mut self,
        genetic: &mut Genetic<P>,
        bound: &mut Cost,
        effort: &mut Effort,
        steps: u64,
    ) -> u64 {
        let makespan = genetic.best.cost.makespan;
        if self.question.is_none() {
            self.question = Question::about(self.model, makespan);
        }
        let Some(question) = &mut self.question else {
            self.next = u64::MAX;
            return 0;
        };
        let n_decisions = effort.at_most(self.n_decisions * STEPS, steps).div_ceil(STEPS);
        let ask = || question.ask(makespan, n_decisions, &mut || effort.is_over());
        // Its assertions are about its own bookkeeping: what was found without it is no worse for that.
        let Some((outcome, n_decided)) = without_panic(ask) else {
            self.question = None;
            self.next = u64::MAX;
            return n_decisions * STEPS;
        };
        let spent = n_decided * STEPS;
        match outcome {
            Outcome::Refuted => bound.makespan = makespan,
            Outcome::Found(starts) => return spent + genetic.learn(&starts),
            Outcome::Unknown => {
                self.n_decisions *= GROWTH;
                let share = spent.saturating_mul(self.n_jobs.saturating_pow(3)) / JOBS_OF_EQUAL_SHARES.pow(3);
                self.next = steps + spent + share;
            }
        }
        spent
    }
}
