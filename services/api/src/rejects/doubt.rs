use chrono::{DateTime, TimeDelta, Utc};
use control_plane::Replay;
use tenancy::TenantContext;
use uuid::Uuid;

use super::Rejects;
use crate::failure::Failure;

/// For how long after its reservation an event may be published again without looking: copies of
/// an event are told by their id for a day, of which an hour is left for clocks and delivery.
const SURE: TimeDelta = TimeDelta::hours(23);

/// How far two clocks may be apart, and a delivery may take.
const CLOCKS: TimeDelta = TimeDelta::minutes(30);

/// The sink whose work ends in the table of events.
const STORE: &str = "store";

/// What is known of an event that is to be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The log has it.
    Replayed(DateTime<Utc>),
    /// Publishing it does no harm: the log does not have it, or will tell the copy.
    Free,
    /// Nobody can say yet.
    Unknown,
}

/// What the ledger alone says of it.
fn noted(replay: &Replay, now: DateTime<Utc>) -> Standing {
    match replay.replayed_at {
        Some(at) => Standing::Replayed(at),
        None if now - replay.reserved_at < SURE => Standing::Free,
        None => Standing::Unknown,
    }
}

impl Rejects {
    /// Says of each what may be done. What was reserved long ago and never noted as published was
    /// published, or was not: the warehouse tells, once everything from that time is in it.
    pub(super) async fn standings(
        &self,
        tenant: &TenantContext,
        replays: Vec<Replay>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(Uuid, Standing)>, Failure> {
        let mut standings = Vec::new();
        let mut doubtful = Vec::new();
        for replay in replays {
            match noted(&replay, now) {
                Standing::Unknown => doubtful.push(replay),
                standing => standings.push((replay.event_id, standing)),
            }
        }
        for (replay, present) in self.look_up(tenant, doubtful).await? {
            let standing = match present {
                None => Standing::Unknown,
                Some(true) => {
                    let stored = self.control_plane.for_tenant(tenant);
                    stored.mark_replayed(&[replay.event_id], now).await?;
                    Standing::Replayed(now)
                }
                Some(false) => self.reserve_anew(tenant, &replay, now).await?,
            };
            standings.push((replay.event_id, standing));
        }
        Ok(standings)
    }

    /// Whether each is in the warehouse; `None` while something from its time may still come.
    async fn look_up(
        &self,
        tenant: &TenantContext,
        doubtful: Vec<Replay>,
    ) -> Result<Vec<(Replay, Option<bool>)>, Failure> {
        let reserved = doubtful.iter().map(|replay| replay.reserved_at);
        let (Some(first), Some(last)) = (reserved.clone().min(), reserved.max()) else {
            return Ok(Vec::new());
        };
        let as_of = self.control_plane.ledger().as_of(STORE, &self.events_topic).await?;
        // The copy that counts may have been logged up to a day before, by whoever sent it first.
        let logged = first - TimeDelta::days(1) - CLOCKS..last + TimeDelta::days(1) + CLOCKS;
        let ids: Vec<_> = doubtful.iter().map(|replay| replay.event_id).collect();
        let present = self.warehouse.for_tenant(tenant).events_present(&ids, logged).await?;
        let look = |replay: Replay| {
            let settled = as_of.is_some_and(|as_of| as_of > replay.reserved_at + SURE + CLOCKS);
            let present = present.contains(&replay.event_id);
            (replay, (present || settled).then_some(present))
        };
        Ok(doubtful.into_iter().map(look).collect())
    }

    async fn reserve_anew(
        &self,
        tenant: &TenantContext,
        replay: &Replay,
        now: DateTime<Utc>,
    ) -> Result<Standing, Failure> {
        let renewed = self.control_plane.for_tenant(tenant).renew_replay(replay, now).await?;
        Ok(if renewed { Standing::Free } else { Standing::Unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_good_for_less_than_copies_are_told_apart() {
        assert!(SURE + CLOCKS < TimeDelta::hours(24));
        let reserved_at: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let replay = Replay { event_id: Uuid::nil(), reserved_at, replayed_at: None };
        let standing =
            |replay: &Replay, hours| noted(replay, reserved_at + TimeDelta::hours(hours));
        assert_eq!(standing(&replay, 22), Standing::Free);
        assert_eq!(standing(&replay, 23), Standing::Unknown);
        let replayed = Replay { replayed_at: Some(reserved_at), ..replay };
        assert_eq!(standing(&replayed, 500), Standing::Replayed(reserved_at));
    }
}
