//! The names of all keys, and the Redis types of their values. Keys consist of parsed names, which
//! contain neither `_` nor `{`, and of campaign ids that are encoded to contain neither. So no id
//! can make one key look like another.

use std::{borrow::Cow, fmt, net::IpAddr, sync::Arc};

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use tenancy::{CampaignId, ClientId, Unit, Window};

use crate::{RedisSettings, SlotGroup, network};

/// How long an hour's keys live after its start: the 72 hours that are served, and two more.
const HOUR_RETENTION: TimeDelta = TimeDelta::hours(74);
/// The version of the counters' format. Counters of another version are not read but rebuilt:
/// before version 2, counts named no currency and units were whole numbers.
const FORMAT: u16 = 2;
/// How long a day's keys live after its start.
const DAY_RETENTION: Days = Days::new(9);

/// The characters that are encoded in a key: all but letters, digits, `-` and `.`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.');
/// The longest encoded id that becomes part of a key, in bytes; longer ones are hashed.
const ENCODED_MAX: usize = 120;

/// Returns a campaign's id as a part of a key: percent-encoded, or a hash if that is too long. No
/// encoded id looks like a hash.
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
    /// The namespace and `_`, such as `footfall_`; or empty.
    prefix: Arc<str>,
    slot_group_count: u16,
}

/// All keys of one tenant. No other code names them.
#[derive(Clone, Debug)]
pub(crate) struct TenantKeys {
    space: KeySpace,
    client_id: ClientId,
    slot_group: SlotGroup,
}

/// A key that expires.
#[derive(Clone, Debug)]
pub(crate) struct TimedKey {
    /// The name in key generation 0.
    pub(crate) name: String,
    pub(crate) expires: DateTime<Utc>,
}

impl TimedKey {
    /// Returns the name in a key generation. Its suffix follows the hash tag, so the slot stays the
    /// same.
    pub(crate) fn name_in(self, key_generation: u64) -> String {
        match key_generation {
            0 => self.name,
            number => format!("{}_{number}", self.name),
        }
    }
}

/// What the products in a sorted set are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ranking {
    /// Page views.
    Viewed,
    /// Units sold, in thousandths.
    Sold,
}

impl KeySpace {
    pub(crate) fn new(settings: &RedisSettings) -> Self {
        let prefix = match settings.namespace.as_str() {
            "" => "".into(),
            namespace => format!("{namespace}_").into(),
        };
        Self { prefix, slot_group_count: settings.slot_buckets }
    }

    /// Returns the number of slot groups and the version of the counters' format. A chain with
    /// another layout cannot be continued.
    pub(crate) fn layout(&self) -> String {
        format!("{}:{FORMAT}", self.slot_group_count)
    }

    pub(crate) fn slot_groups(&self) -> impl Iterator<Item = SlotGroup> {
        SlotGroup::all(self.slot_group_count)
    }

    pub(crate) fn tenant(&self, client_id: &ClientId) -> TenantKeys {
        let slot_group = SlotGroup::of(client_id, self.slot_group_count);
        TenantKeys { space: self.clone(), client_id: client_id.clone(), slot_group }
    }

    /// Hash: each partition's fence, and from when on hours are whole.
    pub(crate) fn chain(&self, slot_group: SlotGroup) -> String {
        self.name("chain", slot_group)
    }

    /// Set: the steps of a rebuild that are done.
    pub(crate) fn rebuild_steps(&self, slot_group: SlotGroup, token: &str) -> String {
        self.name(format_args!("rebuild_{token}"), slot_group)
    }

    /// String: nobody begins a recount of the slot group until it expires.
    pub(crate) fn recount_pause(&self, slot_group: SlotGroup) -> String {
        self.name("recount_pause", slot_group)
    }

    /// Hash: the failed logins of one account, named by a hash, from unknown networks. Its name differs
    /// from that of earlier builds, which kept a text there.
    pub(crate) fn account_limit(&self, account: &[u8; 32]) -> String {
        self.name(format_args!("login_failures_{}", hex::encode(account)), SlotGroup::PLATFORM)
    }

    /// Hash: the failed logins of one account from one network.
    pub(crate) fn login_failures(&self, account: &[u8; 32], address: IpAddr) -> String {
        let (account, network) = (hex::encode(account), hex::encode(network(address)));
        self.name(format_args!("login_failures_{account}_{network}"), SlotGroup::PLATFORM)
    }

    /// Exists if an account has logged in from a network.
    pub(crate) fn known_network(&self, account: &[u8; 32], address: IpAddr) -> String {
        let (account, network) = (hex::encode(account), hex::encode(network(address)));
        self.name(format_args!("login_known_{account}_{network}"), SlotGroup::PLATFORM)
    }

    /// Returns a pattern of the keys about logins.
    pub(crate) fn logins_pattern(&self) -> String {
        let prefix = self.prefix.replace(['\\', '*', '?', '[', ']'], "?");
        format!("{prefix}login_*")
    }

    /// The limit on failed logins of all accounts from unknown networks.
    pub(crate) fn login_limit(&self) -> String {
        self.name("login_failures", SlotGroup::PLATFORM)
    }

    /// The limit on login attempts from one network.
    pub(crate) fn address_limit(&self, address: IpAddr) -> String {
        let network = hex::encode(network(address));
        self.name(format_args!("login_address_{network}"), SlotGroup::PLATFORM)
    }

    /// Hash: the contents of a ticket, named by its hash, and the stream it has open.
    pub(crate) fn ticket(&self, hash: &[u8; 32]) -> String {
        self.name(format_args!("live_ticket_{}", hex::encode(hash)), SlotGroup::PLATFORM)
    }

    /// Returns the name of the connection that reads live feeds. It is not a key.
    pub(crate) fn feed_connection(&self) -> String {
        format!("{}live_feed", self.prefix)
    }

    fn name(&self, what: impl fmt::Display, slot_group: SlotGroup) -> String {
        format!("{}{what}{slot_group}", self.prefix)
    }
}

impl TenantKeys {
    pub(crate) const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    pub(crate) const fn slot_group(&self) -> SlotGroup {
        self.slot_group
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

    /// Stream of [`crate::FeedEntry`]. Entries contain counters, so each version of their format
    /// has its own stream.
    pub(crate) fn feed(&self) -> String {
        self.name(format_args!("live_{FORMAT}"))
    }

    /// Hash: what was read from ClickHouse about finished ranges, under one version of the tenant's data.
    pub(crate) fn kept_reads(&self) -> String {
        self.name("kept_reads")
    }

    /// How much of a quota is used.
    pub(crate) fn quota(&self, unit: Unit, window: Window) -> String {
        self.name(format_args!("limit_{}_{}", unit.as_str(), window.as_str()))
    }

    /// The names of a kind that events had on a day, of so many that they may have. Another number is
    /// another filter: its size depends on it, and a name's positions on its size.
    pub(crate) fn names(&self, kind: &str, day: NaiveDate, most: u64) -> String {
        self.name(format_args!("names_{kind}_{}_{most}", day.format("%Y%m%d")))
    }

    /// How many different names that filter has.
    pub(crate) fn name_count(&self, kind: &str, day: NaiveDate, most: u64) -> String {
        self.name(format_args!("name_count_{kind}_{}_{most}", day.format("%Y%m%d")))
    }

    /// Returns a pattern that matches all keys of the tenant and no other. A name has no character that is
    /// special in a pattern, and no name of a tenant has `_`.
    pub(crate) fn pattern(&self) -> String {
        let prefix = self.space.prefix.replace(['\\', '*', '?', '[', ']'], "?");
        format!("{prefix}client_{}_*", self.client_id)
    }

    /// Returns a pattern that matches the counters of the tenant, in every key generation.
    pub(crate) fn counters_pattern(&self) -> String {
        format!("{}campaign_*", self.pattern().trim_end_matches('*'))
    }

    fn hourly(&self, campaign: &CampaignId, kind: &str, hour: DateTime<Utc>) -> TimedKey {
        let time = hour.format("%Y%m%d%H");
        let name = self.name(format_args!("campaign_{}_{kind}_{time}", key_part(campaign)));
        TimedKey { name, expires: hour + HOUR_RETENTION }
    }

    fn daily(&self, campaign: &CampaignId, kind: &str, day: NaiveDate) -> TimedKey {
        let time = day.format("%Y%m%d");
        let name = self.name(format_args!("campaign_{}_{kind}_{time}", key_part(campaign)));
        TimedKey { name, expires: day.and_time(NaiveTime::MIN).and_utc() + DAY_RETENTION }
    }

    fn name(&self, what: impl fmt::Display) -> String {
        self.space.name(format_args!("client_{}_{what}", self.client_id), self.slot_group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(namespace: &str) -> KeySpace {
        let url = settings::Secret::new(String::new());
        let namespace = namespace.to_owned();
        let tls = tls::TlsSettings::default();
        KeySpace::new(&RedisSettings { url, slot_buckets: 1, namespace, tls })
    }

    #[test]
    fn a_key_names_its_tenant_its_contents_and_its_time_in_utc() {
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
    fn any_campaign_id_becomes_one_part_of_a_key() {
        let part = |text: &str| key_part(&text.parse().unwrap()).into_owned();
        assert_eq!(part("spring-sale"), "spring-sale");
        assert_eq!(part("SPRING_PROMO24"), "SPRING%5FPROMO24");
        assert_eq!(part("a_hourly_2026030107{b00}"), "a%5Fhourly%5F2026030107%7Bb00%7D");
        assert_ne!(part("a%5Fb"), part("a_b"));
        let one = part(&"ü".repeat(100));
        let other = part(&"ö".repeat(100));
        assert_ne!(one, other);
        for long in [one, other] {
            assert!(long.starts_with("%sha256-") && long.len() == 72, "{long}");
        }
    }

    #[test]
    fn a_later_key_generation_follows_the_hash_tag() {
        let keys = space("").tenant(&"acme".parse().unwrap());
        let day = keys.campaign_day(&"spring".parse().unwrap(), "2026-03-01".parse().unwrap());
        let name = "client_acme_campaign_spring_daily_20260301{b00}";
        assert_eq!(day.clone().name_in(0), name);
        assert_eq!(day.name_in(1_772_323_200_123), format!("{name}_1772323200123"));
    }

    #[test]
    fn a_pattern_matches_the_keys_of_one_tenant() {
        let pattern = space("staging").tenant(&"acme".parse().unwrap()).pattern();
        assert_eq!(pattern, "staging_client_acme_*");
        let start = pattern.trim_end_matches('*');
        assert!(space("staging").tenant(&"acme".parse().unwrap()).feed().starts_with(start));
        assert!(!space("staging").tenant(&"acme-2".parse().unwrap()).feed().starts_with(start));
    }

    #[test]
    fn platforms_with_different_namespaces_share_no_key() {
        assert_eq!(space("").chain(SlotGroup::PLATFORM), "chain{b00}");
        assert_eq!(space("staging").chain(SlotGroup::PLATFORM), "staging_chain{b00}");
    }

    #[test]
    fn addresses_of_one_network_share_a_limit() {
        let key = |text: &str| space("").address_limit(text.parse().unwrap());
        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
