//! This machine as one round of checks sees it.
//!
//! 1. What is read once serves every check of the round: processes, sockets, mounts, users, packages, services. Each is
//!    read when the first check asks for it, and never again.
//! 2. A [`Host`] lives as long as its round. Nothing is kept for the next one.
//! 3. What cannot be read is told as [`Unreadable`], to every check that asks; it never looks like nothing being there.

pub mod accounts;
mod holders;
pub mod mounts;
pub mod packages;
pub mod processes;
mod program;
mod reach;
pub mod services;
pub mod sockets;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use if_addrs::IfAddr;
use rustls::RootCertStore;

use self::accounts::Accounts;
use self::holders::Holders;
use self::mounts::Mount;
use self::packages::Packages;
use self::processes::Processes;
use self::reach::Reached;
use self::services::Services;
use self::sockets::Socket;
use crate::model::{Check, PackageManager};

pub use self::program::Program;

/// Something of this machine that cannot be found out, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

impl Unreadable {
    /// A file or folder that cannot be read.
    fn file(path: &str, error: &std::io::Error) -> Self {
        Self(format!("{path}: {error}"))
    }
}

/// This machine, read bit by bit as it is asked about. Clones share what was read.
#[derive(Debug, Clone, Default)]
pub struct Host(Arc<Facts>);

type Read<T> = OnceLock<Result<T, Unreadable>>;

#[derive(Debug, Default)]
struct Facts {
    /// The services that the round asks for, so that one question serves them all.
    services_wanted: Vec<String>,
    processes: Read<Processes>,
    holders: OnceLock<Holders>,
    sockets: Read<Vec<Socket>>,
    mounts: Read<Vec<Mount>>,
    reached: Reached,
    accounts: Read<Accounts>,
    dpkg: Read<Packages>,
    rpm: Read<Packages>,
    apk: Read<Packages>,
    addresses: Read<BTreeMap<String, Vec<String>>>,
    services: OnceLock<Services>,
    roots: Read<Arc<RootCertStore>>,
}

impl Host {
    /// The machine for a round of these checks.
    pub fn for_round<'a>(checks: impl Iterator<Item = &'a Check>) -> Self {
        let names = checks.filter_map(|check| Some(check.service.as_ref()?.name.value.clone()));
        let mut services_wanted: Vec<_> = names.collect();
        services_wanted.sort();
        services_wanted.dedup();
        Self(Arc::new(Facts { services_wanted, ..Facts::default() }))
    }

    /// The processes.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn processes(&self) -> Result<&Processes, Unreadable> {
        self.0.processes.get_or_init(processes::read).as_ref().map_err(Clone::clone)
    }

    /// The sockets that listen.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn listening(&self) -> Result<&[Socket], Unreadable> {
        self.0.sockets.get_or_init(sockets::listening).as_deref().map_err(Clone::clone)
    }

    /// The names of the programs that hold these sockets.
    ///
    /// # Errors
    /// [`Unreadable`] when one is held by a process that this user may not look into.
    pub fn holders(&self, inodes: &[u64]) -> Result<Vec<String>, Unreadable> {
        self.0.holders.get_or_init(holders::read).of(inodes)
    }

    /// The mounts of this process's namespace, the later ones over the earlier ones.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn mounts(&self) -> Result<&[Mount], Unreadable> {
        self.0.mounts.get_or_init(mounts::read).as_deref().map_err(Clone::clone)
    }

    /// Whether the file system that `path` leads to answers within this time. Whoever asks one that does not would
    /// wait for ever.
    ///
    /// # Errors
    /// [`Unreadable`] when it does not.
    pub fn answers(&self, path: &Path, within: Duration) -> Result<(), Unreadable> {
        // Without a table of mounts nobody knows, and the path is asked as it is.
        let Some(mount) = reach::far(path, self.mounts().unwrap_or_default()) else { return Ok(()) };
        if self.0.reached.answers(mount, path, within) {
            return Ok(());
        }
        let Mount { path, source, filesystem, .. } = mount;
        Err(Unreadable(format!(
            "the file system at {path} ({filesystem}, {source}) does not answer within {:.0}s: it hangs",
            within.as_secs_f64()
        )))
    }

    /// Users and groups.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn accounts(&self) -> Result<&Accounts, Unreadable> {
        self.0.accounts.get_or_init(accounts::read).as_ref().map_err(Clone::clone)
    }

    /// The packages that a package manager knows of.
    ///
    /// # Errors
    /// [`Unreadable`], also when the machine has no such manager.
    pub fn packages(&self, manager: PackageManager) -> Result<&Packages, Unreadable> {
        let (place, read): (_, fn() -> _) = match manager {
            PackageManager::Dpkg => (&self.0.dpkg, packages::dpkg),
            PackageManager::Rpm => (&self.0.rpm, packages::rpm),
            PackageManager::Apk => (&self.0.apk, packages::apk),
        };
        place.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// The addresses of an interface with the lengths of their prefixes.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn addresses(&self, interface: &str) -> Result<Vec<String>, Unreadable> {
        let all = self.0.addresses.get_or_init(addresses).as_ref().map_err(Clone::clone)?;
        Ok(all.get(interface).cloned().unwrap_or_default())
    }

    /// The authorities that this machine trusts.
    ///
    /// # Errors
    /// [`Unreadable`], also when there is none.
    pub fn roots(&self) -> Result<Arc<RootCertStore>, Unreadable> {
        self.0.roots.get_or_init(roots).clone()
    }

    /// How a service stands.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn service(&self, name: &str) -> Result<services::Unit, Unreadable> {
        self.0.services.get_or_init(|| services::read(&self.0.services_wanted)).unit(name)
    }
}

fn roots() -> Result<Arc<RootCertStore>, Unreadable> {
    let mut store = RootCertStore::empty();
    // Some of them are of a kind that nobody uses any more.
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        return Err(Unreadable(
            "this machine trusts no authority at all (is ca-certificates installed?)".to_owned(),
        ));
    }
    Ok(Arc::new(store))
}

fn addresses() -> Result<BTreeMap<String, Vec<String>>, Unreadable> {
    let found = if_addrs::get_if_addrs();
    let found = found.map_err(|error| Unreadable(format!("the addresses of the interfaces: {error}")))?;
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in found {
        let address = match &one.addr {
            IfAddr::V4(address) => format!("{}/{}", address.ip, address.prefixlen),
            IfAddr::V6(address) => format!("{}/{}", address.ip, address.prefixlen),
        };
        all.entry(one.name).or_default().push(address);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_has_its_address() {
        assert!(Host::default().addresses("lo").unwrap().contains(&"127.0.0.1/8".to_owned()));
        assert_eq!(Host::default().addresses("no-such").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn clones_share_what_was_read() {
        let host = Host::default();
        let first = host.processes().unwrap();
        assert!(std::ptr::eq(first, host.clone().processes().unwrap()));
    }
}
