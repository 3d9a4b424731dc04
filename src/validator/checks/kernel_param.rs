//! `kernel_param`: a parameter of the kernel has a value.

use std::io::ErrorKind;

use super::Answer;
use crate::model::{Found, KernelParamCheck};
use crate::world::host::Unreadable;
use crate::world::kernel_file;

pub fn ask(check: &KernelParamCheck) -> Answer {
    let name = &check.name.value;
    let expected = || format!("the kernel parameter {name}");
    let value = match value(name) {
        Ok(Ok(value)) => value,
        Ok(Err(absence)) => return Answer::no(expected(), absence),
        Err(error) => return Answer::unknown(error.to_string()),
    };
    match &check.value {
        Some(matcher) => Answer::of(matcher, name, Found::number_or_text(&value)),
        None => Answer::Yes { found: format!("{name} {value}") },
    }
}

/// Its value, with one blank between several, or what is there instead of a parameter.
///
/// # Errors
/// [`Unreadable`].
pub(super) fn value(name: &str) -> Result<Result<String, &'static str>, Unreadable> {
    let Some(path) = path_of(name) else { return Ok(Err("no parameter of such a name")) };
    match kernel_file::read(&path) {
        Ok(value) => {
            let value = String::from_utf8_lossy(&value);
            Ok(Ok(value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Err("none")),
        Err(error) => Err(Unreadable(format!("{path}: {error}"))),
    }
}

/// The file of a parameter.
///
/// Source: sysctl(8): whichever of `.` and `/` comes first separates; the other one is part of a name, with `.` for `/`.
fn path_of(name: &str) -> Option<String> {
    let separator = name.find(['.', '/']).map(|place| name.as_bytes()[place]);
    let path: String = match separator {
        Some(b'.') => name
            .chars()
            .map(|c| {
                if c == '.' {
                    '/'
                } else if c == '/' {
                    '.'
                } else {
                    c
                }
            })
            .collect(),
        _ => name.to_owned(),
    };
    let is_part = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains('\0');
    path.split('/').all(is_part).then(|| format!("/proc/sys/{path}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn answer(text: &str) -> String {
        ask(&check(&format!("kernel_param: {{{text}}}")).kernel_param.unwrap()).in_words()
    }

    #[test]
    fn a_name_is_that_of_sysctl() {
        let path = |name| path_of(name).unwrap_or_default();
        assert_eq!(path("net.ipv4.ip_forward"), "/proc/sys/net/ipv4/ip_forward");
        assert_eq!(path("net.ipv4.conf.eth0/100.forwarding"), "/proc/sys/net/ipv4/conf/eth0.100/forwarding");
        assert_eq!(path("net/ipv4/conf/eth0.100/forwarding"), "/proc/sys/net/ipv4/conf/eth0.100/forwarding");
        assert_eq!((path("kernel/../../self/environ"), path("/etc/passwd")), (String::new(), String::new()));
    }

    #[test]
    fn a_parameter_has_a_value() {
        assert_eq!(answer("name: kernel.ostype, value: Linux"), "kernel.ostype Linux");
        assert_eq!(answer("name: kernel.ostype, value: Other"), "expected kernel.ostype Other, found Linux");
        assert_eq!(answer("name: kernel/ostype"), "kernel/ostype Linux");
        assert_eq!(
            answer("name: kernel.no_such"),
            "expected the kernel parameter kernel.no_such, found none"
        );
    }
}
