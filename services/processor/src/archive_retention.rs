//! Retention in the archive: the records of a tenant that are older than its retention are erased. An object holds
//! the records of all tenants, so it is rewritten when all of it is past the retention of one of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use archive::ArchivedRecord;
use chrono::{DateTime, Utc};
use control_plane::{Archived, Group, PlatformControl};
use lifecycle::{BoxError, every};
use tenancy::{ClientId, TenantState};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::{Dependencies, ProcessorError, horizon::horizon, object_erasure::erase_in};

/// How often it is asked whether a day has passed.
const PERIOD: Duration = Duration::from_hours(1);

/// How often records expire: rows in ClickHouse do by day, too.
const EVERY: Duration = Duration::from_hours(24);

/// How long a round waits before it asks again for the right that another erasure has. The next round is an hour away.
const LEASE_PAUSE: Duration = Duration::from_secs(1);

/// The name of the work in the ledger.
const NAME: &str = "archive-retention";

/// Erases what is past its retention, one process at a time, until the process stops.
pub(crate) async fn run(
    dependencies: Dependencies,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let mut rounds = every(PERIOD, token, "erase expired records in the archive");
    while rounds.begin().await {
        rounds.run(round(&dependencies)).await;
    }
    Ok(())
}

async fn round(dependencies: &Dependencies) -> Result<(), BoxError> {
    let ledger = dependencies.control_plane.ledger();
    // Erasures rewrite objects, too.
    let mut lease = loop {
        match ledger.begin_erasure().await? {
            Some(lease) => break lease,
            None => sleep(LEASE_PAUSE).await,
        }
    };
    if lease.is_due(NAME, EVERY).await? {
        lease.during(expire(dependencies, Utc::now())).await??;
        lease.end().await?;
    }
    Ok(())
}

/// What is to be erased of a tenant: the records of the objects that were logged within this time.
#[derive(Clone, Debug)]
struct Expired {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Expired {
    fn has(&self, object: &Archived) -> bool {
        self.from <= object.logged_to && object.logged_to < self.until
    }
}

/// Erases what has expired by `now`.
pub(crate) async fn expire(
    dependencies: &Dependencies,
    now: DateTime<Utc>,
) -> Result<(), ProcessorError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let ledger = dependencies.control_plane.ledger();
    // What is archived later than it expires is erased then.
    let archived = ledger.as_of(Group::Archive, &dependencies.kafka.events_topic).await?;
    let expired = expired(&platform, now, archived).await?;
    let from = expired.values().map(|expired| expired.from).min();
    let until = expired.values().map(|expired| expired.until).max();
    let (Some(from), Some(until)) = (from, until) else { return Ok(()) };
    let mut records = 0;
    for object in ledger.archived_between(from..until).await? {
        let of_object = expired.iter().filter(|(_, expired)| expired.has(&object));
        let tenants: BTreeSet<Vec<u8>> =
            of_object.map(|(tenant, _)| tenant.as_str().as_bytes().to_vec()).collect();
        if tenants.is_empty() {
            continue;
        }
        let is_wanted = move |record: &ArchivedRecord| {
            record.key.as_deref().is_some_and(|key| tenants.contains(key))
        };
        records += erase_in(dependencies, &object, is_wanted).await?.records;
    }
    for (tenant, expired) in &expired {
        platform.note_archive_erased_until(tenant, expired.until).await?;
    }
    if records > 0 {
        tracing::info!(records, "expired records are erased in the archive");
    }
    Ok(())
}

/// What has expired of each tenant by `now`, as far as it is `archived`.
async fn expired(
    platform: &PlatformControl,
    now: DateTime<Utc>,
    archived: Option<DateTime<Utc>>,
) -> Result<BTreeMap<ClientId, Expired>, ProcessorError> {
    let erased = platform.archive_erased_until().await?;
    let mut expired = BTreeMap::new();
    for tenant in platform.tenants().await? {
        let until = horizon(&tenant, now).min(archived.unwrap_or(now));
        let client_id = tenant.record.client_id;
        let from = erased.get(&client_id).copied().unwrap_or(tenant.created_at);
        if tenant.record.state != TenantState::Erasing && from < until {
            expired.insert(client_id, Expired { from, until });
        }
    }
    Ok(expired)
}

#[cfg(test)]
mod tests {
    use std::time::Duration as StdDuration;

    use chrono::TimeDelta;
    use log::LogRange;

    use super::*;

    #[test]
    fn an_object_is_rewritten_when_its_last_record_has_expired_and_once() {
        let now = Utc::now();
        let expired = Expired { from: now - TimeDelta::days(2), until: now - TimeDelta::days(1) };
        let object = |ago: StdDuration| Archived {
            range: LogRange::new(1, 0, 0, 9),
            records: 10,
            bytes: 1,
            sha256: [0; 32],
            logged_from: now - TimeDelta::days(30),
            logged_to: now - TimeDelta::from_std(ago).unwrap(),
        };
        let day = StdDuration::from_hours(24);
        assert!(!expired.has(&object(day)), "its last record is kept");
        assert!(expired.has(&object(day + StdDuration::from_millis(1))));
        assert!(expired.has(&object(2 * day)));
        assert!(
            !expired.has(&object(2 * day + StdDuration::from_millis(1))),
            "it was erased before"
        );
    }
}
