//! The ends of an output in constant memory: the first bytes, the last bytes, and how many there were.

use std::collections::VecDeque;

use crate::model::Output;

/// How many bytes are kept of the beginning, and as many of the end.
pub const KEPT: usize = 8 * 1024;

/// Takes any number of bytes and keeps [`KEPT`] of the beginning and of the end.
#[derive(Debug, Default)]
pub struct Ends {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    bytes: u64,
}

impl Ends {
    /// Takes the next bytes.
    pub fn take(&mut self, mut chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        let room = KEPT - self.head.len();
        let (first, rest) = chunk.split_at(room.min(chunk.len()));
        self.head.extend_from_slice(first);
        chunk = &rest[rest.len().saturating_sub(KEPT)..];
        let surplus = (self.tail.len() + chunk.len()).saturating_sub(KEPT);
        self.tail.drain(..surplus);
        self.tail.extend(chunk);
    }

    /// Whether the next bytes leave something out, or did already.
    pub fn overflows_with(&self, n_bytes: usize) -> bool {
        self.bytes + n_bytes as u64 > 2 * KEPT as u64
    }

    /// Everything so far, in two parts, as long as nothing was left out.
    pub fn whole(&mut self) -> [&[u8]; 2] {
        [&self.head, self.tail.make_contiguous()]
    }

    /// What was kept, as text; `None` when there was nothing at all.
    pub fn finish(self) -> Option<Output> {
        if self.bytes == 0 {
            return None;
        }
        let dropped = self.bytes - (self.head.len() + self.tail.len()) as u64;
        let tail: Vec<u8> = self.tail.into();
        if dropped > 0 {
            return Some(Output {
                head: text(&self.head),
                tail: text(&tail),
                bytes: self.bytes,
                dropped,
                log: None,
            });
        }
        // Nothing is missing between them: one text, so that no character is cut in two.
        let whole = [self.head, tail].concat();
        Some(Output { head: text(&whole), tail: String::new(), bytes: self.bytes, dropped, log: None })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn head_tail_and_count_are_those_of_the_whole(chunks in prop::collection::vec(prop::collection::vec(b'a'..=b'z', 0..6000), 0..12)) {
            let whole: Vec<u8> = chunks.concat();
            let mut ends = Ends::default();
            for chunk in &chunks {
                ends.take(chunk);
            }
            let Some(output) = ends.finish() else {
                prop_assert!(whole.is_empty());
                return Ok(());
            };
            prop_assert_eq!(output.bytes, whole.len() as u64);
            prop_assert_eq!(output.bytes, (output.head.len() + output.tail.len()) as u64 + output.dropped);
            prop_assert!(whole.starts_with(output.head.as_bytes()) && whole.ends_with(output.tail.as_bytes()));
            prop_assert!(output.head.len() + output.tail.len() <= 2 * KEPT);
        }
    }
}
