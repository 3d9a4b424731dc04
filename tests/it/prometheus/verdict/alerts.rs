//! What people read of it.

use super::{ctl, work};
use crate::support::Stack;

#[test]
fn a_failure_shows_one_table_of_what_has_changed_the_worst_first() {
    let stack = Stack::start();
    let lost = format!("echo '[]' > {}/prometheus/targets/node.json", stack.dir().display());
    let case = work(&stack, "{settle: 12s}", &[lost, ctl(&stack, "check prometheus")]);
    let mut ran = case.run("run work").exit(1);
    let (text, _) = (ran.take_stdout(), ran.take_stderr());
    let table: Vec<_> =
        text.lines().skip_while(|line| !line.contains("what has changed in monitoring:")).collect();
    assert!(table[1].starts_with("VERDICT  FACT"), "{text}");
    assert!(table[2].starts_with("worse    target"), "{text}");
    let shown = case.run("run --show last").exit(0).take_text();
    assert!(shown.contains("what has changed in monitoring\nVERDICT  FACT"), "{shown}");
    assert!(shown.contains("\n  compared   version, "), "{shown}");
}
