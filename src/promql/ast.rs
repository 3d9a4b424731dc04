//! The tree of a query.

use std::fmt;
use std::ops::Range;

use chrono::TimeDelta;

use super::functions::{Function, ValueType};

/// Bytes of the query.
pub type Span = Range<usize>;

/// An expression and its place.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
    /// Levels of the tree from here down.
    pub(super) height: usize,
    /// What it evaluates to; kept, because judgements ask for it at every level.
    value_type: ValueType,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// `1.5`
    Number(f64),
    /// `"text"`; bytes that are no UTF-8 became replacement characters.
    Text(String),
    /// `up{job="a"}`
    Selector(Selector),
    /// `up[5m]`
    Range(RangeSelector),
    /// `up[5m:1m]`
    Subquery(Box<Subquery>),
    /// `(up)`
    Paren(Box<Expr>),
    /// `-up`
    Unary(Box<Unary>),
    /// `a + b`
    Binary(Box<Binary>),
    /// `sum(up)`
    Aggregation(Box<Aggregation>),
    /// `rate(x[5m])`
    Call(Call),
}

/// A selector of series at one instant.
#[derive(Debug, Clone)]
pub struct Selector {
    /// The name before the braces.
    pub name: Option<String>,
    /// The conditions in the braces.
    pub matchers: Vec<LabelMatcher>,
    /// When it looks.
    pub modifiers: Modifiers,
    /// The name and the braces, without modifiers.
    pub span: Span,
}

/// One condition on a label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelMatcher {
    /// The label.
    pub label: String,
    /// How it is compared.
    pub op: MatchOp,
    /// With what; bytes that are no UTF-8 became replacement characters.
    pub value: String,
    /// From the label to the value.
    pub span: Span,
    /// The value with its quotes.
    pub value_span: Span,
}

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

/// When a selector or subquery looks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Modifiers {
    /// How much earlier; negative is later.
    pub offset: Option<TimeDelta>,
    /// At which instant instead of that of the evaluation.
    pub at: Option<At>,
}

/// The instant after `@`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum At {
    /// Seconds since 1970.
    Time(f64),
    /// `start()`
    Start,
    /// `end()`
    End,
}

/// A selector with a range.
#[derive(Debug, Clone)]
pub struct RangeSelector {
    /// The series; the modifiers behind the range are here, too.
    pub selector: Selector,
    /// How far back.
    pub range: TimeDelta,
}

/// An expression over a range.
#[derive(Debug, Clone)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Expr,
    /// How far back.
    pub range: TimeDelta,
    /// How often; without, at the default interval of the server.
    pub step: Option<TimeDelta>,
    /// When it looks.
    pub modifiers: Modifiers,
}

/// A sign and its operand.
#[derive(Debug, Clone)]
pub struct Unary {
    /// Whether the sign is `-`.
    pub is_negative: bool,
    /// The operand.
    pub expr: Expr,
}

/// Two operands.
#[derive(Debug, Clone)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// The operator alone.
    pub op_span: Span,
    /// Whether a comparison answers 0 or 1 instead of filtering.
    pub is_bool: bool,
    /// Which labels decide what meets what.
    pub matching: Option<Matching>,
    /// One side or both may have many.
    pub cardinality: Cardinality,
    /// The left operand.
    pub left: Expr,
    /// The right operand.
    pub right: Expr,
}

/// A binary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Atan2,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Unless,
}

/// `on (...)` or `ignoring (...)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matching {
    /// Whether it is `on`.
    pub is_on: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// How many samples of a side may meet one of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cardinality {
    /// One each; for set operators any number.
    Plain,
    /// `group_left (...)`: the left side may have many; the labels come from the right.
    GroupLeft(Vec<String>),
    /// `group_right (...)`: the right side may have many; the labels come from the left.
    GroupRight(Vec<String>),
}

/// An aggregation.
#[derive(Debug, Clone)]
pub struct Aggregation {
    /// Which one.
    pub op: Aggregator,
    /// Its name alone.
    pub op_span: Span,
    /// Over which labels.
    pub grouping: Option<Grouping>,
    /// The first of two arguments.
    pub parameter: Option<Expr>,
    /// What is aggregated.
    pub expr: Expr,
}

/// An aggregation operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Aggregator {
    Avg,
    Bottomk,
    Count,
    CountValues,
    Group,
    Max,
    Min,
    Quantile,
    Stddev,
    Stdvar,
    Sum,
    Topk,
}

/// `by (...)` or `without (...)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// Whether it is `without`.
    pub is_without: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// A function call.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which function.
    pub function: &'static Function,
    /// Its name alone.
    pub name_span: Span,
    /// What it is given.
    pub args: Vec<Expr>,
}

/// The aggregators by their names, in the order of the alphabet.
pub(super) const AGGREGATORS: [(&str, Aggregator); 12] = [
    ("avg", Aggregator::Avg),
    ("bottomk", Aggregator::Bottomk),
    ("count", Aggregator::Count),
    ("count_values", Aggregator::CountValues),
    ("group", Aggregator::Group),
    ("max", Aggregator::Max),
    ("min", Aggregator::Min),
    ("quantile", Aggregator::Quantile),
    ("stddev", Aggregator::Stddev),
    ("stdvar", Aggregator::Stdvar),
    ("sum", Aggregator::Sum),
    ("topk", Aggregator::Topk),
];

impl Expr {
    /// An expression above others of which the highest has one level less than `height`.
    pub(super) fn new(kind: ExprKind, span: Span, height: usize) -> Self {
        let value_type = value_type(&kind);
        Self { kind, span, height, value_type }
    }

    /// What it evaluates to.
    pub fn value_type(&self) -> ValueType {
        self.value_type
    }

    /// The expression without parentheses around it.
    pub fn bare(&self) -> &Self {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }
}

fn value_type(kind: &ExprKind) -> ValueType {
    match kind {
        ExprKind::Number(_) => ValueType::Scalar,
        ExprKind::Text(_) => ValueType::Text,
        ExprKind::Selector(_) | ExprKind::Aggregation(_) => ValueType::Vector,
        ExprKind::Range(_) | ExprKind::Subquery(_) => ValueType::Range,
        ExprKind::Paren(inner) => inner.value_type,
        ExprKind::Unary(unary) => unary.expr.value_type,
        ExprKind::Binary(binary) => match (binary.left.value_type, binary.right.value_type) {
            (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
            _ => ValueType::Vector,
        },
        ExprKind::Call(call) => call.function.returns,
    }
}

impl Aggregator {
    /// Whether it takes a parameter before the vector.
    pub fn takes_parameter(self) -> bool {
        matches!(self, Self::Bottomk | Self::CountValues | Self::Quantile | Self::Topk)
    }
}

impl BinaryOp {
    /// Whether it is `==`, `!=`, `<`, `<=`, `>` or `>=`.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        matches!(self, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual)
    }

    /// Whether it is `and`, `or` or `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

impl fmt::Display for MatchOp {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        })
    }
}

impl fmt::Display for BinaryOp {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        })
    }
}

impl fmt::Display for Aggregator {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = AGGREGATORS.iter().find(|(_, op)| op == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}
