//! Lengths of time as Prometheus and Alertmanager write them: `15s`, `1h30m`, `1d`.

use chrono::TimeDelta;

/// Units in their order, with their milliseconds. A day has 24 hours and a year 365 days, whatever the calendar says.
const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest one: what fits into 64 bits of nanoseconds.
const LONGEST_MS: i64 = i64::MAX / 1_000_000;

/// Why a text is no length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LengthError {
    /// It has another form.
    #[error("not a duration")]
    Form,
    /// It does not fit into 64 bits of nanoseconds.
    #[error("a duration of more than 292 years")]
    TooLong,
}

/// Reads a length: whole numbers with units, each unit at most once, from the largest to the smallest; `0` needs no unit.
/// Zero is a length: whoever has no use for it says so.
///
/// Source: `model.ParseDuration` of Prometheus' common library, which reads the durations of its configuration, its rules,
/// its queries and its API, and those of Alertmanager.
///
/// # Errors
/// [`LengthError`]; an empty text is none.
pub fn length(text: &str) -> Result<TimeDelta, LengthError> {
    if text == "0" {
        return Ok(TimeDelta::zero());
    }
    if text.is_empty() {
        return Err(LengthError::Form);
    }
    let mut total: i64 = 0;
    let mut rest = text;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let n_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(n_digits);
        let unit_len = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_len);
        let found = units.find(|(name, _)| *name == unit && !number.is_empty());
        let (_, size) = found.ok_or(LengthError::Form)?;
        // A number of too many digits is too long as well.
        let ms = number.parse::<i64>().ok().and_then(|number| number.checked_mul(*size));
        let sum = ms.and_then(|ms| total.checked_add(ms)).filter(|sum| *sum <= LONGEST_MS);
        total = sum.ok_or(LengthError::TooLong)?;
        rest = tail;
    }
    TimeDelta::try_milliseconds(total).ok_or(LengthError::TooLong)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// As Prometheus writes it: each unit that is not zero.
    fn written(numbers: [i64; 7]) -> String {
        let mut text = String::new();
        for (number, (unit, _)) in numbers.iter().zip(UNITS).filter(|(number, _)| **number != 0) {
            write!(text, "{number}{unit}").expect("memory");
        }
        if text.is_empty() { "0s".to_owned() } else { text }
    }

    #[test]
    fn lengths_are_read_as_prometheus_reads_them() {
        let check = |text: &str, expected: Result<i64, LengthError>| {
            assert_eq!(length(text).map(|found| found.num_milliseconds()), expected, "{text}");
        };
        check("15s", Ok(15_000));
        check("1h30m", Ok(5_400_000));
        check("1d2h", Ok(93_600_000));
        check("1y2w3d4h5m6s7ms", Ok(((365 + 17) * 86_400 + 4 * 3600 + 306) * 1000 + 7));
        check("292y", Ok(292 * 365 * 86_400_000));
        for zero in ["0", "0s", "0y0ms", "00m"] {
            check(zero, Ok(0));
        }
        for text in
            ["", "5", "00", "m", "30m1h", "1m1m", "-1m", "+1m", "1.5m", " 1m", "1m ", "1hs", "1M", "1µs"]
        {
            check(text, Err(LengthError::Form));
        }
        for text in ["300y", "99999999999999999999s", "9999999999999y"] {
            check(text, Err(LengthError::TooLong));
        }
    }

    proptest! {
        #[test]
        fn what_prometheus_writes_is_read_as_what_it_means(
            years in 0_i64..200, weeks in 0_i64..60, days in 0_i64..9, hours in 0_i64..30, minutes in 0_i64..70,
            seconds in 0_i64..70, ms in 0_i64..1_500,
        ) {
            let numbers = [years, weeks, days, hours, minutes, seconds, ms];
            let meant: i64 = numbers.iter().zip(UNITS).map(|(number, (_, size))| number * size).sum();
            prop_assert_eq!(length(&written(numbers)), Ok(TimeDelta::milliseconds(meant)));
        }

        #[test]
        fn units_in_another_order_and_units_twice_are_no_length(
            first in 0_usize..7, second in 0_usize..7, number in 0_i64..100,
        ) {
            let text = format!("{number}{}{number}{}", UNITS[first].0, UNITS[second].0);
            prop_assert_eq!(length(&text).is_ok(), first < second);
        }

        #[test]
        fn no_text_is_read_with_a_panic_or_beyond_its_bounds(text in "[0-9yhwdms.+ -]{0,24}") {
            if let Ok(read) = length(&text) {
                prop_assert!(TimeDelta::zero() <= read && read.num_milliseconds() <= LONGEST_MS);
            }
        }
    }
}
