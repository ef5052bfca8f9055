//! The cells of every form of an answer, as texts.

use std::{collections::BTreeMap, io::Cursor};

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Decimal128Type, Float64Type, Int64Type, TimestampMillisecondType},
};
use arrow_ipc::reader::FileReader;
use arrow_schema::DataType;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// The text of a cell without a value.
pub(super) const NOTHING: &str = "-";

/// The cells of a row by the names of their columns.
pub(super) type Row = BTreeMap<String, String>;

/// Returns the rows of a file.
pub(super) fn rows(format: &str, file: Bytes) -> Vec<Row> {
    match format {
        "ndjson" => ndjson(&file),
        "csv" => csv(&file),
        "parquet" => {
            let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
            reader.flat_map(|batch| batch_rows(&batch.unwrap())).collect()
        }
        "arrow" => {
            let reader = FileReader::try_new(Cursor::new(file), None).unwrap();
            reader.flat_map(|batch| batch_rows(&batch.unwrap())).collect()
        }
        other => panic!("unknown format {other}"),
    }
}

/// Returns the text of a value of JSON. Equal values have equal texts, whatever their form.
pub(super) fn of_json(value: &Value) -> String {
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::String(text) => canonical(text),
        number => canonical(&number.to_string()),
    }
}

fn ndjson(file: &[u8]) -> Vec<Row> {
    let lines = std::str::from_utf8(file).unwrap().lines();
    let rows = lines.map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let mut row = Row::new();
        for (name, value) in line.as_object().unwrap() {
            // The metrics of a query are nested.
            let prefix = match name.as_str() {
                "values" => "",
                "previous" => "previous_",
                "change" => "change_",
                _ => {
                    row.insert(name.clone(), of_json(value));
                    continue;
                }
            };
            for (metric, value) in value.as_object().into_iter().flatten() {
                row.insert(format!("{prefix}{metric}"), of_json(value));
            }
        }
        row
    });
    rows.collect()
}

fn csv(file: &[u8]) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().unwrap().clone();
    let records = reader.records().map(|record| {
        let record = record.unwrap();
        let cells = header.iter().zip(&record);
        cells.map(|(name, cell)| (name.to_owned(), canonical(cell))).collect()
    });
    records.collect()
}

fn batch_rows(batch: &RecordBatch) -> Vec<Row> {
    let schema = batch.schema();
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let row = |at: usize| {
        let cells = names.iter().zip(batch.columns());
        cells.map(|(name, column)| (name.clone(), cell(column, at))).collect()
    };
    (0..batch.num_rows()).map(row).collect()
}

fn cell(column: &dyn Array, at: usize) -> String {
    if column.is_null(at) {
        return NOTHING.to_owned();
    }
    let text = match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(at).to_owned(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(at).to_string(),
        DataType::Float64 => {
            let float = column.as_primitive::<Float64Type>().value(at);
            serde_json::to_string(&float).unwrap()
        }
        DataType::Decimal128(_, places) => {
            let units = column.as_primitive::<Decimal128Type>().value(at);
            decimal(units, u32::try_from(*places).unwrap())
        }
        DataType::Timestamp(..) => {
            let moment = column.as_primitive::<TimestampMillisecondType>().value(at);
            shown(DateTime::from_timestamp_millis(moment).unwrap())
        }
        other => panic!("unknown type {other}"),
    };
    canonical(&text)
}

/// Returns a number that is given in units of its last place.
fn decimal(units: i128, places: u32) -> String {
    let one = 10_i128.pow(places);
    let sign = if units < 0 { "-" } else { "" };
    let (whole, fraction) = (units.abs() / one, units.abs() % one);
    format!("{sign}{whole}.{fraction:0>width$}", width = places as usize)
}

/// Returns a text that is the same for all ways to write a moment, or a number.
fn canonical(text: &str) -> String {
    if text.is_empty() {
        return NOTHING.to_owned();
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return shown(moment.to_utc());
    }
    match text.parse::<f64>() {
        Ok(_) if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text.to_owned(),
    }
}

fn shown(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
