use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::stand::{Answer, Stand, answer};

/// A browser with one page.
struct Browser<'a> {
    stand: &'a Stand,
    host: String,
    origin: String,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    /// A page of the api on this machine.
    fn on_this_machine(stand: &'a Stand) -> Self {
        let origin = stand.url("");
        let host = origin.trim_start_matches("http://").to_owned();
        Self { stand, host, origin, cookie: None }
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        let request = self.stand.request(Method::POST, path, None).json(&body);
        let request = request.header(header::ORIGIN, &self.origin).header(header::HOST, &self.host);
        let cookie = self.cookie.iter();
        let request =
            cookie.fold(request, |request, cookie| request.header(header::COOKIE, cookie));
        let answered = answer(request).await;
        if let Some(set) = answered.headers.get(header::SET_COOKIE) {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        answered
    }

    async fn login(&mut self) -> Answer {
        let email = self.stand.email("acme", "owner");
        let password = self.stand.password(&email).await;
        let login = json!({"email": email, "password": password, "session": "cookie"});
        self.post("/v1/auth/login", login).await
    }
}

fn set_cookie(answer: &Answer) -> &str {
    answer.headers.get(header::SET_COOKIE).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[actix_web::test]
async fn a_browsers_session_is_in_a_cookie_until_it_logs_out() {
    let stand = Stand::new().await;
    let mut browser = Browser::on_this_machine(&stand);
    let first = browser.login().await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(first.body.get("refresh_token"), None);
    let cookie = set_cookie(&first);
    assert!(cookie.starts_with("footfall_session="), "{cookie}");
    // A moment has passed since the token was made.
    let age = |seconds| format!("; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict");
    assert!((2_591_990..=2_592_000).any(|seconds| cookie.ends_with(&age(seconds))), "{cookie}");
    let token = first.body["access_token"].as_str().unwrap();
    assert_eq!(stand.get("/v1/campaigns", token).await.status, 200);

    let again = browser.post("/v1/auth/refresh", json!({})).await;
    assert_eq!((again.status.as_u16(), again.body.get("refresh_token")), (200, None));
    assert_ne!(set_cookie(&again), cookie);
    let out = browser.post("/v1/auth/logout", json!({})).await;
    assert_eq!(out.status, 204);
    assert!(set_cookie(&out).starts_with("footfall_session=; Path=/; Max-Age=0;"));
    assert_eq!(
        browser.post("/v1/auth/refresh", json!({})).await.body["code"],
        "credential_missing"
    );
    // The session has ended on the server too.
    browser.cookie = set_cookie(&again).split(';').next().map(str::to_owned);
    assert_eq!(
        browser.post("/v1/auth/refresh", json!({})).await.body["code"],
        "credential_invalid"
    );
}

#[actix_web::test]
async fn over_tls_the_cookie_belongs_to_the_host_alone() {
    let stand = Stand::new().await;
    let host = "console.example".to_owned();
    let origin = format!("https://{host}");
    let mut browser = Browser { stand: &stand, host, origin, cookie: None };
    let login = browser.login().await;
    let cookie = set_cookie(&login);
    assert!(cookie.starts_with("__Host-footfall_session="), "{cookie}");
    assert!(
        cookie.contains("; Path=/;") && cookie.ends_with("; HttpOnly; SameSite=Strict; Secure")
    );
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert_eq!(browser.post("/v1/auth/refresh", json!({})).await.status, 200);
}

#[actix_web::test]
async fn a_page_of_another_origin_cannot_use_the_cookie() {
    let stand = Stand::new().await;
    let mut browser = Browser::on_this_machine(&stand);
    browser.login().await;
    let own = std::mem::replace(&mut browser.origin, "https://evil.example".to_owned());
    for path in ["/v1/auth/refresh", "/v1/auth/logout"] {
        let refused = browser.post(path, json!({})).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["code"]),
            (403, &json!("permission_denied")),
            "{path}"
        );
        let anonymous = stand.request(Method::POST, path, None).json(&json!({}));
        let anonymous = anonymous.header(header::COOKIE, browser.cookie.clone().unwrap());
        assert_eq!(answer(anonymous).await.status, 422, "without an origin");
    }
    assert_eq!(browser.login().await.status, 403);
    browser.origin = own;
    assert_eq!(browser.post("/v1/auth/refresh", json!({})).await.status, 200, "it was not used");
}

#[actix_web::test]
async fn without_tls_only_this_machine_has_cookies() {
    let stand = Stand::new().await;
    let host = "console.example:8080".to_owned();
    let origin = format!("http://{host}");
    let mut browser = Browser { stand: &stand, host, origin, cookie: None };
    for refused in [browser.login().await, browser.post("/v1/auth/refresh", json!({})).await] {
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(set_cookie(&refused), "");
    }
}

#[actix_web::test]
async fn a_cookie_is_no_credential_of_other_routes_and_bodies_carry_tokens_as_before() {
    let stand = Stand::new().await;
    let mut browser = Browser::on_this_machine(&stand);
    browser.login().await;
    let request = stand.request(Method::GET, "/v1/campaigns", None);
    let request = request.header(header::COOKIE, browser.cookie.clone().unwrap());
    assert_eq!(answer(request.header(header::ORIGIN, &browser.origin)).await.status, 401);
    let session = stand.session(&stand.email("acme", "analyst")).await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    let refreshed = browser.post("/v1/auth/refresh", refresh).await;
    assert_eq!(refreshed.status, 200);
    assert!(refreshed.body["refresh_token"].is_string());
    assert_eq!(set_cookie(&refreshed), "");
}
