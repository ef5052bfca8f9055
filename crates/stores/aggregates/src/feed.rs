use std::{collections::HashMap, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use metrics::{QuarterHour, Sums};
use redis::{
    Value,
    streams::{StreamId as RawEntry, StreamRangeReply},
};
use tenancy::CampaignId;

use crate::{AggregatesError, TenantAggregates, fields};

/// Entries a resume gives at most; after more than that a fresh start is cheaper.
const RESUMED_ENTRIES: usize = 1_000;

/// Where an entry stands in a tenant's feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    milliseconds: u64,
    sequence: u64,
}

/// The text is no stream id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be two whole numbers joined by '-', such as 1772323200000-0")]
pub struct StreamIdError;

/// One step of a tenant's feed: what one batch of the log changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    /// Where it stands.
    pub id: StreamId,
    /// When the batch's newest record came into the log.
    pub log_time: DateTime<Utc>,
    /// The changed quarter hours.
    pub buckets: Vec<FeedBucket>,
}

/// A quarter hour of a campaign after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedBucket {
    /// The campaign.
    pub campaign: CampaignId,
    /// The quarter hour.
    pub quarter: QuarterHour,
    /// All its numbers, not what was added: a later one replaces an earlier one. None when Redis
    /// does not hold all of them: ask ClickHouse.
    pub sums: Option<Sums>,
}

/// What has happened since a place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feed {
    /// Exactly the entries after it, in order.
    Entries(Vec<FeedEntry>),
    /// The place is no longer in the feed, or too far back: entries may be missing.
    Trimmed,
}

impl StreamId {
    /// Before every entry.
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
    /// The place of the feed's last entry; [`StreamId::START`] when it has none.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn feed_position(&self) -> Result<StreamId, AggregatesError> {
        let mut command = redis::cmd("XREVRANGE");
        command.arg(self.keys.feed()).arg("+").arg("-").arg("COUNT").arg(1);
        let last: StreamRangeReply = command.query_async(&mut self.aggregates.connection()).await?;
        last.ids.first().map_or(Ok(StreamId::START), |entry| read_id(&entry.id))
    }

    /// What has happened since `place`.
    ///
    /// Entries leave the feed at its old end only. So when the entry at `place` is still there,
    /// nothing after it is missing; when it is not, that is told.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn feed_since(&self, place: StreamId) -> Result<Feed, AggregatesError> {
        let mut command = redis::cmd("XRANGE");
        // The entry itself, those that are given, and one more to tell that there are more.
        let count = RESUMED_ENTRIES + 2;
        command.arg(self.keys.feed()).arg(place.to_string()).arg("+").arg("COUNT").arg(count);
        let found: StreamRangeReply =
            command.query_async(&mut self.aggregates.connection()).await?;
        let entries: Result<Vec<_>, _> = found.ids.iter().map(read_entry).collect();
        Ok(since(place, entries?, count))
    }
}

fn since(place: StreamId, mut entries: Vec<FeedEntry>, asked: usize) -> Feed {
    let is_there = entries.first().map_or(place == StreamId::START, |first| first.id == place);
    if !is_there || entries.len() >= asked {
        return Feed::Trimmed;
    }
    entries.retain(|entry| entry.id > place);
    Feed::Entries(entries)
}

fn read_id(text: &str) -> Result<StreamId, AggregatesError> {
    text.parse().map_err(|_| AggregatesError::Unreadable(format!("stream id {text}")))
}

pub(crate) fn read_entry(entry: &RawEntry) -> Result<FeedEntry, AggregatesError> {
    let id = read_id(&entry.id)?;
    let unreadable = || AggregatesError::Unreadable(format!("feed entry {id}"));
    let mut log_time = None;
    let mut buckets = Vec::new();
    for (field, value) in text_fields(&entry.map).ok_or_else(unreadable)? {
        if field == "at" {
            log_time = value.parse().ok().and_then(DateTime::from_timestamp_millis);
        } else {
            buckets.push(read_bucket(field, &value).ok_or_else(unreadable)?);
        }
    }
    buckets.sort_by(|a, b| (&a.campaign, a.quarter).cmp(&(&b.campaign, b.quarter)));
    Ok(FeedEntry { id, log_time: log_time.ok_or_else(unreadable)?, buckets })
}

fn text_fields(fields: &HashMap<String, Value>) -> Option<Vec<(&str, String)>> {
    let text = |value| redis::from_redis_value_ref(value).ok();
    fields.iter().map(|(field, value)| Some((field.as_str(), text(value)?))).collect()
}

/// `spring-sale:1772323200` with `clicks 3 spend:EUR 12500000`, or with nothing.
fn read_bucket(label: &str, text: &str) -> Option<FeedBucket> {
    let (campaign, start) = label.rsplit_once(':')?;
    let start = DateTime::from_timestamp(start.parse().ok()?, 0)?;
    let sums = match text {
        "" => None,
        numbers => Some(read_sums(numbers)?),
    };
    let (campaign, quarter) = (campaign.parse().ok()?, QuarterHour::containing(start));
    Some(FeedBucket { campaign, quarter, sums })
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
        FeedEntry { id, log_time: DateTime::UNIX_EPOCH, buckets: Vec::new() }
    }

    #[test]
    fn only_what_redis_writes_is_a_stream_id() {
        let id: StreamId = "1772323200000-7".parse().unwrap();
        assert_eq!(id.to_string(), "1772323200000-7");
        for wrong in ["", "-", "1", "1-", "+1-1", "1-1-1", "$", "99999999999999999999-0", "1-\n"] {
            assert_eq!(wrong.parse::<StreamId>(), Err(StreamIdError), "{wrong:?}");
        }
    }

    #[test]
    fn a_place_that_is_gone_is_told() {
        assert_eq!(since(entry(1).id, vec![entry(1), entry(2)], 9), Feed::Entries(vec![entry(2)]));
        assert_eq!(since(entry(1).id, vec![entry(2)], 9), Feed::Trimmed);
        assert_eq!(since(entry(1).id, vec![], 9), Feed::Trimmed);
        assert_eq!(since(StreamId::START, vec![], 9), Feed::Entries(vec![]));
        assert_eq!(since(StreamId::START, vec![entry(1)], 9), Feed::Trimmed);
        assert_eq!(since(entry(1).id, vec![entry(1), entry(2)], 2), Feed::Trimmed);
    }

    #[test]
    fn a_damaged_bucket_is_told() {
        assert!(read_bucket("spring-sale:900", "clicks 3 spend:EUR -5").is_some());
        let bucket = read_bucket("a:1800 b:900", "clicks:EUR 3").unwrap();
        assert_eq!(bucket.campaign.as_str(), "a:1800 b");
        for (label, text) in
            [(":900", "clicks 3"), ("a:x", "clicks 3"), ("a:900", "clicks"), ("a:900", " ")]
        {
            assert_eq!(read_bucket(label, text), None, "{label} {text}");
        }
    }
}
