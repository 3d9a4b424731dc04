//! A log is a sequence of gzip members, each whole in itself: whatever becomes of the last one, `zcat` reads those
//! before it.
//!
//! Source: RFC 1951 and RFC 1952.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// Makes members, one after the other.
#[derive(Debug)]
pub struct Members {
    deflate: Compress,
}

/// No name, no time, no system: what is in it decides alone.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// The most that one stored block of the format holds.
const MAX_STORED: usize = 0xffff;

impl Default for Members {
    fn default() -> Self {
        // Level 1 is three times as fast as 3 and its logs are a twentieth larger.
        Self { deflate: Compress::new(Compression::new(1), false) }
    }
}

impl Members {
    /// Appends a member that holds `text` to `out`.
    pub fn compress(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(&HEADER);
        self.deflate.reset();
        let mut taken = 0;
        loop {
            out.reserve(text.len() / 4 + 1024);
            let before = self.deflate.total_in();
            let status = self.deflate.compress_vec(&text[taken..], out, FlushCompress::Finish);
            taken += usize::try_from(self.deflate.total_in() - before).unwrap_or(0);
            match status {
                Ok(Status::StreamEnd) => break,
                Ok(Status::Ok | Status::BufError) => {}
                Err(_) => {
                    out.truncate(begin);
                    return Self::store(text, out);
                }
            }
        }
        trailer(text, out);
    }

    /// The same as it is, which costs next to no time.
    pub fn store(text: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&HEADER);
        let n_blocks = text.len().div_ceil(MAX_STORED).max(1);
        for n in 0..n_blocks {
            let block = &text[n * MAX_STORED..text.len().min((n + 1) * MAX_STORED)];
            let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
            out.push(u8::from(n + 1 == n_blocks));
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&(!length).to_le_bytes());
            out.extend_from_slice(block);
        }
        trailer(text, out);
    }
}

fn trailer(text: &[u8], out: &mut Vec<u8>) {
    let mut crc = Crc::new();
    crc.update(text);
    out.extend_from_slice(&crc.sum().to_le_bytes());
    out.extend_from_slice(&crc.amount().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::MultiGzDecoder;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn members_in_a_row_are_one_text(
            texts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..3000), 1_usize..60, any::<bool>()), 1..6),
        ) {
            let mut members = Members::default();
            let (mut packed, mut expected) = (Vec::new(), Vec::new());
            for (text, times, is_stored) in texts {
                let text = text.repeat(times);
                expected.extend_from_slice(&text);
                if is_stored { Members::store(&text, &mut packed) } else { members.compress(&text, &mut packed) }
            }
            let mut text = Vec::new();
            MultiGzDecoder::new(&packed[..]).read_to_end(&mut text).unwrap();
            prop_assert!(text == expected);
        }
    }
}
