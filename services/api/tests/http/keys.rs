use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::Stand;

async fn token(stand: &Stand, key: &str) -> String {
    let exchanged = stand.post("/v1/auth/token", None, json!({"api_key": key})).await;
    assert_eq!(exchanged.status, 200, "{}", exchanged.body);
    exchanged.body["access_token"].as_str().unwrap().to_owned()
}

/// Returns the path of a key.
fn path(key: &str) -> String {
    format!("/v1/api-keys/{}", key.split('_').nth(2).unwrap())
}

#[actix_web::test]
async fn a_key_is_renamed_and_limited_to_campaigns_and_its_older_tokens_end() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let key = stand.key("acme", "read");
    let token = token(&stand, &key).await;
    assert_eq!(stand.get("/v1/campaigns/winter", &key).await.status, 200);
    let change =
        async |by: &str, order: Value| stand.send(Method::PATCH, &path(&key), by, order).await;
    let stranger = stand.token("globex", "owner").await;
    assert_eq!(change(&stranger, json!({"name": "stolen"})).await.status, 404);

    let changed = change(&owner, json!({"name": "partner", "campaigns": ["spring"]})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["name"], "partner");
    stand.until_refused(&token).await;
    assert_eq!(stand.get("/v1/campaigns/winter", &key).await.status, 404, "no longer");
    assert_eq!(stand.get("/v1/campaigns/spring", &key).await.status, 200);

    for (order, pointer) in [
        (json!({"expires_at": "2020-01-01T00:00:00Z"}), "/expires_at"),
        (json!({"kind": "collect"}), "/kind"),
    ] {
        let refused = change(&owner, order).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    let collect = path(&stand.key("acme", "collect"));
    let limit = json!({"campaigns": ["spring"]});
    let refused = stand.send(Method::PATCH, &collect, &owner, limit).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/campaigns", "{}", refused.body);
    let taken = stand.send(Method::PATCH, &collect, &owner, json!({"name": "partner"})).await;
    assert_eq!((taken.status.as_u16(), &taken.body["code"]), (409, &json!("already_exists")));
}

#[actix_web::test]
async fn a_rotated_key_has_two_secrets_until_the_overlap_ends() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let former = stand.key("acme", "read");
    let rotation = format!("{}/rotation", path(&former));
    let stranger = stand.token("globex", "owner").await;
    assert_eq!(stand.post(&rotation, Some(&stranger), json!({})).await.status, 404);
    let long = stand.post(&rotation, Some(&owner), json!({"overlap_seconds": 3_000_000})).await;
    assert_eq!(long.body["errors"][0]["pointer"], "/overlap_seconds", "{}", long.body);

    let rotated = stand.post(&rotation, Some(&owner), json!({})).await;
    assert_eq!(rotated.status, 201, "{}", rotated.body);
    let next = rotated.body["key"].as_str().unwrap();
    assert_ne!(next, former);
    for key in [next, &former] {
        assert_eq!(stand.get("/v1/campaigns", key).await.status, 200);
    }
    let of_former = token(&stand, &former).await;
    let last = stand.post(&rotation, Some(&owner), json!({"overlap_seconds": 0})).await.body;
    for ended in [next, &former, &of_former] {
        stand.until_refused(ended).await;
    }
    assert_eq!(stand.get("/v1/campaigns", last["key"].as_str().unwrap()).await.status, 200);
}

#[actix_web::test]
async fn the_kind_in_a_key_must_be_the_kind_of_the_key() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    for kind in ["collect", "import"] {
        let renamed = key.replace("_read_", &format!("_{kind}_"));
        let refused = stand.get("/v1/campaigns", &renamed).await;
        assert_eq!(refused.status, 401, "{kind}: {}", refused.body);
    }
    assert_eq!(stand.get("/v1/campaigns", &key).await.status, 200);
}

#[actix_web::test]
async fn a_key_names_no_more_campaigns_than_a_token_holds() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let campaigns = |count: usize| -> Vec<String> {
        (0..count).map(|index| format!("{index:0>100}")).collect()
    };
    let order = json!({"name": "many", "kind": "read", "campaigns": campaigns(41)});
    let refused = stand.post("/v1/api-keys", Some(&owner), order).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/campaigns", "{}", refused.body);
    let order = json!({"name": "many", "kind": "read", "campaigns": campaigns(40)});
    let made = stand.post("/v1/api-keys", Some(&owner), order).await.body;
    let token = token(&stand, made["key"].as_str().unwrap()).await;
    assert_eq!(stand.get("/v1/campaigns", &token).await.status, 200);
}

#[actix_web::test]
async fn a_request_with_two_credentials_is_refused() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let request = stand.request(Method::GET, "/v1/campaigns", Some(&key));
    let twice = request.header("Authorization", format!("Bearer {key}"));
    assert_eq!(twice.send().await.unwrap().status(), 401);
}

#[actix_web::test]
async fn the_owner_sees_when_a_key_was_last_used() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let key = stand.key("acme", "read");
    let last_used = async || {
        let listed = stand.get("/v1/api-keys", &owner).await.body;
        let mut keys = listed["data"].as_array().unwrap().iter();
        keys.find(|key| key["name"] == "reports").unwrap()["last_used_at"].clone()
    };
    assert_eq!(last_used().await, Value::Null);
    assert_eq!(stand.get("/v1/campaigns", &key).await.status, 200);
    stand.control_plane.write_key_uses().await.unwrap();
    assert!(last_used().await.is_string());
}
