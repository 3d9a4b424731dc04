//! The ledger: the append-only, hash-chained record of everything that happened.
//!
//! # Format
//!
//! The exported ledger is a text file with one entry a line: canonical JSON (RFC 8785) and a line feed. `seq`
//! counts from 1 without gaps. `prev` is the SHA-256, in hexadecimal, of the line before it, line feed included;
//! the first entry's is 64 zeros. So stock tools check any link:
//!
//! ```sh
//! sed -n 41p ledger.jsonl | sha256sum    # equals "prev" of line 42
//! head -n 42 ledger.jsonl | tail -n 1    # what happened
//! ```
//!
//! The **root** of a ledger is the digest of its last line. A chain alone never shows that its tail was cut or
//! that an old copy was put back: hold it against an anchor, the number of entries and the root that somebody
//! else kept (every report carries them).

pub mod chain;
