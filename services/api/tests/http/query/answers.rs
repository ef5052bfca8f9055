use reqwest::Method;
use serde_json::{Value, json};

use super::{day, event, insert, order};
use crate::stand::{Stand, answer};

#[actix_web::test]
async fn csv_and_ndjson_have_the_digits_of_the_json() {
    let stand = Stand::new().await;
    insert(
        &stand,
        [order("=1+1", "EUR", "10.25"), order("b,\"c\"", "USD", "3"), order("x", "EUR", "1")],
    )
    .await;
    let body = json!({
        "metrics": ["orders", "sales", "ctr"], "dimensions": ["campaign"],
        "time": {"from": "2026-03-02", "to": "2026-03-03", "tz": "Europe/Berlin"},
        "compare": {"to": "previous_period"}, "top": {"n": 2, "by": "orders", "others": true},
        "order": [["campaign", "asc"]],
    });
    let get = async |accept: &str| {
        let key = stand.key("acme", "read");
        let request = stand.request(Method::POST, "/v1/query", Some(&key)).json(&body);
        let response = request.header("Accept", accept).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let headers = [header("content-type"), header("content-disposition")];
        (headers, response.text().await.unwrap())
    };
    let ([media, file], csv) = get("text/csv").await;
    assert!(media.starts_with("text/csv"), "{media}");
    let name = "query_2026-03-02T0000_2026-03-03T0000_Europe-Berlin.csv";
    assert_eq!(file, format!("attachment; filename=\"{name}\""));
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "row,campaign,start,start_utc,orders,sales,ctr,sales_USD,previous_start,previous_orders,\
         previous_sales,previous_ctr,previous_sales_USD,change_orders,change_sales,change_ctr"
    );
    let start = "2026-03-02T00:00:00+01:00,2026-03-01T23:00:00Z";
    let before = "2026-03-01T00:00:00+01:00,0,0.00,,0.00,,,";
    assert_eq!(lines[1], format!("segment,'=1+1,{start},1,10.25,,0.00,{before}"));
    assert_eq!(lines[2], format!("segment,\"b,\"\"c\"\"\",{start},1,0.00,,3.00,{before}"));
    assert_eq!(lines[3], format!("others,,{start},1,1.00,,0.00,{before}"));
    assert_eq!(lines[4], format!("totals,,{start},3,11.25,,3.00,{before}"));
    assert_eq!(lines.len(), 5);

    let ([media, _], ndjson) = get("application/x-ndjson").await;
    assert_eq!(media, "application/x-ndjson");
    let lines: Vec<Value> =
        ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().map(|line| line["row"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["segment", "segment", "others", "totals"]);
    assert_eq!(lines[0]["campaign"], "=1+1");
    assert_eq!(lines[0]["values"]["sales"], "10.25");
}

#[actix_web::test]
async fn a_file_has_all_segments_and_lines_that_end_as_rfc_4180_says() {
    let stand = Stand::new().await;
    let clicks = (0..130).map(|campaign| event("ad_click", &format!("c{campaign}")));
    insert(&stand, clicks).await;
    let key = stand.key("acme", "read");
    let text = async |change: Value| {
        let mut body = json!({"metrics": ["clicks"], "dimensions": ["campaign"], "time": day()});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let request = stand.request(Method::POST, "/v1/query", Some(&key)).json(&body);
        request.send().await.unwrap().text().await.unwrap()
    };
    let csv = text(json!({"format": "csv"})).await;
    assert_eq!(csv.matches("\r\n").count(), 132, "a header, 130 segments and the totals");
    assert_eq!(text(json!({"format": "ndjson"})).await.lines().count(), 131);
    assert_eq!(text(json!({"format": "ndjson", "limit": 7})).await.lines().count(), 8);
    let page: Value = serde_json::from_str(&text(json!({})).await).unwrap();
    assert_eq!(page["rows"].as_array().unwrap().len(), 100);
    assert!(page["next"].is_string());
}

#[actix_web::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let stand = Stand::new().await;
    insert(&stand, [event("ad_click", "a")]).await;
    let key = stand.key("acme", "read");
    let body = json!({"metrics": ["clicks"], "time": day()});
    let first = stand.post("/v1/query", Some(&key), body.clone()).await;
    let tag = first.headers["etag"].clone();
    let request = stand.request(Method::POST, "/v1/query", Some(&key)).json(&body);
    let again = answer(request.header("If-None-Match", tag)).await;
    assert_eq!(again.status, 304);
}
