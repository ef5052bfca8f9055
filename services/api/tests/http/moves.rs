use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::Stand;

fn path(stand: &Stand, rest: &str) -> String {
    format!("/v1/admin/tenants/{}/move{rest}", stand.id("acme"))
}

/// The tenants of these tests have databases of their own.
fn to_shared() -> Value {
    json!({"isolation": "shared", "cluster": "shared"})
}

#[actix_web::test]
async fn a_move_is_begun_shown_and_taken_back_until_it_cleans() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    assert_eq!(stand.get(&path(&stand, ""), &admin).await.status, 404, "it was never moved");

    let begun = stand.post(&path(&stand, ""), Some(&admin), to_shared()).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    assert_eq!(begun.body["state"], "moving");
    assert_eq!(begun.body["from"], json!({"isolation": "schema", "cluster": "shared"}));
    assert_eq!(begun.body["to"], to_shared());
    assert_eq!(begun.body["may_back_out"], true);
    let steps: Vec<_> = begun.body["steps"].as_array().unwrap().iter().collect();
    assert_eq!(steps.len(), 8);
    assert_eq!((&steps[0]["step"], &steps[7]["step"]), (&json!("prepare"), &json!("clean")));
    assert!(steps.iter().all(|step| step["started_at"] == Value::Null), "{steps:?}");

    let again = stand.post(&path(&stand, ""), Some(&admin), to_shared()).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("wrong_state")));
    let order = json!({"reason": "x"});
    let tenant = format!("/v1/admin/tenants/{}", stand.id("acme"));
    let offboarded = stand.send(Method::DELETE, &tenant, &admin, order).await;
    assert_eq!(offboarded.status, 409, "a tenant that is moved is not offboarded");
    assert_eq!(stand.get(&tenant, &admin).await.body["state"], "active");

    for _ in 0..2 {
        let order = json!({"reason": "The cluster is too small"});
        let back = stand.post(&path(&stand, "/back-out"), Some(&admin), order).await;
        assert_eq!(back.status, 202, "{}", back.body);
        assert_eq!(back.body["state"], "backing_out");
        assert_eq!(back.body["back_reason"], "The cluster is too small");
        assert_eq!(back.body["may_back_out"], false);
    }
    let shown = stand.get(&path(&stand, ""), &admin).await;
    let steps = shown.body["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, ["flip_back", "uncut", "remove"], "no step forward had begun");
}

#[actix_web::test]
async fn a_move_that_is_not_possible_is_refused_with_its_field() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    for (order, reason) in [
        (json!({"isolation": "schema", "cluster": "shared"}), "must be another place"),
        (json!({"isolation": "shared", "cluster": "nowhere"}), "must be a registered cluster"),
        (json!({"isolation": "dedicated", "cluster": "shared"}), "must be another place"),
    ] {
        let refused = stand.post(&path(&stand, ""), Some(&admin), order.clone()).await;
        assert_eq!(refused.status, 422, "{order}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], "/cluster", "{order}");
        let reported = refused.body["errors"][0]["reason"].as_str().unwrap();
        assert!(reported.starts_with(reason), "{order}: {reported}");
    }
    for order in [
        json!({}),
        json!({"isolation": "schema"}),
        json!({"isolation": "cloud", "cluster": "shared"}),
        json!({"isolation": "schema", "cluster": "not a slug"}),
        json!({"isolation": "schema", "cluster": "shared", "force": true}),
    ] {
        let refused = stand.post(&path(&stand, ""), Some(&admin), order.clone()).await;
        assert!([400, 422].contains(&refused.status.as_u16()), "{order}: {}", refused.body);
    }
    for rest in ["", "/back-out"] {
        let nobody = format!("/v1/admin/tenants/nobody/move{rest}");
        let order = if rest.is_empty() { to_shared() } else { json!({"reason": "x"}) };
        assert_eq!(stand.post(&nobody, Some(&admin), order).await.status, 404, "{nobody}");
    }
    let back = json!({"reason": "x"});
    let nothing = stand.post(&path(&stand, "/back-out"), Some(&admin), back).await;
    assert_eq!(nothing.status, 404, "no move is under way");
    let owner = stand.token("acme", "owner").await;
    assert_eq!(stand.post(&path(&stand, ""), Some(&owner), to_shared()).await.status, 403);
    assert_eq!(stand.get(&path(&stand, ""), &owner).await.status, 403);
}

#[actix_web::test]
async fn only_an_active_tenant_is_moved_and_not_to_a_drained_cluster() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let tenant = format!("/v1/admin/tenants/{}", stand.id("acme"));
    let drain = "/v1/admin/clusters/shared";
    stand.post(&format!("{drain}/drain"), Some(&admin), Value::Null).await;
    let refused = stand.post(&path(&stand, ""), Some(&admin), to_shared()).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/cluster");
    stand.post(&format!("{drain}/resume"), Some(&admin), Value::Null).await;

    let reason = json!({"reason": "x"});
    let suspended = stand.post(&format!("{tenant}/suspend"), Some(&admin), reason.clone()).await;
    assert_eq!(suspended.status, 200, "{}", suspended.body);
    let refused = stand.post(&path(&stand, ""), Some(&admin), to_shared()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("wrong_state")));
    stand.post(&format!("{tenant}/resume"), Some(&admin), Value::Null).await;

    assert_eq!(stand.send(Method::DELETE, &tenant, &admin, reason).await.status, 202);
    let refused = stand.post(&path(&stand, ""), Some(&admin), to_shared()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("wrong_state")));
}
