//! `service`: it runs, or is enabled.

use super::Answer;
use super::attributes::Attributes;
use crate::model::ServiceCheck;
use crate::world::host::Host;
use crate::world::host::services::Unit;

pub fn ask(check: &ServiceCheck, host: &Host) -> Answer {
    match host.service(&check.name.value) {
        Ok(unit) => held(check, &unit),
        Err(error) => Answer::unknown(error.to_string()),
    }
}

fn held(check: &ServiceCheck, unit: &Unit) -> Answer {
    let name = &check.name.value;
    let running = check.running.or(check.enabled.is_none().then_some(true));
    if !unit.exists {
        return if running == Some(true) || check.enabled == Some(true) {
            Answer::no(format!("the service {name}"), "no service of that name")
        } else {
            Answer::Yes { found: format!("no service {name}") }
        };
    }
    let mut found = Attributes::of(format!("service {name}"));
    let mut hold = |wanted: Option<bool>, is: Option<bool>, what: &str, words: &str| {
        let Some(wanted) = wanted else { return };
        let expected = if wanted { what.to_owned() } else { format!("not {what}") };
        found.take(match is {
            Some(is) if is == wanted => Answer::Yes { found: words.to_owned() },
            Some(_) => Answer::no(format!("{name} {expected}"), words.to_owned()),
            None => Answer::unknown(format!("whether {name} is {what}: {words}")),
        });
    };
    hold(running, unit.is_running, "running", &unit.running);
    hold(check.enabled, Some(unit.is_enabled), "enabled", &unit.enabled);
    found.answer()
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    fn answer(text: &str, unit: &Unit) -> String {
        held(&check(&format!("service: {{name: x, {text}}}")).service.unwrap(), unit).in_words()
    }

    fn unit() -> Unit {
        Unit {
            exists: true,
            is_running: Some(true),
            running: "active (running)".to_owned(),
            is_enabled: false,
            enabled: "disabled".to_owned(),
        }
    }

    #[test]
    fn it_has_to_run_unless_something_else_is_asked() {
        assert_eq!(answer("", &unit()), "service x, active (running)");
        assert_eq!(answer("running: false", &unit()), "expected x not running, found active (running)");
        assert_eq!(answer("enabled: false", &unit()), "service x, disabled");
        assert_eq!(answer("enabled: true, running: true", &unit()), "expected x enabled, found disabled");
    }

    #[test]
    fn one_that_is_not_there_neither_runs_nor_starts_and_one_that_does_not_say_is_unknown() {
        let gone = Unit { exists: false, is_running: Some(false), ..unit() };
        assert_eq!(answer("", &gone), "expected the service x, found no service of that name");
        assert_eq!(answer("running: false", &gone), "no service x");
        let silent = Unit { is_running: None, running: "exit code 4 of its script".to_owned(), ..unit() };
        assert!(answer("", &silent).starts_with("could not be found out: whether x is running: exit code 4"));
    }
}
