use std::io::Cursor;

use arrow_array::{
    Array, RecordBatch,
    cast::AsArray,
    types::{Decimal128Type, Float64Type, Int64Type, TimestampMillisecondType},
};
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Schema, TimeUnit};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{query::insert, stand::Stand};

/// Orders of four campaigns, in two currencies, on two days and before; and an ad that nobody clicks.
async fn seed(stand: &Stand) {
    let order = |campaign: &str, time: &str, currency: &str, revenue: &str, quantity: Value| {
        json!({
            "type": "purchase", "campaign_id": campaign, "event_time": time, "currency": currency,
            "revenue": revenue, "items": [{"product_id": "p", "quantity": quantity}],
        })
    };
    let mut ad = json!({"type": "ad_impression", "event_time": "2026-03-03T09:00:00Z"});
    ad["campaign_id"] = json!("=1+1");
    let events = [
        order("=1+1", "2026-03-02T10:00:00Z", "EUR", "10.25", json!(2)),
        order("=1+1", "2026-03-01T10:00:00Z", "EUR", "4", json!(1)),
        order("b,\"c\"", "2026-03-02T11:00:00Z", "USD", "3.000001", json!(0.75)),
        order("b,\"c\"", "2026-03-03T11:00:00Z", "EUR", "-1.5", json!(1)),
        order("x", "2026-03-03T12:00:00Z", "EUR", "1", json!(1.125)),
        order("y", "2026-03-03T12:00:00Z", "EUR", "0.5", json!(1)),
        ad,
    ];
    insert(stand, events).await;
}

fn query() -> Value {
    json!({
        "metrics": ["orders", "units_sold", "sales", "ctr", "aov"], "dimensions": ["campaign"],
        "time": {
            "from": "2026-03-02", "to": "2026-03-04", "tz": "Europe/Berlin", "granularity": "day",
        },
        "compare": {"to": "previous_period"}, "top": {"n": 2, "by": "orders", "others": true},
        "order": [["campaign", "asc"]],
    })
}

async fn answer(stand: &Stand, format: &str) -> Bytes {
    let mut body = query();
    body["format"] = json!(format);
    let key = stand.key("acme", "read");
    let request = stand.request(Method::POST, "/v1/query", Some(&key)).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{format}");
    if format != "json" {
        let file = response.headers()["content-disposition"].to_str().unwrap();
        let name = format!("query_2026-03-02T0000_2026-03-04T0000_Europe-Berlin.{format}");
        assert_eq!(file, format!("attachment; filename=\"{name}\""));
    }
    response.bytes().await.unwrap()
}

/// Returns the rows that every file of an answer has.
fn rows(answer: &Value) -> Vec<Value> {
    let list = |rows: &Value, kind: &str| -> Vec<Value> {
        let named = rows.as_array().unwrap().iter().cloned().map(|mut row| {
            row["row"] = json!(kind);
            row
        });
        named.collect()
    };
    let mut totals = answer["totals"].clone();
    totals["row"] = json!("totals");
    totals["start"] = answer["query"]["time"]["from"].clone();
    totals["previous_start"] = answer["query"]["compare"]["from"].clone();
    let mut rows = list(&answer["rows"], "segment");
    rows.extend(list(&answer["others"]["series"], "others"));
    rows.push(totals);
    rows
}

/// Returns what a column of a file has in a row.
fn expected(row: &Value, column: &str) -> Value {
    let value = |side: &str, metric: &str| match metric.strip_suffix("_USD") {
        Some(metric) => row[side]["by_currency"]["USD"][metric].clone(),
        None => row[side][metric].clone(),
    };
    if ["row", "campaign", "start", "previous_start"].contains(&column) {
        return row[column].clone();
    }
    match (column.strip_prefix("previous_"), column.strip_prefix("change_")) {
        (Some(metric), _) => value("previous", metric),
        (None, Some(metric)) => value("change", metric),
        (None, None) => value("values", column),
    }
}

/// Returns a decimal number in units of its last place.
fn units(number: &Value, places: usize) -> i128 {
    let text = number.as_str().map_or_else(|| number.to_string(), str::to_owned);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<places$}").parse().unwrap()
}

pub(crate) fn assert_cell(array: &dyn Array, at: usize, expected: &Value, cell: &str) {
    if array.is_null(at) {
        assert_eq!(&Value::Null, expected, "{cell}");
        return;
    }
    match array.data_type() {
        DataType::Utf8 => assert_eq!(array.as_string::<i32>().value(at), expected, "{cell}"),
        DataType::Int64 => {
            assert_eq!(
                array.as_primitive::<Int64Type>().value(at),
                expected.as_i64().unwrap(),
                "{cell}"
            );
        }
        DataType::Float64 => {
            let float = array.as_primitive::<Float64Type>().value(at);
            assert_eq!(float, expected.as_f64().unwrap(), "{cell}");
        }
        DataType::Decimal128(20, places) => {
            let decimal = array.as_primitive::<Decimal128Type>().value(at);
            assert_eq!(decimal, units(expected, usize::try_from(*places).unwrap()), "{cell}");
        }
        DataType::Timestamp(TimeUnit::Millisecond, Some(zone)) => {
            assert_eq!(&**zone, "UTC", "{cell}");
            let moment = array.as_primitive::<TimestampMillisecondType>().value(at);
            let expected: DateTime<Utc> = expected.as_str().unwrap().parse().unwrap();
            assert_eq!(moment, expected.timestamp_millis(), "{cell}");
        }
        other => panic!("{cell} is {other}"),
    }
}

fn assert_equal(schema: &Schema, batch: &RecordBatch, json: &Value) {
    let rows = rows(json);
    assert_eq!(batch.num_rows(), rows.len());
    let names: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(
        names,
        [
            "row",
            "campaign",
            "start",
            "orders",
            "units_sold",
            "sales",
            "ctr",
            "aov",
            "sales_USD",
            "aov_USD",
            "previous_start",
            "previous_orders",
            "previous_units_sold",
            "previous_sales",
            "previous_ctr",
            "previous_aov",
            "previous_sales_USD",
            "previous_aov_USD",
            "change_orders",
            "change_units_sold",
            "change_sales",
            "change_ctr",
            "change_aov",
        ]
    );
    for (name, column) in names.iter().zip(batch.columns()) {
        for (at, row) in rows.iter().enumerate() {
            assert_cell(column, at, &expected(row, name), &format!("{name} of row {at}"));
        }
    }
    let metadata = |key: &str| schema.metadata().get(key).unwrap().clone();
    let query: Value = serde_json::from_str(&metadata("query")).unwrap();
    assert_eq!(query["time"], json["query"]["time"]);
    assert_eq!((metadata("tz"), metadata("currency")), ("Europe/Berlin".into(), "EUR".into()));
    assert_eq!(metadata("final_after"), json["final_after"]);
}

#[actix_web::test]
async fn every_file_has_the_cells_of_the_json() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let json: Value = serde_json::from_slice(&answer(&stand, "json").await).unwrap();
    let rows = rows(&json);
    assert_eq!(rows.len(), 7, "two days of two segments and of the others, and the totals");

    let ndjson = String::from_utf8(answer(&stand, "ndjson").await.to_vec()).unwrap();
    let lines = ndjson.lines().map(serde_json::from_str::<Value>).map(Result::unwrap);
    assert_eq!(lines.collect::<Vec<_>>(), rows);

    let csv = answer(&stand, "csv").await;
    let mut reader = csv::Reader::from_reader(csv.as_ref());
    let header = reader.headers().unwrap().clone();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len());
    for (record, row) in records.iter().zip(&rows) {
        for (name, cell) in header.iter().zip(record) {
            match (name, expected(row, name.trim_end_matches("_utc"))) {
                ("start" | "start_utc" | "previous_start", moment) => {
                    let [own, same] = [cell, moment.as_str().unwrap()]
                        .map(|text| DateTime::parse_from_rfc3339(text).unwrap());
                    assert_eq!(own, same, "{name}");
                }
                (_, Value::Null) => assert_eq!(cell, "", "{name}"),
                (_, Value::String(text)) if text.starts_with('=') => {
                    assert_eq!(cell, format!("'{text}"), "a text is guarded");
                }
                (_, Value::String(text)) => assert_eq!(cell, text, "{name}: no number is guarded"),
                (_, number) => assert_eq!(cell, number.to_string(), "{name}"),
            }
        }
    }

    let parquet = answer(&stand, "parquet").await;
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet).unwrap();
    let schema = reader.schema().clone();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    assert_equal(&schema, &batch, &json);
    let arrow = answer(&stand, "arrow").await;
    let mut reader = FileReader::try_new(Cursor::new(arrow), None).unwrap();
    let schema = reader.schema();
    assert_equal(&schema, &reader.next().unwrap().unwrap(), &json);
}

#[actix_web::test]
async fn raw_events_are_exact_in_arrow() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let body = json!({
        "time": {"from": "2026-03-02", "to": "2026-03-03", "tz": "UTC"}, "format": "arrow",
        "filters": {"dimension": "currency", "in": ["USD"]},
    });
    let key = stand.key("acme", "read");
    let request = stand.request(Method::POST, "/v1/exports/events", Some(&key)).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/vnd.apache.arrow.file");
    let file = response.bytes().await.unwrap();
    let cut = file.slice(..file.len() - 1);
    assert!(FileReader::try_new(Cursor::new(cut), None).is_err(), "half a file is not read");
    let batch = FileReader::try_new(Cursor::new(file), None).unwrap().next().unwrap().unwrap();
    assert_eq!((batch.num_rows(), batch.num_columns()), (1, 35));
    let column = |name: &str| batch.column_by_name(name).unwrap();
    assert_eq!(column("campaign_id").as_string::<i32>().value(0), "b,\"c\"");
    assert_eq!(column("event_id").as_string::<i32>().value(0).len(), 36);
    assert_eq!(column("revenue").as_primitive::<Decimal128Type>().value(0), 3_000_001);
    let at = column("event_time").as_primitive::<TimestampMillisecondType>().value(0);
    assert_eq!(
        DateTime::from_timestamp_millis(at).unwrap().to_rfc3339(),
        "2026-03-02T11:00:00+00:00"
    );
}
