//! The packages that are installed.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{Program, Unreadable};

/// The packages that a package manager knows of, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packages(HashMap<String, Vec<Package>>);

/// One package that a manager knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What it was built for.
    pub architecture: String,
    /// Its version.
    pub version: String,
    /// Where it stands: `installed`, or what is left of one that is not: `config-files`.
    pub state: String,
}

impl Package {
    /// Whether it is installed as a whole.
    pub fn is_installed(&self) -> bool {
        self.state == INSTALLED
    }
}

const INSTALLED: &str = "installed";

impl Packages {
    /// The packages of this name, which may end in `:ARCHITECTURE`.
    pub fn named(&self, name: &str) -> Vec<&Package> {
        let (plain, architecture) = match name.rsplit_once(':') {
            Some((plain, architecture)) if !self.0.contains_key(name) => (plain, Some(architecture)),
            _ => (name, None),
        };
        let all = self.0.get(plain).map_or(&[][..], Vec::as_slice).iter();
        all.filter(|package| architecture.is_none_or(|wanted| package.architecture == wanted)).collect()
    }

    fn take(&mut self, name: &str, package: Package) {
        let known = self.0.entry(name.to_owned()).or_default();
        match known.iter_mut().find(|one| one.architecture == package.architecture) {
            Some(one) => *one = package,
            None => known.push(package),
        }
    }
}

const DPKG: &str = "/var/lib/dpkg";

/// Reads what `dpkg-query` reads: the list, then the journal of what is not merged into it yet.
///
/// Source: dpkg(1), FILES; the fields `Package`, `Status`, `Architecture` and `Version` of deb-control(5).
pub(super) fn dpkg() -> Result<Packages, Unreadable> {
    of_dpkg(Path::new(DPKG))
}

fn of_dpkg(folder: &Path) -> Result<Packages, Unreadable> {
    let list = folder.join("status");
    let bytes = match fs::read(&list) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Unreadable("this machine has no dpkg".to_owned()));
        }
        Err(error) => return Err(Unreadable::file(&list.to_string_lossy(), &error)),
    };
    let mut packages = Packages::default();
    take_paragraphs(&bytes, &mut packages);
    let entries = fs::read_dir(folder.join("updates")).into_iter().flatten().flatten();
    let is_of_journal =
        |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.bytes().all(|b| b.is_ascii_digit()));
    let mut journal: Vec<_> =
        entries.filter(|entry| is_of_journal(&entry.file_name())).map(|entry| entry.path()).collect();
    journal.sort();
    for path in journal {
        // It may be merged, and gone, meanwhile; the list was read before.
        if let Ok(bytes) = fs::read(&path) {
            take_paragraphs(&bytes, &mut packages);
        }
    }
    Ok(packages)
}

fn take_paragraphs(bytes: &[u8], packages: &mut Packages) {
    let (mut name, mut state, mut architecture, mut version) = ("", "", "", "");
    let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default().trim();
    for line in bytes.split(|byte| *byte == b'\n').chain([&b""[..]]) {
        match line.first() {
            None => {
                if !name.is_empty() {
                    let state = state.rsplit(' ').next().unwrap_or_default();
                    packages.take(
                        name,
                        Package {
                            architecture: architecture.to_owned(),
                            version: version.to_owned(),
                            state: state.to_owned(),
                        },
                    );
                }
                (name, state, architecture, version) = ("", "", "", "");
            }
            Some(b'P') => name = line.strip_prefix(b"Package:").map_or(name, text),
            Some(b'S') => state = line.strip_prefix(b"Status:").map_or(state, text),
            Some(b'A') => architecture = line.strip_prefix(b"Architecture:").map_or(architecture, text),
            Some(b'V') => version = line.strip_prefix(b"Version:").map_or(version, text),
            Some(_) => {}
        }
    }
}

/// Asks `rpm`.
pub(super) fn rpm() -> Result<Packages, Unreadable> {
    let answer = Program::ask(&["rpm", "-qa", "--qf", "%{NAME}\t%{ARCH}\t%{EVR}\n"])?;
    let answer = answer.ok_or_else(|| Unreadable("this machine has no rpm".to_owned()))?;
    if answer.code != Some(0) {
        return Err(Unreadable("`rpm -qa` cannot read its database".to_owned()));
    }
    Ok(of_rpm(&answer.stdout))
}

fn of_rpm(list: &str) -> Packages {
    let mut packages = Packages::default();
    for line in list.lines() {
        let mut fields = line.split('\t');
        if let (Some(name), Some(architecture), Some(version)) = (fields.next(), fields.next(), fields.next())
        {
            // Several versions of a kernel are installed side by side.
            packages.0.entry(name.to_owned()).or_default().push(Package {
                architecture: architecture.to_owned(),
                version: version.to_owned(),
                state: INSTALLED.to_owned(),
            });
        }
    }
    packages
}

const APK: &str = "/lib/apk/db/installed";

/// Reads what `apk info` reads.
///
/// Source: apk-package(5) and the list of installed packages: `P:` name, `V:` version, `A:` architecture.
pub(super) fn apk() -> Result<Packages, Unreadable> {
    match fs::read_to_string(APK) {
        Ok(list) => Ok(of_apk(&list)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Unreadable("this machine has no apk".to_owned()))
        }
        Err(error) => Err(Unreadable::file(APK, &error)),
    }
}

fn of_apk(list: &str) -> Packages {
    let mut packages = Packages::default();
    for paragraph in list.split("\n\n") {
        let field = |key: &str| {
            let line = paragraph.lines().find_map(|line| line.strip_prefix(key));
            line.unwrap_or_default().to_owned()
        };
        let name = field("P:");
        if !name.is_empty() {
            let package =
                Package { architecture: field("A:"), version: field("V:"), state: INSTALLED.to_owned() };
            packages.take(&name, package);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(packages: &Packages, name: &str) -> Vec<String> {
        let named = packages.named(name).into_iter().filter(|package| package.is_installed());
        named.map(|package| package.version.clone()).collect()
    }

    #[test]
    fn dpkg_tells_installed_from_what_is_left_and_reads_its_journal() {
        let folder = tempfile::tempdir().unwrap();
        let list = "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.0-1\nDescription: x\n Version: 9\n\n\
                    Package: a\nStatus: install ok installed\nArchitecture: i386\nVersion: 1:2.0-2\n\n\
                    Package: b\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 3\n";
        fs::write(folder.path().join("status"), list).unwrap();
        fs::create_dir(folder.path().join("updates")).unwrap();
        let later = "Package: c\nStatus: install ok installed\nArchitecture: all\nVersion: 4\n";
        fs::write(folder.path().join("updates/0001"), later).unwrap();
        fs::write(folder.path().join("updates/tmp.i"), "Package: d\nStatus: install ok installed\n").unwrap();
        let packages = of_dpkg(folder.path()).unwrap();
        assert_eq!(versions(&packages, "a"), ["1:2.0-1", "1:2.0-2"]);
        assert_eq!(versions(&packages, "a:i386"), ["1:2.0-2"]);
        assert_eq!((versions(&packages, "b"), packages.named("b").len()), (vec![], 1));
        assert_eq!(versions(&packages, "c"), ["4"]);
        assert!(packages.named("d").is_empty());
        assert!(of_dpkg(&folder.path().join("none")).unwrap_err().0.contains("no dpkg"));
    }

    #[test]
    fn rpm_has_several_versions_of_one_name_and_apk_has_paragraphs() {
        let rpm = of_rpm("kernel\tx86_64\t5.14.0-1.el9\nkernel\tx86_64\t5.14.0-2.el9\nbash\tx86_64\t5.1\n");
        assert_eq!(versions(&rpm, "kernel"), ["5.14.0-1.el9", "5.14.0-2.el9"]);
        let apk = of_apk("C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\n\nC:Q2\nP:busybox\nV:1.36.1-r29\nA:x86_64\n");
        assert_eq!(versions(&apk, "busybox"), ["1.36.1-r29"]);
    }
}
