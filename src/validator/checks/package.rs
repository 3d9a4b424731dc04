//! `package`: it is installed, in that version.

use super::Answer;
use crate::model::{PackageCheck, PackageManager};
use crate::world::host::packages::Packages;
use crate::world::host::{Host, Unreadable};

pub fn ask(check: &PackageCheck, host: &Host) -> Answer {
    match packages(check.manager, host) {
        Ok(packages) => held(check, packages),
        Err(error) => Answer::unknown(error.to_string()),
    }
}

/// Those of the manager that is asked for, or of the first that is there.
pub(super) fn packages(manager: Option<PackageManager>, host: &Host) -> Result<&Packages, Unreadable> {
    if let Some(manager) = manager {
        return host.packages(manager);
    }
    let all = [PackageManager::Dpkg, PackageManager::Apk, PackageManager::Rpm];
    let mut why = Vec::new();
    for manager in all {
        match host.packages(manager) {
            Ok(packages) => return Ok(packages),
            Err(error) => why.push(error.to_string()),
        }
    }
    Err(Unreadable(why.join("; ")))
}

fn held(check: &PackageCheck, packages: &Packages) -> Answer {
    let name = &check.name.value;
    let known = packages.named(name);
    let installed: Vec<_> = known.iter().filter(|package| package.is_installed()).collect();
    let versions: Vec<&str> = installed.iter().map(|package| package.version.as_str()).collect();
    let versions = versions.join(", ");
    let state = known.first().map_or("nothing".to_owned(), |package| format!("`{}`", package.state));
    match (installed.is_empty(), check.installed.unwrap_or(true)) {
        (true, true) => Answer::no(format!("package {name} installed"), state),
        (true, false) => Answer::Yes { found: format!("package {name} not installed") },
        (false, false) => Answer::no(format!("package {name} not installed"), format!("version {versions}")),
        (false, true) => {
            let Some(matcher) = &check.version else {
                return Answer::Yes { found: format!("package {name} {versions}") };
            };
            let each = installed
                .iter()
                .map(|package| Answer::of(matcher, &format!("package {name}"), package.version.as_str()));
            // Several of one name are installed side by side, as kernels are: one that fits is enough.
            let answers: Vec<_> = each.collect();
            let fits = answers.iter().position(Answer::is_yes).unwrap_or_default();
            answers.into_iter().nth(fits).unwrap_or_else(|| Answer::unknown("no version"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn answer(text: &str) -> String {
        ask(&check(&format!("package: {{{text}}}")).package.unwrap(), &Host::default()).in_words()
    }

    /// On a machine without dpkg there is nothing that these tests could ask.
    fn version_of_dpkg() -> Option<String> {
        let asked = std::process::Command::new("dpkg-query").args(["-W", "-f=${Version}", "dpkg"]).output();
        asked
            .ok()
            .filter(|asked| asked.status.success())
            .map(|asked| String::from_utf8(asked.stdout).unwrap())
    }

    #[test]
    fn a_package_is_installed_in_a_version() {
        let Some(version) = version_of_dpkg() else { return };
        assert_eq!(answer("name: dpkg"), format!("package dpkg {version}"));
        assert_eq!(
            answer(&format!("name: dpkg, version: {version:?}, manager: dpkg")),
            format!("package dpkg {version}")
        );
        assert_eq!(answer("name: dpkg, version: \"0\""), format!("expected package dpkg 0, found {version}"));
        assert_eq!(
            answer("name: no-such-package"),
            "expected package no-such-package installed, found nothing"
        );
        assert_eq!(
            answer("name: no-such-package, installed: false"),
            "package no-such-package not installed"
        );
        assert_eq!(
            answer("name: dpkg, installed: false"),
            format!("expected package dpkg not installed, found version {version}")
        );
    }

    #[test]
    fn a_manager_that_is_not_there_is_unknown() {
        if std::path::Path::new("/lib/apk/db/installed").exists() {
            return;
        }
        assert_eq!(answer("name: a, manager: apk"), "could not be found out: this machine has no apk");
    }
}
