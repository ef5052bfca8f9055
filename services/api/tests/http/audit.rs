use std::time::Instant;

use serde_json::{Value, json};
use testkit::eventually;

use crate::stand::Stand;

/// Waits until a list has an entry of this action. Returns it.
async fn entry(stand: &Stand, path: &str, credential: &str, action: &str) -> Value {
    let separator = if path.contains('?') { '&' } else { '?' };
    let list = format!("{path}{separator}action={action}");
    eventually(&format!("there is an entry of {action}"), async || {
        let listed = stand.get(&list, credential).await;
        assert_eq!(listed.status, 200, "{}", listed.body);
        listed.body["data"].as_array().unwrap().first().cloned()
    })
    .await
}

#[actix_web::test]
async fn an_owner_sees_who_changed_what_from_where_and_in_which_request() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"name": "partner", "kind": "read"});
    let request = stand.request(reqwest::Method::POST, "/v1/api-keys", Some(&owner));
    let request = request.header("X-Request-Id", "audit-1").header("X-Forwarded-For", "192.0.2.7");
    assert_eq!(request.json(&order).send().await.unwrap().status(), 201);

    let made = entry(&stand, "/v1/audit", &owner, "api_key.create").await;
    assert_eq!(made["request_id"], "audit-1");
    assert_eq!(made["address"], "192.0.2.7");
    assert_eq!(made["tenant"], stand.id("acme"));
    assert!(made["actor"].as_str().unwrap().starts_with("user:"), "{made}");
    assert_eq!(made["detail"]["name"], "partner");

    let all = stand.get("/v1/audit?limit=500", &owner).await;
    assert!(!all.body.to_string().contains(&stand.id("globex")), "{}", all.body);
    let created = entry(&stand, "/v1/audit", &owner, "tenant.create").await;
    assert_eq!(created["address"], Value::Null, "an owner does not see where admins work");
}

#[actix_web::test]
async fn refused_access_and_refused_logins_are_recorded_once_a_minute() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let admin = stand.access_token("admin@test.example").await;
    let analyst = stand.token("acme", "analyst").await;
    for _ in 0..3 {
        assert_eq!(stand.get("/v1/users", &analyst).await.status, 403);
        let wrong = json!({"email": "nobody@test.example", "password": "wrong password"});
        assert_eq!(stand.post("/v1/auth/login", None, wrong).await.status, 401);
    }
    let refused = entry(&stand, "/v1/audit", &owner, "access.refuse").await;
    assert_eq!(refused["subject"], "GET /v1/users");
    let login = entry(&stand, "/v1/admin/audit", &admin, "login.refuse").await;
    assert_eq!(login["actor"], "anonymous");
    assert!(!login.to_string().contains("nobody@test.example"), "an address is personal data");
    for (path, credential, action) in
        [("/v1/audit", &owner, "access.refuse"), ("/v1/admin/audit", &admin, "login.refuse")]
    {
        let listed = stand.get(&format!("{path}?action={action}"), credential).await;
        assert_eq!(listed.body["data"].as_array().unwrap().len(), 1, "{action}");
    }
}

#[actix_web::test]
async fn reads_of_personal_data_are_recorded() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    assert_eq!(stand.get("/v1/rejects", &owner).await.status, 200);
    assert_eq!(stand.get("/v1/users", &owner).await.status, 200);
    for action in ["rejects.read", "users.read"] {
        let read = entry(&stand, "/v1/audit", &owner, action).await;
        assert!(read["actor"].as_str().unwrap().starts_with("user:"), "{read}");
    }
}

#[actix_web::test]
async fn the_audit_log_is_listed_in_pages_and_for_owners_and_admins_only() {
    let stand = Stand::new().await;
    for role in ["analyst", "advertiser"] {
        let token = stand.token("acme", role).await;
        assert_eq!(stand.get("/v1/audit", &token).await.status, 403, "{role}");
    }
    let owner = stand.token("acme", "owner").await;
    assert_eq!(stand.get("/v1/admin/audit", &owner).await.status, 403);
    let first = stand.get("/v1/audit?limit=2", &owner).await;
    let ids = |body: &Value| -> Vec<i64> {
        let entries = body["data"].as_array().unwrap().iter();
        entries.map(|entry| entry["id"].as_i64().unwrap()).collect()
    };
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = stand.get(&format!("/v1/audit?limit=2&cursor={cursor}"), &owner).await;
    assert!(ids(&first.body).last() > ids(&second.body).first(), "the latest come first");
    for (parameters, pointer) in
        [("?from=soon", "?from"), ("?cursor=Yg", "?cursor"), ("?actor=", "?actor")]
    {
        let refused = stand.get(&format!("/v1/audit{parameters}"), &owner).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
}

#[actix_web::test]
async fn refusals_of_one_network_are_one_entry_and_those_of_many_are_bounded() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let refused = async |address: String| {
        let request = stand.request(reqwest::Method::POST, "/v1/auth/token", None);
        let request = request.header("X-Forwarded-For", address);
        let body = json!({"api_key": "ff_read_0000000000000000_00"});
        assert_eq!(request.json(&body).send().await.unwrap().status(), 401);
    };
    for host in 1..=5 {
        refused(format!("2001:db8:0:1::{host}")).await;
    }
    let listed = stand.get("/v1/admin/audit?action=token.refuse", &admin).await;
    let entries = listed.body["data"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{}", listed.body);
    assert_eq!(entries[0]["address"], "2001:db8:0:1::");

    let began = Instant::now();
    futures::future::join_all(
        (0..300).map(|network| refused(format!("2001:db8:1:{network:x}::1"))),
    )
    .await;
    let listed = stand.get("/v1/admin/audit?action=token.refuse&limit=500", &admin).await;
    let written = listed.body["data"].as_array().unwrap().len() - 1;
    let bound = 10 * (began.elapsed().as_secs() as usize + 2);
    assert!(written >= 1 && written <= bound, "{written} of {bound}");
}

#[actix_web::test]
async fn a_recorded_read_names_whose_data_was_read() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let admin = stand.access_token("admin@test.example").await;
    let users = stand.get("/v1/users", &owner).await.body;
    let me = users["data"][0]["id"].as_str().unwrap();
    assert_eq!(stand.get(&format!("/v1/users/{me}/sessions"), &owner).await.status, 200);
    let read = entry(&stand, "/v1/audit", &owner, "sessions.read").await;
    assert_eq!(read["subject"], format!("GET /v1/users/{me}/sessions"));

    let users = format!("/v1/admin/tenants/{}/users", stand.id("globex"));
    assert_eq!(stand.get(&users, &admin).await.status, 200);
    let read = entry(&stand, "/v1/admin/audit", &admin, "users.read").await;
    assert_eq!(read["subject"], format!("GET {users}"));
    assert_eq!(read["tenant"], stand.id("globex"));
    let stranger = stand.token("globex", "owner").await;
    assert_eq!(entry(&stand, "/v1/audit", &stranger, "users.read").await["id"], read["id"]);
}
