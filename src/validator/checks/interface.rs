//! `interface`: a network interface is there and up.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Answer;
use super::attributes::Attributes;
use crate::model::{Found, InterfaceCheck};
use crate::world::host::{Host, Unreadable};

const INTERFACES: &str = "/sys/class/net";

pub fn ask(check: &InterfaceCheck, host: &Host) -> Answer {
    let name = &check.name.value;
    let exists = match exists(name) {
        Ok(exists) => exists,
        Err(error) => return Answer::unknown(error.to_string()),
    };
    match (exists, check.exists.unwrap_or(true)) {
        (false, false) => return Answer::Yes { found: format!("no interface {name}") },
        (false, true) => {
            return Answer::no(format!("the interface {name}"), "none");
        }
        (true, false) => {
            return Answer::no(format!("no interface {name}"), "one");
        }
        (true, true) => {}
    }
    let folder = Path::new(INTERFACES).join(name);
    let mut found = Attributes::of(format!("interface {name}"));
    if let Some(wanted) = check.up {
        found.take(match state(&folder) {
            Ok((is_up, words)) if is_up == wanted => Answer::Yes { found: words.to_owned() },
            Ok((_, words)) => {
                Answer::no(format!("{name} {}", if wanted { "up" } else { "down" }), words.to_owned())
            }
            Err(error) => Answer::unknown(error.to_string()),
        });
    }
    found.hold_known(check.addrs.as_ref(), "addresses", || host.addresses(name));
    found.hold_known(check.mtu.as_ref(), "MTU", || Ok(Found::number_or_text(&read(&folder.join("mtu"))?)));
    found.answer()
}

fn exists(name: &str) -> Result<bool, Unreadable> {
    if name.contains(['/', '\0']) || name.starts_with('.') {
        return Ok(false);
    }
    match Path::new(INTERFACES).join(name).symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound && Path::new(INTERFACES).is_dir() => Ok(false),
        Err(error) => Err(Unreadable(format!("{INTERFACES}: {error}"))),
    }
}

fn read(path: &PathBuf) -> Result<String, Unreadable> {
    let text =
        fs::read_to_string(path).map_err(|error| Unreadable(format!("{}: {error}", path.display())))?;
    Ok(text.trim().to_owned())
}

/// Whether it is up, and its largest packet.
///
/// # Errors
/// [`Unreadable`].
pub(super) fn up_and_mtu(name: &str) -> Result<(bool, String), Unreadable> {
    let folder = Path::new(INTERFACES).join(name);
    let (is_up, _) = state(&folder)?;
    Ok((is_up, read(&folder.join("mtu"))?))
}

/// Whether it is switched on and has a carrier, in words, too.
///
/// Source: netdevice(7): bit 0 of the flags is `IFF_UP`. RFC 2863 for the operational state; the loopback interface
/// and others that know of no carrier are `unknown`.
fn state(folder: &Path) -> Result<(bool, &'static str), Unreadable> {
    let flags = read(&folder.join("flags"))?;
    let is_on = u32::from_str_radix(flags.trim_start_matches("0x"), 16).is_ok_and(|flags| flags & 1 == 1);
    let operational = read(&folder.join("operstate"))?;
    Ok(match (is_on, operational.as_str()) {
        (false, _) => (false, "switched off"),
        (true, "up" | "unknown") => (true, "up"),
        (true, _) => (false, "switched on without a carrier"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn answer(text: &str) -> String {
        ask(&check(&format!("interface: {{{text}}}")).interface.unwrap(), &Host::default()).in_words()
    }

    #[test]
    fn the_loopback_interface_is_up() {
        let found = answer("name: lo, up: true, addrs: [127.0.0.1/8], mtu: {ge: 1280}");
        assert!(found.starts_with("interface lo, up, addresses [127.0.0.1/8"), "{found}");
        assert_eq!(answer("name: lo, up: false"), "expected lo down, found up");
        assert_eq!(answer("name: no-such"), "expected the interface no-such, found none");
        assert_eq!(answer("name: ../lo, exists: false"), "no interface ../lo");
    }
}
