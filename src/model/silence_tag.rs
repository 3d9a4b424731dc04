//! Tags, by which silences are found again: `mainstay:LEDGER:RUN` of a run's own, `mainstay:LEDGER:RUN:NAME` of one that a
//! step made.

/// The tag of a silence that a step makes, from that of its run's own.
pub fn named(tag_of_run: &str, name: &str) -> String {
    format!("{tag_of_run}:{name}")
}

/// Whether a tag is that of a silence that a step made.
pub fn is_named(tag: &str) -> bool {
    tag.split(':').count() > 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_tells_a_step_from_a_run() {
        let of_run = "mainstay:0123456789ab:7";
        assert!(!is_named(of_run) && is_named(&named(of_run, "upgrade")));
    }
}
