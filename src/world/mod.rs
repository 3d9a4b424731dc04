//! The surroundings: clock, HTTP, the monitoring systems' APIs, processes. Everything here may block or fail;
//! nothing here decides.

pub mod clock;
pub mod files;
pub mod process_identity;
