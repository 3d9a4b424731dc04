//! Hiding in a stream: what is hidden does not depend on where the stream is cut into pieces.
//!
//! Occurrences that share a byte are hidden as one, under the name of the longest, so that of two secrets that
//! overlap neither is left over in part.

use std::fmt;
use std::sync::Arc;

use super::Redactor;
use super::patterns::Patterns;

/// Hides secrets in bytes that come in pieces.
pub struct Hider {
    redactor: Redactor,
    patterns: Option<Arc<Patterns>>,
    version: u64,
    /// What may be the beginning of a secret.
    kept: Vec<u8>,
    open: Option<Open>,
}

/// Occurrences that share bytes, the last of which may not have ended yet.
#[derive(Debug)]
struct Open {
    /// Where they end, as far as is known.
    end: usize,
    /// How long the longest of them is.
    longest: usize,
    /// Whom it belongs to.
    name: String,
}

impl Hider {
    pub(super) fn new(redactor: Redactor) -> Self {
        let (patterns, version) = (redactor.patterns(), redactor.version());
        Self { redactor, patterns, version, kept: Vec::new(), open: None }
    }

    /// Takes the next bytes and hands on what holds no secret, in pieces.
    pub fn push(&mut self, bytes: &[u8], emit: &mut dyn FnMut(&[u8])) {
        // A secret may have come to be known meanwhile.
        let version = self.redactor.version();
        if version != self.version {
            (self.patterns, self.version) = (self.redactor.patterns(), version);
        }
        let Some(patterns) = self.patterns.clone() else { return emit(bytes) };
        self.advance(&patterns, bytes, false, emit);
    }

    /// Hands on the rest: nothing comes any more.
    pub fn finish(&mut self, emit: &mut dyn FnMut(&[u8])) {
        if let Some(patterns) = self.patterns.clone() {
            self.advance(&patterns, &[], true, emit);
        }
    }

    fn advance(&mut self, patterns: &Patterns, bytes: &[u8], is_last: bool, emit: &mut dyn FnMut(&[u8])) {
        let mut joined = std::mem::take(&mut self.kept);
        // The usual case: no secret has begun, and nothing is copied.
        let text = if joined.is_empty() {
            bytes
        } else {
            joined.extend_from_slice(bytes);
            &joined
        };
        let from = self.hide(patterns, text, is_last, emit);
        let rest = text[from..].to_vec();
        self.kept = rest;
    }

    /// Hands on what is settled of `text` and returns where the rest begins.
    fn hide(
        &mut self,
        patterns: &Patterns,
        text: &[u8],
        is_last: bool,
        emit: &mut dyn FnMut(&[u8]),
    ) -> usize {
        let mut at = 0;
        let unfinished = |from: usize| if is_last { text.len() } else { patterns.unfinished(text, from) };
        let mut limit = unfinished(0);
        loop {
            if let Some(open) = &mut self.open {
                let begin = at;
                open.widen(patterns, text, begin);
                if limit < begin {
                    limit = unfinished(begin);
                }
                if limit < open.end {
                    open.end -= limit;
                    return limit;
                }
                emit(format!("[secret {}]", open.name).as_bytes());
                at = open.end;
                self.open = None;
            }
            if limit < at {
                limit = unfinished(at);
            }
            match patterns.find(text, at..text.len()) {
                Some(found) if found.place.start < limit => {
                    emit_some(&text[at..found.place.start], emit);
                    at = found.place.start;
                    let (end, longest) = (found.place.end, found.place.len());
                    self.open = Some(Open { end, longest, name: patterns.name(found.pattern).to_owned() });
                }
                _ => {
                    emit_some(&text[at..limit], emit);
                    return limit;
                }
            }
        }
    }
}

/// What is kept may be the beginning of a secret.
impl fmt::Debug for Hider {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Hider").field("n_kept", &self.kept.len()).finish_non_exhaustive()
    }
}

impl Open {
    /// Takes in the occurrences in `text` that begin at `from` or later and share a byte with this.
    fn widen(&mut self, patterns: &Patterns, text: &[u8], from: usize) {
        let mut from = from;
        while from < self.end {
            let within = from..(self.end + patterns.longest()).min(text.len());
            let Some(found) = patterns.find(text, within).filter(|found| found.place.start < self.end) else {
                return;
            };
            if self.longest < found.place.len() {
                self.longest = found.place.len();
                patterns.name(found.pattern).clone_into(&mut self.name);
            }
            self.end = self.end.max(found.place.end);
            from = found.place.start + 1;
        }
    }
}

fn emit_some(bytes: &[u8], emit: &mut dyn FnMut(&[u8])) {
    if !bytes.is_empty() {
        emit(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::forms;
    use super::*;

    /// Marks every occurrence, joins those that share a byte, and names each group by its longest, the first of
    /// these if there are several.
    fn oracle(secrets: &[(&str, &str)], text: &[u8]) -> Vec<u8> {
        let mut owners: Vec<(Vec<u8>, &str)> = Vec::new();
        for (name, value) in secrets {
            for form in forms::of(value) {
                if owners.iter().all(|(known, _)| *known != form) {
                    owners.push((form, name));
                }
            }
        }
        let mut found: Vec<(usize, usize, &str)> = Vec::new();
        for start in 0..text.len() {
            let here = owners.iter().filter(|(form, _)| text[start..].starts_with(form));
            found.extend(here.map(|(form, name)| (start, start + form.len(), *name)));
        }
        let mut hidden = Vec::new();
        let mut at = 0;
        while let Some(first) = found.iter().position(|(start, ..)| at <= *start) {
            let (start, mut end, _) = found[first];
            while let Some((_, wider, _)) = found.iter().find(|(s, e, _)| start <= *s && *s < end && end < *e)
            {
                end = *wider;
            }
            let inside = found.iter().filter(|(s, e, _)| start <= *s && *e <= end);
            let longest = inside.clone().map(|(s, e, _)| e - s).max().unwrap();
            let (.., name) = inside.clone().find(|(s, e, _)| e - s == longest).unwrap();
            hidden.extend_from_slice(&text[at..start]);
            hidden.extend_from_slice(format!("[secret {name}]").as_bytes());
            at = end;
        }
        hidden.extend_from_slice(&text[at..]);
        hidden
    }

    fn in_pieces(secrets: &[(&str, &str)], text: &[u8], sizes: &[usize]) -> Vec<u8> {
        let redactor = Redactor::default();
        for (name, value) in secrets {
            redactor.add(name, &(*value).into()).unwrap();
        }
        let mut hider = redactor.hider();
        let mut hidden = Vec::new();
        let (mut rest, mut sizes) = (text, sizes.iter().cycle());
        while !rest.is_empty() {
            let (piece, next) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            hider.push(piece, &mut |bytes| hidden.extend_from_slice(bytes));
            rest = next;
        }
        hider.finish(&mut |bytes| hidden.extend_from_slice(bytes));
        hidden
    }

    #[track_caller]
    fn check(secrets: &[(&str, &str)], text: &str, expected: &str) {
        for size in 1..=text.len() {
            let hidden = in_pieces(secrets, text.as_bytes(), &[size]);
            assert_eq!(String::from_utf8(hidden).unwrap(), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_secret_is_hidden_wherever_the_reads_cut_it() {
        check(
            &[("db", "hunter2")],
            "a hunter2, hunter, hunter2hunter2",
            "a [secret db], hunter, [secret db][secret db]",
        );
        check(
            &[("db", "hunter2")],
            "Basic aHVudGVyMg== or dTpodW50ZXIy",
            "Basic [secret db] or dTp[secret db]",
        );
    }

    #[test]
    fn the_longer_of_two_is_meant_and_of_overlapping_ones_nothing_is_left() {
        let secrets = [("short", "abcd"), ("long", "cdefghij"), ("longer", "abcdXY")];
        check(&secrets, "abcdXY abcdefghij abcd.", "[secret longer] [secret long] [secret short].");
        check(&[("a", "aaaa"), ("b", "bbbb")], "aaabbbb aaaaaabbbb", "aaa[secret b] [secret a][secret b]");
    }

    #[test]
    fn a_secret_that_comes_to_be_known_is_hidden_from_then_on_even_if_it_has_begun() {
        let redactor = Redactor::default();
        redactor.add("one", &"hunters".into()).unwrap();
        let mut hider = redactor.hider();
        let mut hidden = Vec::new();
        hider.push(b"hunt", &mut |bytes| hidden.extend_from_slice(bytes));
        redactor.add("two", &"hunter2".into()).unwrap();
        hider.push(b"er2", &mut |bytes| hidden.extend_from_slice(bytes));
        hider.finish(&mut |bytes| hidden.extend_from_slice(bytes));
        assert_eq!(hidden, b"[secret two]");
    }

    proptest! {
        /// Words of two letters overlap as much as words can.
        #[test]
        fn what_is_hidden_does_not_depend_on_the_pieces(
            values in prop::collection::vec("[ab]{4,9}", 1..5),
            text in "[ab%]{0,80}",
            sizes in prop::collection::vec(1_usize..12, 1..6),
        ) {
            let names = ["k", "l", "m", "n", "o"];
            let secrets: Vec<_> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
            let expected = oracle(&secrets, text.as_bytes());
            let hidden = in_pieces(&secrets, text.as_bytes(), &sizes);
            prop_assert_eq!(String::from_utf8_lossy(&hidden), String::from_utf8_lossy(&expected));
        }

        /// No form of a secret stands in what is left.
        #[test]
        fn nothing_of_a_secret_is_left(
            value in "[ -~]{4,30}",
            noise in prop::collection::vec("[ -~]{0,9}", 4),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 3),
            sizes in prop::collection::vec(1_usize..40, 1..6),
        ) {
            let forms: Vec<_> = forms::of(&value).into_iter().collect();
            let mut text = noise[0].clone().into_bytes();
            for (pick, noise) in picks.iter().zip(&noise[1..]) {
                text.extend_from_slice(&forms[pick.index(forms.len())]);
                text.extend_from_slice(noise.as_bytes());
            }
            let hidden = in_pieces(&[("\u{1}", &value)], &text, &sizes);
            // What the marks join is no occurrence.
            for part in hidden.split(|byte| *byte == 1) {
                for form in &forms {
                    prop_assert!(!part.windows(form.len()).any(|window| window == &form[..]));
                }
            }
        }
    }
}
