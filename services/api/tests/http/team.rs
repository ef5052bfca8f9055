use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::Stand;

#[actix_web::test]
async fn an_owner_makes_and_revokes_keys() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"name": "partner", "kind": "read", "campaigns": ["spring"]});
    let made = stand.post("/v1/api-keys", Some(&owner), order.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.body["key"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns/spring", key).await.status, 200);
    assert_eq!(stand.get("/v1/campaigns/winter", key).await.status, 404);
    assert_eq!(stand.get("/v1/products", key).await.status, 403);
    assert_eq!(stand.post("/v1/api-keys", Some(&owner), order).await.status, 409);
    let limited = json!({"name": "x", "kind": "collect", "campaigns": []});
    assert_eq!(stand.post("/v1/api-keys", Some(&owner), limited).await.status, 422);

    let path = format!("/v1/api-keys/{}", made.body["id"].as_str().unwrap());
    let stranger = stand.token("globex", "owner").await;
    let refused = stand.send(Method::DELETE, &path, &stranger, Value::Null).await;
    assert_eq!(refused.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    let revoked = Instant::now();
    while stand.get("/v1/campaigns/spring", key).await.status != 401 {
        assert!(revoked.elapsed() < Duration::from_secs(7), "the key still works");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let listed = stand.get("/v1/api-keys", &owner).await;
    let partner =
        listed.body["data"].as_array().unwrap().iter().find(|key| key["name"] == "partner");
    assert!(partner.unwrap()["revoked_at"].is_string());
    assert!(!listed.body.to_string().contains(key));
}

#[actix_web::test]
async fn an_owner_invites_people_of_its_own_tenant() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let email = format!("new@{}.example", stand.id("acme"));
    let order = json!({"email": email, "role": "analyst"});
    let made = stand.post("/v1/users", Some(&owner), order.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let login = json!({"email": email, "password": made.body["password"]});
    assert_eq!(stand.post("/v1/auth/login", None, login.clone()).await.status, 200);
    assert_eq!(stand.post("/v1/users", Some(&owner), order).await.status, 409);

    let listed = stand.get("/v1/users", &owner).await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 4);
    assert!(!listed.body.to_string().contains("password"));
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

    let path = format!("/v1/users/{}", made.body["id"].as_str().unwrap());
    let stranger = stand.token("globex", "owner").await;
    assert_eq!(stand.send(Method::DELETE, &path, &stranger, Value::Null).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    assert_eq!(stand.post("/v1/auth/login", None, login).await.status, 401);
}

#[actix_web::test]
async fn an_owner_keeps_its_advertisers() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"name": "Zephyr"});
    let made = stand.send(Method::PUT, "/v1/advertisers/zephyr", &owner, order.clone()).await;
    assert_eq!((made.status.as_u16(), &made.body["name"]), (200, &json!("Zephyr")));
    let listed = stand.get("/v1/advertisers", &owner).await;
    let ids: Vec<_> =
        listed.body["data"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["nova", "orbit", "zephyr"]);
    let theirs = stand.get("/v1/advertisers", &stand.token("globex", "owner").await).await;
    assert_eq!(theirs.body["data"].as_array().unwrap().len(), 2);
    let wrong = stand.send(Method::PUT, "/v1/advertisers/Not_A_Slug", &owner, order).await;
    assert_eq!(wrong.status, 422, "{}", wrong.body);
}
