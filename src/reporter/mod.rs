//! The reporter pipeline.
