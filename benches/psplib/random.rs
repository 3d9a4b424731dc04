//! Instances that nobody has seen before: made here, from a seed, with the usual parameters.
//!
//! The network has so many arcs a job (network complexity), each job asks for such a share of the resources
//! (resource factor), and the capacities lie so far between what one job needs and what all need that start as
//! early as they can (resource strength).
//!
//! Source: Kolisch, Sprecher, Drexl, "Characterization and generation of a general class of resource-constrained
//! project scheduling problems" (1995). One instance of each combination of the levels that PSPLIB has, from
//! other random numbers and other code.

use mainstay::scheduler::solver::{Demand, Job, JobId, Predecessor, Problem, ResourceId};

use crate::instance::Instance;

const COMPLEXITIES: [f64; 3] = [1.5, 1.8, 2.1];
const FACTORS: [f64; 4] = [0.25, 0.5, 0.75, 1.0];
const N_RESOURCES: usize = 4;
/// The most of a resource that one job needs, and the longest that one takes.
const MOST: usize = 10;
/// The most arcs into a job, and out of it; the source and the sink have as many as they need.
const MAX_ARCS: usize = 3;

/// How scarce resources are: with many jobs less of them is asked for.
fn strengths(n_jobs: usize) -> &'static [f64] {
    if n_jobs < 120 { &[0.2, 0.5, 0.7, 1.0] } else { &[0.1, 0.2, 0.3, 0.4, 0.5] }
}

/// One instance of `n_jobs` for each combination of the parameters, the same for the same seed.
pub fn instances(n_jobs: usize, seed: u64) -> Vec<Instance> {
    let strengths = strengths(n_jobs).iter();
    let levels = strengths.flat_map(|strength| {
        let pairs = FACTORS.iter().flat_map(|factor| COMPLEXITIES.map(|complexity| (*factor, complexity)));
        pairs.map(|(factor, complexity)| (complexity, factor, *strength))
    });
    levels.enumerate().map(|(n, levels)| instance(n_jobs, levels, Numbers(seed << 16 | n as u64))).collect()
}

fn instance(
    n_jobs: usize,
    (complexity, factor, strength): (f64, f64, f64),
    mut numbers: Numbers,
) -> Instance {
    // Some networks have no room for the last arcs.
    let network = (0..100).find_map(|_| Network::random(n_jobs, complexity, &mut numbers));
    let network = network.expect("a network of this complexity");
    let mut jobs: Vec<Job> = (0..n_jobs + 2)
        .map(|n| Job {
            duration: if network.is_real(n) { numbers.one_to(MOST) } else { 0 },
            predecessors: network.before[n].iter().map(|n| Predecessor { job: JobId(*n), lag: 0 }).collect(),
            ..Job::default()
        })
        .collect();
    // Exactly this share of all pairs of a job and a resource, and at least one of each job.
    let real = 1..=n_jobs;
    let mut pairs: Vec<(usize, usize)> =
        real.clone().flat_map(|job| (0..N_RESOURCES).map(move |it| (job, it))).collect();
    numbers.shuffle(&mut pairs);
    let mut has_one = vec![false; n_jobs + 2];
    // The first pair of each job comes first; the sort is stable.
    pairs.sort_by_cached_key(|(job, _)| std::mem::replace(&mut has_one[*job], true));
    pairs.truncate((factor * (n_jobs * N_RESOURCES) as f64).round() as usize);
    for (job, resource) in pairs {
        let amount = u32::try_from(numbers.one_to(MOST)).expect("a small number");
        jobs[job].demands.push(Demand { resource: ResourceId(resource), amount, hold: 0 });
    }
    let capacities = (0..N_RESOURCES).map(|resource| capacity(&jobs, ResourceId(resource), strength));
    let capacities = capacities.collect();
    Instance {
        id: format!("complexity {complexity}, factor {factor}, strength {strength}"),
        problem: Problem::new(jobs, capacities, vec![]).expect("a problem"),
        best: None,
    }
}

/// From the most that one job needs, with strength 0, to the most that is in use if nothing waits, with strength 1.
fn capacity(jobs: &[Job], resource: ResourceId, strength: f64) -> u32 {
    let needs = |job: &Job| -> u32 {
        job.demands.iter().filter(|demand| demand.resource == resource).map(|demand| demand.amount).sum()
    };
    let mut ends = vec![0; jobs.len()];
    let mut in_use =
        vec![0; usize::try_from(jobs.iter().map(|job| job.duration).sum::<i64>()).expect("a time")];
    for (n, job) in jobs.iter().enumerate() {
        let start = job.predecessors.iter().map(|before| ends[before.job.0]).max().unwrap_or(0);
        ends[n] = start + job.duration;
        for time in start..ends[n] {
            in_use[usize::try_from(time).expect("a time")] += needs(job);
        }
    }
    let least = jobs.iter().map(needs).max().unwrap_or(0);
    let most = in_use.into_iter().max().unwrap_or(0);
    least + (strength * f64::from(most - least)).round() as u32
}

/// Which jobs come after which; the first and the last take no time. No arc says what others say already.
struct Network {
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    /// Whether there is a way from one to the other.
    leads_to: Vec<Vec<bool>>,
}

impl Network {
    /// `None` when no more arcs fit, but more are wanted.
    fn random(n_jobs: usize, complexity: f64, numbers: &mut Numbers) -> Option<Self> {
        let (n, last) = (n_jobs + 2, n_jobs + 1);
        let mut network = Self {
            before: vec![Vec::new(); n],
            after: vec![Vec::new(); n],
            leads_to: (0..n).map(|a| (0..n).map(|b| a == b).collect()).collect(),
        };
        // As many that wait for nothing, and that nothing waits for, as PSPLIB has.
        let n_ends = if n_jobs < 120 { 3 } else { 5 };
        (1..=n_ends).for_each(|job| network.add(0, job));
        for job in n_ends + 1..last {
            network.add_one_of((1..job.min(last - n_ends)).map(|before| (before, job)), numbers);
        }
        (last - n_ends..last).for_each(|job| network.add(job, last));
        for job in (1..last - n_ends).rev().filter(|job| network.after[*job].is_empty()).collect::<Vec<_>>() {
            network.add_one_of((job + 1..last).map(|after| (job, after)), numbers);
        }
        // What found no place above is tied to the ends.
        for job in 1..last {
            if network.before[job].is_empty() {
                network.add(0, job);
            }
            if network.after[job].is_empty() {
                network.add(job, last);
            }
        }
        let wanted = (complexity * n as f64).round() as usize;
        let mut has_room = |network: &mut Self| {
            network.add_one_of((1..last).flat_map(|a| (a + 1..last).map(move |b| (a, b))), numbers)
        };
        while network.n_arcs() < wanted {
            has_room(&mut network).then_some(())?;
        }
        Some(network)
    }

    fn is_real(&self, job: usize) -> bool {
        job != 0 && job + 1 != self.before.len()
    }

    fn n_arcs(&self) -> usize {
        self.before.iter().map(Vec::len).sum()
    }

    /// Adds one of those arcs that may be added, if there is one.
    fn add_one_of(&mut self, arcs: impl Iterator<Item = (usize, usize)>, numbers: &mut Numbers) -> bool {
        let arcs: Vec<_> = arcs.filter(|(a, b)| self.may_add(*a, *b)).collect();
        let found = (!arcs.is_empty()).then(|| arcs[numbers.below(arcs.len())]);
        found.inspect(|(a, b)| self.add(*a, *b)).is_some()
    }

    fn may_add(&self, a: usize, b: usize) -> bool {
        let has_room = self.after[a].len() < MAX_ARCS && self.before[b].len() < MAX_ARCS;
        let leads = |from: usize, to: usize| self.leads_to[from][to];
        // No arc around it: it would say what the new one says too.
        let mut arcs =
            (0..self.after.len()).flat_map(|from| self.after[from].iter().map(move |to| (from, *to)));
        a < b && has_room && !leads(a, b) && !arcs.any(|(from, to)| leads(from, a) && leads(b, to))
    }

    fn add(&mut self, a: usize, b: usize) {
        self.after[a].push(b);
        self.before[b].push(a);
        let n = self.before.len();
        let reached: Vec<usize> = (0..n).filter(|to| self.leads_to[b][*to]).collect();
        for from in (0..n).filter(|from| self.leads_to[*from][a]).collect::<Vec<_>>() {
            for to in &reached {
                self.leads_to[from][*to] = true;
            }
        }
    }
}

/// Random numbers that stay the same whatever becomes of libraries: SplitMix64 (Steele, Lea, Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((u128::from(bits ^ (bits >> 31)) * n as u128) >> 64).expect("below n")
    }

    fn one_to(&mut self, n: usize) -> i64 {
        i64::try_from(self.below(n) + 1).expect("a small number")
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n + 1));
        }
    }
}
