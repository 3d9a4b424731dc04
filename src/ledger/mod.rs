//! The ledger: the append-only, hash-chained record of everything that happened.
//!
//! # Format
//!
//! A ledger is a sequence of lines. Each is one [`Entry`](crate::model::Entry) as canonical JSON (RFC 8785)
//! in UTF-8, and a line feed. The digest of an entry is SHA-256, in lower-case hexadecimal, over exactly the
//! bytes of its line, the line feed included. `seq` counts from 1 without gaps; `prev` is the digest of the
//! entry before, and 64 zeros in the first. `audit export` writes these bytes and nothing else, so stock
//! tools check them:
//!
//! ```text
//! sed -n 41p ledger.jsonl | sha256sum        # equals `prev` of line 42
//! tail -n 1 ledger.jsonl | sha256sum         # the root that reports and anchors show
//! head -n 1000 ledger.jsonl | tail -n 1 | sha256sum    # the root when there were 1000 entries
//! sqlite3 -readonly state.db 'SELECT line FROM ledger ORDER BY seq' | cmp - ledger.jsonl
//! ```
//!
//! The **root** of a ledger is the digest of its last entry: through `prev` it stands for all of them. An
//! **anchor** is `ENTRIES:ROOT`, kept where nobody who can write the state file can write; a chain alone
//! cannot tell that its end was cut off, or that it was written anew from its beginning.
//!
//! Invariants:
//!
//! 1. Bytes that were exported are never exported differently.
//! 2. A verdict rests on the lines alone; a stored digest is compared, never trusted.
//! 3. Without an anchor no ledger is called intact.

mod anchor;
pub mod chain;
pub mod export;
mod verify;
mod words;

pub use anchor::{Anchor, AnchorError};
pub use verify::{Fault, Row, Verdict, Verification, Verifier};
pub use words::in_words;
