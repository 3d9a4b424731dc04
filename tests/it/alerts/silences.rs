//! Silences that should not be: found on a real Alertmanager, with what the ledger knows of our own.

use std::path::Path;

use mainstay::manager::{Manager, Silences};
use mainstay::world::World;
use serde_json::json;

use super::{PATIENCE, alertmanagers};
use crate::support::{Case, Stack, wait_until};

/// What is wrong with the silences that the plan file of `case` can see.
fn looked_at(case: &Case) -> Silences {
    let manager = Manager::new(&case.path().join("maintenance.yaml"), None, None);
    let plan = manager.plan_file().expect("it can be read").plan.expect("a plan");
    let world = World::new(&plan.connections, Path::new("maintenance.yaml"), manager.clock());
    manager.silences(&plan, &world).expect("the state can be read")
}

fn codes(found: &Silences) -> Vec<&'static str> {
    found.stains.iter().map(|stain| stain.code.code).collect()
}

/// Makes a silence and returns its id.
fn silence(stack: &Stack, who: &str, comment: &str, until: &str) -> String {
    let body = json!({
        "matchers": [{"name": "job", "value": comment, "isRegex": false, "isEqual": true}],
        "startsAt": "2020-01-01T00:00:00Z", "endsAt": until, "createdBy": who, "comment": comment,
    });
    let made = stack.post_json(&format!("{}/api/v2/silences", stack.alertmanager_url()), &body);
    made["silenceID"].as_str().expect("an id").to_owned()
}

#[test]
fn silences_of_people_are_told_by_their_end_and_owner_and_what_ends_them() {
    let stack = Stack::alertmanager_only();
    let connection = alertmanagers(&stack.alertmanager_urls())
        .replace("members: []", "silences: {longest: 2d, ticket: 'OPS-[0-9]+'}");
    let case = Case::new().plan_file(format!("mainstay: 1\nconnections:\n{connection}\n"));
    assert_eq!((codes(&looked_at(&case)), looked_at(&case).n_looked_at), (Vec::new(), 0));

    let soon = (chrono::Utc::now() + chrono::TimeDelta::days(1)).to_rfc3339();
    silence(&stack, "ops", "OPS-1", &soon);
    let eternal = silence(&stack, "ops", "OPS-2", "2099-01-01T00:00:00Z");
    let nobody = silence(&stack, "unknown", "OPS-3", &soon);
    let without = silence(&stack, "ops", "later", &soon);
    let found = looked_at(&case);
    assert_eq!((found.n_looked_at, found.unanswered.len()), (4, 0));
    let told: Vec<_> = found.stains.iter().map(|stain| (stain.code.code, stain.silence.clone())).collect();
    let mut ownerless = [("MH006", nobody), ("MH006", without)];
    ownerless.sort();
    assert_eq!(told, [&[("MH005", eternal.clone())][..], &ownerless].concat());
    let help = found.stains[0].finding().help.expect("help");
    assert!(help.contains(&format!("amtool silence expire {eternal}")), "{help}");

    // The live checks of everything tell of them, each as a question of its own.
    let report = case.run("validate --live --fail-on warning --format json").exit(1).json();
    let of_silences = |key: &str, of: &str| -> Vec<String> {
        let all = report[key].as_array().expect("a list").iter();
        let text = |one: &serde_json::Value, of: &str| one[of].as_str().unwrap_or_default().to_owned();
        let is_ours = |one: &&serde_json::Value| {
            [text(one, "name"), text(one, "subject")].iter().any(|name| name.starts_with("silences."))
        };
        all.filter(is_ours).map(|one| text(one, of)).collect()
    };
    assert_eq!(of_silences("findings", "code"), ["MH005", "MH006", "MH006"]);
    assert_eq!(of_silences("items", "outcome"), ["no", "no", "no"]);

    stack.stop("alertmanager");
    let found = looked_at(&case);
    assert_eq!((found.n_looked_at, found.unanswered.len(), found.n_members), (0, 1, 1));
}

#[test]
fn a_silence_of_a_run_that_was_killed_outlives_it_and_is_on_record() {
    let stack = Stack::alertmanager_only();
    let connection = alertmanagers(&stack.alertmanager_urls());
    let case = Case::new().plan_file(format!(
        "mainstay: 1\nconnections:\n{connection}\ntasks:\n  try:\n    type: routine\n    domain: component\n    \
         duration: 5m\n    silence: {{matchers: ['job=\"x\"']}}\n    steps: [{{wait: 5m}}]\n"
    ));
    let mut child = case.command("run try").spawn().expect("the binary was built");
    wait_until("the silence is there", PATIENCE, || !stack.silences().is_empty());
    wait_until("the silence is on record", PATIENCE, || {
        case.command("audit log")
            .output()
            .is_ok_and(|log| String::from_utf8_lossy(&log.stdout).contains("silence"))
    });
    assert_eq!(codes(&looked_at(&case)), [""; 0], "its run goes on");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let found = looked_at(&case);
    assert_eq!(codes(&found), ["MH003"]);
    assert!(found.stains[0].message.ends_with("of `try` stopped in its middle"), "{:?}", found.stains);
    assert!(!found.stains[0].finding().evidence.is_empty(), "the ledger has it");
}
