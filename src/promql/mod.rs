//! PromQL: text to a tree with byte spans, and what can be said of a query without its data.
//!
//! The language is that of Prometheus 2.42: what its `promtool` takes is taken here, and nothing else, within the
//! bounds below. The sources are the manual (Querying: basics, operators, functions), the grammar and lexer in
//! `promql/parser`, and the manual of Go's `regexp/syntax` for the patterns of matchers. The agreement is tested
//! against `promtool`, and the judgements against its engine.
//!
//! 1. Text in, values out: nothing here reads a file, asks a server or knows the time.
//! 2. Whatever the text, there is no panic; a span lies in the text, on boundaries of characters.
//! 3. Length, nesting and height of the tree are bounded, so every walk over a tree may recurse.
//! 4. A judgement is made only where it holds for all data; when in doubt there is none.

mod ast;
mod error;
mod functions;
mod judge;
mod length;
mod lexer;
mod literal;
mod parser;
mod re2;
mod same;
#[cfg(test)]
mod tests;
mod types;
mod walk;

pub use ast::{
    Aggregation, Aggregator, At, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, Grouping, LabelMatcher,
    MatchOp, Matching, Modifiers, RangeSelector, Selector, Span, Subquery, Unary,
};
pub use error::SyntaxError;
pub use functions::{Function, Repeat, ValueType};
pub use judge::{
    Always, Because, Difference, NeedlessRegex, Never, RateProblem, RateTrouble, RegexExcess,
    always_returns_something, can_never_return_anything, filters, needless_regexes, rate_problems,
};
pub use length::{LengthError, length};
pub use same::are_same;
pub use walk::{children, functions, selectors, walk};

/// The longest query that is read, in bytes.
pub const MAX_LENGTH: usize = 64 * 1024;
/// How deep parentheses, calls, signs and right operands may nest.
pub const MAX_NESTING: usize = 100;
/// How many levels the tree of a query may have; a chain of operators makes one level each.
pub const MAX_HEIGHT: usize = 500;

/// Reads a query and checks its types.
///
/// # Errors
/// The first fault, syntax before types.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    let expr = parser::parse(text)?;
    types::check(&expr)?;
    Ok(expr)
}

/// Checks a regular expression as Go reads it.
///
/// # Errors
/// What Go has against it, as a phrase.
pub fn check_regex(pattern: &str) -> Result<(), String> {
    re2::matches_empty(pattern).map(drop)
}

/// What is known of a label of every sample that a query returns: its value, empty when there is none, or `None` when
/// nothing is known.
pub fn known_label(expr: &Expr, label: &str) -> Option<String> {
    judge::labels(expr).get(label).map(str::to_owned)
}
