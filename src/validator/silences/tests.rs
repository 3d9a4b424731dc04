//! What is wrong with silences, and what is not.

use super::*;
use crate::model::Length;
use crate::world::alertmanager::{AlertStatus, SilenceStatus};

fn now() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

/// A silence of `ops` on a job, in force since this many hours, for as many more.
fn silence(id: &str, since_hours: i64, for_hours: i64) -> Silence {
    Silence {
        id: id.to_owned(),
        comment: "OPS-1: disk".to_owned(),
        created_by: "ops".to_owned(),
        matchers: vec![SilenceMatcher {
            name: "job".to_owned(),
            value: id.to_owned(),
            is_regex: false,
            is_equal: true,
        }],
        starts_at: now() - TimeDelta::hours(since_hours),
        ends_at: now() + TimeDelta::hours(for_hours),
        status: SilenceStatus { state: if for_hours <= 0 { "expired" } else { "active" }.to_owned() },
    }
}

fn alerts(silenced_by: &str, n: usize) -> Vec<ManagedAlert> {
    let alert = |number: usize| ManagedAlert {
        labels: [("alertname".to_owned(), format!("A{number}"))].into(),
        status: AlertStatus {
            state: "suppressed".to_owned(),
            silenced_by: vec![silenced_by.to_owned()],
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
        },
        fingerprint: format!("{number}"),
        receivers: Vec::new(),
    };
    (0..n).map(alert).collect()
}

fn made(is_named: bool, silenced: usize) -> Made {
    Made {
        tag: "mainstay:abc:7".to_owned(),
        run: RunId(7),
        task: Some("upgrade".to_owned()),
        is_named,
        silenced: Some((0..silenced).map(|number| number.to_string()).collect()),
        seq: Some(42),
        run_ended: None,
        is_interrupted: false,
        run_expected: None,
        expired: None,
        until: None,
    }
}

fn ours(silence: Silence) -> Silence {
    Silence { comment: "upgrade [mainstay:abc:7]".to_owned(), ..silence }
}

struct Case {
    members: Vec<Member>,
    made: BTreeMap<String, Made>,
    policy: SilencePolicy,
}

impl Case {
    fn of(silences: Vec<Silence>, alerts: Vec<ManagedAlert>) -> Self {
        let member = Member { url: "http://am".to_owned(), silences, alerts };
        Self { members: vec![member], made: BTreeMap::new(), policy: SilencePolicy::default() }
    }

    fn made(mut self, made: Made) -> Self {
        self.made.insert(made.tag.clone(), made);
        self
    }

    #[track_caller]
    fn expect(&self, expected: &[(&str, &str)]) {
        let known = Known { members: &self.members, made: &self.made, policy: &self.policy, now: now() };
        let found = stains(&known);
        let found: Vec<_> = found.iter().map(|stain| (stain.code.code, stain.message.as_str())).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn one_that_holds_something_back_for_a_while_is_clean() {
    Case::of(vec![silence("a", 48, 24)], alerts("a", 2)).expect(&[]);
    Case::of(vec![silence("a", 2, 24)], Vec::new()).expect(&[]);
    Case::of(vec![silence("a", 48, 0)], Vec::new()).expect(&[]);
}

#[test]
fn one_that_holds_nothing_back_for_long_is_idle() {
    let message = "it is in force for 2d, and holds back nothing now: `{job=\"a\"}`";
    Case::of(vec![silence("a", 48, 24)], alerts("b", 2)).expect(&[("MH001", message)]);
    let mut case = Case::of(vec![silence("a", 48, 24)], Vec::new());
    case.policy.idle = Some(Length(TimeDelta::days(3)).into());
    case.expect(&[]);
}

#[test]
fn one_of_ours_that_holds_back_far_more_than_when_it_was_made_has_grown() {
    let case = |then, now| Case::of(vec![ours(silence("a", 1, 1))], alerts("a", now)).made(made(false, then));
    case(2, 6).expect(&[]);
    case(2, 7).expect(&[("MH002", "it holds back 7 alerts now, and held back 2 when it was made")]);
    case(0, 4).expect(&[]);
    Case::of(vec![silence("a", 1, 1)], alerts("a", 99)).expect(&[]);
}

#[test]
fn one_of_ours_whose_run_is_over_outlives_it_unless_it_was_made_for_a_time_of_its_own() {
    let ended = Some(now() - TimeDelta::minutes(10));
    let case = |made: Made| Case::of(vec![ours(silence("a", 1, 1))], alerts("a", 1)).made(made);
    case(Made { run_ended: ended, ..made(false, 1) })
        .expect(&[("MH003", "run 7 of `upgrade` ended 10m ago")]);
    case(Made { run_ended: ended, expired: ended, ..made(false, 1) })
        .expect(&[("MH003", "run 7 of `upgrade` ended 10m ago, and the ledger has it as ended")]);
    let until = Some(now() + TimeDelta::hours(1));
    case(Made { run_ended: ended, until, ..made(true, 1) }).expect(&[]);
    case(made(false, 1)).expect(&[]);
    case(Made { is_interrupted: true, ..made(false, 1) })
        .expect(&[("MH003", "run 7 of `upgrade` stopped in its middle")]);
}

#[test]
fn one_of_ours_that_is_not_renewed_or_too_short_ends_in_the_middle_of_the_work() {
    let lease =
        |minutes| Silence { ends_at: now() + TimeDelta::minutes(minutes), ..ours(silence("a", 1, 1)) };
    Case::of(vec![lease(4)], Vec::new()).made(made(false, 0)).expect(&[]);
    Case::of(vec![lease(1)], Vec::new())
        .made(made(false, 0))
        .expect(&[("MH004", "run 7 of `upgrade` goes on, and does not renew it: it ends in 1m")]);
    let expected = Some(now() + TimeDelta::minutes(30));
    Case::of(vec![lease(10)], Vec::new())
        .made(Made { run_expected: expected, ..made(true, 0) })
        .expect(&[("MH004", "it ends in 10m, 20m before the end of run 7 of `upgrade`")]);
}

#[test]
fn one_that_never_ends_is_told_with_what_is_allowed() {
    let case = Case::of(vec![silence("a", 1, 24 * 365)], alerts("a", 1));
    case.expect(&[("MH005", "it ends in 365d, and 30d is the longest that is allowed")]);
    Case::of(vec![silence("a", 1, 24 * 30)], alerts("a", 1)).expect(&[]);
}

#[test]
fn one_that_nobody_can_be_asked_about_has_no_owner() {
    let case = |who: &str, comment: &str| {
        let (created_by, comment) = (who.to_owned(), comment.to_owned());
        Case::of(vec![Silence { comment, created_by, ..silence("a", 1, 1) }], alerts("a", 1))
    };
    case("Unknown", "x").expect(&[("MH006", "it was made by `Unknown`: `x`")]);
    case("ops", " ").expect(&[("MH006", "`ops` made it without a comment")]);
    case("ops", "disk").expect(&[]);
    let mut with_ticket = case("ops", "disk");
    with_ticket.policy.ticket = Some("OPS-[0-9]+".to_owned().into());
    with_ticket.expect(&[("MH006", "`ops` made it without a ticket (`OPS-[0-9]+`): `disk`")]);
}

#[test]
fn two_alike_or_one_that_comes_again_and_again_is_a_ghost() {
    let like = |id: &str, since: i64, until: i64| Silence { id: id.to_owned(), ..silence("a", since, until) };
    let held = || [alerts("a", 1), alerts("b", 1)].concat();
    let message = |other: &str| format!("{other} has the same matchers: `{{job=\"a\"}}`");
    Case::of(vec![like("a", 1, 1), like("b", 1, 1)], held())
        .expect(&[("MH007", &message("b")), ("MH007", &message("a"))]);
    let chain = || vec![like("a", 1, 1), like("c", 3, -1), like("d", 5, -3), like("e", 7, -5)];
    let again = "it was made again 3 times in 7h whenever it ended: `{job=\"a\"}`";
    Case::of(chain(), held()).expect(&[("MH007", again)]);
    Case::of(chain().into_iter().take(3).collect(), held()).expect(&[]);
}

#[test]
fn one_that_a_member_lacks_is_told_with_that_member() {
    let mut case = Case::of(vec![silence("a", 1, 1)], alerts("a", 1));
    case.members.push(Member { url: "http://am-2".to_owned(), silences: Vec::new(), alerts: Vec::new() });
    case.expect(&[("MH008", "http://am-2 does not have it")]);
    case.members[1].silences = case.members[0].silences.clone();
    case.expect(&[]);
}

#[test]
fn a_finding_says_where_it_is_on_record_and_how_to_end_it() {
    let case = Case::of(vec![ours(silence("a", 1, 1))], alerts("a", 9)).made(made(false, 0));
    let known = Known { members: &case.members, made: &case.made, policy: &case.policy, now: now() };
    let finding = stains(&known)[0].finding();
    assert_eq!(
        finding.message,
        "silence a at http://am: it holds back 9 alerts now, and held back 0 when it was made"
    );
    assert_eq!(
        finding.help.as_deref(),
        Some("`amtool silence expire a --alertmanager.url=http://am` ends it")
    );
    assert_eq!((finding.subject.as_str(), finding.evidence), ("silences.a", vec![42]));
}
