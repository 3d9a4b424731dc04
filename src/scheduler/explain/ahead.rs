//! When what is free now is taken again, by the work that is planned.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::Asked;
use crate::model::Placed;
use crate::scheduler::demands::{Demand, demands};
use crate::scheduler::ground::TaskGround;

/// How much is taken from some instant until another one.
pub(super) struct Taken {
    pub amount: u32,
    pub until: DateTime<Utc>,
}

impl<'a> Asked<'a> {
    /// When so much of a demand is in use that the rest does not suffice, if `now` is what is in use of it and all goes
    /// as it is planned.
    pub(super) fn next_lack(&self, demand: &Demand, now: &[Taken]) -> Option<DateTime<Utc>> {
        let mut of_tasks: HashMap<&str, Option<Demand>> = HashMap::new();
        let mut steps: Vec<(DateTime<Utc>, i64)> =
            now.iter().map(|taken| (taken.until, -i64::from(taken.amount))).collect();
        for (task, placed) in self.ahead() {
            let takes = of_tasks.entry(task.name).or_insert_with(|| {
                demands(self.ground, task).into_iter().find(|other| other.name == demand.name)
            });
            if let Some(takes) = takes {
                let amount = i64::from(takes.amount);
                steps.extend([(placed.start, amount), (placed.end + takes.hold, -amount)]);
            }
        }
        // What ends at an instant makes room for what starts then: that is less before more.
        steps.sort_unstable();
        let spare = i64::from(demand.capacity) - i64::from(demand.amount);
        let mut used: i64 = now.iter().map(|taken| i64::from(taken.amount)).sum();
        steps.into_iter().find_map(|(at, change)| {
            used += change;
            (spare < used).then_some(at)
        })
    }

    /// The work of other tasks that is still to start at the time asked about, by start.
    pub(super) fn ahead(&self) -> impl Iterator<Item = (&'a TaskGround<'a>, &'a Placed)> {
        let ground = self.ground;
        let (own, at) = (self.task.name, self.question.at);
        self.question.schedule.placed.iter().filter(move |placed| at < placed.start).filter_map(
            move |placed| {
                let task = &ground.tasks[*ground.places.get(placed.occurrence.task.as_str())?];
                (task.name != own).then_some((task, placed))
            },
        )
    }
}
