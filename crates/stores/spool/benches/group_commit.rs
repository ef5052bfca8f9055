//! How many events become durable per second, and how fast they are read again.
//!
//! A request of 100 events of 500 bytes is one append; several requests wait concurrently.
#![expect(clippy::unwrap_used, reason = "a benchmark may fail")]

use std::{hint::black_box, time::Duration};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use spool::{Spool, SpoolSettings};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinSet};

const EVENTS: u64 = 100;
const EVENT: [u8; 500] = [b'e'; 500];
const REQUESTS_AT_ONCE: [u64; 4] = [1, 8, 64, 256];
/// The number of requests in the measured read.
const READ: u64 = 400;

fn open(folder: &TempDir) -> Spool {
    let settings = SpoolSettings {
        folder: folder.path().to_owned(),
        max_bytes: 16 << 30,
        max_disk_percent: 100,
        segment_mib: 64,
        segment_seconds: 3_600,
    };
    Spool::open(&settings).unwrap()
}

/// Sends `requests` requests, each on its own task, until all are durable.
async fn append(spool: &Spool, requests: u64) {
    let mut appends = JoinSet::new();
    for _ in 0..requests {
        let spool = spool.clone();
        appends.spawn(async move {
            let events = (0..EVENTS).map(|_| EVENT.as_slice());
            spool.append(events).await.unwrap();
        });
    }
    while let Some(appended) = appends.join_next().await {
        appended.unwrap();
    }
}

/// Drains the spool and returns the number of events.
async fn drain(spool: &Spool) -> usize {
    let mut events = 0;
    while spool.oldest_age().is_some() {
        let mut segment = spool.oldest().await.unwrap();
        while let Some(records) = segment.next().await.unwrap() {
            events += records.len();
        }
        spool.delete(segment).await.unwrap();
    }
    events
}

fn measure(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let spool = open(&folder);
    let mut group = criterion.benchmark_group("spool");
    group.sample_size(50).measurement_time(Duration::from_secs(5));
    for requests in REQUESTS_AT_ONCE {
        group.throughput(Throughput::Elements(requests * EVENTS));
        group.bench_function(format!("append, {requests} requests at once"), |bencher| {
            bencher.iter_batched(
                || runtime.block_on(drain(&spool)),
                |_| runtime.block_on(append(&spool, requests)),
                BatchSize::PerIteration,
            );
        });
    }
    group.throughput(Throughput::Elements(READ * EVENTS));
    group.bench_function("drain", |bencher| {
        bencher.iter_batched(
            || runtime.block_on(append(&spool, READ)),
            |()| black_box(runtime.block_on(drain(&spool))),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
