//! A search of the constraint solver that can be interrupted, and goes on later.
//!
//! The solver is only ever interrupted where it would decide something. Its own way to stop may come between
//! a conflict and what follows from it; after that its propagators are no longer right.

use std::fmt;

use pumpkin_core::branching::{Brancher, BrancherEvent, SelectionContext};
use pumpkin_core::predicates::Predicate;
use pumpkin_core::results::SolutionReference;
use pumpkin_core::variables::DomainId;

/// After so many steps the caller is asked whether it is over.
const STEPS_BETWEEN: u64 = 32;

/// Decides as `inner` does until enough was spent.
pub struct Pausing<'p, B> {
    pub inner: &'p mut B,
    /// How many more decisions and conflicts there may be.
    pub n_left: u64,
    pub is_over: &'p mut dyn FnMut() -> bool,
    /// Whether the answer is none: it was interrupted.
    pub is_paused: bool,
}

impl<B> Pausing<'_, B> {
    fn spend(&mut self) {
        self.n_left = self.n_left.saturating_sub(1);
        let is_asked = self.n_left.is_multiple_of(STEPS_BETWEEN);
        self.is_paused |= self.n_left == 0 || is_asked && (self.is_over)();
    }
}

impl<B> fmt::Debug for Pausing<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pausing").field("n_left", &self.n_left).finish_non_exhaustive()
    }
}

impl<B: Brancher> Brancher for Pausing<'_, B> {
    fn next_decision(&mut self, context: &mut SelectionContext) -> Option<Predicate> {
        self.spend();
        if self.is_paused {
            // There is nothing left to decide: the solver believes to be done, and stops.
            return None;
        }
        self.inner.next_decision(context)
    }

    fn on_conflict(&mut self) {
        self.spend();
        self.inner.on_conflict();
    }

    fn on_backtrack(&mut self) {
        self.inner.on_backtrack();
    }

    fn on_solution(&mut self, solution: SolutionReference) {
        if !self.is_paused {
            self.inner.on_solution(solution);
        }
    }

    fn on_unassign_integer(&mut self, variable: DomainId, value: i32) {
        self.inner.on_unassign_integer(variable, value);
    }

    fn on_appearance_in_conflict_predicate(&mut self, predicate: Predicate) {
        self.inner.on_appearance_in_conflict_predicate(predicate);
    }

    fn on_restart(&mut self) {
        self.inner.on_restart();
    }

    fn synchronise(&mut self, context: &mut SelectionContext) {
        self.inner.synchronise(context);
    }

    fn is_restart_pointless(&mut self) -> bool {
        self.inner.is_restart_pointless()
    }

    fn subscribe_to_events(&self) -> Vec<BrancherEvent> {
        self.inner.subscribe_to_events()
    }
}
