//! How many approvals count, and why others do not. Pure.

use crate::model::ApprovalStanding;

/// How work stands to the approvals that it needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// How many people have to agree.
    pub required: u32,
    /// The role that they hold.
    pub from: String,
    /// Who has agreed: as many of them as count.
    pub by: Vec<Given>,
    /// Approvals that do not count.
    pub void: Vec<Void>,
    /// Why it could not be found out whether there are more.
    pub unknown: Option<String>,
}

/// An approval that was found to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Who.
    pub who: String,
    /// The fingerprint of the key.
    pub key: String,
    /// Its place in the ledger.
    pub entry: u64,
}

/// An approval that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Void {
    /// By whom it says that it is.
    pub who: String,
    /// Why not.
    pub why: String,
}

/// More approvals that do not count than these are not told.
const MOST_VOID: usize = 2;

impl Standing {
    /// Counts `good` approvals: each person once, each key once.
    pub fn of(required: u32, from: &str, good: &[Given], void: Vec<Void>, unknown: Option<String>) -> Self {
        Self { required, from: from.to_owned(), by: apart(good), void, unknown }
    }

    /// How many people have agreed.
    pub fn given(&self) -> u32 {
        u32::try_from(self.by.len()).unwrap_or(u32::MAX)
    }

    /// Whether enough people have agreed.
    pub fn is_given(&self) -> bool {
        self.required <= self.given()
    }

    /// `0 of 1 from approvers`, `1 of 1 from approvers: ops@example.org`.
    pub fn in_words(&self) -> String {
        let names: Vec<_> = self.by.iter().map(|given| given.who.as_str()).collect();
        let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        format!("{} of {} from {}{names}", self.given(), self.required, self.from)
    }

    /// What stands against other approvals; `None` when nothing does.
    pub fn note(&self) -> Option<String> {
        if let Some(why) = &self.unknown {
            return Some(why.clone());
        }
        // Who has approved again is no longer asked about the first time.
        let has_counted = |void: &&Void| self.by.iter().any(|given| given.who == void.who);
        let void: Vec<_> = self.void.iter().filter(|void| !has_counted(void)).collect();
        let newest = void.iter().rev().take(MOST_VOID);
        let mut notes: Vec<_> =
            newest.map(|void| format!("the approval by {} does not count: {}", void.who, void.why)).collect();
        match void.len().saturating_sub(MOST_VOID) {
            0 => {}
            more => notes.push(format!("nor do {more} more")),
        }
        (!notes.is_empty()).then(|| notes.join("; "))
    }

    /// As programs read it.
    pub fn report(&self) -> ApprovalStanding {
        ApprovalStanding {
            required: self.required,
            from: self.from.clone(),
            given: self.given(),
            by: self.by.iter().map(|given| given.who.clone()).collect(),
            note: self.note().filter(|_| !self.is_given()),
        }
    }
}

/// The largest set of approvals in which nobody and no key stands twice; of several that are as large, one with the
/// oldest.
fn apart(good: &[Given]) -> Vec<Given> {
    let mut people: Vec<&str> = Vec::new();
    for given in good {
        if !people.contains(&given.who.as_str()) {
            people.push(&given.who);
        }
    }
    // The approval that each key is used for.
    let mut used: Vec<(&str, usize)> = Vec::new();
    for who in people {
        assign(who, good, &mut used, &mut Vec::new());
    }
    let mut chosen: Vec<_> = used.iter().map(|(_, place)| *place).collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|place| good[place].clone()).collect()
}

/// Finds a key for `who`, if need be by finding another one for somebody who has one.
///
/// Source: augmenting paths of bipartite matching (Kuhn 1955).
fn assign<'a>(
    who: &str,
    good: &'a [Given],
    used: &mut Vec<(&'a str, usize)>,
    tried: &mut Vec<&'a str>,
) -> bool {
    for (place, given) in good.iter().enumerate().filter(|(_, given)| given.who == who) {
        if tried.contains(&given.key.as_str()) {
            continue;
        }
        tried.push(&given.key);
        let holder = used.iter().position(|(key, _)| *key == given.key);
        match holder {
            None => used.push((&given.key, place)),
            Some(at) => {
                let other = good[used[at].1].who.as_str();
                if !assign(other, good, used, tried) {
                    continue;
                }
                // What the other had is free now: their new key stands elsewhere in the list.
                let at = used.iter().position(|(key, _)| *key == given.key).unwrap_or(at);
                used[at] = (&given.key, place);
            }
        }
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(who: &str, key: &str) -> Given {
        Given { who: who.to_owned(), key: key.to_owned(), entry: 0 }
    }

    #[test]
    fn people_and_keys_count_once() {
        let cases: [(&[(&str, &str)], u32); 7] = [
            (&[], 0),
            (&[("a", "1"), ("a", "1")], 1),
            (&[("a", "1"), ("a", "2")], 1),
            (&[("a", "1"), ("b", "1")], 1),
            (&[("a", "1"), ("b", "2")], 2),
            // A takes its second key, so that the first is left for B.
            (&[("a", "1"), ("a", "2"), ("b", "1")], 2),
            (&[("a", "1"), ("a", "2"), ("b", "1"), ("b", "3"), ("c", "2"), ("c", "1")], 3),
        ];
        for (approvals, expected) in cases {
            let good: Vec<_> = approvals.iter().map(|(who, key)| given(who, key)).collect();
            assert_eq!(Standing::of(2, "r", &good, vec![], None).given(), expected, "{approvals:?}");
        }
    }

    #[test]
    fn what_does_not_count_is_told_but_not_without_end() {
        let void = |n: usize| Void { who: format!("p{n}"), why: "it ended".to_owned() };
        let standing = Standing::of(1, "r", &[], (0..5).map(void).collect(), None);
        assert_eq!(
            standing.note().unwrap(),
            "the approval by p4 does not count: it ended; the approval by p3 does not count: it ended; nor do 3 more"
        );
        let given = Standing { by: vec![given("a", "1")], ..standing };
        assert_eq!(given.report().in_words(), "approved by a");
    }
}
