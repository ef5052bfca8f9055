//! The ways to write a time, each with its meaning.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    objects::{BLANK_TEXTS, blank},
    written::{Written, number},
};
use crate::deck::Deck;

type Time = DateTime<Utc>;

/// The lead of a clock that is wrong. Nothing is sent whose time is hard to tell from receipt by
/// such a clock.
const LEAD: TimeDelta = TimeDelta::days(1);

/// A time as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) time: Time,
    /// Whether it was written as second 60.
    pub(super) is_leap: bool,
}

/// When an event happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    At(Time),
    /// So long before the event was received: all that is known from a clock that is wrong.
    BeforeReceipt(TimeDelta),
}

impl Moment {
    /// Returns the moment of an event that was sent at `now` with this time, and with a `sent_at`.
    pub(super) fn of(sent: Option<Sent>, sent_at: Option<Time>, now: Time) -> Self {
        let is_ahead = |time: &Time| *time > now + TimeDelta::minutes(1);
        let receipt = Self::BeforeReceipt(TimeDelta::zero());
        match (sent, sent_at.filter(is_ahead)) {
            (None, _) => receipt,
            (Some(sent), Some(sent_at)) if sent.time <= sent_at => {
                Self::BeforeReceipt(sent_at - sent.time)
            }
            (Some(sent), None) if !is_ahead(&sent.time) => Self::At(sent.time),
            (Some(_), _) => receipt,
        }
    }
}

/// Writes a time of whole milliseconds, and returns the time that is written.
type Way = fn(Time) -> (Time, Value);

const WAYS: &[Way] = &[
    |time| (time, json!(time.to_rfc3339_opts(SecondsFormat::Millis, true))),
    |time| (time, json!(time.to_rfc3339_opts(SecondsFormat::Nanos, false))),
    |time| (time, text(time, 0, "%Y-%m-%dT%H:%M:%S%.3f999999z")),
    |time| (time, text(time, 120, "%Y-%m-%dt%H:%M:%S%.3f+02:00")),
    |time| (time, text(time, 345, " %Y-%m-%d %H:%M:%S,%3f +0545\n")),
    |time| (time, text(time, -180, "%Y-%m-%d %H:%M:%S%.3f-03")),
    |time| whole(time, 1, |time| text(time, 0, "%Y-%m-%dT%H:%M:%SZ")),
    |time| whole(time, 60, |time| text(time, 0, "%Y-%m-%dT%H:%MZ")),
    |time| whole(time, 60, |time| text(time, -570, "%Y-%m-%d %H:%M-09:30")),
    |time| whole(time, 1, |time| json!(time.timestamp())),
    |time| whole(time, 1, |time| json!(time.timestamp().to_string())),
    |time| whole(time, 1, |time| number(scientific(time.timestamp(), 9))),
    |time| (time, number(time.format("%s%.3f9"))),
    |time| (time, json!(time.format("%s%.3f").to_string())),
    |time| (time, json!(time.timestamp_millis())),
    |time| (time, json!(time.timestamp_millis().to_string())),
    |time| (time, number(format!("{}.75", time.timestamp_millis()))),
    |time| (time, json!(scientific(time.timestamp_millis(), 12))),
    |time| (time, json!(time.timestamp_micros() + 999)),
    |time| (time, json!(time.timestamp_micros().to_string())),
    |time| (time, json!(time.timestamp_micros() * 1_000 + 999_999)),
];

/// The end of a minute, as a second 60.
const LEAPS: &[&str] = &[
    "%Y-%m-%dT%H:%M:60Z",
    "%Y-%m-%dT%H:%M:60.000Z",
    "%Y-%m-%dT%H:%M:60.750+00:00",
    "%Y-%m-%d %H:%M:60,5 +0000",
];

/// Writes a time, by a clock in the zone so many minutes east.
fn text(time: Time, minutes_east: i64, format: &str) -> Value {
    json!((time + TimeDelta::minutes(minutes_east)).format(format).to_string())
}

fn whole(time: Time, seconds: i64, write: fn(Time) -> Value) -> (Time, Value) {
    let time = floor(time, seconds);
    (time, write(time))
}

/// Returns the last multiple of so many seconds.
pub(super) fn floor(time: Time, seconds: i64) -> Time {
    DateTime::from_timestamp(time.timestamp() / seconds * seconds, 0).unwrap()
}

/// Writes a number of so many digits after the first as `1.7e9`.
fn scientific(number: i64, digits: usize) -> String {
    let text = number.to_string();
    let (first, rest) = text.split_at(text.len() - digits);
    format!("{first}.{rest}e{digits}")
}

fn written(deck: &mut Deck, time: Time) -> Written<Sent> {
    let (time, json) = deck.deal("a way to write a time", WAYS)(time);
    Written::of(json, Sent { time, is_leap: false })
}

/// Writes when an event happened: in the last hours, often at the edge of a quarter hour; at times
/// long ago, or in the future. `lead` is that of its sender's clock.
pub(super) fn event_time(
    deck: &mut Deck,
    now: Time,
    lead: TimeDelta,
    is_history: bool,
) -> Written<Sent> {
    let minutes = |minutes: u64| TimeDelta::minutes(minutes as i64);
    let ago = match deck.below(16) {
        0 => return written(deck, "2099-12-31T23:59:59.500Z".parse().unwrap()),
        // As by a clock that is a little ahead.
        1 if lead.is_zero() => TimeDelta::seconds(-30),
        2 | 3 if is_history => minutes(60 + deck.below(3 * 365 * 24 * 60)),
        2 => TimeDelta::days(2) + minutes(deck.below(18 * 24 * 60)),
        _ => TimeDelta::milliseconds(120_000 + deck.below(3 * 3_600_000) as i64),
    };
    let time = now - ago + lead;
    let time = DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap();
    let quarter = floor(time, 900);
    match deck.below(8) {
        _ if ago < TimeDelta::zero() => written(deck, time),
        0 | 1 => written(deck, quarter),
        2 => written(deck, quarter - TimeDelta::milliseconds(1)),
        3 | 4 => {
            let minute = if deck.one_in(2) { quarter } else { floor(time, 60) };
            let time = minute - TimeDelta::milliseconds(1);
            let json = text(time, 0, deck.deal("a way to write a second 60", LEAPS));
            Written::of(json, Sent { time, is_leap: true })
        }
        _ => written(deck, time),
    }
}

/// A sender's clock.
#[derive(Clone, Copy, Default)]
pub(super) struct Clock {
    pub(super) sent_at: Option<Time>,
    pub(super) lead: TimeDelta,
}

/// Writes when a request was sent, by any clock; at times an empty value.
pub(super) fn sent_at(deck: &mut Deck, now: Time) -> (Value, Clock) {
    let right = [TimeDelta::zero(), TimeDelta::seconds(30), TimeDelta::minutes(-20)];
    let lead = match deck.deal("a clock", &["ahead", "right", "none"]) {
        "ahead" => LEAD,
        "right" => deck.deal("a clock that is right or slow", &right),
        _ => return (blank(deck, "sent_at", BLANK_TEXTS), Clock::default()),
    };
    let time = DateTime::from_timestamp_millis((now + lead).timestamp_millis()).unwrap();
    let Written { json, meant, .. } = written(deck, time);
    let lead = if lead == LEAD { LEAD } else { TimeDelta::zero() };
    (json, Clock { sent_at: meant.map(|sent| sent.time), lead })
}
