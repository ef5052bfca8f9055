use chrono::{DateTime, Datelike, NaiveDate, SubsecRound, TimeDelta, Timelike, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Serialize, Serializer};

use crate::{Adjustment, ParseContext};

/// The tolerated error of a clock. Clocks synchronised over the network differ by less than a
/// second, those of phones by a few; a minute is small compared to the quarter hours of the
/// counters.
const TOLERANCE: TimeDelta = TimeDelta::seconds(60);
/// The maximum age of an event, unless its key may send history.
pub(crate) const PAST: TimeDelta = TimeDelta::days(30);

/// The longest text that is read as a time, in bytes: the answer repeats it if it is adjusted.
const LONGEST: usize = 64;

/// A time as a sender wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SentTime {
    /// In UTC, cut to the millisecond.
    pub(crate) time: DateTime<Utc>,
    /// Whether it was a second 60, which is read as the end of second 59.
    pub(crate) leap: bool,
}

/// Why a text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeError {
    NoZone,
    TooEarly,
    NoTime,
}

impl TimeError {
    /// Returns what would be correct.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NoZone => {
                "has no time zone: end it with Z or an offset, as in 2026-03-01T12:30:00+02:00"
            }
            Self::TooEarly => "must be a time after 1970",
            Self::NoTime => {
                "must be a time as in RFC 3339, such as 2026-03-01T12:30:00Z, or the seconds, \
                 milliseconds or microseconds since 1970"
            }
        }
    }
}

/// Reads a time: ISO 8601 with a zone, or a number since 1970 whose size determines its unit.
///
/// Numbers below 10^11 are seconds (to the year 5138), below 10^14 milliseconds (from 1973), below
/// 10^17 microseconds, and nanoseconds above.
pub(crate) fn read(text: &str) -> Result<SentTime, TimeError> {
    if text.len() > LONGEST {
        return Err(TimeError::NoTime);
    }
    let is_number =
        text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let dashes = text.bytes().skip(1).filter(|b| *b == b'-').count();
    let time = if is_number && (dashes == 0 || text.contains(['e', 'E'])) {
        SentTime { time: since_1970(text).ok_or(TimeError::NoTime)?, leap: false }
    } else {
        calendar(text)?
    };
    if time.time < DateTime::UNIX_EPOCH { Err(TimeError::TooEarly) } else { Ok(time) }
}

fn since_1970(text: &str) -> Option<DateTime<Utc>> {
    let number = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()?
    } else {
        text.parse::<Decimal>().ok()?
    };
    let size = number.abs();
    let unit = |zeros: u32| size < Decimal::from(10_u64.pow(zeros));
    let millis = if unit(11) {
        number.checked_mul(Decimal::from(1_000))?
    } else if unit(14) {
        number
    } else if unit(17) {
        number.checked_div(Decimal::from(1_000))?
    } else {
        number.checked_div(Decimal::from(1_000_000))?
    };
    DateTime::from_timestamp_millis(millis.floor().to_i64()?)
}

/// The unread rest of a text.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// Reads exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let digit = |value: u32, byte: &u8| Some(value * 10 + char::from(*byte).to_digit(10)?);
        let value = digits.iter().try_fold(0, digit)?;
        self.0 = rest;
        Some(value)
    }

    /// Reads one of these bytes.
    fn take(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        bytes.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// Reads the fraction of a second, in whole milliseconds.
    fn millis(&mut self) -> Option<u32> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(count).filter(|_| count > 0)?;
        self.0 = rest;
        let digit = |place: usize| digits.get(place).map_or(0, |byte| u32::from(byte - b'0'));
        Some(digit(0) * 100 + digit(1) * 10 + digit(2))
    }
}

/// Reads `2026-03-01T12:30:00.123+01:00` and similar forms of ISO 8601: a space for the `T`, a
/// comma for the point, no seconds, an offset without its colon or its minutes.
fn calendar(text: &str) -> Result<SentTime, TimeError> {
    let mut rest = Rest(text.as_bytes());
    let (date, of_day, leap) = local(&mut rest).ok_or(TimeError::NoTime)?;
    let Some(of_day) = of_day else { return Err(TimeError::NoZone) };
    // Some senders write a space before the offset.
    rest.take(b" ");
    if rest.0.is_empty() {
        return Err(TimeError::NoZone);
    }
    let offset = offset(&mut rest).filter(|_| rest.0.is_empty()).ok_or(TimeError::NoTime)?;
    let local = date.and_hms_opt(0, 0, 0).ok_or(TimeError::NoTime)?.and_utc();
    let time = local.checked_add_signed(of_day - offset).ok_or(TimeError::NoTime)?;
    Ok(SentTime { time, leap })
}

/// Reads the date, the time of day if there is one, and whether its second is 60.
fn local(rest: &mut Rest<'_>) -> Option<(NaiveDate, Option<TimeDelta>, bool)> {
    let year = i32::try_from(rest.digits(4)?).ok()?;
    rest.take(b"-")?;
    let month = rest.digits(2)?;
    rest.take(b"-")?;
    let date = NaiveDate::from_ymd_opt(year, month, rest.digits(2)?)?;
    if rest.0.is_empty() {
        return Some((date, None, false));
    }
    rest.take(b"Tt ")?;
    let hour = rest.digits(2)?;
    rest.take(b":")?;
    let minute = rest.digits(2)?;
    let mut second = 0;
    let mut millis = 0;
    if rest.take(b":").is_some() {
        second = rest.digits(2)?;
        if rest.take(b".,").is_some() {
            millis = rest.millis()?;
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // A second 60 belongs to its minute, quarter hour and day: it becomes their last millisecond.
    let leap = second == 60;
    if leap {
        (second, millis) = (59, 999);
    }
    let seconds = TimeDelta::seconds(i64::from(hour * 3_600 + minute * 60 + second));
    Some((date, Some(seconds + TimeDelta::milliseconds(i64::from(millis))), leap))
}

fn offset(rest: &mut Rest<'_>) -> Option<TimeDelta> {
    let sign = match rest.take(b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(TimeDelta::zero()),
    };
    let hours = rest.digits(2)?;
    let minutes = if rest.0.is_empty() {
        0
    } else {
        rest.take(b":");
        rest.digits(2)?
    };
    let within = hours < 24 && minutes < 60;
    within.then(|| TimeDelta::minutes(sign * i64::from(hours * 60 + minutes)))
}

/// Serialises a time as [`DateTime`] does, which is slow: it has a format for every calendar.
pub(crate) fn serialize<S: Serializer>(
    time: &DateTime<Utc>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match Digits::of(time).as_ref().and_then(Digits::as_str) {
        Some(text) => serializer.serialize_str(text),
        None => time.serialize(serializer),
    }
}

/// The text of a time between the years 0 and 9999, of whole milliseconds.
struct Digits {
    text: [u8; 24],
    length: usize,
}

impl Digits {
    fn of(time: &DateTime<Utc>) -> Option<Self> {
        let nanos = time.nanosecond();
        let year = u32::try_from(time.year()).ok().filter(|year| *year <= 9_999)?;
        if !nanos.is_multiple_of(1_000_000) || nanos >= 1_000_000_000 {
            return None;
        }
        let mut digits = Self { text: *b"0000-00-00T00:00:00.000Z", length: 24 };
        for (end, value) in [
            (4, year),
            (7, time.month()),
            (10, time.day()),
            (13, time.hour()),
            (16, time.minute()),
            (19, time.second()),
            (23, nanos / 1_000_000),
        ] {
            digits.write(end, value);
        }
        if nanos == 0 {
            digits.length = 20;
            *digits.text.get_mut(19)? = b'Z';
        }
        Some(digits)
    }

    /// Writes a number so that it ends before this place.
    fn write(&mut self, end: usize, mut value: u32) {
        let before = self.text.get_mut(..end).unwrap_or_default();
        for byte in before.iter_mut().rev() {
            if value == 0 {
                break;
            }
            // A digit is less than ten.
            *byte = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }

    fn as_str(&self) -> Option<&str> {
        str::from_utf8(self.text.get(..self.length)?).ok()
    }
}

/// The time of an event, corrected.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) time: DateTime<Utc>,
    pub(crate) adjusted: Option<Adjustment>,
    /// Whether it is older than a key of this kind may send.
    pub(crate) too_old: bool,
}

/// Corrects a time; a plausible time is not changed. A sender's clock is known to be wrong only if
/// it is ahead of the collector's: then its lead is subtracted. A time that is still in the future
/// becomes the time of receipt.
pub(crate) fn place(
    sent: SentTime,
    written: &str,
    sent_at: Option<DateTime<Utc>>,
    context: &ParseContext<'_>,
) -> Placed {
    let received = context.received_at.trunc_subsecs(3);
    let lead = sent_at.map_or(TimeDelta::zero(), |sent_at| sent_at - received);
    let mut time = sent.time;
    if lead > TOLERANCE {
        time = time.checked_sub_signed(lead).unwrap_or(time).max(DateTime::UNIX_EPOCH);
    }
    if time > received + TOLERANCE {
        time = received;
    }
    let adjusted = (sent.leap || time != sent.time).then(|| Adjustment {
        field: "event_time",
        from: written.to_owned(),
        to: time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
    });
    let too_old = !context.history && time < received - PAST;
    Placed { time, adjusted, too_old }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_of_a_time_is_read() {
        let noon = "2026-03-01T12:30:00Z";
        for (sent, time) in [
            (noon, noon),
            ("2026-03-01 12:30:00Z", noon),
            ("2026-03-01t12:30:00z", noon),
            ("2026-03-01T12:30Z", noon),
            ("2026-03-01T13:30+01:00", noon),
            ("2026-03-01T12:30:00+0000", noon),
            ("2026-03-01 12:30:00 +0000", noon),
            ("2026-03-01T18:00:00+0530", noon),
            ("2026-03-01T07:30:00-05", noon),
            ("2026-03-01T12:30:00.000000000Z", noon),
            ("2026-03-01T12:30:00,5Z", "2026-03-01T12:30:00.500Z"),
            ("2026-03-01T12:30:00.123999Z", "2026-03-01T12:30:00.123Z"),
            ("1772368200", noon),
            ("1772368200.5", "2026-03-01T12:30:00.500Z"),
            ("1772368200000", noon),
            ("1772368200000000", noon),
            ("1772368200000000000", noon),
            ("1.7723682e9", noon),
            ("1.7723682e+12", noon),
            ("0", "1970-01-01T00:00:00Z"),
        ] {
            let read = read(sent).unwrap_or_else(|error| panic!("{sent}: {error:?}"));
            assert_eq!(read, SentTime { time: time.parse().unwrap(), leap: false }, "{sent}");
        }
    }

    #[test]
    fn every_time_is_serialised_as_chrono_does() {
        let json = |time: DateTime<Utc>| {
            let mut json = Vec::new();
            serialize(&time, &mut serde_json::Serializer::new(&mut json)).unwrap();
            (String::from_utf8(json).unwrap(), serde_json::to_string(&time).unwrap())
        };
        let minutes = [-62_167_219_200, 0, 951_782_399, 1_772_368_200, 253_402_300_799];
        let nanos = [0, 1_000_000, 20_000_000, 999_000_000, 1_000, 1, 1_999_000_000];
        for (seconds, nanos) in minutes.into_iter().flat_map(|at| nanos.map(|nanos| (at, nanos))) {
            let Some(time) = DateTime::from_timestamp(seconds, nanos) else { continue };
            let (own, known) = json(time);
            assert_eq!(own, known);
        }
        for time in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let (own, known) = json(time);
            assert_eq!(own, known);
        }
    }

    #[test]
    fn a_second_60_stays_in_its_minute() {
        for (sent, time) in [
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"),
            ("2026-03-01T12:29:60.000Z", "2026-03-01T12:29:59.999Z"),
            ("2026-03-01T12:29:60.750+00:00", "2026-03-01T12:29:59.999Z"),
        ] {
            assert_eq!(read(sent), Ok(SentTime { time: time.parse().unwrap(), leap: true }));
        }
    }

    #[test]
    fn a_text_that_is_not_a_time_is_refused_with_the_reason() {
        for sent in
            ["2026-03-01T12:30:00", "2026-03-01", "2026-03-01 12:30", "2026-03-01T12:30:00.5"]
        {
            assert_eq!(read(sent), Err(TimeError::NoZone), "{sent}");
        }
        for sent in ["1969-12-31T23:59:59Z", "-5", "1970-01-01T00:30:00+01:00"] {
            assert_eq!(read(sent), Err(TimeError::TooEarly), "{sent}");
        }
        for sent in [
            "",
            "yesterday",
            "2026-02-30T00:00:00Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T12:30:61Z",
            "03/01/2026",
            "2026-03-01T12:30:00+1",
            "2026-03-01T12:30:00Zulu",
            "1e99",
            "1-2",
            "--",
            ".",
            "2026-03-01T12:30:00.Z",
        ] {
            assert_eq!(read(sent), Err(TimeError::NoTime), "{sent}");
        }
    }
}
