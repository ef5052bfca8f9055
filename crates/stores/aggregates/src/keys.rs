//! Every key, and which Rust type its value is. Keys are made of parsed names, which hold neither
//! `_` nor `{`, and of a campaign's id encoded to hold neither, so no key can be made to look like
//! another one.

use std::{borrow::Cow, fmt, net::IpAddr, sync::Arc};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use tenancy::{CampaignId, ClientId};

use crate::{Bucket, RedisSettings, network};

/// How long an hour's keys outlive its start: the 72 hours that are served, and some.
const HOUR_KEPT: TimeDelta = TimeDelta::hours(74);
/// The form of the counters. Those of another form are rebuilt, not read: before 2, counts named no
/// currency and units were whole.
const FORM: u16 = 2;
/// How long a day's keys outlive its start.
const DAY_KEPT: Days = Days::new(9);

/// What stands for itself in a key: letters, digits, `-` and `.`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');
/// The longest encoded id that stands in a key as it is, in bytes.
const ENCODED_MAX: usize = 120;

/// A campaign's id as a part of a key: percent-encoded, or where that is long a hash of the id, which
/// no encoded id looks like.
fn key_part(campaign: &CampaignId) -> Cow<'_, str> {
    let encoded: Cow<'_, str> = utf8_percent_encode(campaign.as_str(), ENCODED).into();
    if encoded.len() <= ENCODED_MAX {
        return encoded;
    }
    format!("%sha256-{}", hex::encode(Sha256::digest(campaign.as_str()))).into()
}

/// All keys of one platform.
#[derive(Clone, Debug)]
pub(crate) struct KeySpace {
    /// `footfall_`, or nothing.
    prefix: Arc<str>,
    bucket_count: u16,
}

/// All keys of one tenant, and the only source of them.
#[derive(Clone, Debug)]
pub(crate) struct TenantKeys {
    space: KeySpace,
    client_id: ClientId,
    bucket: Bucket,
}

/// A key whose contents end on their own.
#[derive(Clone, Debug)]
pub(crate) struct TimedKey {
    /// The name in generation 0.
    pub(crate) name: String,
    pub(crate) expires: DateTime<Utc>,
}

impl TimedKey {
    /// The name in a generation of keys; what follows the hash tag leaves the slot as it is.
    pub(crate) fn name_in(self, generation: u64) -> String {
        match generation {
            0 => self.name,
            generation => format!("{}_{generation}", self.name),
        }
    }
}

/// What a sorted set of products counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ranking {
    Viewed,
    /// In thousandths.
    Sold,
}

impl KeySpace {
    pub(crate) fn new(settings: &RedisSettings) -> Self {
        let prefix = match settings.namespace.as_str() {
            "" => "".into(),
            namespace => format!("{namespace}_").into(),
        };
        Self { prefix, bucket_count: settings.slot_buckets }
    }

    /// How tenants are spread over buckets, and the form of their counters: a chain that was begun
    /// under another layout cannot be gone on with.
    pub(crate) fn layout(&self) -> String {
        format!("{}:{FORM}", self.bucket_count)
    }

    pub(crate) fn buckets(&self) -> impl Iterator<Item = Bucket> {
        Bucket::all(self.bucket_count)
    }

    pub(crate) fn tenant(&self, client_id: &ClientId) -> TenantKeys {
        let bucket = Bucket::of(client_id, self.bucket_count);
        TenantKeys { space: self.clone(), client_id: client_id.clone(), bucket }
    }

    /// Hash: how far each partition was applied to the bucket, and since when hours are whole.
    pub(crate) fn chain(&self, bucket: Bucket) -> String {
        self.name("chain", bucket)
    }

    /// Set: the steps that were taken of a rebuild.
    pub(crate) fn rebuild_steps(&self, bucket: Bucket, token: &str) -> String {
        self.name(format_args!("rebuild_{token}"), bucket)
    }

    /// Cell of the limit on login attempts for one account, named by a hash.
    pub(crate) fn account_limit(&self, account: &[u8; 32]) -> String {
        self.name(format_args!("login_account_{}", hex::encode(account)), Bucket::PLATFORM)
    }

    /// Cell of the limit on login attempts from one network.
    pub(crate) fn address_limit(&self, address: IpAddr) -> String {
        let network = hex::encode(network(address));
        self.name(format_args!("login_address_{network}"), Bucket::PLATFORM)
    }

    /// Hash: what a ticket, named by its hash, stands for, and the stream it has open.
    pub(crate) fn ticket(&self, hash: &[u8; 32]) -> String {
        self.name(format_args!("live_ticket_{}", hex::encode(hash)), Bucket::PLATFORM)
    }

    /// Not a key: the name of the connection that reads live feeds.
    pub(crate) fn reader(&self) -> String {
        format!("{}live_feed", self.prefix)
    }

    fn name(&self, what: impl fmt::Display, bucket: Bucket) -> String {
        format!("{}{what}{bucket}", self.prefix)
    }
}

impl TenantKeys {
    pub(crate) const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    pub(crate) const fn bucket(&self) -> Bucket {
        self.bucket
    }

    /// Hash of [`crate::fields`] per quarter hour.
    pub(crate) fn campaign_hour(&self, campaign: &CampaignId, hour: DateTime<Utc>) -> TimedKey {
        self.hourly(campaign, "hourly", hour)
    }

    /// Hash of [`crate::fields`] for a day in UTC.
    pub(crate) fn campaign_day(&self, campaign: &CampaignId, day: NaiveDate) -> TimedKey {
        self.daily(campaign, "daily", day)
    }

    /// HyperLogLog of visitor ids.
    pub(crate) fn visitors_of_hour(&self, campaign: &CampaignId, hour: DateTime<Utc>) -> TimedKey {
        self.hourly(campaign, "visitors_hourly", hour)
    }

    /// HyperLogLog of visitor ids.
    pub(crate) fn visitors_of_day(&self, campaign: &CampaignId, day: NaiveDate) -> TimedKey {
        self.daily(campaign, "visitors_daily", day)
    }

    /// Sorted set of product ids.
    pub(crate) fn products(
        &self,
        campaign: &CampaignId,
        ranking: Ranking,
        day: NaiveDate,
    ) -> TimedKey {
        let kind = match ranking {
            Ranking::Viewed => "products_viewed",
            Ranking::Sold => "products_sold",
        };
        self.daily(campaign, kind, day)
    }

    /// Stream of [`crate::FeedEntry`]. Entries hold counters: those of another form are in another.
    pub(crate) fn feed(&self) -> String {
        self.name(format_args!("live_{FORM}"))
    }

    /// Cell of the limit on accepted events.
    pub(crate) fn event_limit(&self) -> String {
        self.name("event_limit")
    }

    fn hourly(&self, campaign: &CampaignId, kind: &str, hour: DateTime<Utc>) -> TimedKey {
        let time = hour.format("%Y%m%d%H");
        let name = self.name(format_args!("campaign_{}_{kind}_{time}", key_part(campaign)));
        TimedKey { name, expires: hour + HOUR_KEPT }
    }

    fn daily(&self, campaign: &CampaignId, kind: &str, day: NaiveDate) -> TimedKey {
        let time = day.format("%Y%m%d");
        let name = self.name(format_args!("campaign_{}_{kind}_{time}", key_part(campaign)));
        TimedKey { name, expires: day.and_time(NaiveTime::MIN).and_utc() + DAY_KEPT }
    }

    fn name(&self, what: impl fmt::Display) -> String {
        self.space.name(format_args!("client_{}_{what}", self.client_id), self.bucket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(namespace: &str) -> KeySpace {
        let url = settings::Secret::new(String::new());
        KeySpace::new(&RedisSettings { url, slot_buckets: 1, namespace: namespace.to_owned() })
    }

    #[test]
    fn names_say_whose_what_and_when_in_utc() {
        let keys = space("").tenant(&"acme".parse().unwrap());
        let campaign = "spring-sale".parse().unwrap();
        let hour = "2026-03-01T07:00:00Z".parse().unwrap();
        let key = keys.campaign_hour(&campaign, hour);
        assert_eq!(key.name, "client_acme_campaign_spring-sale_hourly_2026030107{b00}");
        assert_eq!(key.expires.to_rfc3339(), "2026-03-04T09:00:00+00:00");
        let key = keys.campaign_day(&campaign, hour.date_naive());
        assert_eq!(key.name, "client_acme_campaign_spring-sale_daily_20260301{b00}");
        assert_eq!(key.expires.to_rfc3339(), "2026-03-10T00:00:00+00:00");
    }

    #[test]
    fn an_id_of_any_text_is_one_part_of_a_key() {
        let part = |text: &str| key_part(&text.parse().unwrap()).into_owned();
        assert_eq!(part("spring-sale"), "spring-sale");
        assert_eq!(part("SPRING_PROMO24"), "SPRING%5FPROMO24");
        assert_eq!(part("a_hourly_2026030107{b00}"), "a%5Fhourly%5F2026030107%7Bb00%7D");
        assert_ne!(part("a%5Fb"), part("a_b"));
        let (one, other) = (part(&"ü".repeat(100)), part(&"ö".repeat(100)));
        assert_ne!(one, other);
        for long in [one, other] {
            assert!(long.starts_with("%sha256-") && long.len() == 72, "{long}");
        }
    }

    #[test]
    fn a_later_generation_stands_after_the_hash_tag() {
        let keys = space("").tenant(&"acme".parse().unwrap());
        let day = keys.campaign_day(&"spring".parse().unwrap(), "2026-03-01".parse().unwrap());
        let name = "client_acme_campaign_spring_daily_20260301{b00}";
        assert_eq!(day.clone().name_in(0), name);
        assert_eq!(day.name_in(1_772_323_200_123), format!("{name}_1772323200123"));
    }

    #[test]
    fn platforms_on_one_server_are_kept_apart() {
        assert_eq!(space("").chain(Bucket::PLATFORM), "chain{b00}");
        assert_eq!(space("staging").chain(Bucket::PLATFORM), "staging_chain{b00}");
    }

    #[test]
    fn addresses_of_one_network_share_a_limit() {
        let key = |text: &str| space("").address_limit(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
