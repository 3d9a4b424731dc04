//! What the tests stand on: a real monitoring stack, peers that misbehave, and patience with a limit.

pub mod approvals;
mod case;
mod exporter;
mod gatekeeper;
mod generated;
mod hung_file_system;
mod hung_peer;
mod keys;
mod past;
pub mod plan_file_laws;
mod stack;
mod understood;
mod wait;
mod webhook;
mod yaml;

pub use case::{Case, Ran};
pub use exporter::Exporter;
pub use gatekeeper::Gatekeeper;
pub use generated::assert_committed;
pub use hung_file_system::HungFileSystem;
pub use hung_peer::HungPeer;
pub use keys::{Agent, make_key, make_protected_key};
pub use past::Past;
pub use stack::{Stack, free_address};
pub use understood::assert_understood;
pub use wait::wait_until;
pub use yaml::Yaml;
