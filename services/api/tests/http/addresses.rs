use serde_json::{Value, json};

use crate::stand::{PASSWORD, Stand};

const OTHER: &str = "another password altogether";

async fn login(stand: &Stand, email: &str, password: &str, tenant: Option<&str>) -> (u16, Value) {
    let mut body = json!({"email": email, "password": password});
    if let Some(tenant) = tenant {
        body["tenant"] = json!(stand.id(tenant));
    }
    let answer = stand.post("/v1/auth/login", None, body).await;
    (answer.status.as_u16(), answer.body)
}

#[actix_web::test]
async fn an_owner_does_not_learn_who_is_a_customer_elsewhere() {
    let stand = Stand::new().await;
    let stranger = stand.token("globex", "owner").await;
    let used = [stand.email("acme", "owner"), "admin@test.example".to_owned()];
    for email in used.into_iter().chain(["nobody@nowhere.example".to_owned()]) {
        let order = json!({"email": email, "role": "analyst"});
        let made = stand.post("/v1/users", Some(&stranger), order.clone()).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let again = stand.post("/v1/users", Some(&stranger), order).await;
        assert_eq!(again.status, 409, "its own: {}", again.body);
    }
}

#[actix_web::test]
async fn a_person_of_two_tenants_names_the_tenant() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "analyst");
    stand.session(&email).await;
    let owner = stand.token("globex", "owner").await;
    let order = json!({"email": email, "role": "analyst"});
    let made = stand.post("/v1/users", Some(&owner), order).await.body;
    assert_eq!(
        login(&stand, &email, PASSWORD, None).await.0,
        200,
        "an invitation occupies nothing"
    );
    let acceptance = json!({"token": made["invitation"]["token"], "password": OTHER});
    let accepted = stand.post("/v1/auth/invitations/accept", None, acceptance).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);

    let tenant = async |session: Value| {
        let token = session["access_token"].as_str().unwrap().to_owned();
        stand.get("/v1/me", &token).await.body["tenant"]["id"].clone()
    };
    let (status, session) = login(&stand, &email, PASSWORD, None).await;
    assert_eq!(status, 200, "the oldest: {session}");
    assert_eq!(tenant(session).await, stand.id("acme"));
    let (status, session) = login(&stand, &email, OTHER, Some("globex")).await;
    assert_eq!(status, 200, "{session}");
    assert_eq!(tenant(session).await, stand.id("globex"));
    let (wrong, answer) = login(&stand, &email, OTHER, Some("acme")).await;
    let (unknown, other) = login(&stand, &email, OTHER, Some("initech")).await;
    assert_eq!((wrong, unknown), (401, 401));
    assert_eq!(answer["detail"], other["detail"]);
}

#[actix_web::test]
async fn strangers_do_not_keep_a_user_from_logging_in_where_it_did_before() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "analyst");
    let from = async |address: &str, password: &str| {
        let body = json!({"email": email, "password": password});
        let request = stand.request(reqwest::Method::POST, "/v1/auth/login", None);
        let request = request.header("X-Forwarded-For", address).json(&body);
        request.send().await.unwrap().status().as_u16()
    };
    let password = stand.password(&email).await;
    assert_eq!(from("192.0.2.1", &password).await, 200);
    let guesses: Vec<u16> = {
        let mut statuses = Vec::new();
        for host in 1..=8 {
            statuses.push(from(&format!("198.51.100.{host}"), "a wrong password").await);
        }
        statuses
    };
    assert_eq!(guesses, [401, 401, 401, 401, 401, 429, 429, 429]);
    assert_eq!(from("203.0.113.9", &password).await, 429, "an unknown place waits");
    assert_eq!(from("192.0.2.1", &password).await, 200, "the known one does not");
}

#[actix_web::test]
async fn a_login_at_another_tenant_does_not_end_the_delays_of_an_account() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "analyst");
    stand.password(&email).await;
    let owner = stand.token("globex", "owner").await;
    let order = json!({"email": email, "role": "analyst"});
    let made = stand.post("/v1/users", Some(&owner), order).await.body;
    let acceptance = json!({"token": made["invitation"]["token"], "password": OTHER});
    stand.post("/v1/auth/invitations/accept", None, acceptance).await;

    for _ in 0..5 {
        assert_eq!(login(&stand, &email, "a wrong password", Some("acme")).await.0, 401);
    }
    assert_eq!(login(&stand, &email, "a wrong password", Some("acme")).await.0, 429);
    assert_eq!(login(&stand, &email, OTHER, Some("globex")).await.0, 200);
    assert_eq!(login(&stand, &email, "a wrong password", Some("acme")).await.0, 429);
    assert_eq!(login(&stand, &email, "a wrong password", None).await.0, 429, "the same account");
}
