use chrono::{DateTime, Utc};
use serde_json::json;

use crate::stand::Stand;

#[actix_web::test]
async fn a_credential_learns_what_it_is_and_what_it_may_ask() {
    let stand = Stand::new().await;
    let token = stand.token("acme", "advertiser").await;
    let me = stand.get("/v1/me", &token).await.body;
    assert_eq!(me["role"], "advertiser");
    assert_eq!(me["advertiser"], "nova");
    assert_eq!(me["permissions"], json!(["manage_own_account", "read_campaigns", "read_reports"]));
    assert_eq!(me["tenant"]["id"], stand.id("acme"));
    assert_eq!(
        (&me["tenant"]["currency"], &me["tenant"]["time_zone"]),
        (&json!("EUR"), &json!("Europe/Berlin"))
    );
    let expires: DateTime<Utc> = me["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(expires > Utc::now());
    assert_eq!(stand.get("/v1/me", &stand.key("acme", "read")).await.body["role"], "read");

    let dimensions = stand.get("/v1/dimensions", &token).await.body;
    let product =
        dimensions["data"].as_array().unwrap().iter().find(|one| one["name"] == "product");
    let metrics = &product.unwrap()["metrics"];
    assert!(metrics.as_array().unwrap().contains(&json!("orders")));
    assert!(!metrics.as_array().unwrap().contains(&json!("spend")));
}
