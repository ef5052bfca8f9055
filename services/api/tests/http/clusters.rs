use reqwest::Method;
use serde_json::{Value, json};
use warehouse::ClusterSettings;

use crate::{
    stand::{Answer, Stand},
    wire::Wire,
};

/// Returns the server of the tests, as another cluster at this address.
fn order(url: &str) -> Value {
    let settings: ClusterSettings = testkit::cluster("shared");
    json!({
        "url": url,
        "writer_user": settings.writer_user,
        "writer_password": settings.writer_password.expose(),
        "reader_user": settings.reader_user,
        "reader_password": settings.reader_password.expose(),
    })
}

fn server() -> String {
    testkit::cluster::<ClusterSettings>("shared").url
}

async fn put(stand: &Stand, admin: &str, order: Value) -> Answer {
    stand.send(Method::PUT, "/v1/admin/clusters/spare", admin, order).await
}

async fn listed(stand: &Stand, admin: &str, name: &str) -> Value {
    let list = stand.get("/v1/admin/clusters", admin).await;
    assert_eq!(list.status, 200, "{}", list.body);
    let found = list.body["data"].as_array().unwrap().iter().find(|row| row["name"] == name);
    found.cloned().unwrap_or_default()
}

#[actix_web::test]
async fn a_drained_cluster_takes_no_new_tenants_until_it_is_resumed() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let registered = put(&stand, &admin, order(&server())).await;
    assert_eq!(registered.status, 200, "{}", registered.body);
    assert_eq!(registered.body["tenants"], 0);
    for secret in ["writer_password", "reader_password"] {
        assert_eq!(registered.body.get(secret), None);
    }

    let path = "/v1/admin/clusters/spare";
    for _ in 0..2 {
        let drained = stand.post(&format!("{path}/drain"), Some(&admin), Value::Null).await;
        assert_eq!(drained.status, 200, "{}", drained.body);
        assert!(drained.body["drained_since"].is_string());
    }
    let tenant = json!({
        "id": stand.id("initech"), "name": "Initech", "isolation": "schema", "cluster": "spare",
        "time_zone": "Europe/Berlin", "currency": "EUR",
    });
    let refused = stand.post("/v1/admin/tenants", Some(&admin), tenant.clone()).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/cluster");

    let resumed = stand.post(&format!("{path}/resume"), Some(&admin), Value::Null).await;
    assert_eq!((resumed.status.as_u16(), &resumed.body["drained_since"]), (200, &Value::Null));
    let created = stand.post("/v1/admin/tenants", Some(&admin), tenant).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(listed(&stand, &admin, "spare").await["tenants"], 1);

    // The tenants of a drained cluster are served as before, and their files can be changed.
    let drained = stand.post("/v1/admin/clusters/shared/drain", Some(&admin), Value::Null).await;
    assert_eq!((drained.status.as_u16(), &drained.body["tenants"]), (200, &json!(2)));
    assert_eq!(stand.get("/v1/campaigns", &stand.key("acme", "read")).await.status, 200);
    let limits = json!({"limits": {"live_streams": 3}});
    let own = format!("/v1/admin/tenants/{}", stand.id("acme"));
    assert_eq!(stand.send(Method::PATCH, &own, &admin, limits).await.status, 200);
    let log = stand.get("/v1/admin/audit?action=cluster.drain", &admin).await;
    assert_eq!(log.body["data"].as_array().unwrap().len(), 2, "a repetition changes nothing");
}

#[actix_web::test]
async fn the_health_of_a_cluster_is_what_it_answers_now() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let wire = Wire::to(server().split("://").last().unwrap().trim_end_matches('/'));
    let registered = put(&stand, &admin, order(&format!("http://{}", wire.address()))).await;
    assert_eq!(registered.status, 200, "{}", registered.body);
    let health = listed(&stand, &admin, "spare").await["health"].clone();
    assert_eq!((&health["available"], &health["failure"]), (&json!(true), &Value::Null));
    assert!(health["version"].as_str().unwrap().starts_with(|first: char| first.is_ascii_digit()));
    assert!(health["milliseconds"].as_f64().unwrap() > 0.0);

    wire.cut();
    let health = listed(&stand, &admin, "spare").await["health"].clone();
    assert_eq!((&health["available"], &health["version"]), (&json!(false), &Value::Null));
    assert!(health["failure"].as_str().unwrap().contains("does not answer"), "{health}");
    let shared = listed(&stand, &admin, "shared").await;
    assert_eq!(shared["health"]["available"], true, "one that is unavailable hides no other");
}

#[actix_web::test]
async fn a_cluster_that_does_not_answer_both_accounts_is_not_registered() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let with = |field: &str, value: &str| {
        let mut order = order(&server());
        order[field] = json!(value);
        order
    };
    let writer = order(&server())["writer_user"].as_str().unwrap().to_owned();
    for (order, pointer) in [
        (with("url", "http://127.0.0.1:1"), "/url"),
        (with("url", "ftp://127.0.0.1"), "/url"),
        (with("url", "http://user:secret@127.0.0.1:8123"), "/url"),
        (with("url", "http://127.0.0.1:8123/?user=writer&password=secret"), "/url"),
        (with("writer_user", "nobody"), "/writer_user"),
        (with("reader_user", "nobody"), "/reader_user"),
        (with("reader_user", &writer), "/reader_user"),
        (with("writer_user", "a\nb"), "/writer_user"),
        (with("reader_password", "\u{e9}"), "/reader_password"),
    ] {
        let refused = put(&stand, &admin, order).await;
        assert_eq!(refused.status, 422, "{pointer}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
        assert!(!refused.body.to_string().contains("secret"), "{}", refused.body);
    }
    assert_eq!(listed(&stand, &admin, "spare").await, Value::Null);
}

#[actix_web::test]
async fn only_an_admin_manages_clusters_and_an_unknown_one_is_not_found() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let owner = stand.token("acme", "owner").await;
    assert_eq!(stand.get("/v1/admin/clusters", &owner).await.status, 403);
    assert_eq!(put(&stand, &owner, order(&server())).await.status, 403);
    for verb in ["drain", "resume"] {
        let path = format!("/v1/admin/clusters/nowhere/{verb}");
        assert_eq!(stand.post(&path, Some(&owner), Value::Null).await.status, 403);
        assert_eq!(stand.post(&path, Some(&admin), Value::Null).await.status, 404);
    }
}
