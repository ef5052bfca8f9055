use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::stand::{Stand, answer};

async fn open(stand: &Stand, path: &str, credential: Option<&str>) -> Response {
    stand.request(Method::GET, path, credential).send().await.unwrap()
}

/// Reads the snapshot of a stream.
async fn snapshot(mut stream: Response) -> Value {
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    loop {
        let event = text
            .split("\n\n")
            .find(|event| event.starts_with("id: ") || event.starts_with("event: "));
        if let Some(event) = event.filter(|event| text.contains(&format!("{event}\n\n"))) {
            assert!(event.contains("event: snapshot\n"), "{event}");
            let (_, data) = event.split_once("data: ").unwrap();
            return serde_json::from_str(data).unwrap();
        }
        let chunk = timeout(Duration::from_secs(10), stream.chunk()).await.unwrap().unwrap();
        text += str::from_utf8(&chunk.expect("a snapshot")).unwrap();
    }
}

fn campaigns(snapshot: &Value) -> Vec<&str> {
    let campaigns = snapshot["campaigns"].as_array().unwrap().iter();
    campaigns.map(|campaign| campaign["campaign_id"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_stream_is_of_the_campaigns_that_the_credential_may_see() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let advertiser = stand.token("acme", "advertiser").await;
    let all = snapshot(open(&stand, "/v1/live", Some(&owner)).await).await;
    assert_eq!(campaigns(&all), ["autumn", "spring", "winter"]);
    let spring = &all["campaigns"][1];
    assert_eq!((&spring["tz"], &spring["currency"]), (&json!("Europe/Berlin"), &json!("EUR")));
    assert_eq!((&spring["today"]["clicks"], &spring["buckets"]), (&json!(0), &json!([])));
    let own = snapshot(open(&stand, "/v1/live", Some(&advertiser)).await).await;
    assert_eq!(campaigns(&own), ["spring"]);
    let named =
        snapshot(open(&stand, "/v1/live?campaigns=winter,autumn", Some(&owner)).await).await;
    assert_eq!(campaigns(&named), ["autumn", "winter"]);
    for path in ["/v1/live?campaigns=winter", "/v1/live?campaigns=spring,winter"] {
        let foreign = stand.get(path, &advertiser).await;
        assert_eq!(
            (foreign.status.as_u16(), &foreign.body["code"]),
            (404, &json!("not_found")),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn a_wrong_list_is_named() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let many: Vec<_> = (0..201).map(|number| number.to_string()).collect();
    for list in ["", "spring,", &many.join(",")] {
        let wrong = stand.get(&format!("/v1/live?campaigns={list}"), &owner).await;
        assert_eq!(wrong.status, 422, "{list}");
        assert_eq!(wrong.body["errors"][0]["pointer"], "?campaigns", "{}", wrong.body);
    }
    let bare = answer(stand.request(Method::GET, "/v1/live", None)).await;
    assert_eq!(bare.body["code"], "credential_missing");
}

#[actix_web::test]
async fn a_ticket_of_several_campaigns_opens_their_stream() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    for (order, expected) in [
        (json!({"campaigns": ["winter", "spring"]}), &["spring", "winter"][..]),
        (json!({}), &["autumn", "spring", "winter"]),
    ] {
        let ticket = stand.post("/v1/live/tickets", Some(&owner), order).await;
        assert_eq!(ticket.status, 201, "{}", ticket.body);
        let stream = open(&stand, ticket.body["url"].as_str().unwrap(), None).await;
        assert_eq!(campaigns(&snapshot(stream).await), expected);
    }
    let advertiser = stand.token("acme", "advertiser").await;
    let order = json!({"campaigns": ["spring", "winter"]});
    let foreign = stand.post("/v1/live/tickets", Some(&advertiser), order).await;
    assert_eq!(foreign.status, 404);
}
