use std::collections::HashMap;

use chrono::{DateTime, DurationRound, NaiveDate, NaiveTime, TimeDelta, Utc};
use log::LogPlace;
use metrics::{QuarterHour, QuarterSeries, Sums, TimeRange};
use money::Quantity;
use redis::{FromRedisValue, Pipeline, RedisError, Value};
use tenancy::CampaignId;

use crate::{
    Aggregates, AggregatesError,
    chain::Chain,
    fields,
    keys::{Ranking, TenantKeys},
};

/// How far back hours are served from Redis: as far as the processor counts, less the possible
/// difference between clocks.
const SERVED: TimeDelta = TimeDelta::minutes(72 * 60 - 5);
/// How far in the future an hour can have events.
const AHEAD: TimeDelta = TimeDelta::hours(1);
/// The most products in an answer.
const PRODUCTS_SHOWN: isize = 100;

/// One tenant's counters and feed.
#[derive(Clone)]
pub struct TenantAggregates {
    pub(crate) aggregates: Aggregates,
    pub(crate) keys: TenantKeys,
}

/// The part of a time range that Redis can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSeries {
    /// The end of the range, from the first whole hour on. Read what lies before from ClickHouse;
    /// `None`: read all of it there.
    pub covered: Option<TimeRange>,
    /// The quarter hours in `covered` with events.
    pub series: QuarterSeries,
}

/// A campaign's day in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveDay {
    /// The additive numbers.
    pub sums: Sums,
    /// An estimate, within about 1 %.
    pub visitors: u64,
    /// Products by page views, highest first, at most 100. Beyond about a thousand products, the
    /// tail is an estimate.
    pub most_viewed: Vec<(String, u64)>,
    /// Products by units sold, highest first, at most 100.
    pub most_sold: Vec<(String, Quantity)>,
}

/// One answer of a transaction; an error for a poisoned key.
type Answer = Result<Value, RedisError>;

impl TenantAggregates {
    pub(crate) fn new(aggregates: Aggregates, keys: TenantKeys) -> Self {
        Self { aggregates, keys }
    }

    /// Returns a campaign's quarter hours, as far as their hours are whole.
    ///
    /// `noted` are the places of the fences that the ledger has noted. If a fence is behind its
    /// place, Redis restarted with an older file, and no hour is whole.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn campaign_series(
        &self,
        campaign: &CampaignId,
        range: TimeRange,
        noted: &[LogPlace],
    ) -> Result<LiveSeries, AggregatesError> {
        let now = Utc::now();
        if range.to() <= first_served(now) {
            return Ok(LiveSeries::nothing());
        }
        let hours = hours_of(range, now);
        let reading = self.read(|pipeline, key_generation| {
            for hour in &hours {
                pipeline.hgetall(self.keys.campaign_hour(campaign, *hour).name_in(key_generation));
            }
        });
        let (chain, answers) = reading.await?;
        let Some(whole_from) = self.whole_from(&chain).filter(|_| !chain.has_lost(noted)) else {
            return Ok(LiveSeries::nothing());
        };

        let mut covered_from = whole_from.max(first_served(now));
        let mut series = QuarterSeries::new();
        for (hour, answer) in hours.into_iter().zip(answers) {
            match readable::<HashMap<String, String>>(answer)? {
                Some(hash) => read_hour(&mut series, hour, &hash)?,
                None => covered_from = covered_from.max(hour + TimeDelta::hours(1)),
            }
        }
        let Some(covered) = range.split_at(covered_from).1 else {
            return Ok(LiveSeries::nothing());
        };
        series.retain(|quarter, _| covered.contains(quarter.start()));
        Ok(LiveSeries { covered: Some(covered), series })
    }

    /// Returns an estimate of a campaign's visitors in the hours that `range` touches; `None` when
    /// one of the hours is not whole.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn campaign_visitors(
        &self,
        campaign: &CampaignId,
        range: TimeRange,
    ) -> Result<Option<u64>, AggregatesError> {
        let now = Utc::now();
        let hours = hours_of(range, now);
        if hours.is_empty() {
            return Ok(None);
        }
        let reading = self.read(|pipeline, key_generation| {
            let keys = hours.iter().map(|hour| self.keys.visitors_of_hour(campaign, *hour));
            pipeline.pfcount(keys.map(|key| key.name_in(key_generation)).collect::<Vec<_>>());
        });
        let (chain, mut answers) = reading.await?;
        let start = QuarterHour::containing(range.from()).hour();
        if !is_served(start, self.whole_from(&chain), now) {
            return Ok(None);
        }
        answers.pop().map_or(Ok(None), readable)
    }

    /// Returns a campaign's day in UTC so far; `None` when one of its hours is not whole.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn campaign_day(
        &self,
        campaign: &CampaignId,
        day: NaiveDate,
    ) -> Result<Option<LiveDay>, AggregatesError> {
        let reading = self.read(|pipeline, key_generation| {
            let best = |ranking| self.keys.products(campaign, ranking, day).name_in(key_generation);
            pipeline
                .hgetall(self.keys.campaign_day(campaign, day).name_in(key_generation))
                .pfcount(self.keys.visitors_of_day(campaign, day).name_in(key_generation))
                .zrevrange_withscores(best(Ranking::Viewed), 0, PRODUCTS_SHOWN - 1)
                .zrevrange_withscores(best(Ranking::Sold), 0, PRODUCTS_SHOWN - 1);
        });
        let (chain, answers) = reading.await?;
        let start = day.and_time(NaiveTime::MIN).and_utc();
        if !is_served(start, self.whole_from(&chain), Utc::now()) {
            return Ok(None);
        }
        let Ok([counters, visitors, viewed, sold]) = <[Answer; 4]>::try_from(answers) else {
            return Err(AggregatesError::Unreadable(
                "wrong number of answers for a day".to_owned(),
            ));
        };
        let (Some(counters), Some(visitors), Some(most_viewed), Some(most_sold)) = (
            readable::<HashMap<String, String>>(counters)?,
            readable(visitors)?,
            readable(viewed)?,
            readable::<Vec<(String, u64)>>(sold)?,
        ) else {
            return Ok(None);
        };
        let mut sums = Sums::default();
        for (name, value) in &counters {
            fields::read(&mut sums, name, value).ok_or_else(|| unreadable_field(name, value))?;
        }
        let most_sold = most_sold.into_iter();
        let most_sold = most_sold
            .map(|(product, units)| (product, Quantity::from_thousandths(units)))
            .collect();
        Ok(Some(LiveDay { sums, visitors, most_viewed, most_sold }))
    }

    /// Reads the chain and the keys of its key generation in one transaction, so that all are of
    /// the same moment.
    async fn read(
        &self,
        add_keys: impl Fn(&mut Pipeline, u64),
    ) -> Result<(Chain, Vec<Answer>), AggregatesError> {
        let slot_group = self.keys.slot_group();
        loop {
            let expected = self.aggregates.key_generations.of(slot_group);
            let mut pipeline = redis::pipe();
            pipeline.atomic().ignore_errors().hgetall(self.aggregates.keys.chain(slot_group));
            add_keys(&mut pipeline, expected);
            let mut answers: Vec<Answer> =
                pipeline.query_async(&mut self.aggregates.connection()).await?;
            let chain = redis::from_redis_value(answers.remove(0)?).map_err(RedisError::from)?;
            let chain = Chain(chain);
            if chain.key_generation() == expected {
                return Ok((chain, answers));
            }
            self.aggregates.key_generations.set(slot_group, chain.key_generation());
        }
    }

    fn whole_from(&self, chain: &Chain) -> Option<DateTime<Utc>> {
        chain.whole_from(&self.aggregates.keys.layout())
    }
}

impl LiveSeries {
    const fn nothing() -> Self {
        Self { covered: None, series: QuarterSeries::new() }
    }
}

/// Returns the hours of a range that Redis may have.
fn hours_of(range: TimeRange, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let first = QuarterHour::containing(range.from()).hour().max(first_served(now));
    let end = range.to().min(now + AHEAD);
    std::iter::successors(Some(first), |hour| Some(*hour + TimeDelta::hours(1)))
        .take_while(|hour| *hour < end)
        .collect()
}

/// Returns the first hour that is served from Redis.
pub(crate) fn first_served(now: DateTime<Utc>) -> DateTime<Utc> {
    next_hour(now - SERVED)
}

/// Returns the first full hour that begins at `time` or later.
fn next_hour(time: DateTime<Utc>) -> DateTime<Utc> {
    let hour = TimeDelta::hours(1);
    (time + hour - TimeDelta::nanoseconds(1)).duration_trunc(hour).unwrap_or(time)
}

fn is_served(start: DateTime<Utc>, whole_from: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    whole_from.is_some_and(|whole_from| start >= whole_from && start >= now - SERVED)
}

/// Returns the value; `None` for a poisoned key, which has the wrong type.
fn readable<T: FromRedisValue>(answer: Answer) -> Result<Option<T>, AggregatesError> {
    match answer {
        Ok(value) => Ok(Some(redis::from_redis_value(value).map_err(RedisError::from)?)),
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn read_hour(
    series: &mut QuarterSeries,
    hour: DateTime<Utc>,
    hash: &HashMap<String, String>,
) -> Result<(), AggregatesError> {
    for (field, value) in hash {
        let read = || {
            let (name, index) = field.rsplit_once(':')?;
            let index: i32 = index.parse().ok().filter(|index| (0..4).contains(index))?;
            Some((name, QuarterHour::containing(hour + QuarterHour::LENGTH * index)))
        };
        let (name, quarter) = read().ok_or_else(|| unreadable_field(field, value))?;
        fields::read(series.entry(quarter).or_default(), name, value)
            .ok_or_else(|| unreadable_field(field, value))?;
    }
    Ok(())
}

fn unreadable_field(name: &str, value: &str) -> AggregatesError {
    AggregatesError::Unreadable(format!("counter field {name}={value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_served_hours_of_a_long_range_are_read() {
        let now: DateTime<Utc> = "2026-03-10T12:34:00Z".parse().unwrap();
        let range =
            TimeRange::covering(now - TimeDelta::days(30), now + TimeDelta::days(30)).unwrap();
        let hours = hours_of(range, now);
        assert_eq!(hours[0].to_rfc3339(), "2026-03-07T13:00:00+00:00");
        assert_eq!(hours.last().unwrap().to_rfc3339(), "2026-03-10T13:00:00+00:00");
    }

    #[test]
    fn the_next_hour_of_a_full_hour_is_the_hour_itself() {
        let hour: DateTime<Utc> = "2026-03-10T12:00:00Z".parse().unwrap();
        assert_eq!(next_hour(hour), hour);
        assert_eq!(next_hour(hour + TimeDelta::seconds(1)), hour + TimeDelta::hours(1));
    }
}
