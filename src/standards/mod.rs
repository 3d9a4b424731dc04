//! Standards: what the work and its plan file have to be like, as catalogues of controls.
//!
//! Four catalogues come with mainstay; a plan file may name catalogues of its own. A control says what it
//! asks for, why, what published text it answers to, how bad it is when it is not met, and how that is
//! computed.
//!
//! 1. A catalogue is read as strictly as a plan file: every fault has its place.
//! 2. What a control asks for is looked up in what is written; nothing here guesses, and defaults do not
//!    count.
//! 3. What only people can show is said to be so, and is never computed.
//! 4. Nothing here reads or writes files.

mod catalogue;
mod compute;
mod explain;
mod form;
mod keys;
mod shipped;
mod stub;
#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, Computed, Condition, Control, Each, Fix, Holds, Least, Page, Requires, Test};
pub(crate) use compute::{Unmet, unmet};
pub use explain::explain;
pub(crate) use form::{ReadCatalogue, read};
pub use shipped::{by_id, named, names};
pub use stub::stub;
