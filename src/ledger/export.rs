//! Exporting: the lines as they are, and reading them back.

use std::io::{self, BufRead, Write};

use super::{Row, Verifier};

/// Longer lines than this are none of ours.
const MAX_LINE_BYTES: u64 = 1 << 30;

/// Writes one line, exactly as its digest was made of it.
///
/// # Errors
/// When it cannot be written.
pub fn write(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    out.write_all(row.line)?;
    out.write_all(b"\n")
}

/// Verifies an exported ledger.
///
/// # Errors
/// When it cannot be read; what is wrong with its content is for the verifier to say.
pub fn verify(mut file: impl BufRead, verifier: &mut Verifier) -> io::Result<()> {
    let mut line = Vec::new();
    let mut seq = 0;
    loop {
        line.clear();
        if io::Read::take(&mut file, MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        seq += 1;
        // A line without its line feed is judged with what stands there: the digest covers the line feed,
        // so a cut one has to look different from a whole one.
        let is_whole = line.pop_if(|last| *last == b'\n').is_some();
        if !is_whole {
            line.push(0);
        }
        verifier.line(&Row { seq, line: &line, digest: None, prev: None });
    }
}
