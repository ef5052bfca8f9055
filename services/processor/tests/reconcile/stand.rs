use std::{ops::Range, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{Account, Cluster, ControlPlane, Group, PlatformControl, TenantSpec};
use events::Event;
use log::{Generation, LogPlace, Offset, Partition};
use processor::{Backfill, BackfillReport, ProcessorSettings, Reconcile, ReconcileReport};
use serde_json::json;
use tenancy::{Isolation, Limits, TenantContext, TenantRouter};
use testkit::eventually;
use uuid::Uuid;
use warehouse::ClusterSettings;

pub(crate) use crate::shared::Stand;
use crate::shared::{CLUSTERS, default_settings};

pub(crate) const PARTITIONS: u16 = 2;

/// An hour, in seconds: nothing is reconciled except when the processor starts or the test requests
/// it.
pub(crate) const NEVER: u64 = 3_600;

impl Stand {
    /// Starts a processor that reconciles when it starts and then every so many seconds.
    pub(crate) async fn new(reconcile_seconds: u64) -> Self {
        let settings = ProcessorSettings { reconcile_seconds, ..default_settings() };
        let router =
            |control_plane: &ControlPlane| TenantRouter::new(Arc::new(control_plane.clone()));
        let mut stand = Self::create(PARTITIONS, settings, router).await;
        for name in CLUSTERS {
            let sealer = auth::Sealer::new([7; 32]);
            stand.admin().register_cluster(&sealer, &cluster(name)).await.unwrap();
        }
        stand.start().await;
        stand
    }

    #[expect(clippy::disallowed_methods, reason = "a test acts as the operator")]
    pub(crate) fn admin(&self) -> PlatformControl {
        self.dependencies.control_plane.for_platform(&TenantRouter::platform("test"))
    }

    /// Creates a tenant with a database of its own and events in every partition.
    pub(crate) async fn tenant(&mut self, cluster: &str) -> TenantContext {
        let client_id = format!("t-{}", Uuid::now_v7().as_u128() as u64).parse().unwrap();
        let spec = TenantSpec {
            client_id,
            name: "Shop".to_owned(),
            limits: Limits { partition_spread: PARTITIONS, ..Limits::default() },
            retention_days: 400,
            rollup_retention_days: 761,
            time_zone: chrono_tz::UTC,
            currency: "EUR".parse().unwrap(),
            origins: Vec::new(),
        };
        let admin = self.admin();
        let cluster = cluster.parse().unwrap();
        admin.create_tenant(&spec, Isolation::Schema, &cluster).await.unwrap();
        assert!(admin.activate_tenant(&spec.client_id).await.unwrap());
        #[expect(clippy::disallowed_methods, reason = "a test acts as the log's consumer")]
        let tenant = self.dependencies.router.resolve_record(&spec.client_id).await.unwrap();
        self.create_tables(&tenant).await;
        tenant
    }

    /// Waits until every record of the log is stored, by the ledger.
    pub(crate) async fn stored(&self) {
        let ends = self.ends().await;
        eventually("every record is stored", async || {
            let ledger = self.dependencies.control_plane.ledger();
            let topic = &self.dependencies.kafka.events_topic;
            let stored = ledger.noted_offsets(Group::Store, topic).await.unwrap();
            let is_stored = |(partition, end): (Partition, Offset)| {
                let reached = |next: &LogPlace| next.partition == partition && next.offset >= end;
                end == Offset::ZERO || stored.iter().any(reached)
            };
            Partition::all(PARTITIONS).zip(ends).all(is_stored).then_some(())
        })
        .await;
    }

    /// Publishes events and waits until they are stored.
    pub(crate) async fn store(&self, tenant: &TenantContext, events: Vec<Event>) {
        self.publish(tenant, events).await;
        self.stored().await;
    }

    /// Returns the current generation of the log.
    pub(crate) async fn generation(&self) -> Generation {
        let ledger = self.dependencies.control_plane.ledger();
        let topic = &self.dependencies.kafka.events_topic;
        ledger.noted_offsets(Group::Store, topic).await.unwrap()[0].generation
    }

    /// Backfills what was logged within the last hour.
    pub(crate) async fn backfill(&self, tenant: &TenantContext, dry_run: bool) -> BackfillReport {
        self.backfill_of(tenant, Utc::now() - TimeDelta::hours(1)..Utc::now(), dry_run).await
    }

    /// Backfills what was logged in that time.
    pub(crate) async fn backfill_of(
        &self,
        tenant: &TenantContext,
        logged: Range<DateTime<Utc>>,
        dry_run: bool,
    ) -> BackfillReport {
        let request = Backfill { tenant: tenant.client_id().clone(), logged, dry_run };
        processor::backfill(&self.dependencies, &request, &mut |_| {}).await.unwrap()
    }

    /// Reconciles everything that was stored so far.
    pub(crate) async fn reconcile(&self, full: bool) -> ReconcileReport {
        let stored = Utc::now() - TimeDelta::hours(1)..Utc::now() + TimeDelta::hours(1);
        let request = Reconcile { stored, full };
        processor::reconcile(&self.dependencies, request, &mut |_| {}).await.unwrap()
    }
}

fn cluster(name: &str) -> Cluster {
    let settings: ClusterSettings = testkit::cluster(name);
    Cluster {
        name: name.parse().unwrap(),
        url: settings.url,
        writer: Account { user: settings.writer_user, password: settings.writer_password },
        reader: Account { user: settings.reader_user, password: settings.reader_password },
    }
}

/// Returns impressions of the campaign `spring`, one row each.
pub(crate) fn impressions(count: usize) -> Vec<Event> {
    (0..count).map(|_| event(json!({"type": "ad_impression"}))).collect()
}

/// Returns an event of the campaign `spring`.
pub(crate) fn event(mut fields: serde_json::Value) -> Event {
    let now = Utc::now();
    fields["event_id"] = json!(Uuid::now_v7());
    fields["campaign_id"] = json!("spring");
    fields["event_time"] = json!(now);
    fields["received_at"] = json!(now);
    serde_json::from_value(fields).unwrap()
}
