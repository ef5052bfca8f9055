use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{query::insert, stand::Stand};

/// Three events with four rows, and one outside the range.
async fn seed(stand: &Stand) {
    let at = |event_type: &str, time: &str| json!({"type": event_type, "event_time": time});
    let mut click = at("ad_click", "2026-03-02T10:00:00.123Z");
    click["campaign_id"] = json!("=cmd()");
    click["cost"] = json!("0.000001");
    click["currency"] = json!("EUR");
    let mut order = at("purchase", "2026-03-02T11:00:00Z");
    order["items"] = json!([
        {"product_id": "a", "quantity": 2, "price": "1.25"},
        {"product_id": "b", "parent_sku": "=shirt", "quantity": 1},
    ]);
    order["currency"] = json!("EUR");
    order["visitor_id"] = json!("ann, \"the first\"");
    let page = at("page_view", "2026-03-02T12:00:00Z");
    insert(stand, [click, order, page, at("page_view", "2026-03-03T00:00:00Z")]).await;
}

async fn export(stand: &Stand, more: Value) -> ([String; 2], Bytes) {
    let mut body = json!({"time": {"from": "2026-03-02", "to": "2026-03-03", "tz": "UTC"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let key = stand.key("acme", "read");
    let request = stand.request(Method::POST, "/v1/exports/events", Some(&key)).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let headers = [header("content-type"), header("content-disposition")];
    (headers, response.bytes().await.unwrap())
}

#[actix_web::test]
async fn an_export_has_every_row_of_the_range_in_each_format() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let ([media, file], ndjson) = export(&stand, json!({})).await;
    assert_eq!(media, "application/x-ndjson");
    assert_eq!(file, "attachment; filename=\"events_2026-03-02T0000_2026-03-03T0000_UTC.ndjson\"");
    let text = String::from_utf8(ndjson.to_vec()).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 4);
    let row = |event_type: &str, line: u64| {
        let mut rows = rows.iter();
        rows.find(|row| row["event_type"] == event_type && row["line"] == line).unwrap()
    };
    let click = row("ad_click", 0);
    assert_eq!(click["campaign_id"], "=cmd()");
    assert_eq!(
        (&click["cost"], &click["event_time"]),
        (&json!("0.000001"), &json!("2026-03-02T10:00:00.123Z"))
    );
    let second = row("purchase", 1);
    assert_eq!((&second["product_id"], &second["sales"]), (&json!("b"), &json!("0")));
    assert_eq!(row("purchase", 0)["sales"], "2.5");
    let parents = [0, 1].map(|line| row("purchase", line)["parent_sku"].clone());
    assert_eq!(parents, [json!(""), json!("=shirt")]);

    let ([media, _], csv) = export(&stand, json!({"format": "csv"})).await;
    assert!(media.starts_with("text/csv"), "{media}");
    let mut reader = csv::Reader::from_reader(csv.as_ref());
    let header = reader.headers().unwrap().clone();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!((header.len(), records.len()), (35, 4));
    let campaign = header.iter().position(|name| name == "campaign_id").unwrap();
    assert!(records.iter().any(|record| &record[campaign] == "'=cmd()"), "{records:?}");
    let parent = header.iter().position(|name| name == "parent_sku").unwrap();
    assert_eq!(records.iter().filter(|record| &record[parent] == "'=shirt").count(), 1);
    let viewable = header.iter().position(|name| name == "viewable").unwrap();
    assert!(records.iter().all(|record| record[viewable].is_empty()), "{records:?}");
    let visitor = header.iter().position(|name| name == "visitor_id").unwrap();
    assert!(records.iter().any(|record| &record[visitor] == "ann, \"the first\""));

    let ([_, file], parquet) = export(&stand, json!({"format": "parquet"})).await;
    assert!(file.ends_with(".parquet\""), "{file}");
    let metadata = SerializedFileReader::new(parquet).unwrap();
    let metadata = metadata.metadata().file_metadata();
    let mut columns = metadata.schema_descr().columns().iter();
    assert!(columns.any(|column| column.name() == "parent_sku"));
    assert_eq!((metadata.num_rows(), metadata.schema_descr().num_columns()), (4, 35));
}

#[actix_web::test]
async fn an_export_can_be_filtered_and_has_the_tenants_own_events_only() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let orders = json!({"filters": {"dimension": "event_type", "in": ["purchase"]}});
    let (_, rows) = export(&stand, orders).await;
    assert_eq!(String::from_utf8(rows.to_vec()).unwrap().lines().count(), 2);
    let guarded = json!({"dimension": "campaign", "in": ["=cmd()"]});
    let (_, csv) = export(&stand, json!({"format": "csv", "filters": guarded})).await;
    assert_eq!(csv::Reader::from_reader(csv.as_ref()).records().count(), 1);
    let body = json!({"time": {"from": "2026-03-01", "to": "2026-03-04"}});
    let theirs = stand.key("globex", "read");
    let request = stand.request(Method::POST, "/v1/exports/events", Some(&theirs)).json(&body);
    assert_eq!(request.send().await.unwrap().text().await.unwrap(), "");
}

#[actix_web::test]
async fn a_wrong_export_and_one_of_a_limited_credential_are_refused() {
    let stand = Stand::new().await;
    let token = stand.token("acme", "advertiser").await;
    let limited = stand.post("/v1/exports/events", Some(&token), json!({})).await;
    assert_eq!(
        (limited.status.as_u16(), &limited.body["code"]),
        (403, &json!("permission_denied"))
    );
    let key = stand.key("acme", "read");
    for (body, pointer) in [
        (json!({"format": "xlsx"}), "/format"),
        (json!({"time": {"granularity": "day"}}), "/time/granularity"),
        (json!({"filters": {"metric": "clicks", "gt": 1}}), "/filters"),
        (json!({"time": {"from": "2026-03-03", "to": "2026-03-02"}}), "/time/from"),
    ] {
        let refused = stand.post("/v1/exports/events", Some(&key), body).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
}
