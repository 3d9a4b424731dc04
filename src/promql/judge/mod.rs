//! What can be said of a query without its data.

mod alike;
mod always;
mod bounds;
mod filters;
mod labels;
mod matchers;
mod never;
mod rates;
mod regexes;

pub use always::{Always, always_returns_something};
pub use filters::filters;
pub use labels::{Difference, labels};
pub use never::{Because, Never, can_never_return_anything};
pub use rates::{RateProblem, RateTrouble, rate_problems};
pub use regexes::{NeedlessRegex, RegexExcess, needless_regexes};
