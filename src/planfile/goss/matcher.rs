//! Goss matchers to matchers.

use crate::model::{Constraint, JsonPath, LinePattern, Value};
use crate::planfile::tree::{Kind, NodeId, Style, Tree};

/// What a value is held against: a list alone means something else for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Lines of a text: a list is one of patterns.
    Lines,
    /// One value, or a list: a list is one of elements that have to be there.
    Values,
}

/// A matcher; `None` when it asserts nothing.
///
/// # Errors
/// Why there is none that says the same.
pub fn matcher(tree: &Tree, node: NodeId, about: About) -> Result<Option<Value>, String> {
    match &tree.node(node).kind {
        _ if tree.is_null(node) => Ok(None),
        Kind::Scalar { .. } => Ok(Some(scalar(tree, node))),
        Kind::Seq(elements) if elements.is_empty() => Ok(None),
        Kind::Seq(elements) if about == About::Values => several(tree, elements).map(Some),
        Kind::Seq(elements) => lines(tree, elements).map(Some),
        Kind::Map(entries) => match entries.as_slice() {
            [(name, argument)] => named(tree, tree.text(*name), *argument, about).map(Some),
            [] => Err("a matcher without a test asserts nothing".to_owned()),
            _ => Err("Goss takes one matcher at each level".to_owned()),
        },
    }
}

/// A scalar as it is typed in the Goss file: a number or a truth value bare, a text as text.
pub fn scalar(tree: &Tree, node: NodeId) -> Value {
    let text = tree.text(node).to_owned();
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    if tree.node(node).style == Style::Plain && (is_number || matches!(text.as_str(), "true" | "false")) {
        return Value::Bare(text);
    }
    Value::Text(text)
}

fn test(name: &str, value: Value) -> Value {
    Value::Map(vec![(name.to_owned(), value)])
}

/// Each element as a matcher; one that asserts nothing would hold of any.
fn each(tree: &Tree, elements: &[NodeId], about: About) -> Result<Vec<Value>, String> {
    let one = |element: &NodeId| {
        matcher(tree, *element, about)?.ok_or_else(|| "an element asserts nothing".to_owned())
    };
    elements.iter().map(one).collect()
}

fn several(tree: &Tree, elements: &[NodeId]) -> Result<Value, String> {
    each(tree, elements, About::Values).map(Value::List)
}

/// Patterns, and for each matcher among them that a line is like it.
fn lines(tree: &Tree, elements: &[NodeId]) -> Result<Value, String> {
    let (patterns, matchers): (Vec<_>, Vec<_>) =
        elements.iter().partition(|element| tree.is_scalar(**element));
    let mut all = Vec::new();
    if !patterns.is_empty() {
        all.push(patterns_of(tree, patterns.into_iter().copied())?);
    }
    for inner in matchers {
        let inner = matcher(tree, *inner, About::Values)?.ok_or("an element asserts nothing")?;
        all.push(test("has", inner));
    }
    Ok(if all.len() == 1 { all.remove(0) } else { test("all", Value::List(all)) })
}

fn patterns_of(tree: &Tree, patterns: impl Iterator<Item = NodeId>) -> Result<Value, String> {
    let mut texts = Vec::new();
    for pattern in patterns {
        let text = tree.text(pattern);
        let read = LinePattern::parse(text).map_err(|why| format!("the pattern `{text}`: {why}"))?;
        if read.is_in_all() {
            return Err(format!("the pattern `{text}` is in every line"));
        }
        texts.push(Value::Text(text.to_owned()));
    }
    Ok(test("patterns", Value::List(texts)))
}

fn named(tree: &Tree, name: &str, argument: NodeId, about: About) -> Result<Value, String> {
    let text = || match &tree.node(argument).kind {
        Kind::Scalar { text, .. } if !text.is_empty() => Ok(text.clone().into_owned()),
        _ => Err(format!("`{name}` without a text")),
    };
    let inner = |about| matcher(tree, argument, about)?.ok_or_else(|| format!("`{name}` of nothing"));
    let list = |about| match &tree.node(argument).kind {
        Kind::Seq(elements) if !elements.is_empty() => each(tree, elements, about).map(Value::List),
        _ => Err(format!("`{name}` without elements asserts nothing")),
    };
    Ok(match name {
        "equal" => match &tree.node(argument).kind {
            Kind::Scalar { .. } => test("eq", scalar(tree, argument)),
            _ => return Err("`equal` to a list or a mapping; here `exactly` compares sets".to_owned()),
        },
        "have-prefix" => test("has_prefix", text()?.into()),
        "have-suffix" => test("has_suffix", text()?.into()),
        "contain-substring" => test("contains", text()?.into()),
        "match-regexp" => {
            let regex = text()?;
            LinePattern::parse(&format!("/{regex}/"))
                .map_err(|why| format!("the regular expression `{regex}`: {why}"))?;
            test("matches", regex.into())
        }
        "have-patterns" => match &tree.node(argument).kind {
            Kind::Seq(elements) if !elements.is_empty() => patterns_of(tree, elements.iter().copied())?,
            _ => return Err("`have-patterns` without a pattern asserts nothing".to_owned()),
        },
        "have-len" => test("len", inner(About::Values)?),
        "have-key" => test("has_key", inner(About::Values)?),
        "contain-element" => test("has", inner(About::Values)?),
        "contain-elements" => test("has_all", list(About::Values)?),
        "consist-of" => test("exactly", list(About::Values)?),
        "not" => test("not", inner(about)?),
        "and" => test("all", list(about)?),
        "or" => test("any", list(about)?),
        "gt" | "ge" | "lt" | "le" => match scalar(tree, argument) {
            number @ Value::Bare(_) => test(name, number),
            _ => return Err(format!("`{name}` of what is no number")),
        },
        "semver-constraint" => {
            let range = text()?;
            Constraint::parse(&range).map_err(|why| format!("the range of versions `{range}`: {why}"))?;
            test("semver", range.into())
        }
        "gjson" => test("json", by_path(tree, argument, json_path)?),
        "have-key-with-value" => {
            test("json", by_path(tree, argument, |key| Ok(format!("$[{}]", quoted(key))))?)
        }
        "xml" => return Err("there is no matcher for XML".to_owned()),
        _ => return Err(format!("there is no matcher `{name}`")),
    })
}

fn by_path(
    tree: &Tree,
    paths: NodeId,
    path_of: impl Fn(&str) -> Result<String, String>,
) -> Result<Value, String> {
    let entry = |(path, inner): &(NodeId, NodeId)| {
        let path = path_of(tree.text(*path))?;
        let inner =
            matcher(tree, *inner, About::Values)?.ok_or_else(|| format!("nothing is said of `{path}`"))?;
        Ok::<_, String>((path, inner))
    };
    let entries = tree.entries(paths).iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    if entries.is_empty() { Err("no path asserts nothing".to_owned()) } else { Ok(Value::Map(entries)) }
}

/// A path of gjson as a JSONPath: names and numbers with dots between them, and `#` for all elements.
///
/// Source: GJSON path syntax; what it has beyond that is refused.
fn json_path(path: &str) -> Result<String, String> {
    let refused = || format!("the gjson path `{path}` is more than names and numbers");
    let mut parts = vec![String::new()];
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let escaped = chars.next().ok_or_else(refused)?;
                parts.last_mut().into_iter().for_each(|part| part.push(escaped));
            }
            '.' => parts.push(String::new()),
            '|' | '@' | '*' | '?' | '(' | ')' | '{' | '[' | '!' => return Err(refused()),
            c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
    }
    let is_length = parts.len() > 1 && parts.last().is_some_and(|part| part == "#");
    if is_length || parts.iter().any(|part| part.is_empty() || (part.contains('#') && part != "#")) {
        return Err(refused());
    }
    let steps = parts.iter().map(|part| match part.as_str() {
        "#" => "[*]".to_owned(),
        part if part.bytes().all(|byte| byte.is_ascii_digit()) => format!("[{part}]"),
        part if is_plain(part) => format!(".{part}"),
        part => format!("[{}]", quoted(part)),
    });
    let path = format!("${}", steps.collect::<String>());
    JsonPath::parse(&path).map(|_| path).map_err(|_| refused())
}

/// Source: RFC 9535, 2.5.1.1: a member name in shorthand, of ASCII.
fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(allowed) && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn quoted(name: &str) -> String {
    format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
}
