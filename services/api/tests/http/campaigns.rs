use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::{Answer, Stand};

fn ids(answer: &Answer) -> Vec<&str> {
    let items = answer.body["data"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// A body without what differs from request to request.
fn plain(answer: Answer) -> (u16, Value) {
    let mut body = answer.body;
    body.as_object_mut().unwrap().remove("request_id");
    (answer.status.as_u16(), body)
}

#[actix_web::test]
async fn a_list_goes_on_where_its_cursor_says() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let first = stand.get("/v1/campaigns?limit=2", &key).await;
    assert_eq!(ids(&first), ["autumn", "spring"]);
    let link = first.headers["link"].to_str().unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let last = stand.get(next, &key).await;
    assert_eq!(ids(&last), ["winter"]);
    assert_eq!(last.body["next_cursor"], Value::Null);
    assert!(!last.headers.contains_key("link"));
    let wrong = stand.get("/v1/campaigns?limit=0&", &key).await;
    assert_eq!(wrong.body["errors"][0]["pointer"], "?limit");
}

#[actix_web::test]
async fn an_advertiser_sees_its_own_campaigns_and_anothers_look_missing() {
    let stand = Stand::new().await;
    let token = stand.token("acme", "advertiser").await;
    assert_eq!(ids(&stand.get("/v1/campaigns", &token).await), ["spring"]);
    for path in ["/v1/campaigns/spring", "/v1/campaigns/spring/metrics"] {
        assert_eq!(stand.get(path, &token).await.status, 200, "{path}");
    }
    for suffix in ["", "/metrics", "/live"] {
        let anothers = stand.get(&format!("/v1/campaigns/winter{suffix}"), &token).await;
        let missing = stand.get(&format!("/v1/campaigns/missing{suffix}"), &token).await;
        assert_eq!(anothers.status, 404);
        assert_eq!(plain(anothers), plain(missing), "{suffix}");
    }
}

#[actix_web::test]
async fn a_campaign_has_whatever_id_its_events_give_it() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let id = "Été 2026/Search?#50%_{x}";
    let path = "/v1/campaigns/%C3%89t%C3%A9%202026%2FSearch%3F%2350%25_%7Bx%7D";
    let acme = stand.context("acme").await;
    let seen = [id.parse().unwrap()];
    stand.control_plane.for_tenant(&acme).observe_campaigns(&seen, Utc::now()).await.unwrap();

    assert_eq!(stand.get(path, &key).await.body["id"], id);
    let metrics = stand.get(&format!("{path}/metrics"), &key).await;
    assert_eq!((metrics.status.as_u16(), &metrics.body["campaign_id"]), (200, &json!(id)));
    let ticket = stand.post("/v1/live/tickets", Some(&key), json!({"campaign_id": id})).await;
    let url = ticket.body["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{path}/live?ticket=")), "{url}");
    let missing = stand.get("/v1/campaigns/%C3%89t%C3%A9", &key).await;
    assert_eq!(missing.status, 404);
}

#[actix_web::test]
async fn an_owner_names_and_assigns_its_campaigns_only() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let change = json!({"name": "Autumn sale", "advertiser_id": "nova"});
    let changed = stand.send(Method::PATCH, "/v1/campaigns/autumn", &owner, change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["name"], "Autumn sale");
    let advertiser = stand.token("acme", "advertiser").await;
    assert_eq!(ids(&stand.get("/v1/campaigns", &advertiser).await), ["autumn", "spring"]);

    let back = json!({"advertiser_id": null});
    stand.send(Method::PATCH, "/v1/campaigns/autumn", &owner, back).await;
    assert_eq!(stand.get("/v1/campaigns/autumn", &advertiser).await.status, 404);

    let theirs = stand.get("/v1/campaigns/autumn", &stand.key("globex", "read")).await;
    assert_eq!(theirs.body["name"], "Autumn");
    let nobody = json!({"advertiser_id": "nobody"});
    let refused = stand.send(Method::PATCH, "/v1/campaigns/autumn", &owner, nobody).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/advertiser_id");
    let missing = stand.send(Method::PATCH, "/v1/campaigns/none", &owner, json!({})).await;
    assert_eq!(missing.status, 404);
}

#[actix_web::test]
async fn a_campaign_without_events_answers_with_zeros() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let path = "/v1/campaigns/spring/metrics?from=2019-11-24&to=2019-11-26&granularity=day\
                &metrics=impressions,ctr,spend,visitors";
    let first = stand.get(path, &key).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let body = &first.body;
    assert_eq!(body["campaign_id"], "spring");
    assert_eq!(
        (&body["from"], &body["tz"]),
        (&json!("2019-11-23T23:00:00Z"), &json!("Europe/Berlin"))
    );
    let zeros = json!({"impressions": 0, "ctr": null, "spend": "0.00", "visitors": 0});
    assert_eq!(body["totals"], zeros);
    assert_eq!(body["series"].as_array().unwrap().len(), 2);
    assert_eq!(body["series"][1]["start"], "2019-11-24T23:00:00Z");
    assert_eq!((&body["currency"], &body["attribution"]), (&json!("EUR"), &json!("declared")));
    assert!(first.headers["server-timing"].to_str().unwrap().contains("clickhouse"));
    let second = stand.get(path, &key).await;
    assert!(second.headers["server-timing"].to_str().unwrap().starts_with("cache"));
    assert_eq!(first.body, second.body);
}

#[actix_web::test]
async fn wrong_parameters_are_named_over_http_too() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    for (query, code, pointer) in [
        ("metrics=clics", "invalid_field", "?metrics"),
        ("granularity=minute", "invalid_field", "?granularity"),
        ("tz=Mars", "invalid_field", "?tz"),
        ("form=2019-11-24", "invalid_field", "?form"),
        ("from=2019-11-24&to=2019-11-24", "invalid_range", "?from"),
        ("from=2010-01-01&to=2019-11-24&granularity=hour", "invalid_range", "?to"),
    ] {
        let got = stand.get(&format!("/v1/campaigns/spring/metrics?{query}"), &key).await;
        assert_eq!(got.status, 422, "{query}: {}", got.body);
        assert_eq!(got.body["code"], code, "{query}: {}", got.body);
        assert_eq!(got.body["errors"][0]["pointer"], pointer, "{query}: {}", got.body);
    }
}
