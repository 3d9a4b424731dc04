//! Verifying: is the ledger as it was written?

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Anchor, chain};
use crate::model::Event;

/// One line of a ledger, with what is stored beside it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its place, by the column; in an exported file, by the number of the line.
    pub seq: i64,
    /// The line, without its line feed.
    pub line: &'a [u8],
    /// The digest that is stored beside it; an exported file has none.
    pub digest: Option<&'a [u8]>,
    /// The digest of the line before that is stored beside it.
    pub prev: Option<&'a [u8]>,
}

/// What can be said of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Unbroken, and as every anchor says.
    Intact,
    /// Not as it was written.
    Tampered,
    /// Unbroken, but shorter than it was: its end was cut off, or an old copy put in its place.
    RolledBack,
    /// Two ledgers of the same origin that both claim to be the one.
    Forked,
    /// Unbroken, but nothing outside says that it is complete.
    Unanchored,
    /// There is nothing to judge.
    Unknown,
}

impl Verdict {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Tampered => "tampered",
            Self::RolledBack => "rolled_back",
            Self::Forked => "forked",
            Self::Unanchored => "unanchored",
            Self::Unknown => "unknown",
        }
    }
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// At which place.
    pub seq: u64,
    /// What is wrong there, for people.
    pub what: String,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// In one word.
    pub verdict: Verdict,
    /// How many lines there are.
    pub entries: u64,
    /// The digest of the last one, computed.
    pub root: Option<String>,
    /// The first thing that is wrong.
    pub first_bad: Option<Fault>,
    /// The anchors that it was compared with.
    pub anchors: Vec<Anchor>,
    /// Kinds of events that this mainstay does not know, with their numbers. A newer one wrote them: their
    /// integrity was verified, their meaning was not.
    pub unknown_kinds: BTreeMap<String, u64>,
}

/// Verifies a ledger line by line, in constant memory.
#[derive(Debug)]
pub struct Verifier {
    anchors: Vec<Anchor>,
    entries: u64,
    digest: String,
    first_bad: Option<Fault>,
    kinds: BTreeMap<String, Kind>,
}

#[derive(Debug, Default)]
struct Kind {
    is_known: bool,
    n_entries: u64,
}

/// The parts of an entry that do not depend on what it tells.
#[derive(Deserialize)]
struct Header<'a> {
    seq: u64,
    #[serde(borrow)]
    prev: Cow<'a, str>,
    #[serde(borrow)]
    at: Cow<'a, str>,
    #[serde(borrow)]
    event: Kinded<'a>,
    #[serde(rename = "who")]
    _who: IgnoredAny,
    #[serde(rename = "host")]
    _host: IgnoredAny,
    #[serde(rename = "by")]
    _by: IgnoredAny,
}

#[derive(Deserialize)]
struct Kinded<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

impl Verifier {
    /// A verifier that compares with `anchors`.
    pub fn new(mut anchors: Vec<Anchor>) -> Self {
        anchors.sort();
        Self {
            anchors,
            entries: 0,
            digest: chain::NO_DIGEST.to_owned(),
            first_bad: None,
            kinds: BTreeMap::new(),
        }
    }

    /// Looks at the next line.
    pub fn line(&mut self, row: &Row) {
        self.entries += 1;
        let seq = self.entries;
        let digest = chain::digest(row.line);
        if self.first_bad.is_none() {
            self.first_bad = self.fault(seq, &digest, row);
        }
        self.digest = digest;
        if self.first_bad.is_none() {
            self.first_bad = self.against_anchors();
        }
    }

    /// The ledger cannot be read further, although there is more.
    pub fn breaks_off(&mut self, why: &str) {
        let seq = self.entries + 1;
        let (what, found) = ("the file is damaged".to_owned(), why.to_owned());
        self.first_bad.get_or_insert(Fault { seq, what, expected: "an entry".to_owned(), found });
    }

    /// What was found out.
    pub fn finish(self) -> Verification {
        let longest = self.anchors.last().map_or(0, |anchor| anchor.entries);
        let mut first_bad = self.first_bad;
        let verdict = match () {
            () if first_bad.is_some() => Verdict::Tampered,
            () if self.entries < longest => {
                first_bad = Some(Fault {
                    seq: self.entries + 1,
                    what: "the ledger is shorter than its anchor says".to_owned(),
                    expected: format!("{longest} entries"),
                    found: format!("{} entries", self.entries),
                });
                Verdict::RolledBack
            }
            () if self.entries == 0 => Verdict::Unknown,
            () if self.anchors.is_empty() => Verdict::Unanchored,
            () => Verdict::Intact,
        };
        let unknown = self.kinds.into_iter().filter(|(_, kind)| !kind.is_known);
        Verification {
            verdict,
            entries: self.entries,
            root: (self.entries > 0).then_some(self.digest),
            first_bad,
            anchors: self.anchors,
            unknown_kinds: unknown.map(|(name, kind)| (name, kind.n_entries)).collect(),
        }
    }

    /// What is wrong with the line at `seq`, if anything is.
    fn fault(&mut self, seq: u64, digest: &str, row: &Row) -> Option<Fault> {
        let fault = |what: &str, expected: &str, found: &str| {
            Some(Fault { seq, what: what.to_owned(), expected: expected.to_owned(), found: found.to_owned() })
        };
        if i64::try_from(seq) != Ok(row.seq) {
            return fault(
                "the entries are not numbered without gaps",
                &seq.to_string(),
                &row.seq.to_string(),
            );
        }
        if let Some(stored) = row.digest.filter(|stored| *stored != digest.as_bytes()) {
            return fault("the entry is not the one that its digest was made of", &text(stored), digest);
        }
        let header: Header = match serde_json::from_slice(row.line) {
            Ok(header) => header,
            Err(error) => return fault("the line is not an entry", "an entry", &error.to_string()),
        };
        if header.seq != seq {
            return fault("the entry says another number", &seq.to_string(), &header.seq.to_string());
        }
        if header.prev != self.digest {
            return fault(
                "the entry does not follow the one before, or that one was changed",
                &self.digest,
                &header.prev,
            );
        }
        if let Some(stored) = row.prev.filter(|stored| *stored != header.prev.as_bytes()) {
            return fault("the stored link is not the one of the entry", &header.prev, &text(stored));
        }
        if chrono::DateTime::parse_from_rfc3339(&header.at).is_err() {
            return fault("the entry has no time", "a time", &header.at);
        }
        self.count(&header.event.kind);
        None
    }

    fn count(&mut self, kind: &str) {
        if let Some(known) = self.kinds.get_mut(kind) {
            known.n_entries += 1;
        } else {
            self.kinds.insert(kind.to_owned(), Kind { is_known: is_known(kind), n_entries: 1 });
        }
    }

    fn against_anchors(&self) -> Option<Fault> {
        let here = self.anchors.partition_point(|anchor| anchor.entries < self.entries);
        let differs = |anchor: &&Anchor| anchor.root != self.digest;
        let mut anchors = self.anchors[here..].iter().take_while(|anchor| anchor.entries == self.entries);
        anchors.find(differs).map(|anchor| Fault {
            seq: self.entries,
            what: "the chain is unbroken, but it is not the one that was anchored: it was written anew"
                .to_owned(),
            expected: anchor.root.clone(),
            found: self.digest.clone(),
        })
    }
}

/// Whether this mainstay knows events of this kind.
fn is_known(kind: &str) -> bool {
    // Serde alone knows the kinds: it calls one unknown before it misses a field.
    let probe = serde_json::json!({ "kind": kind });
    match serde_json::from_value::<Event>(probe) {
        Ok(_) => true,
        Err(error) => !error.to_string().starts_with("unknown variant"),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_this_release_are_known_and_others_are_not() {
        for kind in ["state_created", "run_started", "clock_stepped"] {
            assert!(is_known(kind), "{kind}");
        }
        for kind in ["checkpoint_signed", "", "RunStarted"] {
            assert!(!is_known(kind), "{kind}");
        }
    }
}
