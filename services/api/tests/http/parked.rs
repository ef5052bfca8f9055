use reqwest::Method;
use serde_json::json;

use crate::stand::Stand;

#[actix_web::test]
async fn an_owner_sees_what_is_parked_by_hour_and_gives_one_order_at_a_time() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let nothing = stand.get("/v1/parked", &owner).await;
    assert_eq!(nothing.status, 200, "{}", nothing.body);
    assert_eq!(nothing.body, json!({"events": 0, "bytes": 0, "hours": [], "orders": []}));

    let body = json!({"before": "2026-03-01"});
    let ordered = stand.post("/v1/parked/release", Some(&owner), body).await;
    assert_eq!(ordered.status, 202, "{}", ordered.body);
    assert_eq!(ordered.body["action"], "release");
    // Midnight in Berlin.
    assert_eq!(ordered.body["before"], "2026-02-28T23:00:00Z");
    let second = stand.send(Method::DELETE, "/v1/parked", &owner, json!(null)).await;
    assert_eq!((second.status.as_u16(), &second.body["code"]), (409, &json!("wrong_state")));
    let shown = stand.get("/v1/parked", &owner).await.body;
    assert_eq!(shown["orders"].as_array().unwrap().len(), 1);
    assert_eq!(shown["orders"][0]["id"], ordered.body["id"]);

    // Another tenant has orders of its own.
    let other = stand.token("globex", "owner").await;
    assert_eq!(stand.get("/v1/parked", &other).await.body["orders"], json!([]));
    let erased = stand.send(Method::DELETE, "/v1/parked", &other, json!(null)).await;
    assert_eq!((erased.status.as_u16(), &erased.body["action"]), (202, &json!("erase")));
    assert_eq!(erased.body["before"], json!(null));
}

#[actix_web::test]
async fn only_owners_see_and_order_and_a_wrong_time_is_named() {
    let stand = Stand::new().await;
    let tokens = [stand.token("acme", "analyst").await, stand.key("acme", "read")];
    for token in &tokens {
        assert_eq!(stand.get("/v1/parked", token).await.status, 403);
        let released = stand.post("/v1/parked/release", Some(token), json!({})).await;
        assert_eq!(released.status, 403);
        let erased = stand.send(Method::DELETE, "/v1/parked", token, json!(null)).await;
        assert_eq!(erased.status.as_u16(), 403);
    }
    let owner = stand.token("acme", "owner").await;
    let body = json!({"before": "yesterday"});
    let refused = stand.post("/v1/parked/release", Some(&owner), body).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
        (422, &json!("/before"))
    );
    let path = "/v1/parked?before=yesterday";
    let refused = stand.send(Method::DELETE, path, &owner, json!(null)).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
        (422, &json!("?before"))
    );
    let unknown = stand.post("/v1/parked/release", Some(&owner), json!({"after": "now"})).await;
    assert_eq!(unknown.status, 422, "{}", unknown.body);
    assert_eq!(stand.get("/v1/parked", &owner).await.body["orders"], json!([]));
}
