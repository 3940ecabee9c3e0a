//! Times, sizes and numbers as people write them: `90s`, `1 h`, `60`; `1MB`, `64 KiB`, `1048576`;
//! `10k`.

use std::time::Duration;

use bytesize::ByteSize;

/// The longest time that a setting may have: sums of a few of them never leave what clocks can
/// show.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A number without a unit is seconds.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let time = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text).map_err(|error| error.to_string())?,
    };
    if time > LONGEST { Err("it must be at most 100 years".into()) } else { Ok(time) }
}

/// A time that makes no sense when it is zero.
pub(super) fn some_time(text: &str) -> Result<Duration, String> {
    time(text).and_then(|time| {
        if time.is_zero() { Err("it must be more than zero".into()) } else { Ok(time) }
    })
}

/// How old a message may become before it is delivered; `None` means that there is one attempt, and
/// no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaxAge(pub(crate) Option<Duration>);

/// `none`, or a time.
pub(super) fn max_age(text: &str) -> Result<MaxAge, String> {
    match text.trim() {
        "none" => Ok(MaxAge(None)),
        text => time(text).map(|time| MaxAge(Some(time))),
    }
}

/// A number without a unit is bytes; zero makes no sense.
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let ByteSize(bytes) = text
        .trim()
        .parse()
        .map_err(|_| "a number of bytes is needed, such as 65536, 64KiB or 1MB")?;
    at_least_one(usize::try_from(bytes).ok())
}

/// `10k` is 10,000; zero makes no sense.
pub(super) fn count(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1000),
        Some((at, 'M')) => (&text[..at], 1_000_000),
        _ => (text, 1),
    };
    let number: usize = digits.parse().map_err(|_| "a number is needed, such as 10000 or 10k")?;
    at_least_one(number.checked_mul(unit))
}

fn at_least_one(number: Option<usize>) -> Result<usize, String> {
    match number {
        None => Err("it is too large".into()),
        Some(0) => Err("it must be at least 1".into()),
        Some(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_what_people_write() {
        assert_eq!(["60", "60s", "1m", "60 s"].map(|text| time(text).unwrap().as_secs()), [60; 4]);
        assert_eq!(
            ["1048576", "1MiB", "1 MiB", "1024KiB"].map(|text| bytes(text).unwrap()),
            [1 << 20; 4]
        );
        assert_eq!(
            ["1MB", "1mb", "1000k", "1000000"].map(|text| bytes(text).unwrap()),
            [1_000_000; 4]
        );
        assert_eq!(["10000", "10k", "10K"].map(|text| count(text).unwrap()), [10_000; 3]);
        assert_eq!(count("2M"), Ok(2_000_000));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        assert!(time("500000000000years").unwrap_err().contains("100 years"));
        assert!(time("soon").is_err() && some_time("0s").is_err() && time("-1").is_err());
        assert!(bytes("0").is_err() && bytes("many").is_err() && bytes("-1").is_err());
        assert!(
            count("0k").is_err() && count("k").is_err() && count("99999999999999999999M").is_err()
        );
    }
}
