//! How much memory an id takes, and how fast ids are added and looked up.
//!
//! One partition with a day of events of 50 tenants; in memory, and with nearly all ids on disk.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark may fail, and prints"
)]

use std::{fs, hint::black_box, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use recent_ids::{Memory, RecentIds};
use tempfile::TempDir;
use tenancy::ClientId;
use uuid::Uuid;

/// Events of the day.
const DAY: u64 = 10_000_000;
/// Events of one measurement.
const SOME: u64 = 100_000;
const TENANTS: u64 = 50;
const PLENTY: usize = 4 << 30;
const SCARCE: usize = 32 << 20;

/// Returns the same random bits for the same number: SplitMix64.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A partition's log: a day from the first to the last event.
struct Log {
    tenants: Vec<ClientId>,
    start: DateTime<Utc>,
}

impl Log {
    fn new() -> Self {
        let tenants = (0..TENANTS).map(|n| format!("tenant-{n}").parse().unwrap()).collect();
        Self { tenants, start: DateTime::from_timestamp(1_900_000_000, 0).unwrap() }
    }

    /// Returns the log time. After the day the clock stops, so that measurements do not interfere.
    fn time(&self, offset: u64) -> DateTime<Utc> {
        let millis = u128::from(offset.min(DAY)) * 86_400_000 / u128::from(DAY);
        self.start + TimeDelta::milliseconds(i64::try_from(millis).unwrap())
    }

    /// Returns the tenant of an event and its id, a UUIDv7 of its log time.
    fn event(&self, offset: u64) -> (&ClientId, Uuid) {
        let random = mix(offset);
        let millis = u128::from(self.time(offset).timestamp_millis().cast_unsigned());
        let id = Uuid::from_u128(millis << 80 | 7 << 76 | u128::from(random));
        (&self.tenants[usize::try_from(random % TENANTS).unwrap()], id)
    }

    fn remember(&self, ids: &mut RecentIds, count: u64) {
        for offset in ids.next()..ids.next() + count {
            let (client, id) = self.event(offset);
            ids.remember(offset, self.time(offset), client, id).unwrap();
        }
    }

    /// Checks the event of `of(offset)` at each of the next `count` offsets. Returns how many are
    /// re-sends.
    fn decide(&self, ids: &mut RecentIds, count: u64, of: impl Fn(u64) -> u64) -> usize {
        let next = ids.next();
        let decided = (next..next + count).map(|offset| {
            let (client, id) = self.event(of(offset));
            ids.is_resend(offset, self.time(offset), client, id).unwrap()
        });
        decided.filter(|resend| *resend).count()
    }
}

struct Place {
    name: &'static str,
    memory: Memory,
    _folder: TempDir,
}

impl Place {
    fn new(name: &'static str, limit: usize) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { name, memory: Memory::new(limit, folder.path()).unwrap(), _folder: folder }
    }

    fn ids(&self, log: &Log) -> RecentIds {
        RecentIds::new(&self.memory, 0, log.start)
    }
}

/// Returns the resident memory of the process, in bytes.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

fn measure(criterion: &mut Criterion) {
    let log = Log::new();
    for place in [Place::new("memory", PLENTY), Place::new("disk", SCARCE)] {
        let mut group = criterion.benchmark_group(place.name);
        group.sample_size(10).warm_up_time(Duration::from_millis(500));

        group.throughput(Throughput::Elements(DAY));
        let before = resident();
        let mut ids = place.ids(&log);
        log.remember(&mut ids, DAY);
        let used = place.memory.used();
        let resident = resident().saturating_sub(before);
        let remembered = ids.remembered();
        println!(
            "{}: {} ids in memory and {} on disk; {:.1} bytes per id, {:.1} resident",
            place.name,
            remembered.memory,
            remembered.disk,
            used as f64 / DAY as f64,
            resident as f64 / DAY as f64,
        );

        group.throughput(Throughput::Elements(SOME));
        group.bench_function("an unseen id", |bencher| {
            bencher.iter(|| assert_eq!(log.decide(&mut ids, SOME, |offset| offset), 0));
        });
        group.bench_function("an id seen within the day", |bencher| {
            let some = |offset: u64| DAY - 1 - mix(!offset) % (DAY / 4);
            bencher.iter(|| assert_eq!(log.decide(&mut ids, SOME, some), SOME as usize));
        });
        drop(ids);

        group.throughput(Throughput::Elements(DAY));
        group.bench_function("building the day", |bencher| {
            let build = |mut ids: RecentIds| {
                log.remember(&mut ids, DAY);
                black_box(ids)
            };
            bencher.iter_batched(|| place.ids(&log), build, BatchSize::PerIteration);
        });
        group.finish();
    }
}

criterion_group!(benches, measure);
criterion_main!(benches);
