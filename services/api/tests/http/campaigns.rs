use chrono::Utc;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::stand::{Answer, Stand, answer};

fn ids(answer: &Answer) -> Vec<&str> {
    let items = answer.body["data"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_list_continues_at_its_cursor() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let first = stand.get("/v1/campaigns?limit=2", &key).await;
    assert_snapshot!("campaigns_list", stand.shown(&first));
    let link = first.headers["link"].to_str().unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let last = stand.get(next, &key).await;
    assert_snapshot!("campaigns_list_last_page", stand.shown(&last));
    let wrong = stand.get("/v1/campaigns?limit=0&", &key).await;
    assert_snapshot!("campaigns_list_with_a_wrong_limit", stand.shown(&wrong));
}

#[actix_web::test]
async fn an_advertiser_sees_only_its_own_campaigns_and_others_look_missing() {
    let stand = Stand::new().await;
    let token = stand.token("acme", "advertiser").await;
    assert_eq!(ids(&stand.get("/v1/campaigns", &token).await), ["spring"]);
    for path in ["/v1/campaigns/spring", "/v1/campaigns/spring/metrics"] {
        assert_eq!(stand.get(path, &token).await.status, 200, "{path}");
    }
    for suffix in ["", "/metrics", "/live"] {
        let anothers = stand.get(&format!("/v1/campaigns/winter{suffix}"), &token).await;
        let missing = stand.get(&format!("/v1/campaigns/missing{suffix}"), &token).await;
        assert_eq!(stand.shown(&anothers), stand.shown(&missing), "{suffix}");
        assert_eq!(anothers.status, 404);
    }
}

#[actix_web::test]
async fn a_campaign_has_the_id_that_its_events_name() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let id = "Été 2026/Search?#50%_{x}";
    let path = "/v1/campaigns/%C3%89t%C3%A9%202026%2FSearch%3F%2350%25_%7Bx%7D";
    let acme = stand.context("acme").await;
    let seen = [id.parse().unwrap()];
    stand.control_plane.for_tenant(&acme).observe_campaigns(&seen, Utc::now()).await.unwrap();

    assert_snapshot!("campaigns_show", stand.shown(&stand.get(path, &key).await));
    let metrics = stand.get(&format!("{path}/metrics"), &key).await;
    assert_eq!((metrics.status.as_u16(), &metrics.body["campaign_id"]), (200, &json!(id)));
    let ticket = stand.post("/v1/live/tickets", Some(&key), json!({"campaign_id": id})).await;
    let url = ticket.body["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{path}/live?ticket=")), "{url}");
    let missing = stand.get("/v1/campaigns/%C3%89t%C3%A9", &key).await;
    assert_eq!(missing.status, 404);
}

#[actix_web::test]
async fn an_owner_names_and_assigns_only_its_own_campaigns() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let change = json!({"name": "Autumn sale", "advertiser_id": "nova"});
    let changed = stand.send(Method::PATCH, "/v1/campaigns/autumn", &owner, change).await;
    assert_snapshot!("campaigns_change", stand.shown(&changed));
    let advertiser = stand.token("acme", "advertiser").await;
    assert_eq!(ids(&stand.get("/v1/campaigns", &advertiser).await), ["autumn", "spring"]);

    let back = json!({"advertiser_id": null});
    stand.send(Method::PATCH, "/v1/campaigns/autumn", &owner, back).await;
    assert_eq!(stand.get("/v1/campaigns/autumn", &advertiser).await.status, 404);

    let theirs = stand.get("/v1/campaigns/autumn", &stand.key("globex", "read")).await;
    assert_eq!(theirs.body["name"], "Autumn");
    let nobody = json!({"advertiser_id": "nobody"});
    let refused = stand.send(Method::PATCH, "/v1/campaigns/autumn", &owner, nobody).await;
    assert_snapshot!("campaigns_change_to_a_missing_advertiser", stand.shown(&refused));
    let missing = stand.send(Method::PATCH, "/v1/campaigns/none", &owner, json!({})).await;
    assert_snapshot!("campaigns_change_of_a_missing_campaign", stand.shown(&missing));
}

#[actix_web::test]
async fn a_campaign_without_events_answers_with_zeros() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let path = "/v1/campaigns/spring/metrics?from=2019-11-24&to=2019-11-26&granularity=day\
                &metrics=impressions,ctr,spend,visitors";
    let first = stand.get(path, &key).await;
    assert_snapshot!("campaigns_metrics", stand.shown(&first));
    let timing = first.headers["server-timing"].to_str().unwrap();
    assert!(timing.starts_with("cache;desc=miss, queue;dur="), "{timing}");
    assert!(timing.contains(", clickhouse;dur="), "{timing}");
    let second = stand.get(path, &key).await;
    assert!(second.headers["server-timing"].to_str().unwrap().starts_with("cache;desc=l1"));
    assert_eq!(first.body, second.body);
}

#[actix_web::test]
async fn an_answer_that_the_client_has_already_is_not_sent_again() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let token = stand.token("acme", "analyst").await;
    let path = "/v1/campaigns/spring/metrics?from=2019-11-24&to=2019-11-26";
    let first = stand.get(path, &key).await;
    let tag = first.headers["etag"].to_str().unwrap();
    for (credential, sent, status) in [
        (&key, tag, 304),
        (&token, tag, 304),
        (&key, "\"another\"", 200),
        (&stand.key("acme", "collect"), tag, 403),
    ] {
        let request = stand.request(Method::GET, path, Some(credential));
        let again = answer(request.header("If-None-Match", sent)).await;
        assert_eq!(again.status, status, "{sent}");
        if status != 403 {
            assert_eq!(again.headers["etag"], tag);
            assert_eq!(again.headers["cache-control"], "private, no-cache");
            assert_eq!(again.body.is_null(), status == 304, "{}", again.body);
        }
    }
    let other = stand.get("/v1/campaigns/spring/metrics?from=2019-11-25&to=2019-11-26", &key).await;
    assert_ne!(other.headers["etag"], tag);
}

#[actix_web::test]
async fn wrong_parameters_are_named_over_http() {
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
