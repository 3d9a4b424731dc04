//! Waivers: findings that are borne, with a reason and for a time.

use crate::support::Case;

/// A plan file with one finding, `MS316` at `domain: system`, and a comment beside it.
fn with_comment(comment: &str) -> String {
    format!(
        "mainstay: 1\ntimezone: Europe/Berlin\ntasks:\n  # {comment}\n  kernel:\n    type: routine\n    domain: system\n    \
         duration: 20m\n    steps: [{{run: [uname, -r]}}]\n"
    )
}

/// The findings as `CODE LINE:COLUMN MESSAGE`, and how many were waived.
fn found(plan: &str, now: &str) -> (Vec<String>, u64) {
    let result = Case::new().plan_file(plan).run(&format!("--now {now} validate --format json")).json();
    let findings = result["findings"].as_array().expect("findings").iter();
    let line = |finding: &serde_json::Value| {
        let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}:{} {}", text("code"), finding["line"], finding["column"], text("message"))
    };
    (findings.map(line).collect(), result["waived"].as_u64().expect("a number"))
}

#[track_caller]
fn check(plan: &str, now: &str, expected: &[&str], n_waived: u64) {
    let (findings, waived) = found(plan, now);
    assert_eq!(findings, expected, "{plan}");
    assert_eq!(waived, n_waived, "{plan}");
}

const NOW: &str = "2026-03-07T10:00:00Z";
const NO_WAY_BACK: &str = "MS316 7:13 system task `kernel` has no way back";

#[test]
fn a_comment_waives_what_begins_beside_it() {
    check(&with_comment("see the wiki"), NOW, &[NO_WAY_BACK], 0);
    check(&with_comment("mainstay: ignore MS316 until 2027-01-31 a kernel has no way back"), NOW, &[], 1);
    let behind =
        with_comment("x").replace("system\n", "system  # mainstay: ignore MS316 until 2027-01-31 why\n");
    check(&behind, NOW, &[], 1);
    // It speaks of the next entry only.
    let elsewhere = with_comment("x")
        .replace("mainstay: 1\n", "# mainstay: ignore MS316 until 2027-01-31 why\nmainstay: 1\n");
    check(
        &elsewhere,
        NOW,
        &[
            "MS704 1:1 the waiver of `MS316` takes nothing back",
            "MS316 8:13 system task `kernel` has no way back",
        ],
        0,
    );
}

#[test]
fn a_waiver_holds_to_the_last_moment_of_its_day_in_the_zone_of_the_plan_file() {
    let plan = with_comment("mainstay: ignore MS316 until 2026-03-07 a kernel has no way back");
    check(&plan, "2026-03-07T22:59:59Z", &[], 1);
    let ended = "MS703 4:3 the waiver of `MS316` ended on 2026-03-08 00:00";
    check(&plan, "2026-03-07T23:00:00Z", &[ended, NO_WAY_BACK], 0);
    let at = with_comment("mainstay: ignore MS316 until 2026-03-07T12:00:00Z a kernel has no way back");
    check(&at, "2026-03-07T11:59:59Z", &[], 1);
}

#[test]
fn a_waiver_that_is_wrong_is_a_finding_and_waives_nothing() {
    let check_comment = |comment: &str, expected: &str| {
        check(&with_comment(comment), NOW, &[expected, NO_WAY_BACK], 0);
    };
    check_comment("mainstay: ignroe MS316 why", "MS701 4:3 this comment is no waiver");
    check_comment("mainstay: ignore MS316", "MS701 4:3 the waiver has no reason");
    check_comment("mainstay: ignore MS316 until 2027-01-31", "MS701 4:3 the waiver has no reason");
    check_comment(
        "mainstay: ignore MS316 until Friday why",
        "MS701 4:3 the waiver ends at `Friday`, which is no time",
    );
    check_comment("mainstay: ignore MS961 why", "MS702 4:3 the waiver names an unknown code `MS961`");
    check_comment("mainstay: ignore MS201 why", "MS705 4:3 `MS201` (unknown name) cannot be waived");
    let endless = "MS706 4:3 the waiver of `MS316` has no end";
    check(&with_comment("mainstay: ignore MS316 a kernel has no way back"), NOW, &[endless], 1);
    let both = with_comment("mainstay: ignore MS316, MS315 until 2027-01-31 why");
    check(&both, NOW, &["MS704 4:3 the waiver of `MS315` takes nothing back"], 1);
}

#[test]
fn what_only_looks_like_a_waiver_is_text() {
    let quoted =
        with_comment("x").replace("mainstay: 1\n", "mainstay: 1\ntitle: '# mainstay: ignore MS316 why'\n");
    check(&quoted, NOW, &["MS316 8:13 system task `kernel` has no way back"], 0);
}

#[test]
fn a_list_waives_by_path_or_for_the_whole_file() {
    let listed = |waiver: &str| {
        with_comment("x") + &format!("ignore: [{{code: MS316, until: 2027-01-31, {waiver}}}]\n")
    };
    check(&listed("reason: why"), NOW, &[], 1);
    check(&listed("at: tasks.kernel, reason: why"), NOW, &[], 1);
    let unused = "MS704 10:17 the waiver of `MS316` takes nothing back";
    check(&listed("at: tasks.kern, reason: why"), NOW, &[NO_WAY_BACK, unused], 0);
    let no_reason = "MS113 10:11 an element of `ignore` has no `reason`";
    check(&listed("at: tasks.kernel"), NOW, &[NO_WAY_BACK, no_reason], 0);
}

#[test]
fn a_waived_finding_is_counted_and_the_answer_is_yes() {
    let case = Case::new().plan_file(with_comment("mainstay: ignore MS316 until 2027-01-31 why"));
    case.run("--now 2026-03-07T10:00:00Z validate --fail-on warning")
        .stdout("maintenance.yaml: ok, 1 task, 1 waived\n")
        .exit(0);
}
