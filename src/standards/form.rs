//! The form of a catalogue in YAML: text to values, with every fault at its place.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::catalogue::{
    Catalogue, Computed, Condition, Control, Each, Fix, Holds, Least, Page, Requires, Test,
};
use super::keys;
use crate::model::{List, Named, Severity, Span, Spanned, Value};
use crate::planfile::{Fault, Source, Text, Whole, one_of};

/// A catalogue as it lies there, what it says, and what is wrong with it.
#[derive(Debug)]
pub struct ReadCatalogue {
    /// Its text.
    pub source: Source,
    /// What it says; `None` when anything is wrong with it.
    pub catalogue: Option<Catalogue>,
    /// Everything that is wrong with it.
    pub faults: Vec<Fault>,
}

/// The code of what is wrong with a catalogue.
const CODE: &str = "MS802";

const CATALOGUE: Whole = Whole {
    name: "the catalogue",
    keys: "`standard:` and `controls:`",
    first: "standard: NAME",
    split: "put each catalogue into a file of its own",
};

/// Reads the text of a catalogue that people know as `name`; `rules` are the codes of the rules that there
/// are, where they are known.
///
/// Source: the strict reading of the plan file, `planfile`.
pub fn read(name: &str, text: &str, rules: Option<&[&str]>) -> ReadCatalogue {
    let text = Text::new(name, text.as_bytes().to_vec());
    let (form, mut faults) = text.read_as::<CatalogueForm>(&CATALOGUE);
    // What was left out would be told twice.
    let catalogue =
        form.filter(|_| faults.is_empty()).map(|form| Checker { rules, faults: &mut faults }.catalogue(form));
    let catalogue = catalogue.filter(|_| faults.is_empty());
    ReadCatalogue { source: text.source, catalogue, faults }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueForm {
    standard: Spanned<String>,
    title: String,
    version: String,
    controls: Spanned<List<ControlForm>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlForm {
    id: Spanned<String>,
    statement: Spanned<String>,
    reason: Spanned<String>,
    #[serde(default)]
    references: Vec<String>,
    severity: Severity,
    computed: Spanned<ComputedForm>,
    fix: Option<Spanned<FixForm>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ComputedForm {
    requires: Option<Spanned<String>>,
    each: Option<Spanned<Each>>,
    #[serde(rename = "where", default)]
    conditions: Named<HoldsForm>,
    equals: Option<Spanned<String>>,
    one_of: Option<Spanned<Vec<String>>>,
    matches: Option<Spanned<String>>,
    at_least: Option<Spanned<String>>,
    rules: Option<Spanned<Vec<Spanned<String>>>>,
    by_hand: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum FixForm {
    Set(Given),
    Document(Page),
}

/// A value, a list of them, or `{present: true}`.
struct HoldsForm(Holds);

impl<'de> Deserialize<'de> for HoldsForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = HoldsForm;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a value, a list of values, or `{present: true}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HoldsForm, E> {
                Ok(HoldsForm(Holds::OneOf(vec![text.to_owned()])))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<HoldsForm, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(HoldsForm(Holds::OneOf(values)))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<HoldsForm, A::Error> {
                let PresentForm { present } =
                    PresentForm::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(HoldsForm(Holds::Present(present)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PresentForm {
    present: bool,
}

/// Any value.
struct Given(Value);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text, a list or a mapping")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Given, E> {
                Ok(Given(Value::Text(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
                let mut values = Vec::new();
                while let Some(Given(value)) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Given(Value::List(values)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
                let mut values = Vec::new();
                while let Some((key, Given(value))) = map.next_entry()? {
                    values.push((key, value));
                }
                Ok(Given(Value::Map(values)))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Judges what a catalogue means, and collects what is wrong with it.
struct Checker<'c> {
    rules: Option<&'c [&'c str]>,
    faults: &'c mut Vec<Fault>,
}

impl Checker<'_> {
    fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    fn catalogue(&mut self, form: CatalogueForm) -> Catalogue {
        self.said(&form.standard, "standard");
        if form.controls.value.is_empty() {
            self.add(Fault::new(CODE, form.controls.span, "the catalogue has no control"));
        }
        let mut ids: BTreeMap<String, Span> = BTreeMap::new();
        let mut controls = Vec::new();
        for control in form.controls.value.0 {
            let id = control.id.clone();
            if let Some(first) = ids.insert(id.value.clone(), id.span) {
                let message = format!("two controls have the id `{}`", id.value);
                self.add(Fault::new(CODE, id.span, message).related(first, "the other one"));
            }
            controls.extend(self.control(control));
        }
        let CatalogueForm { standard, title, version, .. } = form;
        Catalogue { standard: standard.value, title, version, controls }
    }

    fn control(&mut self, form: ControlForm) -> Option<Control> {
        if !is_id(&form.id.value) {
            let fault =
                Fault::new(CODE, form.id.span, format!("`{}` cannot be the id of a control", form.id.value));
            self.add(fault.expected("expected capital letters, a hyphen and digits, such as `OPS-01`"));
        }
        self.said(&form.statement, "statement");
        self.said(&form.reason, "reason");
        let computed = self.computed(form.computed)?;
        let fix = form.fix.and_then(|fix| self.fix(fix, &computed));
        Some(Control {
            id: form.id,
            statement: form.statement.value,
            reason: form.reason.value,
            references: form.references,
            severity: form.severity,
            computed,
            fix,
        })
    }

    /// A text that has to say something.
    fn said(&mut self, text: &Spanned<String>, key: &str) {
        if text.value.trim().is_empty() {
            self.add(Fault::new(CODE, text.span, format!("`{key}` is empty")));
        }
    }

    fn computed(&mut self, form: Spanned<ComputedForm>) -> Option<Computed> {
        let Spanned { value: form, span } = form;
        let ways = [form.requires.is_some(), form.rules.is_some(), form.by_hand.is_some()];
        if ways.iter().filter(|is_there| **is_there).count() != 1 {
            let fault = Fault::new(CODE, beginning(span), "a control is computed in exactly one way");
            self.add(fault.expected("expected one of `requires`, `rules` or `by_hand`"));
            return None;
        }
        if form.requires.is_some() {
            return self.requires(form, span).map(|requires| Computed::Requires(Box::new(requires)));
        }
        let of_requires = [
            ("each", form.each.as_ref().map(|each| each.span)),
            ("where", form.conditions.iter().next().map(|(key, _)| key.span)),
            ("equals", form.equals.as_ref().map(|value| value.span)),
            ("one_of", form.one_of.as_ref().map(|value| value.span)),
            ("matches", form.matches.as_ref().map(|value| value.span)),
            ("at_least", form.at_least.as_ref().map(|value| value.span)),
        ];
        for (key, span) in of_requires {
            if let Some(span) = span {
                self.add(Fault::new(
                    CODE,
                    span,
                    format!("`{key}` belongs to `requires`, which is not there"),
                ));
            }
        }
        if let Some(shown) = form.by_hand {
            self.said(&shown, "by_hand");
            return Some(Computed::ByHand(shown.value));
        }
        form.rules.map(|rules| self.named_rules(rules))
    }

    fn named_rules(&mut self, rules: Spanned<Vec<Spanned<String>>>) -> Computed {
        if rules.value.is_empty() {
            self.add(Fault::new(CODE, rules.span, "`rules` is empty"));
        }
        let known = self.rules.unwrap_or_default();
        let is_unknown = |code: &str| self.rules.is_some() && !known.contains(&code);
        for rule in rules.value.iter().filter(|rule| is_unknown(&rule.value)) {
            let fault = Fault::new(CODE, rule.span, format!("there is no rule `{}`", rule.value))
                .expected("expected the code of a rule, such as `MS316`");
            self.faults.push(fault.near(&rule.value, known.iter().copied()));
        }
        Computed::Rules(rules.value.into_iter().map(|rule| rule.value).collect())
    }

    fn requires(&mut self, form: ComputedForm, span: Span) -> Option<Requires> {
        let each = form.each.as_ref().map(|each| each.value);
        let key = form.requires.as_ref().map(|key| (split(&key.value), key.span));
        let (key, key_span) = key?;
        if let Err(unknown) = keys::look(each, &key) {
            self.unknown(&unknown, key_span);
        }
        let mut conditions = Vec::new();
        for (name, HoldsForm(holds)) in form.conditions {
            let path = split(&name.value);
            if let Err(unknown) = Self::known(each, &path, &holds) {
                self.unknown(&unknown, name.span);
            }
            conditions.push(Condition { key: path, holds });
        }
        let test = self.test(form.equals, form.one_of, form.matches, form.at_least, span)?;
        Some(Requires { key, each, conditions, test })
    }

    /// Whether a condition can hold: what an entry does not say may be said by what it belongs to.
    fn known(each: Option<Each>, path: &[String], holds: &Holds) -> Result<(), keys::Unknown> {
        let own = keys::look(each, path);
        let may_inherit = matches!(holds, Holds::OneOf(_)) && each.is_some();
        if own.is_ok() || !may_inherit {
            return own;
        }
        let of_task =
            matches!(each, Some(Each::Steps | Each::Checks)) && keys::look(Some(Each::Tasks), path).is_ok();
        if of_task || keys::look(None, path).is_ok() { Ok(()) } else { own }
    }

    fn unknown(&mut self, unknown: &keys::Unknown, span: Span) {
        let fault = Fault::new(CODE, span, format!("the plan file has no key `{}` there", unknown.key));
        self.add(fault.near(&unknown.key, unknown.known.iter().map(String::as_str)));
    }

    fn test(
        &mut self,
        equals: Option<Spanned<String>>,
        among: Option<Spanned<Vec<String>>>,
        matches: Option<Spanned<String>>,
        at_least: Option<Spanned<String>>,
        span: Span,
    ) -> Option<Test> {
        match (equals, among, matches, at_least) {
            (None, None, None, None) => Some(Test::Present),
            (Some(value), None, None, None) => Some(Test::Equals(value.value)),
            (None, Some(values), None, None) => Some(Test::OneOf(values.value)),
            (None, None, Some(text), None) => match Regex::new(&text.value) {
                Ok(regex) => Some(Test::Matches(regex)),
                Err(error) => {
                    let why = error.to_string();
                    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    let message = format!("`{}` is not a regular expression", text.value);
                    self.add(Fault::new(CODE, text.span, message).expected(why));
                    None
                }
            },
            (None, None, None, Some(least)) => {
                let length = || least.value.parse().map(Least::Length).ok();
                let found = least.value.parse().map(Least::Number).ok().or_else(length);
                if found.is_none() {
                    let message = format!("`at_least` cannot be `{}`", least.value);
                    self.add(
                        Fault::new(CODE, least.span, message)
                            .expected("expected a number, or a length of time such as 10m"),
                    );
                }
                found.map(Test::AtLeast)
            }
            _ => {
                let message = "a value is tested in at most one way";
                let fault = Fault::new(CODE, beginning(span), message);
                self.add(fault.expected("expected one of `equals`, `one_of`, `matches` or `at_least`"));
                None
            }
        }
    }

    fn fix(&mut self, fix: Spanned<FixForm>, computed: &Computed) -> Option<Fix> {
        let Computed::Requires(requires) = computed else {
            self.add(Fault::new(CODE, beginning(fix.span), "only what `requires` asks for can be fixed"));
            return None;
        };
        match fix.value {
            FixForm::Set(Given(value)) => {
                if matches!(requires.each, Some(Each::Steps | Each::Checks)) {
                    let message = "`set` cannot reach into a list of steps or checks";
                    self.add(Fault::new(CODE, beginning(fix.span), message));
                }
                Some(Fix::Set(keys::as_written(requires.each, &requires.key, value)))
            }
            FixForm::Document(page) => {
                let wanted = ["documents", page.key()];
                if requires.each.is_some() || requires.key != wanted {
                    let message = format!("`document: {page}` answers to `requires: documents.{page}` only");
                    self.add(Fault::new(CODE, beginning(fix.span), message));
                }
                Some(Fix::Document(page))
            }
        }
    }
}

/// Capital letters, a hyphen and digits.
fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(letters, digits)| {
        let are_letters = letters.bytes().all(|byte| byte.is_ascii_uppercase());
        let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        (2..=12).contains(&letters.len()) && are_letters && (1..=4).contains(&digits.len()) && are_digits
    })
}

fn split(path: &str) -> Vec<String> {
    path.split('.').map(ToOwned::to_owned).collect()
}

fn beginning(span: Span) -> Span {
    Span { start: span.start, end: span.end.min(span.start + 1) }
}

impl Test {
    /// What it expects, for people; nothing of a value that only has to be there.
    pub fn expected(&self) -> Option<String> {
        let quoted = |values: &[String]| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>();
        Some(match self {
            Self::Present => return None,
            Self::Equals(value) => format!("`{value}`"),
            Self::OneOf(values) => one_of(&quoted(values)),
            Self::Matches(regex) => format!("what `{regex}` matches"),
            Self::AtLeast(least) => format!("at least {least}"),
        })
    }
}
