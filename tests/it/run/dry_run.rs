//! `run --dry-run`: a preflight that states its coverage.
