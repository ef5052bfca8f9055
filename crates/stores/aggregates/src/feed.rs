use std::{collections::HashMap, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use metrics::{QuarterHour, Sums};
use redis::{
    Value,
    streams::{StreamId as RawEntry, StreamRangeReply},
};
use tenancy::CampaignId;

use crate::{AggregatesError, TenantAggregates, fields};

/// The most entries that a resume returns; beyond that, a new snapshot is cheaper.
const RESUMED_ENTRIES: usize = 1_000;

/// The place of an entry in a tenant's feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    milliseconds: u64,
    sequence: u64,
}

/// The text is not a stream id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be two whole numbers joined by '-', such as 1772323200000-0")]
pub struct StreamIdError;

/// One entry of a tenant's feed: what one batch of the log changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    /// The place in the feed.
    pub id: StreamId,
    /// The log time of the batch's newest record.
    pub log_time: DateTime<Utc>,
    /// The changed quarter hours.
    pub quarters: Vec<FeedQuarter>,
}

/// A quarter hour of a campaign after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedQuarter {
    /// The campaign.
    pub campaign: CampaignId,
    /// The quarter hour.
    pub quarter: QuarterHour,
    /// All its numbers, not what was added: later numbers replace earlier ones. `None` when its
    /// hour is not whole: read ClickHouse.
    pub sums: Option<Sums>,
}

/// What was appended to the feed after a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedSince {
    /// All entries after the place, in order.
    Entries(Vec<FeedEntry>),
    /// The place is no longer in the feed, or too far back: entries may be missing.
    Trimmed,
}

impl StreamId {
    /// The place before every entry.
    pub const START: Self = Self { milliseconds: 0, sequence: 0 };
}

impl FromStr for StreamId {
    type Err = StreamIdError;

    fn from_str(text: &str) -> Result<Self, StreamIdError> {
        let digits = |text: &str| -> Option<u64> {
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
        };
        let (milliseconds, sequence) = text.split_once('-').ok_or(StreamIdError)?;
        match (digits(milliseconds), digits(sequence)) {
            (Some(milliseconds), Some(sequence)) => Ok(Self { milliseconds, sequence }),
            _ => Err(StreamIdError),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.milliseconds, self.sequence)
    }
}

impl TenantAggregates {
    /// Returns the place of the feed's last entry; [`StreamId::START`] when the feed is empty.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn feed_position(&self) -> Result<StreamId, AggregatesError> {
        let mut command = redis::cmd("XREVRANGE");
        command.arg(self.keys.feed()).arg("+").arg("-").arg("COUNT").arg(1);
        let last: StreamRangeReply = command.query_async(&mut self.aggregates.connection()).await?;
        last.ids.first().map_or(Ok(StreamId::START), |entry| read_id(&entry.id))
    }

    /// Returns what was appended after `place`.
    ///
    /// Only the oldest entries leave the feed. So while the entry at `place` is still there, no
    /// later entry is missing. If it is gone, the answer is [`FeedSince::Trimmed`].
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn feed_since(&self, place: StreamId) -> Result<FeedSince, AggregatesError> {
        let mut command = redis::cmd("XRANGE");
        // The entry at `place`, the entries to return, and one that shows that there are more.
        let count = RESUMED_ENTRIES + 2;
        command.arg(self.keys.feed()).arg(place.to_string()).arg("+").arg("COUNT").arg(count);
        let found: StreamRangeReply =
            command.query_async(&mut self.aggregates.connection()).await?;
        let entries: Result<Vec<_>, _> = found.ids.iter().map(read_entry).collect();
        Ok(since(place, entries?, count))
    }
}

fn since(place: StreamId, mut entries: Vec<FeedEntry>, asked: usize) -> FeedSince {
    let is_there = entries.first().map_or(place == StreamId::START, |first| first.id == place);
    if !is_there || entries.len() >= asked {
        return FeedSince::Trimmed;
    }
    entries.retain(|entry| entry.id > place);
    FeedSince::Entries(entries)
}

fn read_id(text: &str) -> Result<StreamId, AggregatesError> {
    text.parse().map_err(|_| AggregatesError::Unreadable(format!("stream id {text}")))
}

pub(crate) fn read_entry(entry: &RawEntry) -> Result<FeedEntry, AggregatesError> {
    let id = read_id(&entry.id)?;
    let unreadable = || AggregatesError::Unreadable(format!("feed entry {id}"));
    let mut log_time = None;
    let mut quarters = Vec::new();
    for (field, value) in text_fields(&entry.map).ok_or_else(unreadable)? {
        if field == "at" {
            log_time = value.parse().ok().and_then(DateTime::from_timestamp_millis);
        } else {
            quarters.push(read_quarter(field, &value).ok_or_else(unreadable)?);
        }
    }
    quarters.sort_by(|a, b| (&a.campaign, a.quarter).cmp(&(&b.campaign, b.quarter)));
    Ok(FeedEntry { id, log_time: log_time.ok_or_else(unreadable)?, quarters })
}

fn text_fields(fields: &HashMap<String, Value>) -> Option<Vec<(&str, String)>> {
    let text = |value| redis::from_redis_value_ref(value).ok();
    fields.iter().map(|(field, value)| Some((field.as_str(), text(value)?))).collect()
}

/// Reads a field such as `spring-sale:1772323200` with the value `clicks 3 spend:EUR 12500000`, or
/// with an empty value.
fn read_quarter(label: &str, text: &str) -> Option<FeedQuarter> {
    let (campaign, start) = label.rsplit_once(':')?;
    let start = DateTime::from_timestamp(start.parse().ok()?, 0)?;
    let sums = match text {
        "" => None,
        numbers => Some(read_sums(numbers)?),
    };
    let campaign = campaign.parse().ok()?;
    let quarter = QuarterHour::containing(start);
    Some(FeedQuarter { campaign, quarter, sums })
}

fn read_sums(text: &str) -> Option<Sums> {
    let mut sums = Sums::default();
    let mut words = text.split(' ');
    while let Some(name) = words.next() {
        fields::read(&mut sums, name, words.next()?)?;
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(milliseconds: u64) -> FeedEntry {
        let id = StreamId { milliseconds, sequence: 0 };
        FeedEntry { id, log_time: DateTime::UNIX_EPOCH, quarters: Vec::new() }
    }

    #[test]
    fn only_text_that_redis_writes_is_a_stream_id() {
        let id: StreamId = "1772323200000-7".parse().unwrap();
        assert_eq!(id.to_string(), "1772323200000-7");
        for wrong in ["", "-", "1", "1-", "+1-1", "1-1-1", "$", "99999999999999999999-0", "1-\n"] {
            assert_eq!(wrong.parse::<StreamId>(), Err(StreamIdError), "{wrong:?}");
        }
    }

    #[test]
    fn a_place_that_is_gone_is_reported() {
        assert_eq!(
            since(entry(1).id, vec![entry(1), entry(2)], 9),
            FeedSince::Entries(vec![entry(2)])
        );
        assert_eq!(since(entry(1).id, vec![entry(2)], 9), FeedSince::Trimmed);
        assert_eq!(since(entry(1).id, vec![], 9), FeedSince::Trimmed);
        assert_eq!(since(StreamId::START, vec![], 9), FeedSince::Entries(vec![]));
        assert_eq!(since(StreamId::START, vec![entry(1)], 9), FeedSince::Trimmed);
        assert_eq!(since(entry(1).id, vec![entry(1), entry(2)], 2), FeedSince::Trimmed);
    }

    #[test]
    fn a_damaged_quarter_is_reported() {
        assert!(read_quarter("spring-sale:900", "clicks 3 spend:EUR -5").is_some());
        let quarter = read_quarter("a:1800 b:900", "clicks:EUR 3").unwrap();
        assert_eq!(quarter.campaign.as_str(), "a:1800 b");
        for (label, text) in
            [(":900", "clicks 3"), ("a:x", "clicks 3"), ("a:900", "clicks"), ("a:900", " ")]
        {
            assert_eq!(read_quarter(label, text), None, "{label} {text}");
        }
    }
}
