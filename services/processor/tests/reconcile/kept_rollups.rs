//! Rows whose retention has ended, and the rollups that outlive them.

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::BegunMove;
use metrics::{Counter, Granularity, TimeRange};
use tenancy::{Isolation, TenantContext};
use testkit::{eventually, tenant_context};

use crate::{
    shared::client,
    stand::{NEVER, Stand, impressions},
};

/// Stores the same events once more, as if all of it had been sixty days ago.
const SIXTY_DAYS_AGO: &str = "INSERT INTO events (* EXCEPT referrer_host) SELECT * EXCEPT referrer_host \
     REPLACE (received_at - toIntervalDay(60) AS received_at, event_time - toIntervalDay(60) AS event_time) \
     FROM events";

impl Stand {
    /// Creates a tenant with so many impressions of today, and as many that are sixty days old.
    async fn old_tenant(&mut self, cluster: &str, events: usize) -> TenantContext {
        let tenant = self.tenant(cluster).await;
        self.store(&tenant, impressions(events)).await;
        self.run(&tenant, SIXTY_DAYS_AGO).await;
        tenant
    }

    /// Makes the tenant one of three months.
    async fn retain(&self, tenant: &TenantContext, days: i64, days_of_rollups: i64) {
        let mut transaction = self.ledger.begin().await.unwrap();
        let platform = "SELECT set_config('footfall.platform', 'on', true)";
        sqlx::query(platform).execute(&mut *transaction).await.unwrap();
        let update = "UPDATE tenant SET retention_days = $2, rollup_retention_days = $3, \
                      created_at = now() - interval '90 days' WHERE client_id = $1";
        let update = sqlx::query(update).bind(tenant.client_id().as_str());
        let updated = update.bind(days).bind(days_of_rollups).execute(&mut *transaction).await;
        assert_eq!(updated.unwrap().rows_affected(), 1);
        transaction.commit().await.unwrap();
    }

    /// Starts the processor again, which begins with a round of upkeep.
    async fn restart(&mut self) {
        self.stop().await;
        self.start().await;
    }

    async fn number(&self, tenant: &TenantContext, sql: &str) -> u64 {
        client(tenant.destination()).query(sql).fetch_one().await.unwrap()
    }

    /// Counts the rows that are sixty days old.
    async fn old_rows(&self, tenant: &TenantContext) -> u64 {
        let sql = "SELECT count() FROM events WHERE received_at < now() - toIntervalDay(30)";
        self.number(tenant, sql).await
    }

    /// Counts the days of which rollups are kept.
    async fn kept_days(&self, tenant: &TenantContext) -> u64 {
        self.number(tenant, "SELECT count() FROM kept_days").await
    }

    /// Counts the impressions of the campaign, with kept rollups if there are any.
    async fn old_impressions(&self, tenant: &TenantContext) -> u64 {
        let range = TimeRange::covering(ago(70), ago(50)).unwrap();
        let rows = self.dependencies.warehouse.for_tenant(tenant);
        let kept = rows.kept_days().await.unwrap();
        let campaign = "spring".parse().unwrap();
        let series = rows
            .with_kept_days(kept)
            .campaign_series(&campaign, range, Granularity::Total, chrono_tz::UTC)
            .await
            .unwrap();
        series.values().map(|sums| sums.count(Counter::Impressions)).sum()
    }
}

fn ago(days: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(days)
}

#[tokio::test]
async fn rollups_are_kept_before_their_rows_are_deleted_and_equal_them() {
    let mut stand = Stand::new(NEVER).await;
    for cluster in ["shared", "dedicated"] {
        let tenant = stand.old_tenant(cluster, 7).await;
        stand.retain(&tenant, 30, 761).await;
        stand.restart().await;
        let kept = async || (stand.kept_days(&tenant).await == 1).then_some(());
        eventually("the rollups are kept", kept).await;
        assert_eq!(stand.old_rows(&tenant).await, 7, "a report may still read them");
        assert_eq!(stand.old_impressions(&tenant).await, 7);

        let earlier =
            "ALTER TABLE kept_days UPDATE kept_at = kept_at - toIntervalHour(1) WHERE true";
        stand.run(&tenant, earlier).await;
        stand.restart().await;
        let deleted = async || (stand.old_rows(&tenant).await == 0).then_some(());
        eventually("the rows are deleted", deleted).await;
        assert_eq!(stand.old_impressions(&tenant).await, 7);
        assert_eq!(stand.kept_days(&tenant).await, 1);
        let retained = stand.dependencies.control_plane.for_tenant(&tenant).retained().await;
        let retained = retained.unwrap();
        assert!(retained.of_rows.unwrap() > ago(31));
        assert_eq!(retained.of_rollups, None, "all of them are there");
    }
}

#[tokio::test]
async fn a_day_of_which_events_may_be_missing_keeps_its_rows() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.old_tenant("shared", 3).await;
    stand.retain(&tenant, 30, 761).await;
    stand.stop().await;
    // The lease of a partition that the topic does not have: nobody knows up to when all events are stored.
    let another = "INSERT INTO lease \
                   (consumer_group, kgen, partition, epoch, owner, next_offset, as_of, taken_at) \
                   SELECT consumer_group, kgen, 99, epoch, owner, 0, now(), taken_at FROM lease \
                   WHERE consumer_group = 'store' AND partition = 0";
    sqlx::query(another).execute(&stand.ledger).await.unwrap();
    stand.start().await;
    eventually("a round of upkeep has ended", async || {
        let tenants = stand.admin().tenant(tenant.client_id()).await.unwrap();
        tenants.unwrap().rows_from.map(drop)
    })
    .await;
    assert_eq!(stand.kept_days(&tenant).await, 0);
    assert_eq!(stand.old_rows(&tenant).await, 3);
}

#[tokio::test]
async fn without_a_longer_retention_of_rollups_rows_expire_alone() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.old_tenant("shared", 3).await;
    stand.retain(&tenant, 30, 30).await;
    stand.restart().await;
    let deleted = async || (stand.old_rows(&tenant).await == 0).then_some(());
    eventually("the rows are deleted", deleted).await;
    assert_eq!(stand.kept_days(&tenant).await, 0);
    assert_eq!(stand.old_impressions(&tenant).await, 0);
    // What is deleted stays so.
    stand.retain(&tenant, 80, 761).await;
    let retained = stand.dependencies.control_plane.for_tenant(&tenant).retained().await.unwrap();
    assert!(retained.of_rows.unwrap() > ago(31));
    assert_eq!(retained.of_rollups, retained.of_rows);
}

impl Stand {
    /// Returns the tenant as it is placed now.
    async fn placed(&self, tenant: &TenantContext) -> TenantContext {
        let found = self.admin().tenant(tenant.client_id()).await.unwrap().unwrap();
        tenant_context(found.record).await
    }
}

#[tokio::test]
async fn a_move_takes_kept_rollups_along_and_expired_rows_of_which_none_are_kept_yet() {
    let mut stand = Stand::new(NEVER).await;
    stand.dependencies.settings.move_grace_seconds = 1;
    let tenant = stand.old_tenant("shared", 7).await;
    stand.retain(&tenant, 30, 761).await;
    stand.restart().await;
    let kept = async || (stand.kept_days(&tenant).await == 1).then_some(());
    eventually("the rollups are kept", kept).await;
    // The next round of upkeep is in an hour.
    let forty = SIXTY_DAYS_AGO.replace("toIntervalDay(60)", "toIntervalDay(40)");
    let of_today = "FROM (SELECT * FROM events WHERE received_at > now() - toIntervalDay(1))";
    stand.run(&tenant, &forty.replace("FROM events", of_today)).await;
    assert_eq!(stand.old_rows(&tenant).await, 14);

    let admin = stand.admin();
    let cluster = "dedicated".parse().unwrap();
    let begun = admin.begin_move(tenant.client_id(), Isolation::Dedicated, &cluster).await;
    assert!(matches!(begun, Ok(BegunMove::Begun(_))));
    eventually("the tenant is moved", async || {
        let last = admin.latest_move(tenant.client_id()).await.unwrap().unwrap();
        last.ended_at.map(drop)
    })
    .await;
    let moved = stand.placed(&tenant).await;
    // The move dropped the database that the tenant left.
    stand.tables = vec![moved.destination().clone()];
    assert_eq!(moved.placement().isolation, Isolation::Dedicated);
    assert_eq!((stand.kept_days(&moved).await, stand.old_rows(&moved).await), (1, 14));
    assert_eq!(stand.old_impressions(&moved).await, 7);
    let left = stand.dependencies.warehouse.rows_of_tenant(tenant.placement(), tenant.client_id());
    assert!(left.await.unwrap().is_empty());

    stand.restart().await;
    let kept = async || (stand.kept_days(&moved).await == 2).then_some(());
    eventually("the rollups of the other day are kept where the tenant is", kept).await;
    assert_eq!(stand.old_impressions(&moved).await, 7);
}
