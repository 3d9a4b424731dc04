//! The search for better schedules.
//!
//! A genetic algorithm over lists of jobs whose schedules are justified. Sources: Hartmann, "A competitive
//! genetic algorithm for resource-constrained project scheduling" (1998); Valls, Ballestin, Quintanilla, "A
//! hybrid genetic algorithm for the resource-constrained project scheduling problem" (2008).

use super::generate::Generator;
use super::model::{Cost, Model, UNPLACED};
use super::problem::Time;
use super::profile::Profile;
use super::random::Random;

/// How many lists live at a time at first. A few are good soon, many are better later: a population that has
/// become all alike finds nothing more. So the number grows by [`GROWTH`] each time the search began anew, from
/// nothing and then from the best schedule.
const POPULATION: usize = 60;

/// By how much more lists live at a time: about as much as the time grows that the last ones took.
const GROWTH: usize = 4;

/// For each job there are no more lists than this.
const LISTS_PER_JOB: usize = 8;

/// However many jobs there are, there are no more lists than this.
const MAX_POPULATION: usize = 960;

/// In how many of 1000 children a job changes places with the next one, per job.
const MUTATION: usize = 5;

/// In how many of 1000 children a job goes far ahead or far back.
const LEAP: usize = 500;

/// In how many of 1000 children a published start is no longer kept or an optional job put off, or no longer.
const CHANGE_OF_MIND: [usize; 3] = [20, 100, 500];

/// After so many generations without a better schedule the search begins anew.
const PATIENCE: usize = 30;

/// How many schedules a list takes: one is built, and justified twice.
const N_SCHEDULES: u64 = 3;

/// Disorder is finer than time by this factor.
const SCALE: Time = 16;

/// A list of jobs and the schedule that it makes.
#[derive(Debug, Clone)]
struct Individual {
    order: Vec<u32>,
    /// Whether to keep each of [`Model::published`], and to place each of [`Model::optional`] in its turn.
    is_wanted: Vec<bool>,
    cost: Cost,
}

/// The best schedule so far.
#[derive(Debug, Clone)]
pub struct Best {
    pub cost: Cost,
    pub starts: Vec<Time>,
}

/// The search, which goes on list by list.
pub struct Genetic<'m, 'p, P> {
    model: &'m Model<'p>,
    generator: Generator<'m, 'p, P>,
    random: Random,
    population: Vec<Individual>,
    /// How many lists are to live.
    size: usize,
    child: Individual,
    /// Whose turn to be a mother it is.
    next: usize,
    /// The best cost since the search began anew.
    best_of_epoch: Cost,
    n_stale: usize,
    epoch: usize,
    is_taken: Vec<bool>,
    /// From the most to the least urgent.
    spread: Time,
    pub best: Best,
}

impl<'m, 'p, P: Profile> Genetic<'m, 'p, P> {
    /// Makes the first schedule, with what is most urgent first and published starts kept: one step.
    pub fn begin(model: &'m Model<'p>, profile: P, seed: u64) -> Self {
        let mut generator = Generator::new(model, profile);
        let order = model.ordered_by(|job| model.urgency[job]);
        let is_wanted = vec![true; model.n_choices];
        generator.build(&order, &is_wanted);
        generator.be_punctual();
        let cost = model.cost(&generator.starts);
        let best = Best { cost, starts: generator.starts.clone() };
        Self {
            model,
            generator,
            random: Random::new(seed),
            population: Vec::new(),
            size: POPULATION,
            child: Individual { order, is_wanted, cost },
            next: 0,
            best_of_epoch: cost,
            n_stale: 0,
            epoch: 0,
            is_taken: vec![false; model.rank.len()],
            spread: spread(model),
            best,
        }
    }

    /// Tries one more list, and says how many schedules that took.
    pub fn advance(&mut self) -> u64 {
        if self.population.len() < self.size {
            self.sample();
            self.evaluate();
            self.population.push(self.child.clone());
        } else {
            self.breed();
            self.evaluate();
            let mother = &mut self.population[self.next];
            if self.child.cost <= mother.cost {
                std::mem::swap(mother, &mut self.child);
            }
            self.end_turn();
        }
        N_SCHEDULES
    }

    /// Takes a schedule that something else found, makes it better, and says how many schedules that took.
    pub fn learn(&mut self, starts: &[Time]) -> u64 {
        self.generator.starts.copy_from_slice(starts);
        self.child.is_wanted.fill(true);
        self.improve();
        if let Some(mother) = self.population.get_mut(self.next) {
            std::mem::swap(mother, &mut self.child);
        }
        N_SCHEDULES
    }

    fn end_turn(&mut self) {
        self.next += 1;
        if self.next < self.size {
            return;
        }
        self.next = 0;
        self.n_stale += 1;
        if PATIENCE < self.n_stale {
            self.population.clear();
            self.n_stale = 0;
            self.epoch += 1;
            if self.epoch.is_multiple_of(2) {
                let most = (self.model.jobs.len() * LISTS_PER_JOB).clamp(POPULATION, MAX_POPULATION);
                self.size = (self.size * GROWTH).min(most);
            }
        }
    }

    /// Makes the schedule of the child, and makes it better.
    fn evaluate(&mut self) {
        self.generator.build(&self.child.order, &self.child.is_wanted);
        self.improve();
    }

    /// Makes the schedule better, and notes what came of it.
    fn improve(&mut self) {
        self.generator.justify();
        self.generator.be_punctual();
        self.generator.write_order(&mut self.child.order);
        self.child.cost = self.model.cost(&self.generator.starts);
        if self.child.cost < self.best.cost {
            self.best.cost = self.child.cost;
            self.best.starts.copy_from_slice(&self.generator.starts);
        }
        if self.population.is_empty() || self.child.cost < self.best_of_epoch {
            self.best_of_epoch = self.child.cost;
            self.n_stale = 0;
        }
    }

    /// A new list: by urgency, or by the best schedule so far, with some disorder.
    fn sample(&mut self) {
        let model = self.model;
        let is_near_best = self.epoch % 2 == 1;
        let best = &self.best.starts;
        let key =
            |job: usize| if is_near_best && best[job] != UNPLACED { best[job] } else { model.urgency[job] };
        let spread = self.best.cost.makespan.max(self.spread);
        let is_first = self.population.is_empty();
        let disorder = match self.random.below(10) {
            _ if is_first => 0,
            0 => spread * 4 + 1,
            _ if is_near_best => spread / 8 + 1,
            n => (spread >> (n % 3 + 1)) + 1,
        };
        let mut noise = |_| self.random.time_below(SCALE * disorder);
        let noise: Vec<Time> = (0..model.rank.len()).map(&mut noise).collect();
        self.child.order = model.ordered_by(|job| key(job) * SCALE + noise[job]);
        self.child.is_wanted.fill(true);
        if !is_first {
            self.change_mind();
        }
    }

    /// Changes its mind about some published starts and optional jobs, if that could be of any use.
    fn change_mind(&mut self) {
        let best = &self.best.cost;
        let is_whole = best.unplaced == 0 && best.left_out == 0;
        if is_whole && best.tardiness == 0 && best.moved <= self.model.n_must_move {
            return;
        }
        let rate = CHANGE_OF_MIND[self.random.below(CHANGE_OF_MIND.len())];
        for is_wanted in &mut self.child.is_wanted {
            *is_wanted ^= self.random.permille(rate);
        }
    }

    /// A child of the next mother and of a father who won against another.
    fn breed(&mut self) {
        let (one, other) = (self.random.below(self.size), self.random.below(self.size));
        let father = if self.population[one].cost <= self.population[other].cost { one } else { other };
        self.cross(self.next, father);
        self.mutate();
        self.change_mind();
    }

    /// The middle of the list is in the order of the father, what is around it in that of the mother.
    fn cross(&mut self, mother: usize, father: usize) {
        let (mother, father) = (&self.population[mother], &self.population[father]);
        let n_jobs = mother.order.len();
        let length = n_jobs / 4 + self.random.below(n_jobs / 2 + 1);
        let start = self.random.below(n_jobs - length + 1);
        let order = &mut self.child.order;
        order.clear();
        self.is_taken.fill(false);
        let sources = [(&mother.order, start), (&father.order, start + length), (&mother.order, n_jobs)];
        for (source, end) in sources {
            for &job in source {
                if order.len() == end {
                    break;
                }
                if !std::mem::replace(&mut self.is_taken[job as usize], true) {
                    order.push(job);
                }
            }
        }
        for (n, is_wanted) in self.child.is_wanted.iter_mut().enumerate() {
            let parent = if self.random.permille(500) { mother } else { father };
            *is_wanted = parent.is_wanted[n];
        }
    }

    fn mutate(&mut self) {
        let order = &mut self.child.order;
        for n in 1..order.len() {
            if self.random.permille(MUTATION) && !self.model.forwards.is_after(order[n], order[n - 1]) {
                order.swap(n - 1, n);
            }
        }
        if !self.child.order.is_empty() && self.random.permille(LEAP) {
            self.leap();
        }
    }

    /// One job goes to a place that is drawn, or as near as precedence lets it.
    fn leap(&mut self) {
        let (order, network) = (&mut self.child.order, &self.model.forwards);
        let from = self.random.below(order.len());
        let to = self.random.below(order.len());
        let job = order[from];
        if to < from {
            let met = order[to..from].iter().rposition(|other| network.is_after(job, *other));
            order[met.map_or(to, |met| to + met + 1)..=from].rotate_right(1);
        } else {
            let met = order[from..=to].iter().position(|other| network.is_after(*other, job));
            order[from..met.map_or(to + 1, |met| from + met)].rotate_left(1);
        }
    }
}

fn spread(model: &Model) -> Time {
    let urgencies = || model.jobs.iter().map(|job| model.urgency[*job as usize]);
    urgencies().max().zip(urgencies().min()).map_or(0, |(most, least)| most - least)
}
