//! Who can approve: the roles of `access:`, and the signers file that says whose key is whose.

use std::cell::OnceCell;
use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::model::{APPROVAL_NAMESPACE, Approval};
use crate::security::signers::{self, Signer};
use crate::validator::facts::{Facts, stands};
use crate::validator::surroundings::Found;

/// The people of each role, and what the signers file says about them.
pub(super) struct Approvals<'a> {
    roles: HashMap<&'a str, Role<'a>>,
    /// The roles that are written, those included that could not be read.
    written: Vec<&'a str>,
    /// Whether a signers file is named.
    pub(super) has_signers_key: bool,
    /// The lines of the signers file, where it was found.
    signers: Option<Vec<Signer<'a>>>,
}

/// The people of a role, and what the signers file says about them once somebody has asked.
struct Role<'a> {
    members: &'a [String],
    signatories: OnceCell<Vec<Signatory<'a>>>,
}

/// A member of a role.
pub(super) struct Signatory<'a> {
    /// The name in the role, which is the principal of the signers file.
    pub(super) name: &'a str,
    pub(super) signing: Signing<'a>,
}

/// Whether a member can sign.
pub(super) enum Signing<'a> {
    /// Yes, with these keys.
    Can(Vec<&'a str>),
    /// No line of the signers file speaks of them.
    Absent,
    /// No line that speaks of them is valid now.
    Expired,
    /// No line that speaks of them lets their key sign approvals.
    ForOthers,
}

/// Calls `look` with each task that waits for an approval, where what it says stands in the file.
pub(super) fn each_approval<'a>(facts: &Facts<'a>, mut look: impl FnMut(&'a str, &'a Approval)) {
    for (name, task) in facts.plan.tasks.iter() {
        let Some(approval) = &task.approval else { continue };
        if stands(&approval.required) && stands(&approval.from) && approval.required.value > 0 {
            look(&name.value, &approval.value);
        }
    }
}

impl<'a> Approvals<'a> {
    pub(super) fn new(facts: &Facts<'a>) -> Self {
        let access = facts.plan.access.as_ref();
        let tree = facts.tree;
        let written = tree.entry(tree.root(), "access").and_then(|(_, access)| tree.entry(access, "roles"));
        let written = written.map_or(&[][..], |(_, roles)| tree.entries(roles));
        let roles = access.into_iter().flat_map(|access| access.roles.iter());
        let signers = access.and_then(|access| access.signers.as_ref());
        let text = signers.and_then(|path| match facts.around.files.get(&path.value)? {
            Found::File { text, .. } => text.as_deref(),
            Found::Missing | Found::NotAFile | Found::Unknown(_) => None,
        });
        // An `access:` that could not be read may name one.
        let is_spoiled =
            facts.section("access").is_some() && access.is_none_or(|access| facts.is_spoiled(access.span));
        Self {
            roles: roles.map(|(name, members)| (name.value.as_str(), Role::new(members))).collect(),
            written: written.iter().map(|(name, _)| tree.text(*name)).collect(),
            has_signers_key: signers.is_some() || is_spoiled,
            signers: text.map(signers::signers),
        }
    }

    /// Whether a role is written, also when it could not be read.
    pub(super) fn knows(&self, role: &str) -> bool {
        self.written.contains(&role)
    }

    /// The names of the roles.
    pub(super) fn roles(&self) -> impl Iterator<Item = &'a str> {
        self.written.iter().copied()
    }

    /// The people of a role.
    pub(super) fn members(&self, role: &str) -> Option<&'a [String]> {
        self.roles.get(role).map(|role| role.members)
    }

    /// The people of a role as the signers file knows them; `None` when there is no such file.
    pub(super) fn signatories(&self, facts: &Facts, role: &str) -> Option<&[Signatory<'a>]> {
        let (signers, role) = (self.signers.as_ref()?, self.roles.get(role)?);
        let find = || {
            let members = role.members.iter();
            members.map(|name| Signatory { name, signing: signing(signers, name, facts.now) }).collect()
        };
        Some(role.signatories.get_or_init(find))
    }

    /// The keys that the signers file gives somebody; those of certificates are not known.
    pub(super) fn keys_of(&self, name: &str) -> Vec<&'a str> {
        let signers = self.signers.iter().flatten();
        let of_name = signers.filter(|signer| !signer.is_authority && signer.speaks_of(name));
        of_name.map(|signer| signer.key).collect()
    }
}

impl<'a> Role<'a> {
    fn new(members: &'a [String]) -> Self {
        Self { members, signatories: OnceCell::new() }
    }
}

fn signing<'a>(signers: &[Signer<'a>], name: &'a str, now: DateTime<Utc>) -> Signing<'a> {
    let of_name: Vec<_> = signers.iter().filter(|signer| signer.speaks_of(name)).collect();
    // A certificate has a key of its own, so that the name does for it.
    let key = |signer: &&Signer<'a>| if signer.is_authority { name } else { signer.key };
    let for_this: Vec<_> = of_name.iter().filter(|signer| signer.is_for(APPROVAL_NAMESPACE)).collect();
    let keys: Vec<_> = for_this.iter().filter(|signer| signer.is_valid(now)).map(|it| key(it)).collect();
    match () {
        () if of_name.is_empty() => Signing::Absent,
        () if for_this.is_empty() => Signing::ForOthers,
        () if keys.is_empty() => Signing::Expired,
        () => Signing::Can(keys),
    }
}
