//! The proof that nothing is better, or something better: lazy clause generation.
//!
//! Whether a shorter makespan is possible is one question to a constraint solver, which either finds a
//! schedule, refutes it, or runs out of what it may spend. Sources: Schutt, Feydy, Stuckey, Wallace, "Why
//! cumulative decomposition is not as bad as it sounds" (2009); what was in conflict is decided first, and the
//! search often begins anew: Moskewicz, Madigan, Zhao, Zhang, Malik, "Chaff" (2001).

use pumpkin_conflict_resolvers::resolvers::ResolutionResolver;
use pumpkin_core::Solver;
use pumpkin_core::branching::branchers::autonomous_search::AutonomousSearch;
use pumpkin_core::options::{LearningOptions, RestartOptions, SequenceGeneratorType, SolverOptions};
use pumpkin_core::results::{ProblemSolution as _, SatisfactionResult};
use pumpkin_core::termination::Indefinite;
use pumpkin_core::variables::DomainId;

use super::branching::EarliestFirst;
use super::model::{Model, UNPLACED};
use super::pausing::Pausing;
use super::problem::Time;
use super::statement::Statement;

/// What came of the question.
#[derive(Debug)]
pub enum Outcome {
    /// There is no such schedule.
    Refuted,
    /// These starts are one.
    Found(Vec<Time>),
    /// It is not known.
    Unknown,
}

/// The question whether everything that can be placed is placed, as punctually as can be, with no more moved
/// than must be, and a shorter makespan. What was learned from one answer is there for the next one.
pub struct Question<'m, 'p> {
    statement: Statement<'m, 'p>,
    solver: Solver,
    /// None if there is a job that has none.
    starts: Option<Vec<Option<DomainId>>>,
    brancher: AutonomousSearch<EarliestFirst>,
}

impl<'m, 'p> Question<'m, 'p> {
    /// The question about `model`, for makespans of less than `makespan`, unless it is too large to ask.
    pub fn about(model: &'m Model<'p>, makespan: Time) -> Option<Self> {
        let statement = Statement::about(model, makespan)?;
        let mut solver = Solver::with_options(options());
        let starts = statement.pose(&mut solver, makespan - 1);
        let variables: Vec<DomainId> = starts.iter().flatten().flatten().copied().collect();
        let brancher = AutonomousSearch::new(EarliestFirst::of(variables));
        Some(Self { statement, solver, starts, brancher })
    }

    /// Asks for a makespan of less than `makespan`, and never again for a longer one. `n_decisions` is what
    /// may be spent; what was spent comes back with the answer.
    pub fn ask(
        &mut self,
        makespan: Time,
        n_decisions: u64,
        is_over: &mut dyn FnMut() -> bool,
    ) -> (Outcome, u64) {
        let Some(starts) = &self.starts else { return (Outcome::Refuted, 1) };
        if !self.solver.is_inconsistent() {
            self.statement.limit(&mut self.solver, starts, makespan - 1);
        }
        if self.solver.is_inconsistent() {
            return (Outcome::Refuted, 1);
        }
        let mut brancher =
            Pausing { inner: &mut self.brancher, n_left: n_decisions, is_over, is_paused: false };
        let mut resolver = ResolutionResolver::default();
        let outcome = match self.solver.satisfy(&mut brancher, &mut Indefinite, &mut resolver) {
            SatisfactionResult::Unsatisfiable(..) => Outcome::Refuted,
            SatisfactionResult::Satisfiable(found) if !found.brancher().is_paused => {
                let solution = found.solution();
                let start = |start: &Option<DomainId>| {
                    let time = |start: DomainId| self.statement.time(solution.get_integer_value(start));
                    start.map_or(UNPLACED, time)
                };
                Outcome::Found(starts.iter().map(start).collect())
            }
            SatisfactionResult::Satisfiable(..) | SatisfactionResult::Unknown(..) => Outcome::Unknown,
        };
        (outcome, n_decisions - brancher.n_left)
    }
}

/// After so many conflicts the constraint solver begins anew, and keeps what it learned. What it decides first is
/// then what was in conflict most, not what seemed to matter at the time.
const CONFLICTS_BEFORE_RESTART: u64 = 250;

fn options() -> SolverOptions {
    let restart_options = RestartOptions {
        sequence_generator_type: SequenceGeneratorType::Constant,
        base_interval: CONFLICTS_BEFORE_RESTART,
        min_num_conflicts_before_first_restart: CONFLICTS_BEFORE_RESTART,
        // Neither what it learned last nor how near it seems to be makes it wait.
        lbd_coef: 0.0,
        num_assigned_coef: f64::INFINITY,
        ..RestartOptions::default()
    };
    // With more than this, looking through them takes most of the time.
    let learning_options = LearningOptions {
        max_num_high_lbd_nogoods: 4000,
        max_num_mid_lbd_nogoods: 2000,
        ..LearningOptions::default()
    };
    SolverOptions { memory_preallocated: 1, restart_options, learning_options, ..SolverOptions::default() }
}
