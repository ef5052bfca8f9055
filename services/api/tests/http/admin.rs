use serde_json::json;

use crate::stand::Stand;

#[actix_web::test]
async fn an_admin_onboards_a_tenant_that_can_log_in_at_once() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let id = stand.id("initech");
    let email = format!("owner@{id}.example");
    let order = json!({
        "id": id, "name": "Initech", "isolation": "schema", "cluster": "shared",
        "time_zone": "America/New_York", "currency": "USD",
        "users": [{"email": email, "role": "owner"}],
        "keys": [{"name": "shop", "kind": "collect"}],
    });
    let made = stand.post("/v1/admin/tenants", Some(&admin), order.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["tenant"]["state"], "active");
    assert!(made.body["keys"][0]["key"].as_str().unwrap().starts_with("ff_collect_"));
    let user = &made.body["users"][0];
    assert_eq!((&user["email"], &user["role"]), (&json!(email), &json!("owner")));
    let session = stand.accept(user["invitation"]["token"].as_str().unwrap()).await;
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);
    assert!(!made.body.to_string().contains("password"));

    let path = made.headers["location"].to_str().unwrap();
    let shown = stand.get(path, &admin).await;
    assert_eq!((&shown.body["id"], &shown.body["currency"]), (&json!(id), &json!("USD")));
    assert!(!shown.body.to_string().contains("ff_collect_"));
    assert_eq!(stand.post("/v1/admin/tenants", Some(&admin), order).await.status, 409);
}

#[actix_web::test]
async fn wrong_fields_of_a_tenant_are_named() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let order = json!({
        "id": "Not A Slug", "name": "X", "isolation": "everywhere", "cluster": "shared",
        "time_zone": "Mars/Olympus", "currency": "euro",
    });
    let refused = stand.post("/v1/admin/tenants", Some(&admin), order).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let errors = refused.body["errors"].to_string();
    for pointer in ["/id", "/isolation", "/time_zone", "/currency"] {
        assert!(errors.contains(pointer), "{errors}");
    }
}

#[actix_web::test]
async fn an_admin_sees_every_tenant_and_none_that_is_not_there() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let listed = stand.get("/v1/admin/tenants", &admin).await;
    let ids: Vec<_> =
        listed.body["data"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(stand.id("acme")), &json!(stand.id("globex"))]);
    assert_eq!(stand.get("/v1/admin/tenants/nobody", &admin).await.status, 404);
}
