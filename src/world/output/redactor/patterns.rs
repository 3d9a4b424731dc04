//! What is looked for, and who is meant by it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, BuildError, Input, MatchKind};

use super::forms;

/// The forms of all secrets.
pub struct Patterns {
    automaton: AhoCorasick,
    /// Who each pattern stands for, by its number.
    names: Vec<Arc<str>>,
    /// The patterns in order.
    sorted: Vec<Vec<u8>>,
    /// Whether a pattern begins with this byte.
    begins: [bool; 256],
    longest: usize,
}

/// A place where a pattern stands.
pub struct Occurrence {
    pub place: Range<usize>,
    /// The number of the pattern.
    pub pattern: usize,
}

impl Patterns {
    /// Looks for every form of these secrets, which have a name each.
    ///
    /// # Errors
    /// When there are more than can be looked for.
    pub fn new<'a>(secrets: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, Box<BuildError>> {
        let mut owners: BTreeMap<Vec<u8>, Arc<str>> = BTreeMap::new();
        for (name, value) in secrets {
            let name: Arc<str> = name.into();
            for form in forms::of(value) {
                owners.entry(form).or_insert_with(|| Arc::clone(&name));
            }
        }
        let (sorted, names): (Vec<_>, Vec<_>) = owners.into_iter().unzip();
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&sorted)?;
        let mut begins = [false; 256];
        for first in sorted.iter().filter_map(|form| form.first()) {
            begins[usize::from(*first)] = true;
        }
        let longest = sorted.iter().map(Vec::len).max().unwrap_or(0);
        Ok(Self { automaton, names, sorted, begins, longest })
    }

    /// Who a pattern stands for.
    pub fn name(&self, pattern: usize) -> &str {
        self.names.get(pattern).map_or("", |name| name)
    }

    /// The occurrence that begins first in `text[within]`, and the longest of those that begin there.
    pub fn find(&self, text: &[u8], within: Range<usize>) -> Option<Occurrence> {
        let found = self.automaton.find(Input::new(text).span(within))?;
        Some(Occurrence { place: found.range(), pattern: found.pattern().as_usize() })
    }

    /// How long the longest pattern is, in bytes.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Where in `text`, from `from` on, a pattern may begin that goes on after its end; the end when there is none.
    pub fn unfinished(&self, text: &[u8], from: usize) -> usize {
        let from = from.max(text.len().saturating_sub(self.longest.saturating_sub(1)));
        let begins_one = |at: &usize| self.begins[usize::from(text[*at])] && self.has_longer(&text[*at..]);
        (from..text.len()).find(begins_one).unwrap_or(text.len())
    }

    /// Whether a pattern begins with `text` and is longer.
    fn has_longer(&self, text: &[u8]) -> bool {
        let next = self.sorted.partition_point(|pattern| &pattern[..] <= text);
        self.sorted.get(next).is_some_and(|pattern| pattern.starts_with(text))
    }
}

impl fmt::Debug for Patterns {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Patterns").field("n", &self.sorted.len()).finish_non_exhaustive()
    }
}
