//! The surroundings: clock, HTTP, the monitoring systems' APIs, processes. Everything here may block or fail;
//! nothing here decides.

pub mod alertmanager;
pub mod clock;
pub mod files;
pub mod http;
pub mod prometheus;
