use chrono::{DateTime, TimeDelta, Utc};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::{PASSWORD, Stand};

#[actix_web::test]
async fn an_owner_creates_and_revokes_keys() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"name": "partner", "kind": "read", "campaigns": ["spring"]});
    let made = stand.post("/v1/api-keys", Some(&owner), order.clone()).await;
    assert_snapshot!("api_keys_create", stand.shown(&made));
    let key = made.body["key"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns/spring", key).await.status, 200);
    assert_eq!(stand.get("/v1/campaigns/winter", key).await.status, 404);
    assert_eq!(stand.get("/v1/products", key).await.status, 403);
    let again = stand.post("/v1/api-keys", Some(&owner), order).await;
    assert_snapshot!("api_keys_create_of_an_existing_name", stand.shown(&again));
    let limited = json!({"name": "x", "kind": "collect", "campaigns": []});
    assert_eq!(stand.post("/v1/api-keys", Some(&owner), limited).await.status, 422);

    let path = format!("/v1/api-keys/{}", made.body["id"].as_str().unwrap());
    let stranger = stand.token("globex", "owner").await;
    let refused = stand.send(Method::DELETE, &path, &stranger, Value::Null).await;
    assert_eq!(refused.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    stand.until("/v1/campaigns/spring", key, 401).await;
    let listed = stand.get("/v1/api-keys", &owner).await;
    assert_snapshot!("api_keys_list", stand.shown(&listed));
    assert!(!listed.body.to_string().contains(key));
}

#[actix_web::test]
async fn an_owner_invites_users_of_its_own_tenant() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let email = format!("new@{}.example", stand.id("acme"));
    let order = json!({"email": email, "role": "analyst"});
    let made = stand.post("/v1/users", Some(&owner), order.clone()).await;
    assert_snapshot!("users_create", stand.shown(&made));
    stand.accept(made.body["invitation"]["token"].as_str().unwrap()).await;
    let login = json!({"email": email, "password": PASSWORD});
    assert_eq!(stand.post("/v1/auth/login", None, login.clone()).await.status, 200);
    assert_eq!(stand.post("/v1/users", Some(&owner), order).await.status, 409);

    let listed = stand.get("/v1/users", &owner).await;
    assert_snapshot!("users_list", stand.shown(&listed));
    for (order, pointer) in [
        (json!({"email": "no address", "role": "owner"}), "/email"),
        (json!({"email": "a@b.example", "role": "platform_admin"}), "/role"),
        (json!({"email": "a@b.example", "role": "king"}), "/role"),
        (
            json!({"email": "a@b.example", "role": "advertiser", "advertiser_id": "nobody"}),
            "/advertiser_id",
        ),
    ] {
        let refused = stand.post("/v1/users", Some(&owner), order).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
    let me = stand.email("acme", "owner");
    let mut users = listed.body["data"].as_array().unwrap().iter();
    let me = users.find(|user| user["email"] == me.as_str()).unwrap()["id"].as_str().unwrap();
    let me = format!("/v1/users/{me}");
    let refused = stand.send(Method::DELETE, &me, &owner, Value::Null).await;
    assert_snapshot!("users_disable_yourself", stand.shown(&refused));

    let path = format!("/v1/users/{}", made.body["id"].as_str().unwrap());
    let stranger = stand.token("globex", "owner").await;
    assert_eq!(stand.send(Method::DELETE, &path, &stranger, Value::Null).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    assert_eq!(stand.post("/v1/auth/login", None, login).await.status, 401);
}

#[actix_web::test]
async fn a_token_ends_with_the_key_that_it_was_issued_for() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"name": "partner", "kind": "read"});
    let made = stand.post("/v1/api-keys", Some(&owner), order).await.body;
    let token = stand.post("/v1/auth/token", None, json!({"api_key": made["key"]})).await.body;
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);

    let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap());
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    stand.until_refused(token).await;
    let again = stand.post("/v1/auth/token", None, json!({"api_key": made["key"]})).await;
    assert_eq!(again.status, 401, "{}", again.body);
}

#[actix_web::test]
async fn only_the_tokens_of_a_disabled_user_end() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let advertiser = stand.session(&stand.email("acme", "advertiser")).await;
    let of_advertiser = advertiser["access_token"].as_str().unwrap();
    let exchange = json!({"api_key": stand.key("acme", "read")});
    let of_key = stand.post("/v1/auth/token", None, exchange).await.body["access_token"].clone();
    let email = stand.email("acme", "analyst");
    let session = stand.session(&email).await;
    let token = session["access_token"].as_str().unwrap().to_owned();
    assert_eq!(stand.get("/v1/campaigns", &token).await.status, 200);

    let listed = stand.get("/v1/users", &owner).await.body;
    let mut users = listed["data"].as_array().unwrap().iter();
    let analyst = users.find(|user| user["email"] == email.as_str()).unwrap();
    let path = format!("/v1/users/{}", analyst["id"].as_str().unwrap());
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    stand.until_refused(&token).await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    assert_eq!(stand.post("/v1/auth/refresh", None, refresh).await.status, 401);
    for others in [owner.as_str(), of_advertiser, of_key.as_str().unwrap()] {
        assert_eq!(stand.get("/v1/campaigns", others).await.status, 200);
    }
    let refresh = json!({"refresh_token": advertiser["refresh_token"]});
    assert_eq!(stand.post("/v1/auth/refresh", None, refresh).await.status, 200);
}

#[actix_web::test]
async fn a_key_may_expire_and_its_tokens_expire_with_it() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = |end: DateTime<Utc>| json!({"name": "audit", "kind": "read", "expires_at": end});
    let past = stand.post("/v1/api-keys", Some(&owner), order(Utc::now())).await;
    assert_eq!(past.status, 422, "{}", past.body);
    assert_eq!(past.body["errors"][0]["pointer"], "/expires_at");

    let end = Utc::now() + TimeDelta::seconds(15);
    let made = stand.post("/v1/api-keys", Some(&owner), order(end)).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let at = |key: &Value| key["expires_at"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(at(&made.body), end);
    let listed = stand.get("/v1/api-keys", &owner).await.body;
    let mut keys = listed["data"].as_array().unwrap().iter();
    let stored = at(keys.find(|key| key["name"] == "audit").unwrap());
    assert_eq!(stored.timestamp_micros(), end.timestamp_micros());

    let exchange = json!({"api_key": made.body["key"]});
    let token = stand.post("/v1/auth/token", None, exchange).await.body;
    assert!((0..=15).contains(&token["expires_in"].as_i64().unwrap()), "{token}");
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);
    tokio::time::sleep((end - Utc::now()).to_std().unwrap_or_default()).await;
    for credential in [token, made.body["key"].as_str().unwrap()] {
        let expired = stand.get("/v1/campaigns", credential).await;
        assert_eq!(
            (expired.status.as_u16(), &expired.body["code"]),
            (401, &json!("token_expired"))
        );
    }
}

#[actix_web::test]
async fn an_owner_manages_its_advertisers() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"name": "Zephyr"});
    let made = stand.send(Method::PUT, "/v1/advertisers/zephyr", &owner, order.clone()).await;
    assert_snapshot!("advertisers_put", stand.shown(&made));
    let listed = stand.get("/v1/advertisers", &owner).await;
    assert_snapshot!("advertisers_list", stand.shown(&listed));
    let theirs = stand.get("/v1/advertisers", &stand.token("globex", "owner").await).await;
    assert_eq!(theirs.body["data"].as_array().unwrap().len(), 2);
    let wrong = stand.send(Method::PUT, "/v1/advertisers/Not_A_Slug", &owner, order).await;
    assert_snapshot!("advertisers_put_of_a_wrong_id", stand.shown(&wrong));
}
