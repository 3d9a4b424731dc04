//! The proof that nothing is better, or something better: lazy clause generation.
//!
//! Whether a shorter makespan is possible is one question to a constraint solver, which either finds a
//! schedule, refutes it, or runs out of what it may spend. Source: Schutt, Feydy, Stuckey, Wallace, "Why
//! cumulative decomposition is not as bad as it sounds" (2009).

use pumpkin_conflict_resolvers::resolvers::ResolutionResolver;
use pumpkin_core::Solver;
use pumpkin_core::branching::branchers::alternating::{
    AlternatingBrancher, every_x_restarts::EveryXRestarts,
};
use pumpkin_core::branching::branchers::independent_variable_value_brancher::IndependentVariableValueBrancher;
use pumpkin_core::branching::tie_breaking::InOrderTieBreaker;
use pumpkin_core::branching::value_selection::InDomainMin;
use pumpkin_core::branching::variable_selection::Smallest;
use pumpkin_core::options::SolverOptions;
use pumpkin_core::results::{ProblemSolution as _, SatisfactionResult};
use pumpkin_core::termination::Indefinite;
use pumpkin_core::variables::DomainId;

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

/// What is earliest comes first.
type EarliestFirst = IndependentVariableValueBrancher<
    DomainId,
    Smallest<DomainId, InOrderTieBreaker<DomainId, i32>>,
    InDomainMin,
>;

/// The question whether everything that can be placed is placed, as punctually as can be, with no more moved
/// than must be, and a shorter makespan. What was learned from one answer is there for the next one.
pub struct Question<'m, 'p> {
    statement: Statement<'m, 'p>,
    solver: Solver,
    /// None if there is a job that has none.
    starts: Option<Vec<Option<DomainId>>>,
    brancher: AlternatingBrancher<EarliestFirst, EveryXRestarts>,
}

impl<'m, 'p> Question<'m, 'p> {
    /// The question about `model`, for makespans of less than `makespan`, unless it is too large to ask.
    pub fn about(model: &'m Model<'p>, makespan: Time) -> Option<Self> {
        let statement = Statement::about(model, makespan)?;
        let options = SolverOptions { memory_preallocated: 1, ..SolverOptions::default() };
        let mut solver = Solver::with_options(options);
        let starts = statement.pose(&mut solver, makespan - 1);
        let variables: Vec<DomainId> = starts.iter().flatten().flatten().copied().collect();
        let earliest_first = IndependentVariableValueBrancher::new(Smallest::new(&variables), InDomainMin);
        let brancher = AlternatingBrancher::new(&solver, earliest_first, EveryXRestarts::new(1));
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
