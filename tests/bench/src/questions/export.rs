//! The events of one tenant as a file, against ClickHouse's own file of the same rows on the same disk.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use bytes::Bytes;
use chrono::TimeDelta;
use clap::ValueEnum;
use serde_json::json;

use super::stand::{Stand, reader, text};
use crate::{
    Failure,
    measure::{Meter, Role, Table, peak_bytes, resident_bytes, servers},
    shops::History,
};

pub(crate) static TABLE: Table<9> = Table {
    name: "questions: export",
    columns: [
        "api, rows/s",
        "ClickHouse alone, rows/s",
        "ratio to ClickHouse alone",
        "api, memory above idle MiB",
        "api, CPU µs/row",
        "ClickHouse, CPU µs/row",
        "ClickHouse alone, CPU µs/row",
        "file, MiB",
        "file of ClickHouse alone, MiB",
    ],
};

const MIB: f64 = 1_048_576.0;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
    /// Apache Parquet
    Parquet,
}

impl Format {
    /// Returns its name in the api.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// Returns its name in ClickHouse.
    const fn clickhouse(self) -> &'static str {
        match self {
            Self::Ndjson => "JSONEachRow",
            Self::Csv => "CSVWithNames",
            Self::Parquet => "Parquet",
        }
    }
}

/// Exports all events of the largest tenant, once through the api and once without it.
pub(super) async fn measure(
    stand: &Stand,
    history: &History,
    format: Format,
) -> Result<[f64; 9], Failure> {
    let tenant = stand.largest()?;
    let from = history.from;
    // The last visits end after the last day.
    let to = history.to + TimeDelta::days(1);
    let file = stand.platform.folder().join("export");
    let reader = reader(tenant)?;
    let count = reader.query_raw("SELECT count() FROM events WHERE client_id = {client_id:String}");
    let rows = count.param("client_id", &tenant.id).fetch_one::<u64>().await? as f64;

    let api = stand.api().await?;
    let id = api.process.id();
    let idle = resident_bytes(id);
    let body = json!({"time": {"from": text(from), "to": text(to)}, "format": format.name()});
    let url = stand.platform.api("/v1/exports/events");
    let request = stand.platform.client().post(url).bearer_auth(&tenant.read_key).json(&body);
    let meter = Meter::start(servers().into_iter().chain([(Role::Measured, id)]));
    let mut response = request.send().await?.error_for_status()?;
    let size = store(&file, async || Ok(response.chunk().await?)).await?;
    let ours = meter.read();
    let memory = peak_bytes(id) - idle;
    drop(api);

    let query = reader
        .query_raw(include_str!("../../queries/export.sql"))
        .param("client_id", &tenant.id)
        .param("from", from.timestamp_millis())
        .param("to", to.timestamp_millis());
    let meter_alone = Meter::start(servers());
    let mut cursor = query.fetch_bytes(format.clickhouse())?;
    let size_alone = store(&file, async || Ok(cursor.next().await?)).await?;
    let alone = meter_alone.read();

    Ok([
        rows / ours.wall.as_secs_f64(),
        rows / alone.wall.as_secs_f64(),
        alone.wall.as_secs_f64() / ours.wall.as_secs_f64(),
        memory / MIB,
        ours.micros_per(Role::Measured, rows),
        ours.micros_per(Role::ClickHouse, rows),
        alone.micros_per(Role::ClickHouse, rows),
        size / MIB,
        size_alone / MIB,
    ])
}

/// Stores the parts of a file until the disk has them, and removes it. Returns its size in bytes.
///
/// # Errors
/// A part is missing, or the disk is full.
async fn store(
    path: &Path,
    mut next: impl AsyncFnMut() -> Result<Option<Bytes>, Failure>,
) -> Result<f64, Failure> {
    let mut file = File::create(path)?;
    let mut size = 0_u64;
    while let Some(part) = next().await? {
        file.write_all(&part)?;
        size += part.len() as u64;
    }
    file.sync_all()?;
    fs::remove_file(path)?;
    Ok(size as f64)
}
