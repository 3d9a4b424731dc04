//! Goss files to checks: each resource becomes a named check, as far as mainstay can ask what it asserts.
//!
//! 1. Nothing is dropped in silence: what is not carried over is told with its place, and so is a resource that Goss
//!    would skip.
//! 2. Nothing becomes weaker unseen: an attribute that cannot be said here is told; where nothing else is left to
//!    assert, there is no check.
//! 3. A list that asserts nothing, as `goss add` writes it, carries nothing and is not told.
//!
//! Source: the Goss manual, "Gossfile", and its JSON Schema, version 0.4.

mod matcher;
mod resource;

use crate::model::{MAX_NAME_LENGTH, Span, Value};
use crate::planfile::tree::{Kind, NodeId, Tree, Whole, parse_as};
use crate::planfile::{Fault, Text};

/// What a Goss file is called in what is said about all of it.
pub static GOSS_FILE: Whole =
    Whole { name: "the Goss file", keys: "`file:` and `service:`", first: "file:", split: "split the file" };

/// What a Goss file comes to.
#[derive(Debug, Default)]
pub struct Converted {
    /// The checks, in the order of the file.
    pub checks: Vec<Carried>,
    /// What is not carried over, and where it stands.
    pub left_out: Vec<LeftOut>,
    /// The files that it includes, as they are named there.
    pub includes: Vec<(String, Span)>,
    /// How many resources it has.
    pub n_resources: usize,
}

/// A check that is carried over.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub value: Value,
    /// What people said of it: `title` and `meta`, a line each.
    pub comments: Vec<String>,
    /// Where its resource stands.
    pub span: Span,
}

/// Something that is not carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it stands.
    pub span: Span,
    /// What it is, and why.
    pub why: String,
}

/// Reads a Goss file, and says what is wrong with its form; then there is nothing to carry over.
pub(crate) fn convert(text: &Text) -> Result<Converted, Vec<Fault>> {
    if !text.faults.is_empty() {
        return Err(text.faults.clone());
    }
    let parsed = parse_as(&text.source.text, &GOSS_FILE);
    let tree = parsed.tree.filter(|_| parsed.faults.is_empty());
    if let Some(fault) = template(&text.source.text, tree.as_ref()) {
        return Err(vec![fault]);
    }
    let Some(tree) = tree else { return Err(parsed.faults) };
    let mut converted = Converted::default();
    for (section, resources) in tree.entries(tree.root()) {
        section_of(&tree, *section, *resources, &mut converted);
    }
    Ok(converted)
}

/// What only a template of Goss says.
const OF_TEMPLATES: [&str; 8] =
    [".Env", ".Vars", "getEnv", "readFile", "mkSlice", "regexMatch", "toLower", "toUpper"];

/// A template is no YAML before it is rendered, and what stands there would be asked by its letters.
///
/// The file that Goss renders can have braces as well, in a command such as `docker inspect -f '{{.Id}}'`.
fn template(text: &str, tree: Option<&Tree>) -> Option<Fault> {
    let commands = tree.and_then(|tree| Some(tree.span(tree.entry(tree.root(), "command")?.1)));
    let is_of_command = |at: usize| {
        let braces = text[at..].split("}}").next().unwrap_or_default();
        let at = crate::planfile::offset(at);
        commands.is_some_and(|commands| commands.start <= at && at < commands.end)
            && !OF_TEMPLATES.iter().any(|word| braces.contains(word))
    };
    let (at, _) = text.match_indices("{{").find(|(at, _)| !is_of_command(*at))?;
    let span = Span { start: crate::planfile::offset(at), end: crate::planfile::offset(at + 2) };
    let fault = Fault::new("MS104", span, "the Goss file is a template, which only Goss can fill in");
    let help = "render it with Goss, and import what that prints: \
                `goss --gossfile goss.yaml --vars vars.yaml render > rendered.yaml`";
    Some(fault.help(help))
}

fn section_of(tree: &Tree, section: NodeId, resources: NodeId, converted: &mut Converted) {
    let name = tree.text(section);
    let leave_out = |why: String| LeftOut { span: tree.span(section), why };
    if name == "gossfile" {
        for (path, options) in tree.entries(resources) {
            let is_skipped =
                tree.entry(*options, "skip").is_some_and(|(_, value)| tree.text(value) == "true");
            let path_of = tree.entry(*options, "file").map_or(*path, |(_, value)| value);
            if is_skipped {
                let why = format!("gossfile `{}`: it is skipped", tree.text(*path));
                converted.left_out.push(LeftOut { span: tree.span(*path), why });
            } else {
                converted.includes.push((tree.text(path_of).to_owned(), tree.span(*path)));
            }
        }
        return;
    }
    if !matches!(tree.node(resources).kind, Kind::Map(_)) && !tree.is_null(resources) {
        converted.left_out.push(leave_out(format!("`{name}`: expected resources by their names")));
        return;
    }
    let Some(convert) = resource::converter(name) else {
        let n = tree.entries(resources).len();
        converted.n_resources += n;
        let why = resource::why_not(name);
        converted.left_out.push(leave_out(format!("{} of `{name}`: {why}", crate::counted(n, "resource"))));
        return;
    };
    for (id, attributes) in tree.entries(resources) {
        converted.n_resources += 1;
        let mut resource = resource::Resource::new(tree, name, *id, *attributes);
        let checks = if resource.is_skipped() { Vec::new() } else { convert(&mut resource) };
        let comments = resource.comments();
        converted.left_out.extend(resource.left_out());
        for (kind, value) in checks {
            let name = free_name(&format!("{kind}-{}", tree.text(*id)), converted);
            let comments = comments.clone();
            converted.checks.push(Carried { name, value, comments, span: tree.span(*id) });
        }
    }
}

/// A name that no other check has, made of `text`.
fn free_name(text: &str, converted: &Converted) -> String {
    let name = name_of(text);
    let is_free = |name: &String| converted.checks.iter().all(|other| other.name != *name);
    let numbered = (2..).map(|n: u32| {
        let end = format!("-{n}");
        let kept = name.len().min(MAX_NAME_LENGTH - end.len());
        format!("{}{end}", &name[..kept])
    });
    std::iter::once(name.clone()).chain(numbered).find(is_free).unwrap_or(name)
}

/// A name of a check that is made of any text: what a name cannot hold becomes one hyphen.
pub fn name_of(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(MAX_NAME_LENGTH);
    name.trim_matches('-').to_owned()
}
