//! The monitor pipeline from end to end.

use super::Manager;
use super::standing::{Known, StandingError, known};
use crate::executor::conditions::{self, Conditions};
use crate::model::{Event, PlanFile};
use crate::monitor::alerter::{self, Delivery};
use crate::monitor::reporter::Monitored;
use crate::monitor::{Estate, analyze, collector, rule};
use crate::scheduler::zone_of;
use crate::security::secrets::Secrets;
use crate::state::{Access, State, StateError};
use crate::world::World;
use crate::world::alertmanager::Alertmanager;
use crate::world::cancel::Cancel;
use crate::world::http::Client;

impl Manager {
    /// Collects, analyzes and alerts once. What changed is on record before anybody is told.
    ///
    /// # Errors
    /// [`StandingError`] when the state file cannot be used; peers that do not answer are a result.
    pub fn monitor(&self, plan: &PlanFile, digest: &str) -> Result<Monitored, StandingError> {
        let now = self.clock().now();
        let client = Client::new();
        let state = self.state(Access::ReadWrite)?;
        meet(plan, &state)?;
        let Known { tasks, interrupted, .. } = known(plan, digest, Some(&state), now)?;
        let head = state.ledger_head()?;
        let runs = state.count_runs()?.into_iter();
        let estate = Estate {
            now,
            tasks,
            runs: runs.map(|((task, outcome), n_runs)| ((task, outcome.as_str()), n_runs)).collect(),
            interrupted: interrupted.len(),
            silences: state.open_silences()?.len(),
            entries: head.entries,
            root: head.root,
        };
        let rules = rule::rules(plan);
        let collected = collector::collect(plan, &estate, &client);
        let analysis = analyze(&rules, &collected, &state.alerts()?, now);
        if !analysis.changes.is_empty() {
            state.record_all(&analysis.changes)?;
        }
        let mut delivery = Delivery::Nothing;
        if let Some(connection) = &plan.connections.alertmanager {
            let alertmanager = Alertmanager::new(&connection.url, &client);
            let due = alerter::due(&rules, &analysis);
            delivery = alerter::deliver(&alertmanager, &alerter::posts(&rules, &due, now));
            if let Some(event) = alerter::record(&alertmanager.url(), &due, &analysis, &delivery) {
                state.record(&event)?;
            }
            if matches!(delivery, Delivery::Taken(_)) {
                state.note_delivered(&due, now)?;
            }
        }
        // Last: a check that hangs must not hold up an alert.
        let asked = self.ask_conditions(plan, &state)?;
        let standings = conditions::standings(plan, &state, &asked)?;
        Ok(Monitored {
            now,
            collected,
            analysis,
            delivery,
            conditions: standings,
            is_empty: plan.tasks.is_empty() && plan.metrics.is_empty(),
        })
    }

    /// Asks the checks that tasks wait for, and records what changed.
    fn ask_conditions(&self, plan: &PlanFile, state: &State) -> Result<Conditions, StandingError> {
        let zone = zone_of(plan)?;
        let world = World::new(&plan.connections, &self.file, self.clock()).in_zone(zone);
        Secrets::new(plan, &world).hide_what_is_at_hand();
        // Nobody makes this request: the process ends when a signal comes.
        let cancel = Cancel::new().map_err(StandingError::Resources)?;
        Ok(conditions::ask(plan, state, &world, &cancel)?)
    }
}

/// Puts tasks on record that nobody has met: from now on their work can be late.
fn meet(plan: &PlanFile, state: &State) -> Result<(), StateError> {
    let past = state.history()?;
    let is_new = |name: &String| past.get(name).is_none_or(|past| past.first_known.is_none());
    let scheduled = plan.tasks.iter().filter(|(_, task)| task.schedule.is_some());
    let tasks: Vec<_> = scheduled.map(|(name, _)| name.value.clone()).filter(is_new).collect();
    if !tasks.is_empty() {
        state.record(&Event::TasksSeen { tasks })?;
    }
    Ok(())
}
