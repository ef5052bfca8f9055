use insta::assert_snapshot;
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
    assert_snapshot!("tenants_create", stand.shown(&made));
    let session =
        stand.accept(made.body["users"][0]["invitation"]["token"].as_str().unwrap()).await;
    let token = session["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);

    let path = made.headers["location"].to_str().unwrap();
    let shown = stand.get(path, &admin).await;
    assert_snapshot!("tenants_show", stand.shown(&shown));
    let again = stand.post("/v1/admin/tenants", Some(&admin), order).await;
    assert_snapshot!("tenants_create_of_an_existing_id", stand.shown(&again));
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
    assert_snapshot!("tenants_create_with_wrong_fields", stand.shown(&refused));
}

#[actix_web::test]
async fn an_admin_sees_every_tenant_and_gets_404_for_others() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let listed = stand.get("/v1/admin/tenants", &admin).await;
    assert_snapshot!("tenants_list", stand.shown(&listed));
    assert_eq!(stand.get("/v1/admin/tenants/nobody", &admin).await.status, 404);
}
