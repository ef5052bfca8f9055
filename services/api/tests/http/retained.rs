use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::eventually;

use crate::{query::insert, stand::Stand};

/// Makes the tenant one of three months, whose rows and rollups are retained for 30 days.
async fn with_short_retention(stand: &Stand) {
    retain_rollups(stand, 30).await;
}

/// Makes the tenant one of three months, whose rows are retained for 30 days, and rollups for as long as given.
async fn retain_rollups(stand: &Stand, days: i64) {
    pass_midnight().await;
    let database = PgPool::connect(stand.database.url()).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    sqlx::query("SELECT set_config('footfall.platform', 'on', true)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let statement = "UPDATE tenant SET retention_days = 30, rollup_retention_days = $2, \
                     created_at = now() - interval '90 days' WHERE client_id = $1";
    let change = sqlx::query(statement).bind(stand.id("acme")).bind(days);
    let changed = change.execute(&mut *transaction).await;
    assert_eq!(changed.unwrap().rows_affected(), 1);
    transaction.commit().await.unwrap();
}

fn midnight(days_ago: i64) -> DateTime<Utc> {
    let today = Utc::now().date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
    today - TimeDelta::days(days_ago)
}

/// Waits until midnight has passed if it is near: one day less is retained then, and a test that began before
/// would expect it.
async fn pass_midnight() {
    let left = midnight(-1) - Utc::now();
    if left < TimeDelta::minutes(2) {
        tokio::time::sleep(left.to_std().unwrap_or_default()).await;
    }
}

fn body(from: i64, to: i64) -> Value {
    json!({"metrics": ["clicks"], "time": {"from": midnight(from), "to": midnight(to), "tz": "UTC"}})
}

#[actix_web::test]
async fn a_range_past_retention_is_refused_rather_than_answered_with_zeros() {
    let stand = Stand::new().await;
    with_short_retention(&stand).await;
    let key = stand.key("acme", "read");
    let ask = async |from, to| stand.post("/v1/query", Some(&key), body(from, to)).await;
    let expired = ask(60, 31).await;
    assert_eq!((expired.status.as_u16(), &expired.body["code"]), (422, &json!("invalid_range")));
    let error = &expired.body["errors"][0];
    assert_eq!(error["pointer"], "/time/from");
    let edge = midnight(30).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert!(error["reason"].as_str().unwrap().contains(&edge), "{error}");

    let partly = ask(60, 29).await;
    assert_eq!((partly.status.as_u16(), &partly.body["retained_from"]), (200, &json!(edge)));
    let retained = ask(30, 29).await;
    assert_eq!((retained.status.as_u16(), &retained.body["retained_from"]), (200, &Value::Null));

    // Whether an order is new to a brand depends on a year that is not retained.
    let mut new_to_brand = body(30, 29);
    new_to_brand["metrics"] = json!(["new_to_brand_orders"]);
    let answer = stand.post("/v1/query", Some(&key), new_to_brand).await;
    assert_eq!((answer.status.as_u16(), &answer.body["retained_from"]), (200, &json!(edge)));
}

#[actix_web::test]
async fn history_that_was_imported_later_is_answered() {
    let stand = Stand::new().await;
    with_short_retention(&stand).await;
    let click = json!({"type": "ad_click", "event_time": midnight(50), "campaign_id": "spring"});
    insert(&stand, [click]).await;
    let answer = stand.post("/v1/query", Some(&stand.key("acme", "read")), body(60, 31)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["totals"]["values"]["clicks"], 1);
    assert!(answer.body["retained_from"].is_string(), "{}", answer.body);

    // Of what was imported, these count nothing.
    let of = |change: Value| {
        let mut body = body(60, 31);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    for empty in [
        of(json!({"filters": {"dimension": "campaign", "in": ["winter"]}})),
        of(json!({"dimensions": ["campaign"], "filters": {"metric": "clicks", "gt": 1}})),
        of(json!({"metrics": ["orders"], "dimensions": ["customer_type"]})),
    ] {
        let key = stand.key("acme", "read");
        let answer = stand.post("/v1/query", Some(&key), empty.clone()).await;
        assert_eq!(answer.status, 200, "{empty}: {}", answer.body);
        let totals = &answer.body["totals"]["values"];
        assert!(totals.as_object().unwrap().values().all(|value| *value == 0), "{totals}");
    }
}

#[actix_web::test]
async fn an_advertiser_does_not_learn_whether_others_have_events_of_an_expired_range() {
    let stand = Stand::new().await;
    with_short_retention(&stand).await;
    let token = stand.token("acme", "advertiser").await;
    let ask = async |from| {
        let answer = stand.post("/v1/query", Some(&token), body(from, 31)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["totals"]["values"]["clicks"], 0);
        answer.body["retained_from"].clone()
    };
    let without = ask(60).await;
    assert!(without.is_string(), "{without}");
    let click = json!({"type": "ad_click", "event_time": midnight(50), "campaign_id": "winter"});
    insert(&stand, [click]).await;
    // Another range, because an answer is used again for a moment.
    assert_eq!(ask(59).await, without);
}

#[actix_web::test]
async fn windows_and_the_series_of_a_campaign_report_what_is_deleted_as_a_query_does() {
    let stand = Stand::new().await;
    with_short_retention(&stand).await;
    let key = stand.key("acme", "read");
    let token = stand.token("acme", "advertiser").await;
    let edge = json!(midnight(30).to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    let windows = async |credential: &str, window: &Value, metric: &str, from, to| {
        let mut body = body(from, to);
        body["metrics"] = json!([metric]);
        body["window"] = window.clone();
        stand.post("/v1/windows", Some(credential), body).await
    };
    let series = async |credential: &str, metric: &str, from, to| {
        let [from, to] = [from, to].map(|days| midnight(days).format("%FT%TZ").to_string());
        let path = format!(
            "/v1/campaigns/spring/metrics?metrics={metric}&granularity=day&from={from}&to={to}"
        );
        stand.get(&path, credential).await
    };
    let tumbling = json!({"type": "tumbling", "size": "1d"});
    let sliding = json!({"type": "sliding", "size": "2d", "every": "1d"});
    let session = json!({"type": "session"});
    let days = async |window: &Value| windows(&key, window, "clicks", 60, 31).await;
    for (refused, pointer) in [
        (days(&tumbling).await, "/time/from"),
        (days(&sliding).await, "/time/from"),
        (days(&session).await, "/time/from"),
        (series(&key, "clicks", 60, 31).await, "?from"),
    ] {
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["code"], "invalid_range");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    for (answer, expected) in [
        (windows(&key, &tumbling, "clicks", 60, 29).await, &edge),
        (windows(&key, &tumbling, "clicks", 30, 29).await, &Value::Null),
        (windows(&key, &tumbling, "new_to_brand_orders", 30, 29).await, &edge),
        // These begin in a day that is not retained.
        (windows(&key, &sliding, "clicks", 30, 29).await, &edge),
        (windows(&key, &session, "clicks", 30, 29).await, &edge),
        (windows(&key, &session, "clicks", 29, 28).await, &Value::Null),
        (windows(&token, &tumbling, "clicks", 60, 31).await, &edge),
        (series(&key, "clicks", 60, 29).await, &edge),
        (series(&key, "clicks", 30, 29).await, &Value::Null),
        (series(&key, "new_to_brand_orders", 30, 29).await, &edge),
        (series(&token, "clicks", 60, 31).await, &edge),
    ] {
        assert_eq!((answer.status.as_u16(), &answer.body["retained_from"]), (200, expected));
    }
    let click = json!({"type": "ad_click", "event_time": midnight(50), "campaign_id": "winter"});
    insert(&stand, [click]).await;
    for imported in [days(&tumbling).await, series(&key, "clicks", 60, 31).await] {
        assert_eq!((imported.status.as_u16(), &imported.body["retained_from"]), (200, &edge));
    }
}

#[actix_web::test]
async fn a_tenant_that_is_younger_than_its_retention_has_lost_nothing() {
    let stand = Stand::new().await;
    let answer = stand.post("/v1/query", Some(&stand.key("acme", "read")), body(900, 800)).await;
    assert_eq!((answer.status.as_u16(), &answer.body["retained_from"]), (200, &Value::Null));
}

#[actix_web::test]
async fn every_report_tells_what_is_deleted_of_the_time_that_it_reads() {
    let stand = Stand::new().await;
    with_short_retention(&stand).await;
    let key = stand.key("acme", "read");
    let token = stand.token("acme", "advertiser").await;
    let edge = json!(midnight(30).to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    let ask = async |credential: &str, path: &str, more: Value, from, to| {
        let mut body = body(from, to);
        body.as_object_mut().unwrap().remove("metrics");
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stand.post(path, Some(credential), body).await
    };
    let sessions = async |credential: &str, from, to| {
        let [from, to] = [from, to].map(|days| midnight(days).format("%FT%TZ").to_string());
        stand.get(&format!("/v1/sessions?from={from}&to={to}"), credential).await
    };
    let (funnels, retention) = ("/v1/funnels", "/v1/retention");
    let (attribution, exports) = ("/v1/attribution", "/v1/exports/events");
    let steps = json!({"steps": [{"event": "product_view"}, {"event": "purchase"}]});
    let ever = json!({"cohort": {"event": "product_view"}});
    let in_range = json!({"cohort": {"event": "product_view"}, "first": "in_range"});
    let rule = json!({"rules": [{"click_window": "7d", "view_window": "1d"}]});
    for (refused, pointer) in [
        (ask(&key, funnels, steps.clone(), 60, 31).await, "/time/from"),
        (ask(&key, retention, in_range.clone(), 60, 31).await, "/time/from"),
        (ask(&key, attribution, rule.clone(), 60, 31).await, "/time/from"),
        (ask(&key, exports, json!({}), 60, 31).await, "/time/from"),
        (sessions(&key, 60, 31).await, "?from"),
    ] {
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["code"], "invalid_range");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    for (answer, reported) in [
        (ask(&key, funnels, steps.clone(), 60, 29).await, &edge),
        (ask(&key, funnels, steps.clone(), 30, 29).await, &Value::Null),
        (ask(&token, funnels, steps.clone(), 60, 31).await, &edge),
        (ask(&key, retention, in_range.clone(), 60, 29).await, &edge),
        (ask(&key, retention, in_range.clone(), 30, 29).await, &Value::Null),
        (ask(&token, retention, in_range.clone(), 60, 31).await, &edge),
        // Who is new depends on all that came before.
        (ask(&key, retention, ever.clone(), 2, 1).await, &edge),
        // Ads count for seven days, and sessions are looked for a day before.
        (ask(&key, attribution, rule.clone(), 24, 23).await, &edge),
        (ask(&key, attribution, rule.clone(), 23, 22).await, &Value::Null),
        (ask(&token, attribution, rule.clone(), 60, 31).await, &edge),
        (sessions(&key, 30, 29).await, &edge),
        (sessions(&key, 29, 28).await, &Value::Null),
        (sessions(&token, 60, 31).await, &edge),
    ] {
        assert_eq!((answer.status.as_u16(), &answer.body["retained_from"]), (200, reported));
    }
}

#[actix_web::test]
async fn a_file_tells_in_a_header_what_is_deleted_of_its_range() {
    let stand = Stand::new().await;
    with_short_retention(&stand).await;
    let key = stand.key("acme", "read");
    let edge = midnight(30).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let reported = async |path: &str, more: Value, from| {
        let mut body = body(from, 29);
        body.as_object_mut().unwrap().remove("metrics");
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let request = stand.request(Method::POST, path, Some(&key)).json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let header = response.headers().get("retained-from").cloned();
        header.map(|header| header.to_str().unwrap().to_owned())
    };
    let file = json!({"metrics": ["clicks"], "format": "csv"});
    for (path, more) in [("/v1/query", file), ("/v1/exports/events", json!({}))] {
        assert_eq!(reported(path, more.clone(), 60).await.as_ref(), Some(&edge), "{path}");
        assert_eq!(reported(path, more, 30).await, None, "{path}");
    }
}

/// Keeps the rollups of everything that is stored of `acme`, and deletes the rows.
async fn expire_rows(stand: &Stand) {
    let acme = stand.context("acme").await;
    let (destination, id) = (acme.destination(), acme.client_id());
    let (warehouse, horizon) = (&stand.warehouse, midnight(0));
    let days =
        async || warehouse.expired_days(destination, id, horizon, Duration::ZERO).await.unwrap();
    let stored = days().await;
    assert!(!stored.is_empty());
    for day in stored {
        assert!(warehouse.keep_day(destination, id, day).await.unwrap());
    }
    assert!(warehouse.expire(destination, id, horizon).await.unwrap());
    eventually("the rows are deleted", async || days().await.is_empty().then_some(())).await;
}

#[actix_web::test]
async fn what_rollups_have_is_answered_after_its_rows_are_deleted() {
    let stand = Stand::new().await;
    retain_rollups(&stand, 761).await;
    let at = |event_type: &str, campaign: &str| {
        json!({
            "type": event_type, "event_time": midnight(50), "campaign_id": campaign, "visitor_id": "ann",
            "device": "mobile", "currency": "EUR",
        })
    };
    let mut order = at("purchase", "spring");
    order["items"] = json!([{"product_id": "shoe", "quantity": 2, "price": "10.50"}]);
    insert(&stand, [at("ad_click", "spring"), at("ad_click", "winter"), order]).await;
    expire_rows(&stand).await;

    let key = stand.key("acme", "read");
    let edge = midnight(30).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let query = async |credential: &str, metrics: Value, dimensions: Value, to| {
        let mut body = body(60, to);
        body["metrics"] = metrics;
        body["dimensions"] = dimensions;
        body["explain"] = json!(true);
        stand.post("/v1/query", Some(credential), body).await
    };
    for (metrics, dimensions, rollup, row) in [
        (json!(["clicks", "ctr"]), json!([]), "campaign", json!({"clicks": 2, "ctr": null})),
        (json!(["clicks"]), json!(["device"]), "source", json!({"clicks": 2})),
        (
            json!(["units_sold", "sales"]),
            json!(["product"]),
            "product",
            json!({"units_sold": 2, "sales": "21.00"}),
        ),
    ] {
        let answer = query(&key, metrics, dimensions, 31).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["explain"]["kept_rollup"], rollup);
        assert_eq!(answer.body["totals"]["values"], row, "{}", answer.body);
        assert_eq!(answer.body["retained_from"], Value::Null, "nothing of it is deleted");
    }
    let token = stand.token("acme", "advertiser").await;
    let own = query(&token, json!(["clicks"]), json!(["campaign"]), 31).await;
    assert_eq!(own.body["totals"]["values"], json!({"clicks": 1}), "{}", own.body);

    // Visitors have no rollup. What is read beside them is read from the same rows.
    let refused = query(&key, json!(["clicks", "visitors"]), json!([]), 31).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body["errors"][0]["reason"].as_str().unwrap().contains(&edge));
    let rows = query(&key, json!(["clicks", "visitors"]), json!([]), 29).await;
    assert_eq!(rows.body["totals"]["values"], json!({"clicks": 0, "visitors": 0}));
    assert_eq!(rows.body["retained_from"], json!(edge));
    assert_eq!(rows.body["explain"]["kept_rollup"], Value::Null);
}

#[actix_web::test]
async fn series_and_windows_are_answered_from_kept_rollups_as_queries_are() {
    let stand = Stand::new().await;
    retain_rollups(&stand, 761).await;
    let click = json!({"type": "ad_click", "event_time": midnight(50), "campaign_id": "spring"});
    let recent = json!({
        "type": "ad_click", "event_time": midnight(3), "received_at": midnight(2), "campaign_id": "spring",
    });
    insert(&stand, [click.clone(), click]).await;
    expire_rows(&stand).await;
    // It is read from its rows, beside the rollups.
    insert(&stand, [recent]).await;
    let key = stand.key("acme", "read");
    let [from, to] = [60, 1].map(|days| midnight(days).format("%FT%TZ").to_string());
    let path = "/v1/campaigns/spring/metrics?metrics=clicks&granularity=day";
    let series = stand.get(&format!("{path}&from={from}&to={to}"), &key).await;
    assert_eq!(series.status, 200, "{}", series.body);
    assert_eq!(series.body["totals"]["clicks"], 3, "{}", series.body);
    assert_eq!(series.body["retained_from"], Value::Null);
    let mut windows = body(60, 1);
    windows["window"] = json!({"type": "tumbling", "size": "1d"});
    let windows = stand.post("/v1/windows", Some(&key), windows).await;
    assert_eq!(windows.status, 200, "{}", windows.body);
    let clicks = windows.body["rows"].as_array().unwrap().iter();
    let clicks: Vec<_> = clicks.filter_map(|row| row["values"]["clicks"].as_u64()).collect();
    assert_eq!((clicks.len(), clicks[10], clicks.iter().sum::<u64>()), (59, 2, 3));
}
