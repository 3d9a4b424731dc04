//! The catalogues that come with mainstay.

use std::sync::OnceLock;

use super::form::{ReadCatalogue, read};
use super::{Catalogue, Control};

/// Their names, with their texts.
const TEXTS: [(&str, &str); 4] = [
    ("process", include_str!("catalogues/process.yaml")),
    ("quality", include_str!("catalogues/quality.yaml")),
    ("security", include_str!("catalogues/security.yaml")),
    ("documentation", include_str!("catalogues/documentation.yaml")),
];

/// The names of the catalogues that come with mainstay.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

/// The catalogue of this name that comes with mainstay.
pub fn named(name: &str) -> Option<&'static Catalogue> {
    all().iter().find(|catalogue| catalogue.standard == name)
}

/// The control of this id, and the catalogue that comes with mainstay and holds it.
pub fn by_id(id: &str) -> Option<(&'static Catalogue, &'static Control)> {
    let mut controls =
        all().iter().flat_map(|catalogue| catalogue.controls.iter().map(move |control| (catalogue, control)));
    controls.find(|(_, control)| control.id.value == id)
}

fn all() -> &'static [Catalogue] {
    static CATALOGUES: OnceLock<Vec<Catalogue>> = OnceLock::new();
    CATALOGUES.get_or_init(|| read_all().into_iter().filter_map(|read| read.catalogue).collect())
}

/// Reads them; tests see to it that nothing is wrong with them.
pub(super) fn read_all() -> Vec<ReadCatalogue> {
    TEXTS.iter().map(|(name, text)| read(name, text, None)).collect()
}
