use serde_json::{Value, json};

use super::{day, event, insert, pairs, query, rows};
use crate::stand::Stand;

#[actix_web::test]
async fn an_advertiser_gets_the_numbers_of_its_own_campaigns_only() {
    let stand = Stand::new().await;
    let mut events = vec![event("ad_click", "spring"); 2];
    events.extend(vec![event("ad_click", "winter"); 3]);
    events.push(
        json!({"type": "page_view", "event_time": "2026-03-02T10:00:00Z", "visitor_id": "x"}),
    );
    insert(&stand, events).await;
    let token = stand.token("acme", "advertiser").await;
    let body = json!({
        "metrics": ["clicks", "events", "visitors"], "dimensions": ["campaign"], "time": day(),
        "compare": {"to": "previous_period"}, "top": {"n": 1, "by": "clicks", "others": true},
    });
    let own = stand.post("/v1/query", Some(&token), body.clone()).await.body;
    assert_eq!(rows(&own, "campaign", "clicks"), pairs([("spring", json!(2))]));
    assert_eq!(own["totals"]["values"], json!({"clicks": 2, "events": 2, "visitors": 0}));
    assert!(own.get("others").is_none(), "{own}");
    let all = query(&stand, body).await;
    assert_eq!(all["totals"]["values"], json!({"clicks": 5, "events": 6, "visitors": 1}));
    let theirs = stand.key("globex", "read");
    let nothing = json!({"metrics": ["events"], "time": day()});
    let nothing = stand.post("/v1/query", Some(&theirs), nothing).await.body;
    assert_eq!(nothing["totals"]["values"]["events"], 0);
}

#[actix_web::test]
async fn a_limited_credential_turns_pages_and_learns_no_numbers_of_others() {
    let stand = Stand::new().await;
    let on = |campaign: &str, ad: &str| {
        let mut click = event("ad_click", campaign);
        click["ad_id"] = json!(ad);
        click
    };
    insert(&stand, [on("spring", "a"), on("spring", "b"), on("winter", "c")]).await;
    let token = stand.token("acme", "advertiser").await;
    let ask = async |cursor: &Value| {
        let body = json!({
            "metrics": ["clicks"], "dimensions": ["ad"], "time": day(), "limit": 1,
            "cursor": cursor, "explain": true,
        });
        let answer = stand.post("/v1/query", Some(&token), body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    let first = ask(&Value::Null).await;
    let second = ask(&first["next"]).await;
    let ads = [&first, &second].map(|page| page["rows"][0]["ad"].clone());
    assert_eq!((ads, &second["next"]), ([json!("a"), json!("b")], &Value::Null));
    assert_eq!(first["explain"]["rows"], Value::Null);
    let body = json!({"metrics": ["clicks"], "time": day(), "explain": true});
    assert!(query(&stand, body).await["explain"]["rows"].is_u64());
}
