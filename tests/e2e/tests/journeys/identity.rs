//! Login, sessions and credentials.

use serde_json::{Value, json};
use testkit::{Answer, Platform, Tier, eventually};
use uuid::Uuid;

use crate::years;

async fn send(platform: &Platform, path: &str, body: Value) -> Answer {
    let request = platform.client().post(platform.api(path)).json(&body);
    Answer::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_session() {
    let platform = Platform::start().await;
    let admin = platform.admin_credentials();
    let first = send(&platform, "/v1/auth/login", admin).await.expect(200).json();
    let old = json!({"refresh_token": first["refresh_token"]});
    let second = send(&platform, "/v1/auth/refresh", old.clone()).await.expect(200).json();
    let third =
        send(&platform, "/v1/auth/refresh", json!({"refresh_token": second["refresh_token"]}));
    let third = third.await.expect(200).json();

    // The first token has been replaced twice: a client that sends it now has stolen it.
    send(&platform, "/v1/auth/refresh", old).await.expect(401);
    send(&platform, "/v1/auth/refresh", json!({"refresh_token": third["refresh_token"]}))
        .await
        .expect(401);
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let platform = Platform::start().await;
    let session =
        send(&platform, "/v1/auth/login", platform.admin_credentials()).await.expect(200).json();
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let out = send(&platform, "/v1/auth/logout", refresh.clone()).await;
    assert!(out.status.is_success(), "{}", out.text);
    send(&platform, "/v1/auth/refresh", refresh).await.expect(401);
}

#[tokio::test]
async fn the_answers_for_a_wrong_password_and_an_unknown_user_are_equal() {
    let platform = Platform::start().await;
    let known = platform.admin_credentials()["email"].clone();
    let attempt = |email: Value| json!({"email": email, "password": "not the password at all"});
    let wrong = send(&platform, "/v1/auth/login", attempt(known)).await.expect(401);
    let unknown = send(&platform, "/v1/auth/login", attempt(json!("nobody@nowhere.example")))
        .await
        .expect(401);
    let without_id = |answer: &Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        body
    };
    assert_eq!(without_id(&wrong), without_id(&unknown));
}

#[tokio::test]
async fn each_credential_does_what_its_kind_may_and_no_more() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let event = json!([{"type": "page_view"}]);
    platform.collect(&tenant.collect_key, &event).await.expect(202);
    platform.collect(&tenant.import_key, &event).await.expect(202);
    platform.collect(&tenant.read_key, &event).await.expect(403);
    platform.collect(&tenant.advertiser, &event).await.expect(403);

    platform.get(&tenant.read_key, "/v1/campaigns").await.expect(200);
    platform.get(&tenant.collect_key, "/v1/campaigns").await.expect(403);
    platform.get(&tenant.owner, "/v1/admin/tenants").await.expect(403);

    let exchanged = send(&platform, "/v1/auth/token", json!({"api_key": tenant.read_key}))
        .await
        .expect(200)
        .json();
    let token = exchanged["access_token"].as_str().unwrap();
    platform.get(token, "/v1/campaigns").await.expect(200);
    platform.collect(token, &event).await.expect(403);
}

/// Follows the README's example of `my-shop`.
#[tokio::test]
async fn a_tenant_created_without_users_is_read_by_the_owner_whom_an_admin_invites() {
    let platform = Platform::start().await;
    let admin = platform.admin().await;
    let id = format!("t-{}", Uuid::now_v7().as_u128() as u64);
    let order = json!({
        "id": id, "name": "My Shop", "isolation": "schema", "cluster": "shared",
        "time_zone": "Europe/Berlin", "currency": "EUR",
        "keys": [{"name": "site", "kind": "collect"}],
    });
    let made = platform.post(&admin, "/v1/admin/tenants", &order).await.expect(201).json();
    let site = made["keys"][0]["key"].as_str().unwrap();
    let event = json!([{"type": "ad_click", "campaign_id": "spring", "cost": "0.25"}]);
    platform.collect(site, &event).await.expect(202);

    let users = format!("/v1/admin/tenants/{id}/users");
    let order = json!({"email": format!("owner@{id}.example"), "role": "owner"});
    let invited = platform.post(&admin, &users, &order).await.expect(201).json();
    let owner = platform.accept(invited["invitation"]["token"].as_str().unwrap()).await;
    let order = json!({"name": "reports", "kind": "read"});
    let reports = platform.post(&owner, "/v1/api-keys", &order).await.expect(201).json();
    let reports = reports["key"].as_str().unwrap();
    let [from, to] = years::around_now();
    let path = format!(
        "/v1/campaigns/spring/metrics?granularity=total&metrics=clicks,spend&from={from}&to={to}"
    );
    eventually("the click is counted", async || {
        let totals = platform.get(reports, &path).await.json()["totals"].clone();
        (totals["clicks"] == 1).then(|| assert_eq!(totals["spend"], "0.25"))
    })
    .await;
    platform.get(&admin, "/v1/campaigns").await.expect(403);
}

#[tokio::test]
async fn an_advertiser_sees_its_own_campaigns_only() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let ids = |answer: Answer| -> Vec<String> {
        let answer = answer.expect(200).json();
        let list = answer["data"].as_array().unwrap().clone();
        list.iter().map(|campaign| campaign["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(platform.get(&tenant.owner, "/v1/campaigns").await), ["autumn", "spring"]);
    assert_eq!(ids(platform.get(&tenant.advertiser, "/v1/campaigns").await), ["spring"]);
    for path in [
        "/v1/campaigns/autumn",
        "/v1/campaigns/autumn/metrics?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z",
    ] {
        platform.get(&tenant.advertiser, path).await.expect(404);
        platform.get(&tenant.owner, path).await.expect(200);
    }
}

#[tokio::test]
async fn a_forged_token_is_refused() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let (head, signature) = tenant.owner.rsplit_once('.').unwrap();
    let (header, claims) = head.split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    let flipped: String = signature.chars().rev().collect();
    for token in [
        format!("{head}.{flipped}"),
        format!("{head}."),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{header}.{}.{signature}", &claims[..claims.len() - 2]),
        "ff_read_0000000000000000_0000000000000000000000000000000000000000000".to_owned(),
        "x".repeat(5_000),
    ] {
        let answer = platform.get(&token, "/v1/campaigns").await.expect(401);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{:?}", answer.headers);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(
        platform.client().get(platform.api("/v1/campaigns")).send().await.unwrap().status(),
        401
    );
}
