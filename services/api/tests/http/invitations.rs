use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::{Answer, PASSWORD, Stand};

const ACCEPT: &str = "/v1/auth/invitations/accept";

async fn accept(stand: &Stand, token: &Value, password: &str) -> Answer {
    stand.post(ACCEPT, None, json!({"token": token, "password": password})).await
}

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

#[actix_web::test]
async fn an_admin_invites_an_owner_who_sets_the_password() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let users = format!("/v1/admin/tenants/{}/users", stand.id("acme"));
    let email = format!("second@{}.example", stand.id("acme"));
    let order = json!({"email": email, "role": "owner"});
    let made = stand.post(&users, Some(&admin), order.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(stand.post(&users, Some(&admin), order).await.status, 409);
    let token = &made.body["invitation"]["token"];

    let login = json!({"email": email, "password": PASSWORD});
    assert_eq!(stand.post("/v1/auth/login", None, login.clone()).await.status, 401, "not yet");
    let short = accept(&stand, token, "short").await;
    assert_eq!(code(&short), (422, "invalid_field"));
    assert_eq!(short.body["errors"][0]["pointer"], "/password");
    let session = stand.accept(token.as_str().unwrap()).await;
    for field in ["access_token", "refresh_token", "refresh_expires_at"] {
        assert!(session[field].is_string(), "{session}");
    }
    let owner = session["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/users", owner).await.status, 200);
    assert_eq!(stand.post("/v1/auth/login", None, login).await.status, 200);
    assert_eq!(code(&accept(&stand, token, PASSWORD).await), (401, "credential_invalid"));

    let listed = stand.get(&users, &admin).await.body;
    let mut listed = listed["data"].as_array().unwrap().iter();
    let second = listed.find(|user| user["email"] == email.as_str()).unwrap();
    assert_eq!(second["invitation_expires_at"], Value::Null);
}

#[actix_web::test]
async fn an_invitation_is_renewed_and_revoked_by_owner_and_admin() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let owner = stand.token("acme", "owner").await;
    let of_admin = format!("/v1/admin/tenants/{}/users", stand.id("acme"));
    for (by, users) in [(&owner, "/v1/users"), (&admin, &of_admin)] {
        let order =
            json!({"email": "ann@new.example", "role": "advertiser", "advertiser_id": "nova"});
        let made = stand.post(users, Some(by), order).await.body;
        let path = format!("{users}/{}/invitation", made["id"].as_str().unwrap());
        let renewed = stand.post(&path, Some(by), Value::Null).await;
        assert_eq!(renewed.status, 201, "{}", renewed.body);
        let first = accept(&stand, &made["invitation"]["token"], PASSWORD).await;
        assert_eq!(code(&first), (401, "credential_invalid"));

        assert_eq!(stand.send(Method::DELETE, &path, by, Value::Null).await.status, 204);
        let gone = accept(&stand, &renewed.body["token"], PASSWORD).await;
        assert_eq!(code(&gone), (401, "credential_invalid"));
        assert_eq!(stand.send(Method::DELETE, &path, by, Value::Null).await.status, 404);
        assert_eq!(stand.post(&path, Some(by), Value::Null).await.status, 404);
    }
}

#[actix_web::test]
async fn a_user_who_has_accepted_has_no_invitation() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let listed = stand.get("/v1/users", &owner).await.body;
    let me = stand.email("acme", "owner");
    let me = listed["data"].as_array().unwrap().iter().find(|user| user["email"] == me.as_str());
    let path = format!("/v1/users/{}/invitation", me.unwrap()["id"].as_str().unwrap());
    assert_eq!(stand.post(&path, Some(&owner), Value::Null).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 404);
    assert_eq!(stand.get("/v1/users", &owner).await.status, 200);
}

#[actix_web::test]
async fn an_invited_user_who_is_deleted_leaves_a_free_address() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"email": "ann@new.example", "role": "analyst"});
    let made = stand.post("/v1/users", Some(&owner), order.clone()).await.body;
    let path = format!("/v1/users/{}", made["id"].as_str().unwrap());
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    let void = accept(&stand, &made["invitation"]["token"], PASSWORD).await;
    assert_eq!(code(&void), (401, "credential_invalid"));
    assert_eq!(stand.post("/v1/users", Some(&owner), order).await.status, 201);
}

#[actix_web::test]
async fn an_admin_finds_a_user_under_its_own_tenant_only() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let order = json!({"email": "ann@new.example", "role": "owner"});
    let users = |tenant: &str| format!("/v1/admin/tenants/{}/users", stand.id(tenant));
    let made = stand.post(&users("acme"), Some(&admin), order.clone()).await.body;
    let path = format!("{}/{}/invitation", users("globex"), made["id"].as_str().unwrap());
    assert_eq!(stand.post(&path, Some(&admin), Value::Null).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &admin, Value::Null).await.status, 404);
    for path in ["/v1/admin/tenants/nobody/users", "/v1/admin/tenants/nobody/api-keys"] {
        assert_eq!(stand.get(path, &admin).await.status, 404, "{path}");
        let order = match path.ends_with("users") {
            true => order.clone(),
            false => json!({"name": "x", "kind": "collect"}),
        };
        assert_eq!(stand.post(path, Some(&admin), order).await.status, 404, "{path}");
    }
    stand.accept(made["invitation"]["token"].as_str().unwrap()).await;
}

#[actix_web::test]
async fn an_invalid_invitation_is_refused_and_can_be_tried_five_times_a_minute() {
    let stand = Stand::new().await;
    for wrong in ["", "made up", "ffi_AAAA", &stand.key("acme", "read")] {
        let refused = accept(&stand, &json!(wrong), PASSWORD).await;
        assert_eq!(code(&refused), (401, "credential_invalid"), "{wrong}");
    }
    let unknown = auth::InvitationToken::generate().unwrap().reveal();
    for _ in 0..5 {
        let refused = accept(&stand, &json!(unknown), PASSWORD).await;
        assert_eq!(code(&refused), (401, "credential_invalid"));
    }
    assert_eq!(code(&accept(&stand, &json!(unknown), PASSWORD).await), (429, "rate_limited"));
}

#[actix_web::test]
async fn an_admin_creates_keys_that_write_and_none_that_read() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let keys = format!("/v1/admin/tenants/{}/api-keys", stand.id("acme"));
    let read = stand.post(&keys, Some(&admin), json!({"name": "x", "kind": "read"})).await;
    assert_eq!(code(&read), (403, "permission_denied"));
    assert!(read.body["detail"].as_str().unwrap().contains("owner"), "{}", read.body);
    let mut made = Vec::new();
    for kind in ["collect", "import"] {
        let order = json!({"name": kind, "kind": kind});
        let key = stand.post(&keys, Some(&admin), order.clone()).await;
        assert_eq!(key.status, 201, "{}", key.body);
        assert_eq!(stand.post(&keys, Some(&admin), order).await.status, 409);
        made.push(key.body);
    }
    let listed = stand.get(&keys, &admin).await.body;
    let kinds: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|key| key["kind"].as_str()).collect();
    assert_eq!(kinds, [Some("collect"), Some("import"), Some("collect")], "by name: {listed}");
    assert!(!listed.to_string().contains(made[0]["key"].as_str().unwrap()));

    let revoke = async |tenant: &str, key: &str| {
        let path = format!("/v1/admin/tenants/{}/api-keys/{key}", stand.id(tenant));
        stand.send(Method::DELETE, &path, &admin, Value::Null).await.status.as_u16()
    };
    let collect = made[0]["id"].as_str().unwrap();
    assert_eq!(revoke("globex", collect).await, 404);
    assert_eq!(revoke("acme", collect).await, 204);
    assert_eq!(revoke("acme", collect).await, 404);
    let read = stand.key("acme", "read");
    assert_eq!(revoke("acme", read.split('_').nth(2).unwrap()).await, 404, "the owner's");
    assert_eq!(stand.get("/v1/campaigns", &read).await.status, 200);
}

#[actix_web::test]
async fn no_tenant_is_onboarded_with_a_key_that_lets_the_admin_read() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let order = json!({
        "id": stand.id("initech"), "name": "Initech", "isolation": "schema", "cluster": "shared",
        "time_zone": "America/New_York", "currency": "USD",
        "keys": [{"name": "shop", "kind": "collect"}, {"name": "reports", "kind": "read"}],
    });
    let refused = stand.post("/v1/admin/tenants", Some(&admin), order).await;
    assert_eq!(code(&refused), (422, "invalid_field"));
    assert_eq!(refused.body["errors"][0]["pointer"], "/keys/1/kind");
}
