use std::path::Path;

use super::{Line, Options, up_to};
use crate::{
    Failure,
    measure::Role,
    shops::{Requests, Sizes, create_tenants, fill, shared, tenant_ids},
    store::{Stored, Waiting, platform_of},
};

/// Partitions of the other axes.
const PARTITIONS: u16 = 6;

/// Measures the store sink with 1 to 24 partitions.
pub(super) async fn by_partitions(program: &Path, options: &Options) -> Result<Vec<Line>, Failure> {
    let mut lines = lines("partitions");
    for partitions in [1, 6, 12, 24] {
        let stored = store(program, options, partitions, 1, Sizes::default()).await?;
        add(&mut lines, partitions.into(), &stored);
    }
    Ok(lines.into())
}

/// Measures the store sink with 1 to many tenants.
pub(super) async fn by_tenants(program: &Path, options: &Options) -> Result<Vec<Line>, Failure> {
    let mut lines = lines("tenants");
    for tenants in up_to(&[1, 100], options.tenants) {
        let stored = store(program, options, PARTITIONS, tenants, Sizes::default()).await?;
        add(&mut lines, tenants.into(), &stored);
    }
    Ok(lines.into())
}

/// Measures the store sink with 20 to many campaigns.
pub(super) async fn by_campaigns(program: &Path, options: &Options) -> Result<Vec<Line>, Failure> {
    let mut lines = lines("campaigns");
    for campaigns in up_to(&[20, 1_000, 20_000], options.campaigns) {
        let sizes = Sizes { campaigns: campaigns as usize, ..Sizes::default() };
        let stored = store(program, options, PARTITIONS, 1, sizes).await?;
        add(&mut lines, campaigns.into(), &stored);
    }
    Ok(lines.into())
}

fn lines(axis: &'static str) -> [Line; 4] {
    [
        "store sink, µs/row",
        "store sink: processor, CPU µs/row",
        "store sink: ClickHouse, CPU µs/row",
        "store sink: processor, peak memory MiB",
    ]
    .map(|figure| Line::new(axis, figure))
}

fn add(lines: &mut [Line; 4], size: f64, stored: &Stored) {
    let [time, processor, clickhouse, memory] = lines;
    time.add(size, 1e6 / stored.rate);
    processor.add(size, stored.micros(Role::Measured));
    clickhouse.add(size, stored.micros(Role::ClickHouse));
    memory.add(size, stored.memory / f64::from(1 << 20));
}

/// Runs the store sink for tenants in the shared tables.
async fn store(
    program: &Path,
    options: &Options,
    partitions: u16,
    tenants: u32,
    sizes: Sizes,
) -> Result<Stored, Failure> {
    let platform = platform_of(program, partitions).await;
    let ids = tenant_ids(tenants);
    create_tenants(&platform, &ids, 0)?;
    let share = |number: u32| {
        let up_to =
            |number: u32| u64::from(options.events) * u64::from(number) / u64::from(tenants);
        u32::try_from(up_to(number + 1) - up_to(number)).unwrap_or(u32::MAX)
    };
    let shares = (0..tenants).map(share);
    let shares = ids.iter().map(String::as_str).zip(shares);
    let filled = fill(&platform, shares, sizes, Requests::LARGE).await?;
    let waiting = Waiting { platform, filled, destinations: vec![(shared()?, ids)] };
    let stored = waiting.store(&options.common).await?;
    waiting.remove().await?;
    Ok(stored)
}
