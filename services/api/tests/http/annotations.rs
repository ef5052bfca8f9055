use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::{Answer, Stand};

fn texts(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body["data"].as_array().unwrap();
    items.iter().map(|item| item["text"].as_str().unwrap()).collect()
}

/// Creates an annotation. Returns the path to it.
async fn created(stand: &Stand, credential: &str, order: Value) -> String {
    let made = stand.post("/v1/annotations", Some(credential), order).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("/v1/annotations/{}", made.body["id"].as_str().unwrap())
}

fn of_tenant(text: &str, campaign: Option<&str>) -> Value {
    json!({"at": "2019-11-24", "text": text, "scope": "tenant", "campaign_id": campaign})
}

/// Returns a `read` key that is limited to campaigns.
async fn limited_key(stand: &Stand, campaigns: &[&str]) -> String {
    let owner = stand.token("acme", "owner").await;
    let order = json!({"name": "partner", "kind": "read", "campaigns": campaigns});
    let made = stand.post("/v1/api-keys", Some(&owner), order).await;
    made.body["key"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn an_owners_mark_of_the_tenant_is_seen_by_users_and_keys() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({
        "at": "2019-11-24T08:00:00+01:00",
        "until": "2019-11-25",
        "text": "New checkout",
        "scope": "tenant",
        "campaign_id": "spring",
    });
    let made = stand.post("/v1/annotations", Some(&owner), order).await;
    assert_snapshot!("annotations_create", stand.shown(&made));
    let path = format!("/v1/annotations/{}", made.body["id"].as_str().unwrap());
    for credential in [stand.token("acme", "analyst").await, stand.key("acme", "read")] {
        assert_eq!(stand.get(&path, &credential).await.body, made.body);
        assert_eq!(texts(&stand.get("/v1/annotations", &credential).await), ["New checkout"]);
    }
}

#[actix_web::test]
async fn a_personal_mark_is_its_authors_alone() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let own = created(&stand, &analyst, json!({"at": "2019-11-24", "text": "Mine"})).await;
    assert_eq!(texts(&stand.get("/v1/annotations", &analyst).await), ["Mine"]);
    for other in [stand.token("acme", "owner").await, stand.key("acme", "read")] {
        assert!(texts(&stand.get("/v1/annotations", &other).await).is_empty());
        assert_eq!(stand.get(&own, &other).await.status, 404);
    }
    let owner = stand.token("acme", "owner").await;
    let change = json!({"text": "Taken"});
    assert_eq!(stand.send(Method::PATCH, &own, &owner, change).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &own, &owner, Value::Null).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &own, &analyst, Value::Null).await.status, 204);
    assert_eq!(stand.get(&own, &analyst).await.status, 404);
}

#[actix_web::test]
async fn an_advertiser_sees_the_marks_of_its_campaigns_and_all_others_look_missing() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let advertiser = stand.token("acme", "advertiser").await;
    let general = created(&stand, &owner, of_tenant("New prices", None)).await;
    let rivals = created(&stand, &owner, of_tenant("Rival begins", Some("winter"))).await;
    created(&stand, &owner, of_tenant("Spring begins", Some("spring"))).await;
    created(&stand, &advertiser, json!({"at": "2019-11-25", "text": "Own note"})).await;

    let listed = stand.get("/v1/annotations", &advertiser).await;
    assert_eq!(texts(&listed), ["Spring begins", "Own note"]);
    let of_rival = stand.get("/v1/annotations?campaign_id=winter", &advertiser).await;
    assert!(texts(&of_rival).is_empty());
    let missing = "/v1/annotations/01a5b2f4-0000-7000-8000-000000000000";
    let missing = stand.get(missing, &advertiser).await;
    assert_eq!(missing.status, 404);
    for hidden in [&general, &rivals] {
        let hidden = stand.get(hidden, &advertiser).await;
        assert_eq!(stand.shown(&hidden), stand.shown(&missing));
    }
    let key = limited_key(&stand, &["spring"]).await;
    assert_eq!(texts(&stand.get("/v1/annotations", &key).await), ["Spring begins"]);
}

#[actix_web::test]
async fn a_mark_of_a_rivals_campaign_is_refused_as_one_of_a_missing_campaign() {
    let stand = Stand::new().await;
    let advertiser = stand.token("acme", "advertiser").await;
    let order = |campaign| json!({"at": "2019-11-24", "text": "x", "campaign_id": campaign});
    let rivals = stand.post("/v1/annotations", Some(&advertiser), order("winter")).await;
    let missing = stand.post("/v1/annotations", Some(&advertiser), order("missing")).await;
    assert_eq!(rivals.status, 422, "{}", rivals.body);
    assert_eq!(rivals.body["code"], "reference_not_found");
    assert_eq!(rivals.body["errors"][0]["pointer"], "/campaign_id");
    assert_eq!(stand.shown(&rivals), stand.shown(&missing));

    let own = created(&stand, &advertiser, order("spring")).await;
    let change = json!({"campaign_id": "winter"});
    let changed = stand.send(Method::PATCH, &own, &advertiser, change).await;
    assert_eq!(changed.body["code"], "reference_not_found", "{}", changed.body);
}

#[actix_web::test]
async fn only_owners_write_the_marks_of_the_tenant_and_keys_write_none() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let mark = created(&stand, &owner, of_tenant("Spring begins", Some("spring"))).await;
    let others = [
        stand.token("acme", "analyst").await,
        stand.token("acme", "advertiser").await,
        stand.key("acme", "read"),
    ];
    for other in &others {
        let order = of_tenant("Another", Some("spring"));
        let refused = stand.post("/v1/annotations", Some(other), order).await;
        assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
        let change = json!({"text": "Taken"});
        let refused = stand.send(Method::PATCH, &mark, other, change).await;
        assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
        let refused = stand.send(Method::DELETE, &mark, other, Value::Null).await;
        assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
    }
    let personal = json!({"at": "2019-11-24", "text": "Mine"});
    let refused = stand.post("/v1/annotations", Some(&stand.key("acme", "read")), personal).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let listed = stand.get("/v1/annotations", &owner).await;
    assert_eq!(texts(&listed), ["Spring begins"]);
    assert_eq!(stand.send(Method::DELETE, &mark, &owner, Value::Null).await.status, 204);
}

#[actix_web::test]
async fn a_change_affects_only_the_given_fields() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({
        "at": "2019-11-24T08:00:00Z", "until": "2019-11-24T09:00:00Z", "text": "Stock-out",
        "scope": "tenant", "campaign_id": "spring",
    });
    let mark = created(&stand, &owner, order).await;
    let before = stand.get(&mark, &owner).await.body;
    let change = json!({"text": "Stock-out of boots", "until": null});
    let changed = stand.send(Method::PATCH, &mark, &owner, change).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let mut expected = before.clone();
    expected["text"] = json!("Stock-out of boots");
    expected["until"] = Value::Null;
    expected["updated_at"] = changed.body["updated_at"].clone();
    assert_eq!(changed.body, expected);
    assert_ne!(changed.body["updated_at"], before["updated_at"]);

    let backwards = json!({"until": "2019-11-24T08:00:00Z"});
    let refused = stand.send(Method::PATCH, &mark, &owner, backwards).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/until");
    assert_eq!(stand.get(&mark, &owner).await.body, expected);
}

#[actix_web::test]
async fn a_list_goes_on_at_its_cursor_with_its_filter() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    for (day, campaign) in [(26, "spring"), (24, "spring"), (25, "spring"), (25, "autumn")] {
        let text = format!("{campaign} {day}");
        let order = json!({"at": format!("2019-11-{day}"), "text": text, "campaign_id": campaign});
        created(&stand, &owner, order).await;
    }
    let path = "/v1/annotations?from=2019-11-24&to=2019-11-27&campaign_id=spring&limit=2";
    let first = stand.get(path, &owner).await;
    assert_eq!(texts(&first), ["spring 24", "spring 25"]);
    let link = first.headers["link"].to_str().unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let last = stand.get(next, &owner).await;
    assert_eq!(texts(&last), ["spring 26"]);
    assert_eq!(last.body["next_cursor"], Value::Null);
    let day = stand.get("/v1/annotations?from=2019-11-25&to=2019-11-26", &owner).await;
    assert_eq!(texts(&day), ["spring 25", "autumn 25"]);
}

#[actix_web::test]
async fn wrong_fields_are_named_over_http() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let long = "x".repeat(501);
    for (order, pointer) in [
        (json!({"text": "x"}), ""),
        (json!({"at": "yesterday", "text": "x"}), "/at"),
        (json!({"at": "2019-11-24", "until": "2019-11-24", "text": "x"}), "/until"),
        (json!({"at": "2019-11-24", "text": "  "}), "/text"),
        (json!({"at": "2019-11-24", "text": long}), "/text"),
        (json!({"at": "2019-11-24", "text": "x", "scope": "world"}), "/scope"),
        (json!({"at": "2019-11-24", "text": "x", "campaign_id": ""}), "/campaign_id"),
        (json!({"at": "2019-11-24", "text": "x", "colour": "red"}), "/colour"),
    ] {
        let refused = stand.post("/v1/annotations", Some(&analyst), order).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
}

#[actix_web::test]
async fn another_tenants_mark_looks_missing() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let mark = created(&stand, &owner, of_tenant("Secret plan", None)).await;
    let stranger = stand.token("globex", "owner").await;
    assert!(texts(&stand.get("/v1/annotations", &stranger).await).is_empty());
    assert_eq!(stand.get(&mark, &stranger).await.status, 404);
    let change = json!({"text": "Taken"});
    assert_eq!(stand.send(Method::PATCH, &mark, &stranger, change).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &mark, &stranger, Value::Null).await.status, 404);
    assert_eq!(stand.get(&mark, &owner).await.body["text"], "Secret plan");
}
