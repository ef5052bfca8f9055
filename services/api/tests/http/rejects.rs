mod published;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::TenantControl;
use events::{Event, EventIds, sent_id};
use insta::assert_snapshot;
use log::{LogPlace, Offset};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use stream::{Entry, LogReader};
use tenancy::TenantRouter;
use testkit::eventually;
use uuid::Uuid;
use warehouse::{RejectId, RejectedEvent};

use crate::{
    stand::{Answer, Stand, answer},
    topics::StandTopics,
};

const SENT: &str = "018f0000-0000-7000-8000-000000000001";

/// A stand with a log, which is deleted with it.
struct Rejects {
    stand: Stand,
    _topics: StandTopics,
    /// The owners' tokens, by tenant.
    owners: BTreeMap<&'static str, String>,
}

impl Rejects {
    async fn new() -> Self {
        let stand = Stand::new().await;
        let topics = StandTopics::create(&stand).await;
        let mut owners = BTreeMap::new();
        for tenant in ["acme", "globex"] {
            owners.insert(tenant, stand.token(tenant, "owner").await);
        }
        Self { stand, _topics: topics, owners }
    }

    /// Stores rejects of `acme` or `globex`, received a minute apart. Returns their ids.
    async fn store(&self, tenant: &str, originals: &[&[u8]]) -> Vec<RejectId> {
        let context = self.stand.context(tenant).await;
        let rejects: Vec<_> = (0..).zip(originals).map(|(at, raw)| reject(at, raw)).collect();
        let ids = rejects.iter().map(|(_, reject)| reject.id).collect();
        #[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
        let rejects = context.scope(rejects);
        let warehouse = &self.stand.warehouse;
        warehouse.insert_rejects(context.destination(), &[rejects]).await.unwrap();
        ids
    }

    /// Gives `acme` these quotas, and waits until the api knows them.
    async fn limit(&self, quotas: Value) {
        let before = self.stand.context("acme").await.limits().quotas;
        self.stand.apply("acme", json!({"limits": {"quotas": quotas}})).await;
        eventually("the quotas are known", async || {
            let known = self.stand.context("acme").await.limits().quotas;
            (known != before).then_some(())
        })
        .await;
    }

    async fn list(&self, tenant: &str, query: &str) -> Answer {
        self.stand.get(&format!("/v1/rejects{query}"), &self.owners[tenant]).await
    }

    async fn resubmit(&self, body: Value) -> Answer {
        self.stand.post("/v1/rejects/resubmit", Some(&self.owners["acme"]), body).await
    }

    /// Resubmits one reject as a page view. Returns its outcome.
    async fn correct(&self, id: RejectId) -> Value {
        let corrected = json!({"type": "page_view", "device": "tv"});
        let answer = self.resubmit(json!({"events": [{"id": id, "body": corrected}]})).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["outcomes"][0].clone()
    }

    /// Returns every event in the log.
    async fn log(&self) -> Vec<Event> {
        let router = TenantRouter::new(Arc::new(self.stand.control_plane.clone()));
        let reader = LogReader::new(&self.stand.kafka, router).unwrap();
        let mut events = Vec::new();
        for (partition, end) in reader.ends().await.unwrap() {
            let mut stream = reader.read_range(partition, Offset::ZERO..end).unwrap();
            while let Some(batch) = stream.next(100).await.unwrap() {
                for entry in batch.entries {
                    let Entry::Record(record) = entry else { panic!("{entry:?} has no tenant") };
                    assert_eq!(record.tenant().client_id().as_str(), self.stand.id("acme"));
                    let payload = record.value().payload.clone().unwrap();
                    events.push(serde_json::from_slice(&payload).unwrap());
                }
            }
        }
        events
    }

    async fn control(&self) -> TenantControl {
        self.stand.control_plane.for_tenant(&self.stand.context("acme").await)
    }
}

fn received_at(minute: u64) -> DateTime<Utc> {
    let noon: DateTime<Utc> = "2026-03-01T12:00:00.123Z".parse().unwrap();
    noon + TimeDelta::minutes(minute as i64)
}

fn reject(at: u64, original: &[u8]) -> (LogPlace, RejectedEvent) {
    let place = LogPlace::new(1, 0, at);
    let reject = RejectedEvent {
        id: RejectId::new(received_at(at), place),
        code: if at == 0 { "missing_field" } else { "wrong_type" }.to_owned(),
        pointer: "/type".to_owned(),
        reason: "is needed".to_owned(),
        event_id: sent_id(original, EventIds::of(&"acme".parse().unwrap())),
        sent_at: None,
        history: false,
        set_aside: false,
        original: bytes::Bytes::copy_from_slice(original),
    };
    (place, reject)
}

fn ids(answer: &Answer) -> Vec<&str> {
    let items = answer.body["data"].as_array().unwrap();
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_tenant_sees_its_own_rejects_as_they_were_sent() {
    let rejects = Rejects::new().await;
    let text = format!(r#"{{"event_id":"{SENT}","größe": 7}}"#);
    let stored = rejects.store("acme", &[text.as_bytes(), b"\xff{"]).await;
    rejects.store("globex", &[b"canary"]).await;
    let listed = rejects.list("acme", "").await;
    assert_eq!(listed.status, 200, "{}", listed.body);
    let expected = json!({
        "data": [
            {"id": stored[1], "code": "wrong_type", "pointer": "/type", "reason": "is needed",
             "received_at": "2026-03-01T12:01:00.123Z", "event_id": null,
             "original": "/3s=", "original_encoding": "base64",
             "resubmitted_at": null, "replayed_at": null},
            {"id": stored[0], "code": "missing_field", "pointer": "/type", "reason": "is needed",
             "received_at": "2026-03-01T12:00:00.123Z", "event_id": SENT,
             "original": text, "original_encoding": "utf-8",
             "resubmitted_at": null, "replayed_at": null},
        ],
        "counts": {"missing_field": 1, "wrong_type": 1},
        "next_cursor": null,
    });
    assert_eq!(listed.body, expected);
    let theirs = rejects.list("globex", "").await;
    assert_eq!(theirs.body["data"][0]["original"], "canary");
    assert_eq!(theirs.body["counts"], json!({"missing_field": 1}));
}

#[actix_web::test]
async fn pages_and_counts_follow_the_filter() {
    let rejects = Rejects::new().await;
    let stored = rejects.store("acme", &[b"0", b"1", b"2", b"3"]).await;
    let stored: Vec<_> = stored.iter().map(ToString::to_string).collect();
    let first = rejects.list("acme", "?code=wrong_type&limit=2").await;
    assert_eq!(ids(&first), [&stored[3], &stored[2]]);
    assert_eq!(first.body["counts"], json!({"wrong_type": 3}));
    let link = first.headers["link"].to_str().unwrap().to_owned();
    let next = link.trim_start_matches("</v1/rejects").split('>').next().unwrap();
    let last = rejects.list("acme", next).await;
    assert_eq!((ids(&last), &last.body["next_cursor"]), (vec![stored[1].as_str()], &Value::Null));
    assert_eq!(last.body["counts"], first.body["counts"]);

    let between = "?from=2026-03-01T12:01:00Z&to=2026-03-01T12:02:00.123Z";
    assert_eq!(ids(&rejects.list("acme", between).await), [&stored[1]]);
    for (query, pointer) in [
        ("?limit=0", "?limit"),
        ("?cursor=x", "?cursor"),
        ("?code=No", "?code"),
        ("?from=x", "?from"),
        ("?from=2026-03-02&to=2026-03-01", "?from"),
        ("?color=red", "?color"),
    ] {
        let wrong = rejects.list("acme", query).await;
        assert_eq!(wrong.status, 422, "{query}: {}", wrong.body);
        assert_eq!(wrong.body["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[actix_web::test]
async fn a_page_of_large_rejects_is_short_and_none_is_missed() {
    let rejects = Rejects::new().await;
    let large = vec![b'x'; 1 << 20];
    let stored = rejects.store("acme", &[&large[..]; 6]).await;
    let first = rejects.list("acme", "").await;
    assert_eq!(ids(&first).len(), 4);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = rejects.list("acme", &format!("?cursor={cursor}")).await;
    assert_eq!(ids(&rest), [stored[1].to_string(), stored[0].to_string()]);
    assert_eq!(rest.body["data"][0]["original"].as_str().map(str::len), Some(1 << 20));
}

#[actix_web::test]
async fn rejects_are_for_the_tenants_own_users() {
    let rejects = Rejects::new().await;
    let stand = &rejects.stand;
    let stored = rejects.store("acme", &[b"{}"]).await;
    let order = json!({"ids": stored});
    let analyst = stand.token("acme", "analyst").await;
    assert_eq!(stand.get("/v1/rejects", &analyst).await.status, 200);
    let advertiser = stand.token("acme", "advertiser").await;
    let admin = stand.access_token("admin@test.example").await;
    let read = stand.key("acme", "read");
    let collect = stand.key("acme", "collect");
    for credential in [&advertiser, &read, &collect, &admin] {
        assert_eq!(stand.get("/v1/rejects", credential).await.status, 403);
    }
    for credential in [&analyst, &advertiser, &read, &collect, &admin] {
        let refused = stand.post("/v1/rejects/resubmit", Some(credential), order.clone()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    }
    assert!(rejects.log().await.is_empty());
}

#[actix_web::test]
async fn a_corrected_reject_keeps_its_event_id_and_counts_once() {
    let rejects = Rejects::new().await;
    let named = format!(r#"{{"event_id":"{SENT}"}}"#);
    let stored = rejects.store("acme", &[named.as_bytes(), b"{\"typ\":1}"]).await;
    for id in &stored {
        assert_eq!(rejects.correct(*id).await["outcome"], "resubmitted");
    }
    let mut log = rejects.log().await;
    log.sort_by_key(|event| event.received_at);
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].event_id.to_string(), SENT);
    assert_eq!([log[0].received_at, log[1].received_at], [received_at(0), received_at(1)]);
    assert_eq!(log[1].event_time, received_at(1), "the time of its receipt, as it had none");

    for id in stored {
        assert_eq!(rejects.correct(id).await["outcome"], "already_resubmitted");
    }
    assert_eq!(rejects.log().await.len(), 2);
    let listed = rejects.list("acme", "").await;
    let all = listed.body["data"].as_array().unwrap();
    assert!(all.iter().all(|reject| reject["resubmitted_at"].is_string()), "{}", listed.body);
}

#[actix_web::test]
async fn every_reject_of_a_request_has_its_own_outcome() {
    let rejects = Rejects::new().await;
    let fine = br#"{"type":"page_view"}"#;
    let same = format!(r#"{{"type":"page_view","event_id":"{SENT}"}}"#);
    let originals = [&fine[..], b"{\"type\":7}", same.as_bytes(), same.as_bytes()];
    let stored = rejects.store("acme", &originals).await;
    let foreign =
        rejects.store("globex", &[b"x", b"x", b"x", b"x", b"{\"type\":\"page_view\"}"]).await;
    let missing = [foreign[4].to_string(), Uuid::now_v7().to_string()];
    let order: Vec<_> = stored.iter().map(ToString::to_string).chain(missing).collect();
    let answer = rejects.resubmit(json!({"ids": order})).await;
    assert_snapshot!("rejects_resubmit", rejects.stand.shown(&answer));
    let outcomes = answer.body["outcomes"].as_array().unwrap();
    assert_eq!(outcomes[4], outcomes[5], "a reject of another tenant looks missing");
    let ids: std::collections::BTreeSet<_> =
        rejects.log().await.into_iter().map(|event| event.event_id).collect();
    assert_eq!(ids.len(), 2, "two rejects were the same event");
    assert_eq!(rejects.log().await.len(), 2);
}

#[actix_web::test]
async fn the_former_route_resubmits_and_answers_the_former_names() {
    let rejects = Rejects::new().await;
    let stored = rejects.store("acme", &[br#"{"type":"page_view"}"#, b"{\"type\":7}"]).await;
    let missing = Uuid::now_v7().to_string();
    let order = json!({"ids": [stored[0].to_string(), stored[1].to_string(), missing]});
    let owner = Some(rejects.owners["acme"].as_str());
    let first = rejects.stand.post("/v1/rejects/replay", owner, order.clone()).await;
    assert_snapshot!("rejects_replay", rejects.stand.shown(&first));
    let second = rejects.stand.post("/v1/rejects/replay", owner, order).await;
    assert_snapshot!("rejects_replay_again", rejects.stand.shown(&second));
    let listed = rejects.list("acme", "").await;
    assert_snapshot!("rejects_list_with_a_resubmitted_one", rejects.stand.shown(&listed));
    assert_eq!(rejects.log().await.len(), 1);
}

#[actix_web::test]
async fn resubmitted_events_name_as_many_campaigns_and_products_a_day_as_new_ones() {
    let rejects = Rejects::new().await;
    rejects.limit(json!({"campaigns_per_day": 1, "products_per_day": 1})).await;
    let click = |name: &str| {
        json!({"type": "ad_click", "campaign_id": format!("c-{name}"),
            "items": [{"product_id": format!("p-{name}"), "brand": "Nova"}]})
        .to_string()
    };
    let (first, second) = (click("1"), click("2"));
    let stored = rejects.store("acme", &[first.as_bytes(), second.as_bytes()]).await;
    let answer = rejects.resubmit(json!({"ids": stored})).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(answer.body["counts"]["resubmitted"], 2, "{}", answer.body);
    let [first, second] = [0_usize, 1].map(|at| &answer.body["outcomes"][at]["adjusted"]);
    assert_eq!(*first, Value::Null);
    let replaced = json!([
        {"field": "campaign_id", "from": "c-2", "to": "other"},
        {"field": "product_id", "from": "p-2", "to": "other"},
    ]);
    assert_eq!(*second, replaced);
    let mut log = rejects.log().await;
    log.sort_by_key(|event| event.received_at);
    let campaigns: Vec<_> =
        log.iter().map(|event| event.campaign_id.as_ref().unwrap().as_str()).collect();
    assert_eq!(campaigns, ["c-1", "other"]);
    let products: Vec<_> = log.iter().map(|event| event.items[0].product_id.as_str()).collect();
    assert_eq!(products, ["p-1", "other"]);
    assert_eq!(log[1].items[0].brand, None);
}

#[actix_web::test]
async fn resubmitted_events_count_as_bytes() {
    let rejects = Rejects::new().await;
    rejects.limit(json!({"bytes_per_day": 1_000})).await;
    let long = json!({"type": "page_view", "title": "x".repeat(2_000)});
    let stored = rejects.store("acme", &[long.to_string().as_bytes(), b"{}"]).await;
    let first = rejects.resubmit(json!({"ids": [stored[0]]})).await;
    assert_eq!(first.body["counts"]["resubmitted"], 1, "more than all, if nothing was used before");
    let corrected = json!({"events": [{"id": stored[1], "body": long}]});
    let refused = rejects.resubmit(corrected).await;
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.body["detail"], "The tenant may send 1000 bytes a day.");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(rejects.log().await.len(), 1);
}

#[actix_web::test]
async fn a_wrong_request_is_answered_with_what_would_be_correct() {
    let rejects = Rejects::new().await;
    let many = vec![Uuid::now_v7(); 1_001];
    for (order, status, pointer) in [
        (json!({}), 422, ""),
        (json!({"ids": [], "events": []}), 422, ""),
        (json!({"ids": []}), 422, "/ids"),
        (json!({"events": []}), 422, "/events"),
        (json!({"ids": ["x"]}), 422, "/ids/0"),
        (json!({"events": [{"id": SENT}]}), 422, "/events/0"),
        (json!({"events": [{"id": SENT, "body": {}, "code": "x"}]}), 422, "/events/0/code"),
        (json!({"id": SENT}), 422, "/id"),
    ] {
        let wrong = rejects.resubmit(order.clone()).await;
        assert_eq!(wrong.status, status, "{order}: {}", wrong.body);
        assert_eq!(wrong.body["errors"][0]["pointer"], pointer, "{order}: {}", wrong.body);
    }
    let wrong = rejects.resubmit(json!({"ids": many})).await;
    assert_eq!((wrong.status.as_u16(), &wrong.body["code"]), (413, &json!("too_many_events")));
}

#[actix_web::test]
async fn a_request_may_be_as_large_as_a_batch_of_events_and_keeps_amounts_as_written() {
    let rejects = Rejects::new().await;
    let stored = rejects.store("acme", &[b"{}"]).await;
    let page = "x".repeat(2_000);
    let one = |id: &str| {
        format!(
            r#"{{"id":"{id}","body":{{"type":"page_view","cost":9007199.254741,"note":"{page}"}}}}"#
        )
    };
    let others: Vec<_> = (0..400).map(|_| one(&Uuid::now_v7().to_string())).collect();
    let body = format!(r#"{{"events":[{},{}]}}"#, one(&stored[0].to_string()), others.join(","));
    assert!(body.len() > 800_000);
    let request =
        rejects.stand.request(Method::POST, "/v1/rejects/resubmit", Some(&rejects.owners["acme"]));
    let resubmitted = answer(request.header("Content-Type", "application/json").body(body)).await;
    assert_eq!(resubmitted.body["counts"]["resubmitted"], 1, "{}", resubmitted.body);
    assert_eq!(rejects.log().await[0].cost.unwrap().to_string(), "9007199.254741");
}
