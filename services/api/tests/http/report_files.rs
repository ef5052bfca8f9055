//! Funnels, user retention, sessions, windows and attribution as files: every cell is that of the JSON.

use std::{collections::BTreeSet, io::Cursor};

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use bytes::Bytes;
use chrono::DateTime;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{formats::assert_cell, query::insert, stand::Stand};

/// Two buyers, whose orders are in two currencies and of two campaigns, and a visitor without a name.
async fn seed(stand: &Stand) {
    let event = |visitor: Option<&str>, time: &str, kind: &str, more: Value| {
        let mut event = json!({
            "type": kind, "visitor_id": visitor, "event_time": format!("2026-03-{time}Z"),
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let order = |id: &str, currency: &str, price: &str, quantity: Value| {
        let item = json!({"product_id": "p", "price": price, "quantity": quantity});
        json!({"order_id": id, "currency": currency, "items": [item]})
    };
    let (ann, bob) = (Some("ann"), Some("bob"));
    // A cost has a currency, as the collector completes it.
    let events = [
        event(
            ann,
            "02T09:00:00",
            "ad_click",
            json!({"campaign_id": "=1+1", "cost": "2.5", "currency": "EUR"}),
        ),
        event(ann, "02T10:00:00", "product_view", json!({"device": "mobile"})),
        event(ann, "02T10:05:00.125", "add_to_cart", json!({})),
        event(ann, "02T10:30:00", "purchase", order("a", "EUR", "10.25", json!(2))),
        event(bob, "02T09:30:00", "ad_click", json!({"campaign_id": "b,\"c\""})),
        event(bob, "02T09:45:00", "ad_click", json!({"campaign_id": "=1+1"})),
        event(bob, "02T11:00:00", "product_view", json!({"device": "tv"})),
        event(bob, "03T11:00:00", "product_view", json!({"device": "tv"})),
        event(bob, "03T11:10:00", "purchase", order("b", "USD", "4.000002", json!(0.5))),
        event(None, "02T12:00:00", "product_view", json!({})),
    ];
    insert(stand, events).await;
}

/// A report, in every form.
struct Files {
    json: Value,
    ndjson: String,
    csv: Bytes,
    parquet: Bytes,
    arrow: Bytes,
}

impl Files {
    /// Asks for a report by its body; for sessions, by its parameters.
    async fn of(stand: &Stand, kind: &str, path: &str, body: Option<&Value>) -> Self {
        let ask = async |format: &str| {
            let key = stand.key("acme", "read");
            let request = match body {
                Some(body) => {
                    let mut body = body.clone();
                    body["format"] = json!(format);
                    stand.request(Method::POST, path, Some(&key)).json(&body)
                }
                None => {
                    let path = format!("{path}&format={format}");
                    stand.request(Method::GET, &path, Some(&key))
                }
            };
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 200, "{kind} as {format}");
            if format != "json" {
                let file = response.headers()["content-disposition"].to_str().unwrap();
                let name = format!("{kind}_2026-03-02T0000_2026-03-04T0000_Europe-Berlin.{format}");
                assert_eq!(file, format!("attachment; filename=\"{name}\""));
            }
            response.bytes().await.unwrap()
        };
        Self {
            json: serde_json::from_slice(&ask("json").await).unwrap(),
            ndjson: String::from_utf8(ask("ndjson").await.to_vec()).unwrap(),
            csv: ask("csv").await,
            parquet: ask("parquet").await,
            arrow: ask("arrow").await,
        }
    }

    /// Checks that every file has these rows.
    fn assert_rows(self, rows: &[Value]) {
        let lines = self.ndjson.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        assert_eq!(lines.collect::<Vec<_>>(), rows);

        let mut reader = csv::Reader::from_reader(self.csv.as_ref());
        let header = reader.headers().unwrap().clone();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(records.len(), rows.len());
        for (record, row) in records.iter().zip(rows) {
            for (name, cell) in header.iter().zip(record) {
                assert_text(name, cell, &row[name.trim_end_matches("_utc")]);
            }
        }

        let parquet = ParquetRecordBatchReaderBuilder::try_new(self.parquet).unwrap();
        let mut arrow = FileReader::try_new(Cursor::new(self.arrow), None).unwrap();
        for schema in [parquet.schema().clone(), arrow.schema()] {
            assert_eq!(schema.metadata().get("tz").map(String::as_str), Some("Europe/Berlin"));
        }
        let parquet = parquet.build().unwrap().next().unwrap().unwrap();
        for batch in [parquet, arrow.next().unwrap().unwrap()] {
            assert_batch(&batch, rows);
        }
    }
}

/// Checks a cell of CSV.
fn assert_text(column: &str, cell: &str, expected: &Value) {
    let text = match expected {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with('=') => format!("'{text}"),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    match DateTime::parse_from_rfc3339(&text) {
        Ok(moment) => {
            let shown = DateTime::parse_from_rfc3339(cell).unwrap();
            assert_eq!(shown, moment, "{column}");
            let offset = if column.ends_with("_utc") { 0 } else { 3_600 };
            assert_eq!(shown.offset().local_minus_utc(), offset, "{column}: {cell}");
        }
        Err(_) => assert_eq!(cell, text, "{column}"),
    }
}

fn assert_batch(batch: &RecordBatch, rows: &[Value]) {
    assert_eq!(batch.num_rows(), rows.len());
    let schema = batch.schema();
    let names: BTreeSet<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let expected: BTreeSet<_> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, expected);
    for name in names {
        let column = batch.column_by_name(name).unwrap();
        for (at, row) in rows.iter().enumerate() {
            assert_cell(column, at, &row[name], &format!("{name} of row {at}"));
        }
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn time() -> Value {
    json!({"from": "2026-03-02", "to": "2026-03-04", "tz": "Europe/Berlin"})
}

#[actix_web::test]
async fn a_funnel_is_a_file_with_a_row_for_each_step() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let steps = ["product_view", "add_to_cart", "purchase"].map(|event| json!({"event": event}));
    let body = json!({
        "steps": steps, "window": "24h", "time": time(),
        "breakdown": {"dimension": "device", "top": 1},
    });
    let files = Files::of(&stand, "funnel", "/v1/funnels", Some(&body)).await;
    let mut rows = Vec::new();
    let mut add = |kind: &str, value: &Value, part: &Value| {
        for (index, step) in list(&part["steps"]).enumerate() {
            rows.push(json!({
                "row": kind, "value": value, "step": index + 1, "event": step["event"],
                "count": step["count"], "keys": step["keys"], "rate": step["rate"],
                "total_rate": part["total_rate"], "median_seconds": part["seconds"]["median"],
                "mean_seconds": part["seconds"]["mean"], "p90_seconds": part["seconds"]["p90"],
                "excluded": part["excluded"], "open": part["open"],
                "without_key": part["without_key"],
            }));
        }
    };
    add("all", &Value::Null, &files.json);
    for value in list(&files.json["breakdown"]["values"]) {
        add("value", &value["value"], value);
    }
    add("others", &Value::Null, &files.json["breakdown"]["others"]);
    assert_eq!(rows.len(), 9);
    files.assert_rows(&rows);
}

#[actix_web::test]
async fn user_retention_is_a_file_with_a_row_for_each_cell() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let body = json!({
        "cohort": {"event": "product_view"}, "periods": 3, "time": time(),
        "as_of": "2026-03-04T12:00:00Z",
    });
    let files = Files::of(&stand, "retention", "/v1/retention", Some(&body)).await;
    let mut rows = Vec::new();
    for cohort in list(&files.json["cohorts"]) {
        for (column, cell) in list(&cohort["cells"]).enumerate() {
            rows.push(json!({
                "row": "cohort", "cohort": cohort["start"], "column": column,
                "size": cohort["size"], "count": cell["count"], "rate": cell["rate"],
                "state": cell["state"],
            }));
        }
    }
    for (column, average) in list(&files.json["averages"]).enumerate() {
        rows.push(json!({
            "row": "average", "cohort": null, "column": column, "size": average["size"],
            "count": average["count"], "rate": average["rate"], "state": null,
        }));
    }
    assert_eq!(rows.len(), 9);
    assert!(rows.iter().any(|row| row["state"] == "future"), "{rows:?}");
    files.assert_rows(&rows);
}

#[actix_web::test]
async fn sessions_are_a_file_with_a_row_for_each_bucket() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let path = "/v1/sessions?from=2026-03-02&to=2026-03-04&tz=Europe/Berlin&granularity=day";
    let files = Files::of(&stand, "sessions", path, None).await;
    let row = |kind: &str, start: &Value, numbers: &Value, without_key: &Value| {
        json!({
            "row": kind, "start": start, "sessions": numbers["sessions"], "keys": numbers["keys"],
            "events": numbers["events"], "bounces": numbers["bounces"],
            "bounce_rate": numbers["bounce_rate"], "mean_seconds": numbers["mean_seconds"],
            "sessions_per_key": numbers["sessions_per_key"], "without_key": without_key,
        })
    };
    let answer = &files.json;
    let buckets = list(&answer["series"]);
    let mut rows: Vec<_> =
        buckets.map(|bucket| row("bucket", &bucket["start"], bucket, &Value::Null)).collect();
    rows.push(row("totals", &answer["from"], &answer["totals"], &answer["without_key"]));
    assert_eq!(rows.len(), 3);
    files.assert_rows(&rows);
}

#[actix_web::test]
async fn windows_are_a_file_with_a_row_for_each_window_or_session() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let row = |about: Value, values: &Value| {
        let mut row = about;
        for metric in ["orders", "units_sold", "sales", "ctr"] {
            row[metric] = values[metric].clone();
        }
        row["sales_USD"] = values["by_currency"]["USD"]["sales"].clone();
        row
    };
    let metrics = ["orders", "units_sold", "sales", "ctr"];
    let body = json!({
        "metrics": metrics, "dimensions": ["device"], "time": time(),
        "window": {"type": "tumbling", "size": "6h"},
    });
    let files = Files::of(&stand, "windows", "/v1/windows", Some(&body)).await;
    let rows: Vec<_> = list(&files.json["rows"])
        .map(|window| {
            let about = json!({
                "row": "window", "device": window["device"], "from": window["from"],
                "to": window["to"], "last": null,
            });
            row(about, &window["values"])
        })
        .collect();
    assert!(rows.iter().any(|row| row["sales_USD"] == "2.000001"), "{rows:?}");
    files.assert_rows(&rows);

    let body = json!({"metrics": metrics, "time": time(), "window": {"type": "session"}});
    let files = Files::of(&stand, "windows", "/v1/windows", Some(&body)).await;
    let answer = &files.json;
    let mut rows: Vec<_> = list(&answer["rows"])
        .map(|session| {
            let about = json!({
                "row": "session", "key": session["key"], "from": session["from"], "to": null,
                "last": session["last"],
            });
            row(about, &session["values"])
        })
        .collect();
    let about = json!({
        "row": "totals", "key": null, "from": answer["from"], "to": answer["to"], "last": null,
    });
    rows.push(row(about, &answer["totals"]));
    assert!(rows.len() > 3, "{rows:?}");
    files.assert_rows(&rows);
}

#[actix_web::test]
async fn attribution_is_a_file_with_a_row_for_each_segment_under_each_rule() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let mut time = time();
    time["granularity"] = json!("day");
    let body =
        json!({"time": time, "rules": [{"match": "any"}, {"model": "linear", "match": "any"}]});
    let files = Files::of(&stand, "attribution", "/v1/attribution", Some(&body)).await;
    let mut rows = Vec::new();
    let mut add = |about: Value, rule: &Value, values: &Value| {
        let mut row = about;
        for name in [
            "preset",
            "model",
            "click_window_seconds",
            "view_window_seconds",
            "click_match",
            "view_match",
            "view_event",
        ] {
            row[format!("rule_{name}")] = rule[name].clone();
        }
        row["rule_click_beats_view"] = json!(rule["click_beats_view"].to_string());
        for name in ["attributed_orders", "attributed_units"] {
            row[name] = values[name].clone();
        }
        for name in [
            "attributed_sales",
            "attributed_net_sales",
            "promoted_sales",
            "halo_sales",
            "assisted_sales",
            "spend",
            "attributed_roas",
            "attributed_acos",
        ] {
            row[name] = values[name].clone();
            row[format!("{name}_USD")] = values["by_currency"]["USD"][name].clone();
        }
        rows.push(row);
    };
    let answer = &files.json;
    for (index, of_rule) in list(&answer["rules"]).enumerate() {
        for row in list(&of_rule["rows"]) {
            let about = json!({
                "row": "segment", "rule": index + 1, "campaign": row["campaign"],
                "start": row["start"], "orders_without_credit": null, "without_key": null,
            });
            add(about, &of_rule["rule"], row);
        }
        let about = json!({
            "row": "totals", "rule": index + 1, "campaign": null, "start": answer["from"],
            "orders_without_credit": of_rule["orders_without_credit"],
            "without_key": answer["without_key"],
        });
        add(about, &of_rule["rule"], &of_rule["totals"]);
    }
    assert!(rows.iter().any(|row| row["attributed_orders"] == 0.5), "{rows:?}");
    assert!(rows.iter().any(|row| row["attributed_roas"] == 8.2), "{rows:?}");
    assert!(rows.iter().any(|row| row["attributed_sales_USD"] == "2.000001"), "{rows:?}");
    files.assert_rows(&rows);
}

#[actix_web::test]
async fn the_header_accept_asks_for_a_file_too() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let steps = ["product_view", "purchase"].map(|event| json!({"event": event}));
    let body = json!({"steps": steps, "time": time()});
    let request = stand.request(Method::POST, "/v1/funnels", Some(&key)).json(&body);
    let response = request.header("Accept", "text/csv").send().await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert_eq!(response.text().await.unwrap().lines().count(), 3, "a header and two steps");
}
