//! The services of the init system.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::{Program, Unreadable};

/// How a service stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Whether there is one of that name.
    pub exists: bool,
    /// Whether it runs; `None` when its script does not say.
    pub is_running: Option<bool>,
    /// That in the words of the init system: `active (running)`.
    pub running: String,
    /// Whether it starts at boot.
    pub is_enabled: bool,
    /// That in the words of the init system: `enabled`, `masked`.
    pub enabled: String,
}

/// Those that a round asks for, and whoever knows of more.
#[derive(Debug)]
pub(super) struct Services {
    units: HashMap<String, Unit>,
    manager: Manager,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    Systemd,
    Scripts,
    None,
}

/// Who starts services here.
///
/// Source: sd_booted(3).
fn manager() -> Manager {
    if Path::new("/run/systemd/system").is_dir() {
        Manager::Systemd
    } else if Path::new("/etc/init.d").is_dir() && Path::new("/usr/sbin/service").exists() {
        Manager::Scripts
    } else {
        Manager::None
    }
}

/// Asks for all of them at once, where that can be done.
pub(super) fn read(wanted: &[String]) -> Services {
    let manager = manager();
    let names: Vec<&str> = wanted.iter().map(String::as_str).filter(|name| is_name(name)).collect();
    let mut units = HashMap::new();
    if manager == Manager::Systemd && !names.is_empty() {
        // What goes wrong with all of them is told of each, when it is asked for alone.
        let found = show(&names).unwrap_or_default();
        units.extend(names.iter().map(|name| (*name).to_owned()).zip(found));
    }
    Services { units, manager }
}

impl Services {
    /// How a service stands.
    pub(super) fn unit(&self, name: &str) -> Result<Unit, Unreadable> {
        if !is_name(name) {
            return Err(Unreadable(format!("`{name}` cannot be the name of a service")));
        }
        if let Some(unit) = self.units.get(name) {
            return Ok(unit.clone());
        }
        match self.manager {
            Manager::Systemd => {
                let no_answer = || Unreadable(format!("`systemctl show` says nothing of `{name}`"));
                show(&[name])?.into_iter().next().ok_or_else(no_answer)
            }
            Manager::Scripts => script(name.strip_suffix(".service").unwrap_or(name), Path::new("/etc")),
            Manager::None => {
                Err(Unreadable("this machine runs neither systemd nor scripts of /etc/init.d".to_owned()))
            }
        }
    }
}

/// Source: systemd.unit(5); more than these characters, and a path, no name of a unit has.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
    !name.is_empty() && !name.starts_with('-') && name.len() < 256 && name.bytes().all(allowed)
}

/// Asks systemd; the answers are in the order of the names, or it is an error.
fn show(names: &[&str]) -> Result<Vec<Unit>, Unreadable> {
    let mut argv = vec![
        "systemctl",
        "show",
        "--no-pager",
        "--property=LoadState,ActiveState,SubState,UnitFileState",
        "--",
    ];
    argv.extend(names);
    let answer = Program::ask(&argv)?;
    let answer = answer.ok_or_else(|| Unreadable("there is no `systemctl` to ask systemd".to_owned()))?;
    let units: Vec<Unit> = answer.stdout.split("\n\n").filter(|it| !it.trim().is_empty()).map(unit).collect();
    if answer.code != Some(0) || units.len() != names.len() {
        return Err(Unreadable("`systemctl show` does not answer: is systemd reachable?".to_owned()));
    }
    Ok(units)
}

/// Source: systemctl(1): what `is-enabled` ends with 0 for.
const ENABLED: [&str; 6] = ["enabled", "enabled-runtime", "static", "alias", "indirect", "generated"];

fn unit(properties: &str) -> Unit {
    let property = |name: &str| {
        let found = properties.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    };
    let (active, enabled) = (property("ActiveState"), property("UnitFileState"));
    let enabled = if enabled.is_empty() { "not enabled".to_owned() } else { enabled };
    Unit {
        exists: property("LoadState") != "not-found",
        is_running: Some(matches!(active.as_str(), "active" | "reloading" | "refreshing")),
        running: format!("{active} ({})", property("SubState")),
        is_enabled: ENABLED.contains(&enabled.as_str()),
        enabled,
    }
}

/// Asks a script of `/etc/init.d`.
///
/// Source: Linux Standard Base Core, init script actions: `status` ends with 0 for a program that runs, with 1, 2 or 3
/// for one that does not, and with 4 when it does not know.
fn script(name: &str, etc: &Path) -> Result<Unit, Unreadable> {
    if !etc.join("init.d").join(name).exists() {
        let no = |text: &str| text.to_owned();
        return Ok(Unit {
            exists: false,
            is_running: Some(false),
            running: no("not there"),
            is_enabled: false,
            enabled: no("not there"),
        });
    }
    let answer = Program::ask(&["service", name, "status"])?;
    let code = answer.and_then(|answer| answer.code);
    let is_running = match code {
        Some(0) => Some(true),
        Some(1..=3) => Some(false),
        _ => None,
    };
    let is_enabled = starts_at_boot(name, etc);
    Ok(Unit {
        exists: true,
        is_running,
        running: format!(
            "exit code {} of its script",
            code.map_or("none".to_owned(), |code| code.to_string())
        ),
        is_enabled,
        enabled: if is_enabled { "enabled" } else { "not enabled" }.to_owned(),
    })
}

/// Whether one of the run levels that people use has a link that starts it: `S20name`.
fn starts_at_boot(name: &str, etc: &Path) -> bool {
    let is_start = |file: &str| {
        let rest = file.strip_prefix('S').unwrap_or_default();
        rest.len() > 2 && rest.is_char_boundary(2) && &rest[2..] == name
    };
    ["rc2.d", "rc3.d", "rc4.d", "rc5.d"].iter().any(|level| {
        let links = fs::read_dir(etc.join(level)).into_iter().flatten().flatten();
        links.into_iter().any(|link| link.file_name().to_str().is_some_and(is_start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_properties_of_systemd_are_understood() {
        let running = unit("LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n");
        assert_eq!((running.exists, running.is_running, running.is_enabled), (true, Some(true), true));
        assert_eq!(running.running, "active (running)");
        let gone = unit("LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n");
        assert_eq!((gone.exists, gone.is_running, gone.is_enabled), (false, Some(false), false));
        let masked = unit("LoadState=masked\nActiveState=failed\nSubState=failed\nUnitFileState=masked\n");
        assert_eq!((masked.is_enabled, masked.running.as_str()), (false, "failed (failed)"));
    }

    #[test]
    fn a_script_is_enabled_by_a_link_that_starts_it() {
        let etc = tempfile::tempdir().unwrap();
        for folder in ["init.d", "rc2.d", "rc3.d"] {
            fs::create_dir(etc.path().join(folder)).unwrap();
        }
        fs::write(etc.path().join("rc3.d/S01exporter"), "").unwrap();
        fs::write(etc.path().join("rc2.d/K01other"), "").unwrap();
        assert!(starts_at_boot("exporter", etc.path()));
        assert!(!starts_at_boot("other", etc.path()));
        assert!(!script("none", etc.path()).unwrap().exists);
    }

    #[test]
    fn a_name_is_never_an_option_or_a_path() {
        assert!(is_name("prometheus.service") && is_name("getty@tty1"));
        assert!(!is_name("--help") && !is_name("../x") && !is_name("") && !is_name("a b"));
    }
}
