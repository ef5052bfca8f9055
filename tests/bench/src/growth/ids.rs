use std::{fs, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};
use recent_ids::{Memory, RecentIds};
use tenancy::ClientId;
use uuid::Uuid;

use super::{Line, up_to};
use crate::Failure;

/// Tenants of the partition.
const TENANTS: u64 = 50;

/// Ids that are looked up at each size.
const LOOKUPS: u64 = 200_000;

/// More than all ids need: none goes to disk.
const MEMORY: usize = 16 << 30;

/// Measures the memory of recent ids, and the time to decide about an id that is new.
pub(super) fn measure(most: u64) -> Result<Vec<Line>, Failure> {
    let mut lines = [
        Line::new("recent ids", "bytes/id"),
        Line::new("recent ids", "decision about a new id, ns"),
        Line::new("recent ids", "building, ns/id"),
    ];
    let names = (0..TENANTS).map(|number| format!("tenant-{number}").parse());
    let tenants = names.collect::<Result<Vec<ClientId>, _>>()?;
    for count in up_to(&[1_000_000, 5_000_000, 20_000_000], most) {
        let folder = std::env::temp_dir().join(format!("bench-ids-{}", Uuid::now_v7()));
        let day = Day { start: Utc::now() - TimeDelta::days(1), count };
        {
            let memory = Memory::new(MEMORY, &folder)?;
            let mut ids = RecentIds::new(&memory, 0, day.start);
            let began = Instant::now();
            for offset in 0..count {
                let (tenant, id) = day.event(&tenants, offset)?;
                ids.remember(offset, day.time(offset), tenant, id)?;
            }
            let built = began.elapsed();
            let used = memory.used();
            let began = Instant::now();
            for offset in count..count + LOOKUPS {
                let (tenant, id) = day.event(&tenants, offset)?;
                ids.is_resend(offset, day.time(offset), tenant, id)?;
            }
            let decided = began.elapsed();
            let [bytes, lookup, building] = &mut lines;
            bytes.add(count as f64, used as f64 / count as f64);
            lookup.add(count as f64, decided.as_nanos() as f64 / LOOKUPS as f64);
            building.add(count as f64, built.as_nanos() as f64 / count as f64);
        }
        // The folder of a process is removed when its memory is dropped; this removes its parent.
        let _ = fs::remove_dir_all(folder);
    }
    Ok(lines.into())
}

/// A day of a partition, of `count` events.
struct Day {
    start: DateTime<Utc>,
    count: u64,
}

impl Day {
    fn time(&self, offset: u64) -> DateTime<Utc> {
        let millis = u128::from(offset.min(self.count)) * 86_400_000 / u128::from(self.count);
        self.start + TimeDelta::milliseconds(i64::try_from(millis).unwrap_or_default())
    }

    /// Returns the tenant of an event and its id, a UUIDv7 of its log time.
    fn event<'a>(
        &self,
        tenants: &'a [ClientId],
        offset: u64,
    ) -> Result<(&'a ClientId, Uuid), Failure> {
        let random = mix(offset);
        let millis = u128::from(self.time(offset).timestamp_millis().cast_unsigned());
        let id = Uuid::from_u128(millis << 80 | 7 << 76 | u128::from(random));
        let tenant = tenants.get(usize::try_from(random % TENANTS)?).ok_or("a tenant")?;
        Ok((tenant, id))
    }
}

/// Returns the same random bits for the same number: SplitMix64.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
