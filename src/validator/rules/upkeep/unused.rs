//! What stands in a section and is used by nothing.

use std::collections::HashSet;

use crate::model::Spanned;
use crate::validator::facts::Facts;

/// The names of a section that are not among those that are used, in the order of the file.
///
/// None while something of the file could not be read or is used by a name that is not known, because that may
/// mean them; and none in a file without tasks, where everything would be unused.
pub(super) fn names(facts: &Facts, section: &str, used: &HashSet<&str>) -> Vec<Spanned<String>> {
    let is_misspelt = used.iter().any(|name| !facts.knows(section, name));
    if facts.plan.tasks.is_empty() || facts.is_anything_spoiled() || is_misspelt {
        return Vec::new();
    }
    let named = facts
        .entries(section)
        .iter()
        .map(|(key, _)| Spanned { value: facts.tree.text(*key).to_owned(), span: facts.tree.span(*key) });
    named.filter(|name| !used.contains(name.value.as_str())).collect()
}
