use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{Group, Resubmission};
use tenancy::TenantContext;
use uuid::Uuid;

use super::Rejects;
use crate::failure::Failure;

/// How long after its reservation an event may be published again without a check: re-sends are
/// recognised for 24 hours, of which one is left for clocks and delivery.
const RESEND_WINDOW: TimeDelta = TimeDelta::hours(23);

/// The allowance for the difference between two clocks, and for a delivery.
const CLOCKS: TimeDelta = TimeDelta::minutes(30);

/// The state of an event that is to be resubmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The log has the event.
    Resubmitted(DateTime<Utc>),
    /// The event may be published: the log does not have it, or a copy will be recognised.
    Free,
    /// In doubt.
    Unknown,
}

/// Returns the state by the ledger alone.
fn noted(resubmission: &Resubmission, now: DateTime<Utc>) -> Standing {
    match resubmission.resubmitted_at {
        Some(at) => Standing::Resubmitted(at),
        None if now - resubmission.reserved_at < RESEND_WINDOW => Standing::Free,
        None => Standing::Unknown,
    }
}

impl Rejects {
    /// Returns the state of each event. An event that was reserved long ago and not marked may have
    /// been published or not: the warehouse decides, once it has everything from that time.
    pub(super) async fn standings(
        &self,
        tenant: &TenantContext,
        resubmissions: Vec<Resubmission>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(Uuid, Standing)>, Failure> {
        let mut standings = Vec::new();
        let mut in_doubt = Vec::new();
        for resubmission in resubmissions {
            match noted(&resubmission, now) {
                Standing::Unknown => in_doubt.push(resubmission),
                standing => standings.push((resubmission.event_id, standing)),
            }
        }
        for (resubmission, stored) in self.look_up(tenant, in_doubt).await? {
            let standing = match stored {
                None => Standing::Unknown,
                Some(true) => {
                    let control_plane = self.control_plane.for_tenant(tenant);
                    control_plane.mark_resubmitted(&[resubmission.event_id], now).await?;
                    Standing::Resubmitted(now)
                }
                Some(false) => self.renew(tenant, &resubmission, now).await?,
            };
            standings.push((resubmission.event_id, standing));
        }
        Ok(standings)
    }

    /// Returns whether each event is in the warehouse; `None` while events from its time may be
    /// missing there.
    async fn look_up(
        &self,
        tenant: &TenantContext,
        in_doubt: Vec<Resubmission>,
    ) -> Result<Vec<(Resubmission, Option<bool>)>, Failure> {
        let reserved = in_doubt.iter().map(|resubmission| resubmission.reserved_at);
        let (Some(first), Some(last)) = (reserved.clone().min(), reserved.max()) else {
            return Ok(Vec::new());
        };
        let as_of = self.control_plane.ledger().as_of(Group::Store, &self.events_topic).await?;
        // The copy that counts may have been logged up to a day earlier, by its first sender.
        let logged = first - TimeDelta::days(1) - CLOCKS..last + TimeDelta::days(1) + CLOCKS;
        let ids: Vec<_> = in_doubt.iter().map(|resubmission| resubmission.event_id).collect();
        let found = self.warehouse.for_tenant(tenant).events_present(&ids, logged).await?;
        let stored = |resubmission: Resubmission| {
            let complete_at = resubmission.reserved_at + RESEND_WINDOW + CLOCKS;
            let is_complete = as_of.is_some_and(|as_of| as_of > complete_at);
            let is_found = found.contains(&resubmission.event_id);
            (resubmission, (is_found || is_complete).then_some(is_found))
        };
        Ok(in_doubt.into_iter().map(stored).collect())
    }

    async fn renew(
        &self,
        tenant: &TenantContext,
        resubmission: &Resubmission,
        now: DateTime<Utc>,
    ) -> Result<Standing, Failure> {
        let control_plane = self.control_plane.for_tenant(tenant);
        let renewed = control_plane.renew_resubmission(resubmission, now).await?;
        Ok(if renewed { Standing::Free } else { Standing::Unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_valid_for_less_time_than_re_sends_are_recognised() {
        assert!(RESEND_WINDOW + CLOCKS < TimeDelta::hours(24));
        let reserved_at: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let reserved = Resubmission { event_id: Uuid::nil(), reserved_at, resubmitted_at: None };
        let standing = |resubmission: &Resubmission, hours| {
            noted(resubmission, reserved_at + TimeDelta::hours(hours))
        };
        assert_eq!(standing(&reserved, 22), Standing::Free);
        assert_eq!(standing(&reserved, 23), Standing::Unknown);
        let resubmitted = Resubmission { resubmitted_at: Some(reserved_at), ..reserved };
        assert_eq!(standing(&resubmitted, 500), Standing::Resubmitted(reserved_at));
    }
}
