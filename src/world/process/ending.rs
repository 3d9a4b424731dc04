//! How processes end, in words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::model::NOT_NOW;

/// The way a process ended, in words: `exit code 3`, `exit code 127 (not found)`, `killed by signal 9 (KILL)`.
pub fn ending_in_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}{}", meaning(code)),
        (None, Some(signal)) => {
            let core = if status.core_dumped() { ", core dumped" } else { "" };
            format!("killed by signal {signal}{}{core}", signal_name(signal))
        }
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

/// What shells, and programs that start others, mean by a code.
///
/// Source: POSIX, Shell Command Language, 2.8.2.
fn meaning(code: i32) -> &'static str {
    match code {
        NOT_NOW => " (not now)",
        126 => " (cannot execute)",
        127 => " (not found)",
        _ => "",
    }
}

fn signal_name(number: i32) -> String {
    let named = signal_hook::low_level::signal_name(number);
    named.map(|name| format!(" ({})", name.trim_start_matches("SIG"))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_52_codes_with_a_meaning_and_signals_are_told_apart() {
        let exit = |code: i32| ending_in_words(ExitStatus::from_raw(code << 8));
        let signal = |signal: i32| ending_in_words(ExitStatus::from_raw(signal));
        assert_eq!(exit(3), "exit code 3");
        assert_eq!(exit(75), "exit code 75 (not now)");
        assert_eq!(exit(126), "exit code 126 (cannot execute)");
        assert_eq!(exit(127), "exit code 127 (not found)");
        assert_eq!(signal(9), "killed by signal 9 (KILL)");
        assert_eq!(signal(0x8b), "killed by signal 11 (SEGV), core dumped");
        assert_eq!(signal(40), "killed by signal 40");
    }
}
