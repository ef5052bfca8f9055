use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{LIST, buyers, keep, names};
use crate::stand::Stand;

/// Returns a body of each route with filters, with this one.
fn filtered(filters: &Value) -> [(&'static str, Value); 7] {
    let view = || json!({"event": "product_view"});
    let own = json!({"event": "product_view", "filters": filters});
    [
        ("/v1/query", json!({"metrics": ["events"], "filters": filters})),
        (
            "/v1/windows",
            json!({"metrics": ["events"], "window": {"type": "session"}, "filters": filters}),
        ),
        ("/v1/funnels", json!({"steps": [view(), view()], "filters": filters})),
        ("/v1/funnels", json!({"steps": [view(), own]})),
        ("/v1/retention", json!({"cohort": view(), "filters": filters})),
        ("/v1/retention", json!({"cohort": own})),
        ("/v1/exports/events", json!({"filters": filters})),
    ]
}

#[actix_web::test]
async fn another_tenants_cohort_is_as_unknown_as_one_that_never_was() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let foreign = keep(&stand, &owner, buyers(json!({}))).await;
    let stranger = stand.token("globex", "owner").await;
    let never = Uuid::now_v7().to_string();
    let refusal = async |path: &str, body: Value, id: &str| {
        let refused = stand.post(path, Some(&stranger), body).await;
        assert_eq!(refused.status, 422, "{path}: {}", refused.body);
        let mut body = refused.body;
        body.as_object_mut().unwrap().remove("request_id");
        body.to_string().replace(id, "…")
    };
    for id in [&foreign, &never] {
        for (path, body) in filtered(&json!({"not": {"cohort": id}})) {
            let refused = refusal(path, body, id).await;
            assert!(refused.contains("/filters/not/cohort\""), "{path}: {refused}");
        }
        let path = format!("/v1/sessions?cohort={id}");
        let refused = stand.get(&path, &stranger).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "?cohort", "{}", refused.body);
    }
    let query = |id: &str| json!({"metrics": ["events"], "filters": {"cohort": id}});
    assert_eq!(
        refusal("/v1/query", query(&foreign), &foreign).await,
        refusal("/v1/query", query(&never), &never).await
    );
    assert!(names(&stand.get(LIST, &stranger).await).is_empty());
    let path = format!("{LIST}/{foreign}");
    assert_eq!(stand.get(&path, &stranger).await.status, 404);
    let taken = stand.send(Method::PUT, &path, &stranger, buyers(json!({}))).await;
    assert_eq!(taken.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &stranger, Value::Null).await.status, 404);
    assert_eq!(stand.get(&path, &owner).await.status, 200);
}

#[actix_web::test]
async fn a_credential_that_sees_only_some_campaigns_has_no_cohorts() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let id = keep(&stand, &owner, buyers(json!({}))).await;
    let limited = json!({"name": "partner", "kind": "read", "campaigns": ["spring"]});
    let limited = stand.post("/v1/api-keys", Some(&owner), limited).await;
    let limited = limited.body["key"].as_str().unwrap().to_owned();
    let advertiser = stand.token("acme", "advertiser").await;
    let path = format!("{LIST}/{id}");
    for credential in [&advertiser, &limited] {
        let mut refused = vec![
            stand.get(LIST, credential).await,
            stand.get(&path, credential).await,
            stand.post(LIST, Some(credential), buyers(json!({}))).await,
            stand.send(Method::PUT, &path, credential, buyers(json!({}))).await,
            stand.send(Method::DELETE, &path, credential, Value::Null).await,
            stand.get(&format!("/v1/sessions?cohort={id}"), credential).await,
        ];
        // The id need not exist: the answer does not tell.
        for id in [&id, &Uuid::now_v7().to_string()] {
            for (path, body) in filtered(&json!({"cohort": id})) {
                refused.push(stand.post(path, Some(credential), body).await);
            }
        }
        for refused in refused {
            assert_eq!(refused.status, 403, "{}", refused.body);
            assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
        }
    }
    let report = json!({
        "name": "Mine", "kind": "query", "request": {"metrics": ["events"], "filters": {"cohort": id}},
    });
    let refused = stand.post("/v1/saved-reports", Some(&advertiser), report).await;
    assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
}

#[actix_web::test]
async fn a_cohort_is_written_by_its_author_and_by_owners() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let key = stand.key("acme", "read");
    let owners = format!("{LIST}/{}", keep(&stand, &owner, buyers(json!({}))).await);
    let analysts = format!("{LIST}/{}", keep(&stand, &analyst, buyers(json!({}))).await);
    for (method, body) in [(Method::PUT, buyers(json!({}))), (Method::DELETE, Value::Null)] {
        for writer in [&analyst, &key] {
            let refused = stand.send(method.clone(), &owners, writer, body.clone()).await;
            assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
        }
        let written = stand.send(method, &analysts, &owner, body).await;
        assert!(written.status.is_success(), "{}", written.body);
    }
    let refused = stand.post(LIST, Some(&key), buyers(json!({}))).await;
    assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
}
