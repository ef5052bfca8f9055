use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{EraseStep, Group, OffboardingStep, PlatformControl};
use serde_json::{Value, json};
use tenancy::ClientId;
use warehouse::TenantRows;

use super::{archive, receipt::receipt};
use crate::{Dependencies, ProcessorError, object_erasure::Progress};

/// How long after the end of the grace period the first step begins. By then no process uses an older answer
/// about the tenant, and every insert that had begun has ended.
const SETTLES: TimeDelta = TimeDelta::seconds(65);

/// The erasure of one tenant.
pub(super) struct Erasure<'a> {
    pub(super) dependencies: &'a Dependencies,
    pub(super) platform: &'a PlatformControl,
    pub(super) client_id: &'a ClientId,
}

/// Whether a step has finished.
enum Done {
    /// With these counts.
    Yes(Value),
    /// It has recorded that itself.
    Recorded,
    /// The next round looks again.
    NotYet,
}

impl Erasure<'_> {
    /// Proceeds as far as possible.
    pub(super) async fn proceed(&self) -> Result<(), ProcessorError> {
        let Some(offboarding) = self.platform.offboarding(self.client_id).await? else {
            return Ok(());
        };
        let Some(erasing_since) = offboarding.erasing_since else {
            // A batch that holds records of the tenant could not be read again as it was planned.
            if self.is_processed(offboarding.begun_at + SETTLES).await? {
                let begun = self.platform.begin_erasing(self.client_id).await?;
                if !begun {
                    tracing::warn!(client_id = %self.client_id, "a due tenant is not being offboarded");
                }
            }
            return Ok(());
        };
        if Utc::now() < erasing_since + SETTLES || offboarding.receipt.is_some() {
            return Ok(());
        }
        for step in EraseStep::ALL {
            let begun = offboarding.step(step);
            if begun.is_some_and(|begun| begun.finished_at.is_some()) {
                continue;
            }
            match self.step(step, erasing_since, begun).await? {
                Done::Yes(counts) => {
                    self.platform.finish_erase_step(self.client_id, step, &counts).await?;
                    let step = step.as_str();
                    tracing::info!(client_id = %self.client_id, step, %counts, "a store is erased");
                }
                Done::Recorded => {}
                Done::NotYet => return Ok(()),
            }
        }
        let Some(erased) = self.platform.offboarding(self.client_id).await? else {
            return Ok(());
        };
        let receipt = receipt(&erased, Utc::now());
        self.platform.finish_offboarding(self.client_id, &receipt).await?;
        tracing::info!(client_id = %self.client_id, "a tenant is erased");
        Ok(())
    }

    async fn step(
        &self,
        step: EraseStep,
        erasing_since: DateTime<Utc>,
        begun: Option<&OffboardingStep>,
    ) -> Result<Done, ProcessorError> {
        match step {
            EraseStep::ClickHouse => self.clickhouse(begun).await,
            EraseStep::Redis => self.redis(begun).await,
            EraseStep::ReportFiles => self.report_files(begun).await,
            EraseStep::Archive => self.archive(erasing_since, begun).await,
            EraseStep::Postgres => {
                while !self.platform.erase_some_rows(self.client_id).await? {}
                Ok(Done::Recorded)
            }
        }
    }

    /// Returns whether every group has processed what the log received before `time`.
    async fn is_processed(&self, time: DateTime<Utc>) -> Result<bool, ProcessorError> {
        let topic = &self.dependencies.kafka.events_topic;
        let ledger = self.dependencies.control_plane.ledger();
        for group in [Group::Store, Group::Live, Group::Archive] {
            if ledger.as_of(group, topic).await?.is_none_or(|as_of| as_of < time) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes the rows in all places of the tenant. What was found at first counts: a repeated
    /// step finds less.
    async fn clickhouse(&self, begun: Option<&OffboardingStep>) -> Result<Done, ProcessorError> {
        let warehouse = &self.dependencies.warehouse;
        let placements = self.platform.placements(self.client_id).await?;
        let mut found = TenantRows::default();
        for placement in &placements {
            let rows = warehouse.rows_of_tenant(placement, self.client_id).await?;
            found.event_rows += rows.event_rows;
            found.rejects += rows.rejects;
            found.rollup_rows += rows.rollup_rows;
        }
        let counts = match begun {
            Some(begun) => begun.counts.clone(),
            None => {
                let counts = json!({
                    "event_rows": found.event_rows,
                    "rejects": found.rejects,
                    "rollup_rows": found.rollup_rows,
                });
                let step = EraseStep::ClickHouse;
                self.platform.begin_erase_step(self.client_id, step, &counts).await?;
                counts
            }
        };
        for placement in &placements {
            warehouse.erase_tenant(placement, self.client_id).await?;
        }
        let mut is_empty = true;
        for placement in &placements {
            is_empty &= warehouse.rows_of_tenant(placement, self.client_id).await?.is_empty();
        }
        Ok(if is_empty { Done::Yes(counts) } else { Done::NotYet })
    }

    async fn redis(&self, begun: Option<&OffboardingStep>) -> Result<Done, ProcessorError> {
        let before = self.begin(EraseStep::Redis, begun, "keys").await?;
        let aggregates = &self.dependencies.aggregates;
        let users = self.platform.users(self.client_id).await?;
        let users: Vec<_> = users.iter().map(|user| user.user_id).collect();
        let removed = aggregates.erase_tenant(self.client_id).await?;
        let logins = aggregates.erase_logins(&users).await?;
        Ok(Done::Yes(json!({"keys": before + removed + logins})))
    }

    async fn report_files(&self, begun: Option<&OffboardingStep>) -> Result<Done, ProcessorError> {
        let before = self.begin(EraseStep::ReportFiles, begun, "files").await?;
        let files = self.dependencies.archive.report_files();
        let removed = files.remove_all(self.client_id).await?;
        let register = self.dependencies.archive.erasure_register();
        let erasures = register.remove_all(self.client_id).await?;
        Ok(Done::Yes(json!({"files": before + removed, "erasures": erasures})))
    }

    async fn archive(
        &self,
        erasing_since: DateTime<Utc>,
        begun: Option<&OffboardingStep>,
    ) -> Result<Done, ProcessorError> {
        // An object that was begun earlier may hold records of the tenant; later ones hold none. Clocks differ.
        if !self.is_processed(erasing_since + SETTLES).await? {
            return Ok(Done::NotYet);
        }
        self.begin(EraseStep::Archive, begun, "records").await?;
        let counts = begun.map(|begun| begun.counts.clone()).unwrap_or_default();
        let progress = Progress::from(&counts);
        let erased = archive::erase(self, progress).await?;
        Ok(Done::Yes(erased.counts()))
    }

    /// Records that a step begins. Returns how much an earlier attempt noted under this name.
    async fn begin(
        &self,
        step: EraseStep,
        begun: Option<&OffboardingStep>,
        name: &str,
    ) -> Result<u64, ProcessorError> {
        match begun {
            Some(begun) => Ok(begun.counts.get(name).and_then(Value::as_u64).unwrap_or_default()),
            None => {
                self.platform.begin_erase_step(self.client_id, step, &json!({})).await?;
                Ok(0)
            }
        }
    }
}
