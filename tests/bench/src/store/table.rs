//! What each part of the table of events costs when rows are inserted, and what it saves when they are read.

use clap::Args;

use super::{Stored, Waiting, onboarded, raw::Blocks};
use crate::{
    Failure,
    clickhouse::ClickHouse,
    measure::{Meter, Role, Rounds, Table, servers},
    options::Common,
    shops::Sizes,
};

/// How often each question is asked: one costs a few milliseconds.
const ASKED: u32 = 20;

/// Measure the table of events without each of its projections, indexes and codecs
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Events in the table
    #[arg(long, value_name = "N", default_value_t = 500_000, value_parser = clap::value_parser!(u32).range(1_000..=20_000_000))]
    pub(crate) events: u32,
    /// Tenants, in all tiers
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) tenants: u32,
}

/// The table of this part.
pub(crate) static TABLE: Table<20> = Table {
    name: "table",
    columns: [
        "ClickHouse, CPU µs/row",
        "on disk, bytes/row",
        "without campaign_quarters: CPU",
        "bytes",
        "without product_quarters: CPU",
        "bytes",
        "without source_quarters: CPU",
        "bytes",
        "without source_quarters and referrer_host: CPU",
        "bytes",
        "without the index on koff: CPU",
        "bytes",
        "koff without Delta: CPU",
        "bytes",
        "long texts without ZSTD: CPU",
        "bytes",
        "reads without campaign_quarters: CPU",
        "reads without product_quarters: CPU",
        "reads without source_quarters: CPU",
        "read-back without the index on koff: CPU",
    ],
};

/// The changes that take a part away, in the order of the columns.
const WITHOUT: [&[&str]; 7] = [
    &["DROP PROJECTION campaign_quarters"],
    &["DROP PROJECTION product_quarters"],
    &["DROP PROJECTION source_quarters"],
    &["DROP PROJECTION source_quarters", "DROP COLUMN referrer_host"],
    &["DROP INDEX koff"],
    &["MODIFY COLUMN koff UInt64 CODEC(LZ4)"],
    &["MODIFY COLUMN url String CODEC(LZ4), MODIFY COLUMN referrer String CODEC(LZ4), \
       MODIFY COLUMN user_agent String CODEC(LZ4), MODIFY COLUMN properties String CODEC(LZ4)"],
];

const WITHOUT_PROJECTIONS: &str = "optimize_use_projections = 0";
const WITHOUT_INDEXES: &str = "use_skip_indexes = 0";

/// A question that a part of the table serves, and the setting that takes the part away.
struct Question {
    select: &'static str,
    /// Whether it is about the largest tenant only.
    of_tenant: bool,
    rest: &'static str,
    without: &'static str,
}

/// In the order of the columns.
const QUESTIONS: [Question; 4] = [
    Question {
        select: "campaign_id, toStartOfFifteenMinutes(event_time), event_type, currency, \
                 countIf(kline = 0), sum(cost), sum(sales)",
        of_tenant: true,
        rest: "GROUP BY client_id, campaign_id, toStartOfFifteenMinutes(event_time), event_type, currency",
        without: WITHOUT_PROJECTIONS,
    },
    Question {
        select: "product_id, event_type, currency, count(), sum(quantity), sum(line_total)",
        of_tenant: true,
        rest: "GROUP BY client_id, product_id, event_type, currency",
        without: WITHOUT_PROJECTIONS,
    },
    Question {
        select: "referrer_host, device, country, event_type, currency, countIf(kline = 0), sum(sales)",
        of_tenant: true,
        rest: "GROUP BY client_id, referrer_host, device, country, event_type, currency",
        without: WITHOUT_PROJECTIONS,
    },
    // The rows of a batch that the store sink is in doubt about, as it reads them.
    Question {
        select: "koff, kline",
        of_tenant: false,
        rest: "WHERE kpart = 0 AND koff >= 1000 AND koff <= 1999 ORDER BY koff, kline",
        without: WITHOUT_INDEXES,
    },
];

/// Measures the table and each of its variants in each round.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let Options { common, events, tenants } = &options;
    let sizes = Sizes::default();
    let stated = format!("{events} events, {tenants} tenants, {sizes}; ratios to the whole table");
    let mut rounds = Rounds::new(&TABLE, common, stated);
    // The sink only makes the rows: what is compared are tables.
    for (index, program) in common.order(0) {
        let (platform, retailers) = onboarded(program, 6, *tenants).await;
        let filled = Waiting::of(platform, &retailers, *events, sizes).await?;
        filled.store(common).await?;
        let blocks = Blocks::read(&filled.destinations).await?;
        for _ in 0..common.rounds {
            rounds.add(index, figures(&blocks).await?);
        }
        // Until here, since the variants are copies of their tables.
        filled.remove().await?;
    }
    rounds.finish()
}

async fn figures(blocks: &Blocks) -> Result<[f64; 20], Failure> {
    let whole = Variant::of(blocks, &[]).await?;
    let mut reads = [f64::NAN; 4];
    for (ratio, question) in reads.iter_mut().zip(&QUESTIONS) {
        *ratio = question.ratio(blocks).await?;
    }
    blocks.remove().await?;
    let mut writes = [[f64::NAN; 2]; 7];
    for (ratios, changes) in writes.iter_mut().zip(WITHOUT) {
        let variant = Variant::of(blocks, changes).await?;
        blocks.remove().await?;
        *ratios = [variant.micros / whole.micros, variant.bytes / whole.bytes];
    }
    let figures = [whole.micros, whole.bytes].into_iter();
    let figures: Vec<_> = figures.chain(writes.into_iter().flatten()).chain(reads).collect();
    figures.try_into().map_err(|_| "the columns are others than the figures".into())
}

/// What a table costs, per row.
struct Variant {
    /// Processor time of ClickHouse until the last merge has ended, in microseconds.
    micros: f64,
    bytes: f64,
}

impl Variant {
    async fn of(blocks: &Blocks, changes: &[&str]) -> Result<Self, Failure> {
        let stored: Stored = blocks.insert_into(changes).await?;
        let bytes = blocks.bytes_on_disk().await? as f64 / stored.rows as f64;
        Ok(Self { micros: stored.micros(Role::ClickHouse), bytes })
    }
}

impl Question {
    /// Returns how much more processor time it takes of ClickHouse without its part of the table.
    async fn ratio(&self, blocks: &Blocks) -> Result<f64, Failure> {
        let (server, table) = blocks.largest().ok_or("there are no rows")?;
        let tenant = match self.of_tenant {
            true => {
                let largest = "GROUP BY client_id ORDER BY count() DESC LIMIT 1";
                let id = server.run(format!("SELECT client_id FROM {table} {largest}")).await?;
                format!("WHERE client_id = '{id}'")
            }
            false => String::new(),
        };
        let Self { select, rest, .. } = self;
        let sql = |settings: &str| {
            format!("SELECT {select} FROM {table} {tenant} {rest} FORMAT Null {settings}")
        };
        let with = seconds(server, &sql("")).await?;
        let without = seconds(server, &sql(&format!("SETTINGS {}", self.without))).await?;
        Ok(without / with)
    }
}

/// Returns the processor time of ClickHouse for a statement that is run several times.
async fn seconds(server: &ClickHouse, sql: &str) -> Result<f64, Failure> {
    server.run(sql).await?;
    let meter = Meter::start(servers());
    for _ in 0..ASKED {
        server.run(sql).await?;
    }
    Ok(meter.read().seconds(Role::ClickHouse))
}
