//! Known values, oracles by brute force, and laws.

#![expect(clippy::float_cmp, reason = "exact values are known")]

use proptest::prelude::*;

use super::points::{Counts, Growth, Value};
use super::*;

fn gauge(before: &[f64], after: &[f64]) -> Series {
    Series {
        kind: SeriesKind::Gauge,
        direction: Direction::Either,
        within: Tolerance::Percent(0.0),
        absent_is_zero: false,
        before: Side::of_numbers(before),
        after: Side::of_numbers(after),
    }
}

fn counter(before: &[f64], after: &[f64]) -> Series {
    Series { kind: SeriesKind::Counter, ..gauge(before, after) }
}

fn only(series: Series) -> Judgement {
    compare(&[series]).remove(0)
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

fn upto(from: usize, n: usize) -> Vec<f64> {
    (from..from + n).map(as_f64).collect()
}

/// All ways of choosing `k` of these, each tried one by one: an independent count of what the test counts.
fn by_brute_force(before: &[f64], after: &[f64]) -> f64 {
    let all: Vec<f64> = before.iter().chain(after).copied().collect();
    // How often a pair is won, ties half: U, which differs from the sum of ranks by a constant.
    let u = |mask: u32| {
        let is_in = |n: usize| mask >> n & 1 == 1;
        let mut twice = 0_i64;
        for (i, a) in all.iter().enumerate().filter(|(i, _)| is_in(*i)) {
            for (j, b) in all.iter().enumerate().filter(|(j, _)| !is_in(*j)) {
                assert_ne!(i, j);
                twice += if a > b { 2 } else { i64::from(a == b) };
            }
        }
        twice
    };
    let n = before.len();
    let mean = i64::try_from(n * after.len()).unwrap();
    let seen = (u((1 << n) - 1) - mean).abs();
    let masks = (0..1_u32 << all.len()).filter(|mask| mask.count_ones() as usize == n);
    let (mut extreme, mut total) = (0, 0);
    for mask in masks {
        total += 1;
        extreme += i32::from(seen <= (u(mask) - mean).abs());
    }
    f64::from(extreme) / f64::from(total)
}

#[test]
fn the_least_p_of_few_points_is_that_of_the_published_tables() {
    near(ranks::least_p(3, 3), 0.1);
    near(ranks::least_p(4, 4), 2.0 / 70.0);
    near(ranks::least_p(5, 5), 2.0 / 252.0);
    near(ranks::test(&upto(1, 3), &upto(4, 3)).p, 0.1);
    near(ranks::test(&upto(1, 4), &upto(5, 4)).p, 2.0 / 70.0);
    near(ranks::test(&upto(1, 20), &upto(21, 20)).p, 2.0 / 137_846_528_820.0);
    assert_eq!((ranks::points_needed(0.05), ranks::points_needed(0.01)), (4, 5));
}

/// How many arrangements of 4 and 4, and of 5 and 5, have U = 0, 1, 2, ..: Mann and Whitney's own table.
#[test]
fn the_distribution_without_ties_is_the_published_one() {
    let check = |n: usize, counts: &[u32], all: f64| {
        let mut sum = 0;
        for (u, count) in counts.iter().enumerate() {
            sum += count;
            // An arrangement with that U: all but the last below, the last put u places up.
            let mut before = upto(1, n);
            let mut after = upto(n + 1, n);
            for step in 0..u {
                // Swaps neighbours in value between the sides, each time adding one to U.
                let (i, j) = (n - 1 - step / n, step % n);
                std::mem::swap(&mut before[i], &mut after[j]);
            }
            let found: f64 =
                after.iter().flat_map(|a| before.iter().map(move |b| f64::from(u8::from(b > a)))).sum();
            if u <= n {
                near(found, as_f64(u));
                near(ranks::test(&before, &after).p, 2.0 * f64::from(sum) / all);
            }
        }
    };
    check(4, &[1, 1, 2, 3, 5], 70.0);
    check(5, &[1, 1, 2, 3, 5, 7], 252.0);
}

#[test]
fn ties_are_counted_as_they_are() {
    let cases: [(&[f64], &[f64]); 6] = [
        (&[1.0, 2.0, 2.0], &[2.0, 3.0, 4.0]),
        (&[0.0, 0.0, 0.0, 0.0], &[0.0, 0.0, 0.0, 1.0]),
        (&[1.0, 1.0, 1.0, 2.0, 5.0], &[2.0, 2.0, 3.0]),
        (&[5.0], &[1.0, 1.0, 2.0, 9.0]),
        (&[0.0, -0.0, 1.0], &[0.0, 1.0, 2.0, 2.0]),
        (&[f64::INFINITY, 1.0, 2.0, 3.0], &[f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0]),
    ];
    for (before, after) in cases {
        near(ranks::test(before, after).p, by_brute_force(before, after));
    }
}

#[test]
fn beyond_twenty_points_the_approximation_agrees_with_the_exact_count_at_twenty() {
    near(normal::two_sided(1.959_963_984_540_054), 0.05);
    near(normal::two_sided(0.0), 1.0);
    assert!((normal::two_sided(5.0) - 5.733_031_437_583_892e-7).abs() < 1e-18);
    assert!(normal::two_sided(60.0) > 0.0);
    let before = upto(0, 20);
    let after: Vec<f64> = before.iter().map(|x| x * 1.1 + 2.5).collect();
    let exact = ranks::test(&before, &after);
    let more = |numbers: &[f64]| [numbers, &[9.7]].concat();
    let approximate = ranks::test(&more(&before), &more(&after));
    assert!(exact.is_exact && !approximate.is_exact);
    assert!((exact.p - approximate.p).abs() < 0.03, "{exact:?} {approximate:?}");
    let mixed = |from: usize| -> Vec<f64> { (0..25).map(|n| as_f64(from + n * 7 % 25)).collect() };
    let judged = only(gauge(&mixed(0), &mixed(40)));
    assert_eq!(judged.test, Test::NormalRanks);
    assert!(judged.notes.iter().any(|note| note.contains("approximated")), "{judged:?}");
}

#[test]
fn two_rates_are_tested_exactly() {
    // Of n events all after, in the same time: 2 / 2^n.
    near(rate::test((0, 60.0), (5, 60.0)).p, 0.0625);
    near(rate::test((0, 60.0), (6, 60.0)).p, 0.03125);
    near(rate::test((3, 60.0), (3, 60.0)).p, 1.0);
    // Twice the time before: P(all 4 after) = 1/81, and no other outcome is as unlikely.
    near(rate::test((0, 120.0), (4, 60.0)).p, 1.0 / 81.0);
    // 10 and 2: 2 * (1 + 12 + 66) / 4096.
    near(rate::test((10, 60.0), (2, 60.0)).p, 2.0 * 79.0 / 4096.0);
    assert_eq!(rate::events_needed(0.05, (60.0, 60.0)), 6);
    let (exact, many) = (rate::test((4_900, 1.0), (5_100, 1.0)), rate::test((4_901, 1.0), (5_100, 1.0)));
    assert!(exact.is_exact && !many.is_exact && (exact.p - many.p).abs() < 0.002, "{exact:?} {many:?}");
}

#[test]
fn case_13_few_points_equal_points_and_one_error_are_told_apart_and_nothing_crashes() {
    let check = |series: Series, verdict: Verdict, test: Test| {
        let judged = only(series.clone());
        assert_eq!((judged.verdict, judged.test), (verdict, test), "{judged:?}");
        let again = only(series);
        assert_eq!(format!("{judged:?}"), format!("{again:?}"), "the same bytes");
    };
    check(gauge(&[], &[]), Verdict::InsufficientData, Test::None);
    check(gauge(&[1.0], &[2.0]), Verdict::InsufficientData, Test::ExactRanks);
    check(gauge(&[1.0, 2.0], &[3.0, 4.0]), Verdict::InsufficientData, Test::ExactRanks);
    check(gauge(&upto(1, 3), &upto(10, 3)), Verdict::InsufficientData, Test::ExactRanks);
    check(gauge(&upto(1, 4), &upto(10, 4)), Verdict::Worse, Test::ExactRanks);
    check(gauge(&[7.0], &[7.0]), Verdict::Same, Test::None);
    check(gauge(&[7.0; 3], &[7.0; 5]), Verdict::Same, Test::None);
    check(gauge(&upto(1, 3), &upto(1, 3)), Verdict::Same, Test::None);
    check(gauge(&[1.0], &[]), Verdict::Worse, Test::None);
    check(gauge(&[], &[1.0]), Verdict::InsufficientData, Test::None);
    check(counter(&[0.0; 10], &[0.0; 10]), Verdict::Same, Test::None);
    let one_error = [&[0.0; 5][..], &[1.0; 5]].concat();
    check(counter(&[0.0; 10], &one_error), Verdict::InsufficientData, Test::ExactRate);
    check(counter(&[0.0; 10], &upto(0, 10)), Verdict::Worse, Test::ExactRate);
    check(counter(&[5.0], &[6.0]), Verdict::InsufficientData, Test::None);

    let few = only(gauge(&upto(1, 3), &upto(10, 3)));
    assert_eq!((few.needed, few.p), (Some(4), Some(0.1)));
    assert!(few.notes[0].ends_with("(p is at least 0.10); it takes 4 samples on each side"), "{few:?}");
    let one = only(counter(&[0.0; 10], &one_error));
    assert!(one.notes[0].ends_with("it takes 6 events in all"), "{one:?}");
}

#[test]
fn case_7_nan_and_infinity_are_kept_apart_from_numbers() {
    assert_eq!(Value::of(f64::from_bits(0x7ff0_0000_0000_0002)), Value::Stale);
    assert_eq!(Value::of(f64::NAN), Value::Nan);
    assert_eq!(Value::of(f64::INFINITY), Value::Number(f64::INFINITY));
    let nan = [f64::NAN, 1.0, 2.0, 3.0, 4.0];
    let judged = only(gauge(&nan, &[f64::INFINITY, 11.0, 12.0, 13.0]));
    assert_eq!(judged.verdict, Verdict::Worse);
    assert_eq!(judged.notes, ["left out before: 1 NaN"]);
    let judged = only(gauge(&[f64::NAN; 4], &upto(1, 4)));
    assert_eq!(
        (judged.verdict, &judged.notes[0][..]),
        (Verdict::InsufficientData, "no number before: 4 NaN")
    );
}

#[test]
fn case_8_and_9_stale_missing_zero_and_no_series_are_four_outcomes() {
    let side =
        |values: &[Value]| Side { values: values.to_vec(), ..Side::of_numbers(&vec![0.0; values.len()]) };
    let after = |after: Side| only(Series { after, ..gauge(&upto(1, 4), &[]) });
    let stale = after(side(&[Value::Stale, Value::Missing, Value::Missing, Value::Missing]));
    assert_eq!(
        (stale.verdict, &stale.notes[0][..]),
        (Verdict::InsufficientData, "no number after: 1 stale, 3 missing")
    );
    let missing = after(side(&[Value::Missing; 4]));
    assert_eq!(missing.notes, ["no number after: 4 missing"]);
    let zero = after(side(&[Value::Number(0.0); 4]));
    assert_eq!((zero.verdict, zero.middles.1), (Verdict::Worse, Some(0.0)));
    let gone = after(Side::default());
    assert_eq!(gone.verdict, Verdict::Worse);
    assert_eq!(gone.notes, ["the series has vanished; its last number is from 1970-01-01 00:00:03 UTC"]);
    assert_eq!(
        side(&[Value::Nan, Value::Missing]).held(),
        Held::NoNumber(Counts { nan: 1, missing: 1, ..Counts::default() })
    );

    // A counter of errors that has no series as long as there was none.
    let absent = Side { is_there: false, ..side(&[Value::Missing; 10]) };
    let errors = Series { absent_is_zero: true, before: absent, ..counter(&[], &upto(0, 10)) };
    assert_eq!(only(errors.clone()).verdict, Verdict::Worse);
    assert_eq!(only(Series { absent_is_zero: false, ..errors }).verdict, Verdict::InsufficientData);
}

#[test]
fn case_10_a_counter_that_begins_anew_has_not_dropped() {
    let side = Side::of_numbers(&[100.0, 105.0, 3.0, 6.0]);
    let Growth { increase, seconds, resets, rates } = growth(&side);
    assert_eq!((increase, seconds, resets.len(), rates), (11.0, 3.0, 1, vec![5.0, 3.0, 3.0]));
    let judged = only(counter(&[10.0, 15.0, 20.0, 25.0, 30.0], &[50.0, 55.0, 0.0, 5.0, 10.0, 15.0, 20.0]));
    assert_eq!(judged.verdict, Verdict::Same, "{judged:?}");
    assert!(
        judged.notes[0].starts_with("it began anew 1 time after, first at 1970-01-01 00:00:02"),
        "{judged:?}"
    );
}

#[test]
fn a_change_that_is_borne_or_good_is_not_worse() {
    let (before, after) = ([100.0, 101.0, 102.0, 103.0, 104.0], [110.0, 111.0, 112.0, 113.0, 114.0]);
    let with = |direction, within| Series { direction, within, ..gauge(&before, &after) };
    let verdict = |direction, within| only(with(direction, within)).verdict;
    assert_eq!(verdict(Direction::Either, Tolerance::Percent(5.0)), Verdict::Worse);
    assert_eq!(verdict(Direction::Either, Tolerance::Percent(10.0)), Verdict::Same);
    assert_eq!(verdict(Direction::Either, Tolerance::Absolute(9.9)), Verdict::Worse);
    assert_eq!(verdict(Direction::Increase, Tolerance::Percent(5.0)), Verdict::Worse);
    assert_eq!(verdict(Direction::Decrease, Tolerance::Percent(5.0)), Verdict::Better);
    let judged = only(with(Direction::Either, Tolerance::Percent(5.0)));
    assert_eq!((judged.shift, judged.above, judged.rank_biserial()), (Some(10.0), Some(1.0), Some(1.0)));
    assert_eq!(judged.middles, (Some(102.0), Some(112.0)));
}

#[test]
fn of_many_series_one_that_differs_a_little_is_chance_and_few_points_are_too_few() {
    // 4 and 4 reach 0.029, which is enough for one series and not for three.
    let one = gauge(&upto(1, 4), &upto(10, 4));
    assert_eq!(only(one.clone()).verdict, Verdict::Worse);
    let three = compare(&[one.clone(), one.clone(), one]);
    assert!(
        three.iter().all(|it| it.verdict == Verdict::InsufficientData && it.needed == Some(5)),
        "{three:?}"
    );
    assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
}

#[test]
fn samples_that_follow_each_other_count_as_few() {
    // A slow wave: sixty samples, and hardly more than a few that say something of their own.
    let wave = |from: usize| -> Vec<f64> { (from..from + 60).map(|n| (as_f64(n) / 10.0).sin()).collect() };
    let judged = only(gauge(&wave(0), &wave(40)));
    assert!(judged.n.0 < 10 && judged.verdict != Verdict::Worse, "{judged:?}");
    assert!(judged.notes[0].contains("that follow each other count as one"), "{judged:?}");
    assert_eq!(block_length(&[&upto(0, 1), &[]]), 1);
    assert_eq!(block_length(&[&[5.0; 30]]), 1);
    let alternating: Vec<f64> = (0..40).map(|n| f64::from(n % 2)).collect();
    assert_eq!(block_length(&[&alternating]), 1, "it falls back at once: no need for blocks");
    assert_eq!(blocks(&[1.0, 3.0, 5.0, 7.0, 9.0], 2), [2.0, 6.0]);
}

fn numbers() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec((-6_i32..6).prop_map(f64::from), 1..6)
}

proptest! {
    #[test]
    fn law_the_exact_test_is_a_count_of_all_ways(before in numbers(), after in numbers()) {
        near(ranks::test(&before, &after).p, by_brute_force(&before, &after));
    }

    #[test]
    fn law_neither_the_sides_nor_the_scale_nor_the_order_decide(
        before in numbers(), after in numbers(), scale in 1_u8..9, by in -20_i8..20,
    ) {
        let p = ranks::test(&before, &after).p;
        prop_assert!(0.0 < p && p <= 1.0);
        near(ranks::test(&after, &before).p, p);
        let moved = |numbers: &[f64]| -> Vec<f64> {
            numbers.iter().rev().map(|x| x * f64::from(scale) + f64::from(by)).collect()
        };
        near(ranks::test(&moved(&before), &moved(&after)).p, p);
        near(shift(&moved(&before), &moved(&after)), shift(&before, &after) * f64::from(scale));
        near(shift(&after, &before), -shift(&before, &after));
        near(above(&after, &before), 1.0 - above(&before, &after));
    }

    #[test]
    fn law_a_rate_is_the_same_whatever_the_unit_of_time(a in 0_u64..60, b in 0_u64..60, s in 1_u16..500, t in 1_u16..500) {
        let (s, t) = (f64::from(s), f64::from(t));
        let p = rate::test((a, s), (b, t)).p;
        prop_assert!(0.0 < p && p <= 1.0);
        near(rate::test((a, s * 60.0), (b, t * 60.0)).p, p);
        near(rate::test((b, t), (a, s)).p, p);
        prop_assert!(rate::least_p(a + b, (s, t)) <= p + 1e-9);
    }

    #[test]
    fn law_the_correction_keeps_the_order_and_never_makes_anything_likelier(ps in proptest::collection::vec(0.0_f64..=1.0, 1..12)) {
        let adjusted = holm(&ps);
        for (a, p) in adjusted.iter().zip(&ps) {
            prop_assert!(p <= a && *a <= 1.0);
            for (b, q) in adjusted.iter().zip(&ps) {
                prop_assert!(p > q || a <= b);
            }
        }
    }

    #[test]
    fn law_nothing_crashes_and_a_series_compared_with_itself_is_the_same(
        before in proptest::collection::vec(proptest::num::f64::ANY, 0..30),
        after in proptest::collection::vec(proptest::num::f64::ANY, 0..30),
        is_counter in any::<bool>(),
    ) {
        let of = |before: &[f64], after: &[f64]| if is_counter { counter(before, after) } else { gauge(before, after) };
        let judged = only(of(&before, &after));
        prop_assert!(judged.p.is_none_or(|p| 0.0 < p && p <= 1.0));
        let itself = only(of(&before, &before)).verdict;
        prop_assert!(matches!(itself, Verdict::Same | Verdict::InsufficientData), "{itself:?}");
        let finite = before.iter().filter(|x| !x.is_nan()).count();
        prop_assert!(is_counter || finite == 0 || itself == Verdict::Same, "{itself:?}");
    }
}
