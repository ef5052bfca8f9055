use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::{Answer, PASSWORD, Stand};

/// Returns the code of an app for the time step that is `later` than now. Written again after RFC 6238,
/// so that it shares nothing with what it checks but the hash.
fn code(secret: &str, later: i64) -> String {
    let mut bits = String::new();
    for letter in secret.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(letter).unwrap();
        bits.push_str(&format!("{value:05b}"));
    }
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let step = (Utc::now().timestamp() / 30 + later).to_be_bytes();
    let pad = |with: u8| -> Vec<u8> {
        (0..64).map(|index| key.get(index).copied().unwrap_or_default() ^ with).collect()
    };
    let hash = |parts: &[&[u8]]| -> Vec<u8> {
        use sha1::Digest;
        parts
            .iter()
            .fold(sha1::Sha1::new(), |hash, part| hash.chain_update(part))
            .finalize()
            .to_vec()
    };
    let inner = hash(&[&pad(0x36), &step]);
    let digest = hash(&[&pad(0x5c), &inner]);
    let offset = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap());
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

async fn login(stand: &Stand, email: &str, password: &str, code: Option<&str>) -> Answer {
    let mut body = json!({"email": email, "password": password});
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    stand.post("/v1/auth/login", None, body).await
}

fn problem(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default())
}

/// Sets up a second factor. Returns the secret and the recovery codes.
async fn enrol(stand: &Stand, email: &str) -> (String, Vec<Value>) {
    let body = json!({"email": email, "password": stand.password(email).await});
    let made = stand.post("/v1/auth/second-factor", None, body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    assert!(made.body["uri"].as_str().unwrap().contains(&secret));
    let password = stand.password(email).await;
    let confirmed = login(stand, email, &password, Some(&code(&secret, 0))).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    (secret, confirmed.body["recovery_codes"].as_array().unwrap().clone())
}

#[actix_web::test]
async fn a_user_with_a_second_factor_logs_in_with_a_code_that_counts_once() {
    let stand = Stand::new().await;
    for email in [stand.email("acme", "analyst"), "admin@test.example".to_owned()] {
        let (secret, recovery) = enrol(&stand, &email).await;
        let password = stand.password(&email).await;
        let without = login(&stand, &email, &password, None).await;
        assert_eq!(problem(&without), (401, "second_factor_required"));
        let wrong = login(&stand, &email, &password, Some("12345")).await;
        assert_eq!(problem(&wrong), (401, "credential_invalid"));
        let next = code(&secret, 1);
        let entered = login(&stand, &email, &password, Some(&next)).await;
        assert_eq!(entered.status, 200, "{}", entered.body);
        assert_eq!(entered.body.get("recovery_codes"), None);
        let again = login(&stand, &email, &password, Some(&next)).await;
        assert_eq!(problem(&again), (401, "credential_invalid"), "used");

        assert_eq!(recovery.len(), 10);
        let recovered = recovery[0].as_str().unwrap();
        assert_eq!(login(&stand, &email, &password, Some(recovered)).await.status, 200);
        let again = login(&stand, &email, &password, Some(recovered)).await;
        assert_eq!(problem(&again), (401, "credential_invalid"), "used");
        let body = json!({"email": email, "password": password});
        let second = stand.post("/v1/auth/second-factor", None, body).await;
        assert_eq!(problem(&second), (409, "already_exists"));
    }
}

#[actix_web::test]
async fn a_second_factor_that_is_not_confirmed_is_not_asked_for() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "analyst");
    let password = stand.password(&email).await;
    let body = json!({"email": email, "password": password});
    assert_eq!(stand.post("/v1/auth/second-factor", None, body.clone()).await.status, 201);
    assert_eq!(login(&stand, &email, &password, None).await.status, 200);
    assert_eq!(stand.post("/v1/auth/second-factor", None, body).await.status, 201);
    let wrong = json!({"email": email, "password": "not my password"});
    let refused = stand.post("/v1/auth/second-factor", None, wrong).await;
    assert_eq!(problem(&refused), (401, "credential_invalid"));
}

#[actix_web::test]
async fn a_second_factor_is_removed_with_a_code_or_by_an_owner() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "analyst");
    let (_, recovery) = enrol(&stand, &email).await;
    let removal = |code: &Value| json!({"email": email, "password": PASSWORD, "code": code});
    let path = "/v1/auth/second-factor/removal";
    let wrong = stand.post(path, None, removal(&json!("000"))).await;
    assert_eq!(problem(&wrong), (401, "credential_invalid"));
    assert_eq!(stand.post(path, None, removal(&recovery[0])).await.status, 204);
    assert_eq!(login(&stand, &email, PASSWORD, None).await.status, 200);

    enrol(&stand, &email).await;
    let owner = stand.token("acme", "owner").await;
    let users = stand.get("/v1/users", &owner).await.body;
    let mut users = users["data"].as_array().unwrap().iter();
    let id = users.find(|user| user["email"] == email.as_str()).unwrap()["id"].clone();
    let path = format!("/v1/users/{}/second-factor", id.as_str().unwrap());
    let stranger = stand.token("globex", "owner").await;
    let remove = async |by: &str| stand.send(Method::DELETE, &path, by, Value::Null).await.status;
    assert_eq!(remove(&stranger).await, 404);
    assert_eq!(remove(&owner).await, 204);
    assert_eq!(remove(&owner).await, 404);
    assert_eq!(login(&stand, &email, PASSWORD, None).await.status, 200);
}

#[actix_web::test]
async fn a_reset_does_not_go_round_the_second_factor() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let email = stand.email("acme", "analyst");
    let (secret, _) = enrol(&stand, &email).await;
    let users = stand.get("/v1/users", &owner).await.body;
    let mut users = users["data"].as_array().unwrap().iter();
    let id = users.find(|user| user["email"] == email.as_str()).unwrap()["id"].clone();
    let path = format!("/v1/users/{}/password-reset", id.as_str().unwrap());
    let reset = stand.post(&path, Some(&owner), Value::Null).await.body;
    let acceptance = json!({"token": reset["token"], "password": "another password altogether"});
    let accepted = stand.post("/v1/auth/invitations/accept", None, acceptance).await;
    assert_eq!(problem(&accepted), (401, "second_factor_required"));
    let next = code(&secret, 1);
    let entered = login(&stand, &email, "another password altogether", Some(&next)).await;
    assert_eq!(entered.status, 200, "the password is set: {}", entered.body);
}

#[actix_web::test]
async fn a_tenant_requires_a_second_factor_of_its_owners() {
    let stand = Stand::new().await;
    let email = stand.email("acme", "owner");
    let owner = stand.access_token(&email).await;
    let require = json!({"owners_need_second_factor": true});
    let early = stand.send(Method::PUT, "/v1/security", &owner, require.clone()).await;
    assert_eq!(early.body["errors"][0]["pointer"], "/owners_need_second_factor", "{}", early.body);

    let order = json!({"email": "second@owner.example", "role": "owner"});
    let second = stand.post("/v1/users", Some(&owner), order).await.body;
    let second = stand.accept(second["invitation"]["token"].as_str().unwrap()).await;
    enrol(&stand, &email).await;
    let set = stand.send(Method::PUT, "/v1/security", &owner, require.clone()).await;
    assert_eq!((set.status.as_u16(), &set.body), (200, &require));
    assert_eq!(stand.get("/v1/security", &owner).await.body, require);

    let refresh = json!({"refresh_token": second["refresh_token"]});
    let refused = stand.post("/v1/auth/refresh", None, refresh).await;
    assert_eq!(problem(&refused), (403, "second_factor_missing"));
    let refused = login(&stand, "second@owner.example", PASSWORD, None).await;
    assert_eq!(problem(&refused), (403, "second_factor_missing"));
    let body = json!({"email": "second@owner.example", "password": PASSWORD});
    let made = stand.post("/v1/auth/second-factor", None, body).await.body;
    let next = code(made["secret"].as_str().unwrap(), 0);
    assert_eq!(login(&stand, "second@owner.example", PASSWORD, Some(&next)).await.status, 200);
    // Others need none.
    stand.session(&stand.email("acme", "analyst")).await;
    stand.session(&stand.email("globex", "owner")).await;
}
