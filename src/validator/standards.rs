//! The standards that a plan file applies, and what they make of the findings of rules.
//!
//! 1. A catalogue that is wrong in any place is not applied: it has a finding of its own.
//! 2. What rules find is the evidence for the controls that name them, and is as bad as the strictest of
//!    these says where that is worse than what the rule says.

use std::collections::HashMap;
use std::path::Path;

use super::checker::Others;
use super::rules;
use super::surroundings::{Found, Surroundings};
use crate::model::{PlanFile, Severity, Span, Spanned};
use crate::planfile::Fault;
use crate::standards::{self, Catalogue, Computed, Control, ReadCatalogue};

/// The standards that a plan file applies.
pub(super) struct Standards<'a>(Vec<Standard<'a>>);

/// One of them.
pub(super) struct Standard<'a> {
    /// Its name or path, as the plan file says it.
    pub(super) named: &'a Spanned<String>,
    pub(super) is: Is,
}

/// What a standard is.
pub(super) enum Is {
    /// One that comes with mainstay.
    Shipped(&'static Catalogue),
    /// The text of a file, read as far as it goes.
    Own(Box<ReadCatalogue>),
    /// A file that cannot be read, and why.
    Unreadable(String),
    /// A name that nobody knows.
    Unknown,
    /// The same as one before it.
    Again {
        /// Where that stands.
        first: Span,
    },
    /// A file that nobody has looked at.
    Unseen,
}

/// Whether a standard is named by the path of its catalogue.
pub(super) fn is_path(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

impl<'a> Standards<'a> {
    pub(super) fn of(plan: &'a PlanFile, around: &Surroundings) -> Self {
        let mut found: Vec<Standard<'a>> = Vec::new();
        for named in plan.standards.iter() {
            let before = found.iter().find(|standard| standard.named.value == named.value);
            let is = match before {
                Some(first) => Is::Again { first: first.named.span },
                None => find(&named.value, around),
            };
            found.push(Standard { named, is });
        }
        Self(found)
    }

    /// All of them, in the order of the plan file.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Standard<'a>> {
        self.0.iter()
    }

    /// The catalogues that are applied, each once, with what the plan file calls them.
    pub(super) fn catalogues(&self) -> impl Iterator<Item = (&'a Spanned<String>, &Catalogue)> {
        self.0.iter().filter_map(|standard| match &standard.is {
            Is::Shipped(catalogue) => Some((standard.named, *catalogue)),
            Is::Own(read) => Some((standard.named, read.catalogue.as_ref()?)),
            Is::Unreadable(_) | Is::Unknown | Is::Again { .. } | Is::Unseen => None,
        })
    }

    /// All controls that are applied.
    pub(super) fn controls(&self) -> impl Iterator<Item = (&Catalogue, &Control)> {
        self.catalogues()
            .flat_map(|(_, catalogue)| catalogue.controls.iter().map(move |control| (catalogue, control)))
    }

    /// Whether all that the plan file names could be read, so that a control that is not there is in none of
    /// them.
    pub(super) fn is_complete(&self) -> bool {
        self.0.iter().all(|standard| match &standard.is {
            Is::Shipped(_) | Is::Again { .. } => true,
            Is::Own(read) => read.catalogue.is_some(),
            Is::Unreadable(_) | Is::Unknown | Is::Unseen => false,
        })
    }

    /// Whether a control is called so: one that is applied, or one that comes with mainstay.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.controls().any(|(_, control)| control.id.value == id) || standards::by_id(id).is_some()
    }

    /// The texts of catalogues, by their names in a plan file that lies in `folder`.
    pub(super) fn sources(&self, folder: &Path) -> Others {
        let own = self.0.iter().filter_map(|standard| match &standard.is {
            Is::Own(read) => Some((standard.named.value.clone(), &read.source)),
            _ => None,
        });
        own.map(|(name, source)| {
            let mut source = source.clone();
            source.path = folder.join(&name).display().to_string();
            (name, source)
        })
        .collect()
    }

    /// Makes findings of the rules that controls name as bad as these say, and says which control it was.
    pub(super) fn raise(&self, faults: &mut [Fault]) {
        let strictest = self.strictest();
        if strictest.is_empty() {
            return;
        }
        for fault in faults.iter_mut().filter(|fault| fault.control().is_none()) {
            if let Some((severity, control)) = strictest.get(fault.code) {
                fault.raise((*severity).max(rules::severity(fault.code)), control.clone());
            }
        }
    }

    /// The severity that the strictest control asks for, and its name, by the code of the rule.
    fn strictest(&self) -> HashMap<&str, (Severity, String)> {
        let mut strictest: HashMap<&str, (Severity, String)> = HashMap::new();
        for (catalogue, control) in self.controls() {
            let Computed::Rules(codes) = &control.computed else { continue };
            for code in codes {
                let known = strictest.get(code.as_str());
                if known.is_none_or(|(severity, _)| *severity < control.severity) {
                    strictest.insert(code, (control.severity, catalogue.name_of(control)));
                }
            }
        }
        strictest
    }
}

fn find(name: &str, around: &Surroundings) -> Is {
    if !is_path(name) {
        return standards::named(name).map_or(Is::Unknown, Is::Shipped);
    }
    match around.files.get(name) {
        None | Some(Found::File { text: None, .. }) => Is::Unseen,
        Some(Found::File { text: Some(text), .. }) => {
            let codes: Vec<_> = rules::all().map(|rule| rule.code).collect();
            Is::Own(Box::new(standards::read(name, text, Some(&codes))))
        }
        Some(Found::Missing) => Is::Unreadable("there is no such file".to_owned()),
        Some(Found::NotAFile) => Is::Unreadable("it is not a file".to_owned()),
        Some(Found::Unknown(why)) => Is::Unreadable(why.clone()),
    }
}
