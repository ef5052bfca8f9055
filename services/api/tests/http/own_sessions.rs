use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::Stand;

fn token(session: &Value) -> &str {
    session["access_token"].as_str().unwrap()
}

async fn refresh(stand: &Stand, session: &Value) -> (u16, Value) {
    let body = json!({"refresh_token": session["refresh_token"]});
    let answer = stand.post("/v1/auth/refresh", None, body).await;
    (answer.status.as_u16(), answer.body)
}

/// Returns the listed sessions.
async fn listed(stand: &Stand, path: &str, token: &str) -> Vec<Value> {
    let answer = stand.get(path, token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["data"].as_array().unwrap().clone()
}

/// Returns the path of the sessions of the analyst of `acme`.
async fn of_analyst(stand: &Stand, owner: &str) -> String {
    let users = stand.get("/v1/users", owner).await.body;
    let email = stand.email("acme", "analyst");
    let mut users = users["data"].as_array().unwrap().iter();
    let id = users.find(|user| user["email"] == email.as_str()).unwrap()["id"].clone();
    format!("/v1/users/{}/sessions", id.as_str().unwrap())
}

#[actix_web::test]
async fn a_user_lists_its_sessions_and_ends_one_of_them() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "analyst");
    let here = stand.session(&email).await;
    let lost = stand.session(&email).await;
    let colleague = stand.token("acme", "owner").await;

    let sessions = listed(&stand, "/v1/me/sessions", token(&here)).await;
    // The invitation was accepted with the first one.
    assert_eq!(sessions.len(), 3, "{sessions:?}");
    let current: Vec<_> = sessions.iter().filter(|one| one["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert!(current[0]["address"].is_string(), "{current:?}");
    let of_lost = listed(&stand, "/v1/me/sessions", token(&lost)).await;
    let id = of_lost.iter().find(|one| one["current"] == true).unwrap()["id"].clone();
    let path = format!("/v1/me/sessions/{}", id.as_str().unwrap());
    let end = async |by: &str| stand.send(Method::DELETE, &path, by, Value::Null).await.status;
    assert_eq!(end(&colleague).await, 404, "not the colleague's");
    assert_eq!(end(token(&here)).await, 204);
    assert_eq!(end(token(&here)).await, 404, "ended already");
    stand.until_refused(token(&lost)).await;
    assert_eq!(refresh(&stand, &lost).await.0, 401);
    assert_eq!(stand.get("/v1/campaigns", token(&here)).await.status, 200);
}

#[actix_web::test]
async fn a_user_ends_all_sessions_but_its_own() {
    let stand = Stand::new().await;
    for (email, path) in [
        (stand.email("acme", "analyst"), "/v1/me/sessions"),
        ("admin@test.example".to_owned(), "/v1/admin/me/sessions"),
    ] {
        let here = stand.session(&email).await;
        let other = stand.session(&email).await;
        let ended = stand.send(Method::DELETE, path, token(&here), Value::Null).await;
        assert_eq!(ended.status, 204, "{}", ended.body);
        assert_eq!(refresh(&stand, &other).await.0, 401);
        assert_eq!(listed(&stand, path, token(&here)).await.len(), 1);
        assert_eq!(refresh(&stand, &here).await.0, 200);
    }
}

#[actix_web::test]
async fn an_owner_lists_and_ends_the_sessions_of_its_own_users() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let session = stand.session(&stand.email("acme", "analyst")).await;
    let path = of_analyst(&stand, &owner).await;
    assert_eq!(listed(&stand, &path, &owner).await.len(), 2);
    let stranger = stand.token("globex", "owner").await;
    assert_eq!(stand.get(&path, &stranger).await.status, 404);
    let foreign = stand.send(Method::DELETE, &path, &stranger, Value::Null).await;
    assert_eq!(foreign.status, 404, "{}", foreign.body);

    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    stand.until_refused(token(&session)).await;
    assert!(listed(&stand, &path, &owner).await.is_empty());
}

#[actix_web::test]
async fn a_logout_ends_the_access_token_too() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "analyst");
    let [ended, kept] = [stand.session(&email).await, stand.session(&email).await];
    let body = json!({"refresh_token": ended["refresh_token"]});
    assert_eq!(stand.post("/v1/auth/logout", None, body).await.status, 204);
    stand.until_refused(token(&ended)).await;
    assert_eq!(stand.get("/v1/campaigns", token(&kept)).await.status, 200);
}

#[actix_web::test]
async fn refreshes_at_once_get_one_refresh_token() {
    let stand = Stand::new().await;
    let session = stand.session(&stand.email("acme", "analyst")).await;
    let answers = join_all((0..5).map(|_| refresh(&stand, &session))).await;
    for (status, body) in &answers {
        assert_eq!(*status, 200, "{body}");
        assert_eq!(body["refresh_token"], answers[0].1["refresh_token"]);
    }
    assert_ne!(answers[0].1["refresh_token"], session["refresh_token"]);
    let (status, _) = refresh(&stand, &answers[0].1).await;
    assert_eq!(status, 200);
}

#[actix_web::test]
async fn the_reuse_of_a_refresh_token_ends_the_session_and_is_shown_to_the_owner() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let first = stand.session(&stand.email("acme", "analyst")).await;
    let (_, second) = refresh(&stand, &first).await;
    let (_, third) = refresh(&stand, &second).await;
    assert_eq!(refresh(&stand, &first).await.0, 401);
    assert_eq!(refresh(&stand, &third).await.0, 401);
    stand.until_refused(token(&third)).await;
    let path = of_analyst(&stand, &owner).await;
    let reused = listed(&stand, &path, &owner).await;
    let reused = reused.iter().filter(|one| one["reused_at"].is_string()).count();
    assert_eq!(reused, 1);
}
