//! What the constraint solver decides next where no conflict has told it what matters.

use pumpkin_core::branching::{Brancher, BrancherEvent, SelectionContext};
use pumpkin_core::predicate;
use pumpkin_core::predicates::Predicate;
use pumpkin_core::variables::DomainId;

/// What can start first starts then, as in serial schedule generation; of equals, what cannot wait.
#[derive(Debug)]
pub struct EarliestFirst {
    starts: Vec<DomainId>,
}

impl EarliestFirst {
    /// Decides about `starts`.
    pub fn of(starts: Vec<DomainId>) -> Self {
        Self { starts }
    }
}

impl Brancher for EarliestFirst {
    fn next_decision(&mut self, context: &mut SelectionContext) -> Option<Predicate> {
        let open = self.starts.iter().filter(|start| !context.is_integer_fixed(**start));
        let bounds = |start: &&DomainId| (context.lower_bound(**start), context.upper_bound(**start));
        let start = *open.min_by_key(bounds)?;
        let first = context.lower_bound(start);
        Some(predicate![start <= first])
    }

    fn subscribe_to_events(&self) -> Vec<BrancherEvent> {
        Vec::new()
    }
}
