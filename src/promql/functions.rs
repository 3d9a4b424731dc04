//! The functions of PromQL and what they take.
//!
//! Source: Prometheus 2.42, Querying: functions.

use std::fmt;

use ValueType::{Range, Scalar, Text, Vector};

/// What an expression evaluates to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// A number.
    Scalar,
    /// A text.
    Text,
    /// One sample each of any number of series.
    Vector,
    /// Samples over a time of any number of series.
    Range,
}

/// How a function is called.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What it takes; the last type stands for what is repeated.
    pub args: &'static [ValueType],
    /// How often the last argument may stand.
    pub last: Repeat,
    /// What it answers.
    pub returns: ValueType,
}

/// How often the last argument of a function may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Exactly once.
    Once,
    /// Once or not at all.
    Optional,
    /// Any number of times.
    Any,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Scalar => "a number",
            Text => "a text",
            Vector => "an instant vector",
            Range => "a range vector",
        })
    }
}

/// A function of which every argument has to be given.
const fn function(name: &'static str, args: &'static [ValueType], returns: ValueType) -> Function {
    Function { name, args, last: Repeat::Once, returns }
}

/// A function of one instant vector.
const fn of_vector(name: &'static str) -> Function {
    function(name, &[Vector], Vector)
}

/// A function of one range vector.
const fn of_range(name: &'static str) -> Function {
    function(name, &[Range], Vector)
}

/// A part of the date of the values, or of the evaluation.
const fn of_date(name: &'static str) -> Function {
    Function { name, args: &[Vector], last: Repeat::Optional, returns: Vector }
}

/// All functions, in the order of the alphabet.
pub(super) static FUNCTIONS: &[Function] = &[
    of_vector("abs"),
    of_vector("absent"),
    of_range("absent_over_time"),
    of_vector("acos"),
    of_vector("acosh"),
    of_vector("asin"),
    of_vector("asinh"),
    of_vector("atan"),
    of_vector("atanh"),
    of_range("avg_over_time"),
    of_vector("ceil"),
    of_range("changes"),
    function("clamp", &[Vector, Scalar, Scalar], Vector),
    function("clamp_max", &[Vector, Scalar], Vector),
    function("clamp_min", &[Vector, Scalar], Vector),
    of_vector("cos"),
    of_vector("cosh"),
    of_range("count_over_time"),
    of_date("day_of_month"),
    of_date("day_of_week"),
    of_date("day_of_year"),
    of_date("days_in_month"),
    of_vector("deg"),
    of_range("delta"),
    of_range("deriv"),
    of_vector("exp"),
    of_vector("floor"),
    of_vector("histogram_count"),
    function("histogram_fraction", &[Scalar, Scalar, Vector], Vector),
    function("histogram_quantile", &[Scalar, Vector], Vector),
    of_vector("histogram_sum"),
    function("holt_winters", &[Range, Scalar, Scalar], Vector),
    of_date("hour"),
    of_range("idelta"),
    of_range("increase"),
    of_range("irate"),
    Function { name: "label_join", args: &[Vector, Text, Text, Text], last: Repeat::Any, returns: Vector },
    function("label_replace", &[Vector, Text, Text, Text, Text], Vector),
    of_range("last_over_time"),
    of_vector("ln"),
    of_vector("log10"),
    of_vector("log2"),
    of_range("max_over_time"),
    of_range("min_over_time"),
    of_date("minute"),
    of_date("month"),
    function("pi", &[], Scalar),
    function("predict_linear", &[Range, Scalar], Vector),
    of_range("present_over_time"),
    function("quantile_over_time", &[Scalar, Range], Vector),
    of_vector("rad"),
    of_range("rate"),
    of_range("resets"),
    Function { name: "round", args: &[Vector, Scalar], last: Repeat::Optional, returns: Vector },
    function("scalar", &[Vector], Scalar),
    of_vector("sgn"),
    of_vector("sin"),
    of_vector("sinh"),
    of_vector("sort"),
    of_vector("sort_desc"),
    of_vector("sqrt"),
    of_range("stddev_over_time"),
    of_range("stdvar_over_time"),
    of_range("sum_over_time"),
    of_vector("tan"),
    of_vector("tanh"),
    function("time", &[], Scalar),
    of_vector("timestamp"),
    function("vector", &[Scalar], Vector),
    of_date("year"),
];

/// The function of this name; upper and lower case are told apart.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

impl Function {
    /// How many arguments it takes at least, and at most when there is a limit.
    pub fn n_args(&self) -> (usize, Option<usize>) {
        let n = self.args.len();
        match self.last {
            Repeat::Once => (n, Some(n)),
            Repeat::Optional => (n - 1, Some(n)),
            Repeat::Any => (n - 1, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_in_the_order_of_the_alphabet_each_once() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn only_a_function_with_arguments_repeats_its_last() {
        for function in FUNCTIONS {
            assert!(function.last == Repeat::Once || !function.args.is_empty(), "{}", function.name);
        }
    }
}
