//! YAML as a tree that can be changed, written, and turned into JSON as an editor's language server does.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};
use serde_yaml::granit_parser::{Event, Parser, ScalarStyle};

/// A value; a scalar is kept as it is written, with its quotes.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml {
    Scalar(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// Reads one document.
    ///
    /// # Errors
    /// The parser's, and what a plan file never has: tags, keys that are no scalars.
    pub fn read(text: &str) -> Result<Yaml, String> {
        let mut events = Vec::new();
        for event in Parser::new_from_str(text) {
            let (event, _) = event.map_err(|error| error.to_string())?;
            if matches!(event, Event::Comment(..)) {
                continue;
            }
            if event.tag().is_some() {
                return Err("a tag".to_owned());
            }
            events.push(event);
        }
        let mut rest =
            events.into_iter().skip_while(|event| !matches!(event, Event::DocumentStart(..))).skip(1);
        let first = rest.next().ok_or("no document")?;
        node(first, &mut rest, &mut HashMap::new())
    }

    /// The text, in block style.
    pub fn write(&self) -> String {
        let mut text = String::new();
        self.write_at(0, &mut text);
        text
    }

    fn write_at(&self, indent: usize, text: &mut String) {
        let margin = " ".repeat(indent);
        match self {
            Self::Scalar(written) => text.extend([&margin, written.as_str(), "\n"]),
            Self::List(elements) if elements.is_empty() => text.extend([&margin, "[]\n"]),
            Self::Map(entries) if entries.is_empty() => text.extend([&margin, "{}\n"]),
            Self::List(elements) => {
                for element in elements {
                    let start = text.len();
                    element.write_at(indent + 2, text);
                    text.replace_range(start..start + indent + 2, &format!("{margin}- "));
                }
            }
            Self::Map(entries) => {
                for (key, value) in entries {
                    text.extend([&margin, key.as_str(), ":"]);
                    let start = text.len();
                    match value {
                        Self::Map(below) if !below.is_empty() => {
                            *text += "\n";
                            value.write_at(indent + 2, text);
                        }
                        Self::List(below) if !below.is_empty() => {
                            *text += "\n";
                            value.write_at(indent + 2, text);
                        }
                        _ => {
                            value.write_at(0, text);
                            text.insert(start, ' ');
                        }
                    }
                }
            }
        }
    }

    /// The value by the core schema of YAML 1.2.
    ///
    /// JSON has no infinity and no NaN; they are large numbers here, because an editor sees numbers.
    pub fn json(&self) -> Value {
        match self {
            Self::Scalar(written) if is_quoted(written) => Value::String(content(written)),
            Self::Scalar(written) => plain(written),
            Self::List(elements) => elements.iter().map(Self::json).collect(),
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = if is_quoted(key) { content(key) } else { key.clone() };
                    (key, value.json())
                });
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

fn is_quoted(written: &str) -> bool {
    written.starts_with(['"', '\''])
}

/// What a quoted scalar holds.
fn content(written: &str) -> String {
    let scalar = Parser::new_from_str(written).find_map(|event| match event.expect("a scalar").0 {
        Event::Scalar(text, ..) => Some(text.into_owned()),
        _ => None,
    });
    scalar.expect("a scalar")
}

fn node<'t>(
    event: Event<'t>,
    rest: &mut impl Iterator<Item = Event<'t>>,
    anchors: &mut HashMap<usize, Yaml>,
) -> Result<Yaml, String> {
    let (read, anchor) = match event {
        Event::Scalar(text, ScalarStyle::Plain, anchor, _) => (Yaml::Scalar(text.into_owned()), anchor),
        Event::Scalar(text, _, anchor, _) => (Yaml::Scalar(Value::from(text).to_string()), anchor),
        Event::SequenceStart(_, anchor, _) => {
            let mut elements = Vec::new();
            loop {
                match rest.next().ok_or("a list without an end")? {
                    Event::SequenceEnd => break,
                    first => elements.push(node(first, rest, anchors)?),
                }
            }
            (Yaml::List(elements), anchor)
        }
        Event::MappingStart(_, anchor, _) => {
            let mut entries = Vec::new();
            loop {
                let key = match rest.next().ok_or("a mapping without an end")? {
                    Event::MappingEnd => break,
                    first => node(first, rest, anchors)?,
                };
                let Yaml::Scalar(key) = key else { return Err("a key that is no scalar".to_owned()) };
                let value = rest.next().ok_or("a key without a value")?;
                entries.push((key, node(value, rest, anchors)?));
            }
            (Yaml::Map(entries), anchor)
        }
        Event::Alias(anchor) => return anchors.get(&anchor).cloned().ok_or("no anchor".to_owned()),
        other => return Err(format!("{other:?}")),
    };
    if anchor != 0 {
        anchors.insert(anchor, read.clone());
    }
    Ok(read)
}

/// Source: YAML 1.2.2, section 10.3.2, tag resolution.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let radix = |prefix: &str, radix| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return number.into();
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return f64::MAX.into();
    }
    if !unsigned.is_empty()
        && unsigned.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = text.parse::<i64>()
    {
        return number.into();
    }
    let looks_so = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let float = text.parse::<f64>().ok().filter(|_| looks_so).and_then(Number::from_f64);
    float.map_or_else(|| text.into(), Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_are_typed_by_the_core_schema() {
        for (written, expected) in [
            ("~", json!(null)),
            ("True", json!(true)),
            ("yes", json!("yes")),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("017", json!(17)),
            ("1_0", json!("1_0")),
            ("+5", json!(5)),
            (".5", json!(0.5)),
            ("5.", json!(5.0)),
            ("1e2", json!(100.0)),
            ("e2", json!("e2")),
            ("1:30", json!("1:30")),
            ("2026-12-20", json!("2026-12-20")),
            ("\"5\"", json!("5")),
            ("'it''s'", json!("it's")),
        ] {
            assert_eq!(Yaml::read(written).unwrap().json(), expected, "{written}");
        }
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        let text = "a: [{b: 1, c: [[x], {}]}, 'it''s', \"\\n\"]\nd: {e: {f: ~}}\n'5': []\n";
        let tree = Yaml::read(text).unwrap();
        let again = Yaml::read(&tree.write()).unwrap_or_else(|error| panic!("{error}\n{}", tree.write()));
        assert_eq!(again, tree, "{}", tree.write());
        assert_eq!(
            again.json(),
            json!({"a": [{"b": 1, "c": [["x"], {}]}, "it's", "\n"], "d": {"e": {"f": null}}, "5": []})
        );
    }
}
