use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::{Answer, PASSWORD, Stand};

const OTHER: &str = "another password altogether";

async fn change(stand: &Stand, path: &str, token: &str, current: &str, password: &str) -> Answer {
    let body = json!({"current_password": current, "password": password});
    stand.send(Method::PUT, path, token, body).await
}

async fn login(stand: &Stand, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password});
    stand.post("/v1/auth/login", None, body).await.status.as_u16()
}

fn text<'a>(body: &'a Value, field: &str) -> &'a str {
    body[field].as_str().unwrap()
}

/// Returns the path of a user of `acme`.
async fn user(stand: &Stand, owner: &str, role: &str) -> String {
    let listed = stand.get("/v1/users", owner).await.body;
    let email = stand.email("acme", role);
    let mut users = listed["data"].as_array().unwrap().iter();
    let id = users.find(|user| user["email"] == email.as_str()).unwrap()["id"].clone();
    format!("/v1/users/{}", id.as_str().unwrap())
}

#[actix_web::test]
async fn a_user_changes_the_password_and_all_other_sessions_end() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "analyst");
    let session = stand.session(&email).await;
    let elsewhere = stand.session(&email).await;
    let token = text(&session, "access_token");

    let wrong = change(&stand, "/v1/me/password", token, "not my password", OTHER).await;
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    assert_eq!(wrong.body["errors"][0]["pointer"], "/current_password");
    let short = change(&stand, "/v1/me/password", token, PASSWORD, "short").await;
    assert_eq!(short.body["errors"][0]["pointer"], "/password", "{}", short.body);

    let changed = change(&stand, "/v1/me/password", token, PASSWORD, OTHER).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(login(&stand, &email, PASSWORD).await, 401);
    assert_eq!(login(&stand, &email, OTHER).await, 200);
    for ended in [&session, &elsewhere] {
        stand.until_refused(text(ended, "access_token")).await;
        let refresh = json!({"refresh_token": ended["refresh_token"]});
        assert_eq!(stand.post("/v1/auth/refresh", None, refresh).await.status, 401);
    }
    let refresh = json!({"refresh_token": changed.body["refresh_token"]});
    let continued = stand.post("/v1/auth/refresh", None, refresh).await;
    assert_eq!(continued.status, 200, "{}", continued.body);
    let token = text(&continued.body, "access_token");
    assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);
}

#[actix_web::test]
async fn an_admin_changes_its_own_password() {
    let stand = Stand::new().await;
    let email = "admin@test.example";
    let token = stand.access_token(email).await;
    let former = stand.password(email).await;
    let changed = change(&stand, "/v1/admin/me/password", &token, &former, OTHER).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(login(&stand, email, &former).await, 401);
    assert_eq!(login(&stand, email, OTHER).await, 200);
}

#[actix_web::test]
async fn a_reset_ends_the_sessions_and_its_token_sets_a_password_once() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let email = stand.email("acme", "analyst");
    let session = stand.session(&email).await;
    let user = user(&stand, &owner, "analyst").await;
    let reset = format!("{user}/password-reset");

    let stranger = stand.token("globex", "owner").await;
    assert_eq!(stand.post(&reset, Some(&stranger), Value::Null).await.status, 404);
    let lost = stand.post(&reset, Some(&owner), Value::Null).await;
    assert_eq!(lost.status, 201, "{}", lost.body);
    assert_eq!(login(&stand, &email, PASSWORD).await, 401);
    stand.until_refused(text(&session, "access_token")).await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    assert_eq!(stand.post("/v1/auth/refresh", None, refresh).await.status, 401);

    let again = stand.post(&reset, Some(&owner), Value::Null).await;
    assert_eq!(again.status, 201, "{}", again.body);
    let void = json!({"token": lost.body["token"], "password": OTHER});
    assert_eq!(stand.post("/v1/auth/invitations/accept", None, void).await.status, 401);
    // A reset is no invitation: to revoke it would remove the user.
    let invitation = format!("{user}/invitation");
    assert_eq!(stand.send(Method::DELETE, &invitation, &owner, Value::Null).await.status, 404);
    stand.accept(text(&again.body, "token")).await;
    assert_eq!(login(&stand, &email, PASSWORD).await, 200);
}

#[actix_web::test]
async fn an_admin_resets_the_passwords_of_owners_only() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let owner = stand.token("acme", "owner").await;
    stand.session(&stand.email("acme", "analyst")).await;
    let reset = async |tenant: &str, user: String| {
        let path = format!(
            "/v1/admin/tenants/{}{}/password-reset",
            stand.id(tenant),
            user.strip_prefix("/v1").unwrap()
        );
        stand.post(&path, Some(&admin), Value::Null).await
    };
    let analyst = user(&stand, &owner, "analyst").await;
    let of_owner = user(&stand, &owner, "owner").await;
    assert_eq!(reset("acme", analyst).await.status, 404);
    assert_eq!(reset("globex", of_owner.clone()).await.status, 404);
    let token = reset("acme", of_owner).await;
    assert_eq!(token.status, 201, "{}", token.body);
    stand.until_refused(&owner).await;
    stand.accept(text(&token.body, "token")).await;
}

#[actix_web::test]
async fn a_user_gets_another_role_and_is_disabled_and_enabled_again() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let email = stand.email("acme", "analyst");
    let session = stand.session(&email).await;
    let path = user(&stand, &owner, "analyst").await;
    let change = async |by: &str, order: Value| stand.send(Method::PATCH, &path, by, order).await;

    let stranger = stand.token("globex", "owner").await;
    assert_eq!(change(&stranger, json!({"role": "owner"})).await.status, 404);
    for (order, pointer) in [
        (json!({"role": "advertiser"}), "/advertiser_id"),
        (json!({"role": "advertiser", "advertiser_id": "nobody"}), "/advertiser_id"),
        (json!({"role": "platform_admin"}), "/role"),
        (json!({"email": "x@y.example"}), "/email"),
    ] {
        let refused = change(&owner, order).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
    let changed = change(&owner, json!({"role": "advertiser", "advertiser_id": "nova"})).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["role"], "advertiser");
    stand.until_refused(text(&session, "access_token")).await;
    // The session continues with the other role.
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let continued = stand.post("/v1/auth/refresh", None, refresh).await.body;
    let token = text(&continued, "access_token");
    assert_eq!(stand.get("/v1/products", token).await.status, 403);

    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    assert_eq!(login(&stand, &email, PASSWORD).await, 401);
    let enabled = change(&owner, json!({"disabled": false})).await;
    assert_eq!((enabled.status.as_u16(), &enabled.body["disabled"]), (200, &json!(false)));
    let refresh = json!({"refresh_token": continued["refresh_token"]});
    let ended = stand.post("/v1/auth/refresh", None, refresh).await;
    assert_eq!(ended.status, 401, "a session from before it was disabled: {}", ended.body);
    assert_eq!(login(&stand, &email, PASSWORD).await, 200);
}

#[actix_web::test]
async fn an_owner_cannot_change_or_reset_itself() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let me = user(&stand, &owner, "owner").await;
    let changed = stand.send(Method::PATCH, &me, &owner, json!({"role": "analyst"})).await;
    let reset = stand.post(&format!("{me}/password-reset"), Some(&owner), Value::Null).await;
    for refused in [changed, reset] {
        assert_eq!(refused.status, 409, "{}", refused.body);
        assert_eq!(refused.body["code"], "not_allowed_on_self");
    }
}
