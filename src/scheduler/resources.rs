//! What tasks share, numbered for the solver.

use std::collections::HashMap;

use super::demands::demands;
use super::ground::Ground;
use super::solver::{Demand, ResourceId};

/// Everything that is shared, and what each task takes of it while it runs.
#[derive(Debug)]
pub struct Resources {
    /// As the reasons name them.
    pub names: Vec<String>,
    /// How much there is of each.
    pub capacities: Vec<u32>,
    /// By task, in the order of the ground.
    pub needs: Vec<Vec<Demand>>,
}

impl Resources {
    /// Collects what the tasks of `ground` take.
    pub fn of(ground: &Ground) -> Self {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut resources = Self { names: Vec::new(), capacities: Vec::new(), needs: Vec::new() };
        for task in &ground.tasks {
            let needs = demands(ground, task).into_iter().map(|demand| {
                let place = *places.entry(demand.name).or_insert_with_key(|name| {
                    resources.names.push(name.clone());
                    resources.capacities.push(demand.capacity);
                    resources.names.len() - 1
                });
                let hold = demand.hold.num_seconds();
                Demand { resource: ResourceId(place), amount: demand.amount, hold }
            });
            let needs = needs.collect();
            resources.needs.push(needs);
        }
        resources
    }
}
