//! How much of the facts is kept.

use std::collections::BTreeMap;

use super::{Facts, Metrics, Peer, Server};

/// So many facts of a kind are kept.
const MOST: usize = 2_000;
/// So many signals are kept, and so many readers of one, and so many values of one of its labels.
pub(in crate::validator::verifier) const MOST_SIGNALS: usize = 500;
/// See [`MOST_SIGNALS`].
pub(in crate::validator::verifier) const MOST_READERS: usize = 20;
/// See [`MOST_SIGNALS`].
pub(in crate::validator::verifier) const MOST_VALUES: usize = 8;
/// A name longer than this is kept as its beginning.
const LONGEST: usize = 1_000;

/// Whether this name would be among `kept`, the first ones by their order, if it had been there: nothing is known of
/// others.
pub(in crate::validator::verifier) fn is_known<'n>(
    mut kept: impl ExactSizeIterator<Item = &'n String> + DoubleEndedIterator,
    name: &str,
) -> bool {
    let n = kept.len();
    name.len() <= LONGEST && (n < MOST || kept.next_back().is_some_and(|last| name <= last.as_str()))
}

impl Facts {
    /// The same, small enough for the ledger: of each kind (targets, rules, alerts, silences, probes, jobs) 2,000 by the
    /// order of their names, of metrics the 2,000 with the most series. How many are left out is told; targets that are
    /// left out are still counted by job and health.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let mut left_out = std::mem::take(&mut self.left_out);
        let mut note = |kind: &str, n: u64| {
            if n > 0 {
                *left_out.entry(kind.to_owned()).or_default() += n;
            }
        };
        note("silence", cut(&mut self.silences, MOST));
        let replicas = self.replicas.values_mut().filter_map(|peer| match peer {
            Peer::Known(server) => Some(&mut **server),
            Peer::Unknown(_) => None,
        });
        for server in std::iter::once(&mut self.first).chain(replicas) {
            server.bound(&mut note);
        }
        for peer in self.members.values_mut() {
            if let Peer::Known(member) = peer {
                note("silence", cut(&mut member.silences, MOST));
            }
        }
        self.left_out = left_out;
        self
    }
}

impl Server {
    fn bound(&mut self, note: &mut dyn FnMut(&str, u64)) {
        note("target", cut(&mut self.targets, MOST));
        note("series", cut(&mut self.series, MOST));
        note("rule", cut(&mut self.rules, MOST));
        let firing = std::mem::take(&mut self.firing);
        note("alert", u64::try_from(firing.len().saturating_sub(MOST)).unwrap_or(u64::MAX));
        self.firing = firing.into_iter().filter(|name| name.len() <= LONGEST).take(MOST).collect();
        let Some(more) = &mut self.more else { return };
        cut(&mut more.jobs, MOST);
        note("signal", cut(&mut more.signals, MOST_SIGNALS));
        note("rule_group", cut(&mut more.groups, MOST));
        note("alert", cut(&mut more.alerts, MOST));
        note("probe", cut(&mut more.probes, MOST));
        note("push", cut(&mut more.pushed, MOST));
        note("textfile", cut(&mut more.textfiles, MOST));
        // Who has no reason is told without one.
        cut(&mut more.reasons, MOST_READERS);
        more.unread.truncate(MOST_READERS);
        if let Some(metrics) = &mut more.metrics {
            metrics.bound();
        }
    }
}

impl Metrics {
    /// Keeps those with the most series.
    fn bound(&mut self) {
        if self.series.len() <= MOST {
            return;
        }
        let mut all: Vec<_> = std::mem::take(&mut self.series).into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.others += u64::try_from(all.len() - MOST).unwrap_or(u64::MAX);
        all.truncate(MOST);
        self.series = all.into_iter().collect();
    }
}

/// Keeps the first ones, and no name that is too long; says how many are left out.
fn cut<V>(all: &mut BTreeMap<String, V>, most: usize) -> u64 {
    let n = all.len();
    all.retain(|name, _| name.len() <= LONGEST);
    if let Some(first_left_out) = all.keys().nth(most).cloned() {
        all.split_off(&first_left_out);
    }
    u64::try_from(n - all.len()).unwrap_or(u64::MAX)
}
