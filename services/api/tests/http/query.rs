use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Europe::Berlin;
use events::{CanonicalEvent, Event};
use log::{LogRange, Offset};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;
use warehouse::{BlockBuilder, Coordinates, InsertBatch};

use crate::stand::{Answer, Stand, answer};

/// Inserts events of `acme` into ClickHouse.
pub(crate) async fn insert(stand: &Stand, events: impl IntoIterator<Item = Value>) {
    let events: Vec<_> = events.into_iter().collect();
    let context = stand.context("acme").await;
    let generation = Uuid::now_v7().as_u128() as u16;
    let range = LogRange::new(generation, 0, 0, events.len() as u64 - 1);
    let batch = InsertBatch::of(range, &stand.kafka.events_topic, context.destination(), 1);
    let mut block = stand.warehouse.block(range.generation, range.partition);
    for (offset, mut event) in (0..).map(Offset::new).zip(events) {
        if event["event_id"].is_null() {
            event["event_id"] = json!(Uuid::now_v7());
        }
        event["received_at"] = json!("2026-11-01T00:00:00Z");
        let event: Event = serde_json::from_value(event).unwrap();
        let logged_at = event.received_at;
        #[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
        let event = context.scope(CanonicalEvent::from(event));
        for line in BlockBuilder::lines(event.value()) {
            block.push(&event.as_ref(), Coordinates { offset, logged_at }, line);
        }
    }
    stand.warehouse.insert(&batch, &block.finish()).await.unwrap();
}

async fn query(stand: &Stand, body: Value) -> Value {
    let answer = stand.post("/v1/query", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn event(event_type: &str, campaign: &str) -> Value {
    json!({"type": event_type, "event_time": "2026-03-02T10:00:00Z", "campaign_id": campaign})
}

fn order(campaign: &str, currency: &str, revenue: &str) -> Value {
    let mut order = event("purchase", campaign);
    order["revenue"] = json!(revenue);
    order["currency"] = json!(currency);
    order
}

fn day() -> Value {
    json!({"from": "2026-03-02", "to": "2026-03-03"})
}

/// Returns the values of a dimension and of a metric, row by row.
fn rows(answer: &Value, dimension: &str, metric: &str) -> Vec<(String, Value)> {
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| (row[dimension].as_str().unwrap().to_owned(), row["values"][metric].clone()))
        .collect()
}

fn pairs<const N: usize>(expected: [(&str, Value); N]) -> Vec<(String, Value)> {
    expected.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A local day, and the units sold in each hour of it.
type SalesDay = (&'static str, fn(u32) -> u32);

/// Sells units in each hour of some days.
async fn sell(stand: &Stand, days: &[SalesDay]) {
    let mut events = Vec::new();
    for (day, units) in days {
        for hour in 0..24 {
            let local: NaiveDateTime = format!("{day}T{hour:02}:10:00").parse().unwrap();
            let Some(time) = Berlin.from_local_datetime(&local).single() else {
                continue;
            };
            let mut sale = event("purchase", "spring");
            sale["event_time"] = json!(time.to_utc());
            sale["items"] = json!([{"product_id": "p", "quantity": units(hour)}]);
            events.push(sale);
        }
    }
    insert(stand, events).await;
}

#[actix_web::test]
async fn a_day_with_a_change_of_the_clock_is_compared_hour_by_hour() {
    let stand = Stand::new().await;
    // At 02:00 on the 29th of March 2026 the clock goes to 03:00.
    let days: [SalesDay; 5] = [
        ("2026-03-29", |hour| 2 * (hour + 1)),
        ("2026-03-28", |hour| hour + 1),
        ("2026-03-22", |hour| 10 * (hour + 1)),
        ("2025-03-30", |hour| 100 * (hour + 1)),
        ("2025-03-29", |_| 7),
    ];
    sell(&stand, &days).await;
    let compared = async |compare: Value, granularity: &str| {
        query(
            &stand,
            json!({
                "metrics": ["units_sold"],
                "time": {
                    "from": "2026-03-29", "to": "2026-03-30", "tz": "Europe/Berlin",
                    "granularity": granularity,
                },
                "compare": compare,
            }),
        )
        .await
    };
    for (compare, from, to, total, change) in [
        (
            json!({"to": "previous_period"}),
            "2026-03-27T23:00:00Z",
            "2026-03-28T23:00:00Z",
            300,
            0.98,
        ),
        (
            json!({"to": "previous_week"}),
            "2026-03-21T23:00:00Z",
            "2026-03-22T23:00:00Z",
            3_000,
            -0.802,
        ),
        (
            json!({"to": "previous_year", "match": "weekday"}),
            "2025-03-29T23:00:00Z",
            "2025-03-30T22:00:00Z",
            29_700,
            -0.98,
        ),
        (
            json!({"to": "previous_year"}),
            "2025-03-28T23:00:00Z",
            "2025-03-29T23:00:00Z",
            168,
            426.0 / 168.0,
        ),
    ] {
        let answer = compared(compare, "total").await;
        assert_eq!(answer["query"]["compare"], json!({"from": from, "to": to}));
        let totals = &answer["totals"];
        assert_eq!(totals["values"]["units_sold"], 594, "{totals}");
        assert_eq!(totals["previous"]["units_sold"], total, "{totals}");
        assert_eq!(totals["change"]["units_sold"], change, "{totals}");
        assert_eq!(answer["rows"][0]["change"], totals["change"]);
    }
    let hours = compared(json!({"to": "previous_period"}), "hour").await;
    let hours = hours["rows"].as_array().unwrap();
    assert_eq!(hours.len(), 24);
    let hour = |index: usize| {
        let row: &Value = &hours[index];
        let of = |side: &str| row[side]["units_sold"].clone();
        (row["start"].clone(), of("values"), of("previous"), of("change"))
    };
    assert_eq!(hour(1), (json!("2026-03-29T00:00:00Z"), json!(4), json!(2), json!(1.0)));
    assert_eq!(hour(2), (Value::Null, Value::Null, json!(3), Value::Null), "02:00 is skipped");
    assert_eq!(hour(3), (json!("2026-03-29T01:00:00Z"), json!(8), json!(4), json!(1.0)));
    assert_eq!(hour(23).1, json!(48));
}

#[actix_web::test]
async fn the_largest_segments_and_all_others_add_up_to_the_totals() {
    let stand = Stand::new().await;
    let campaigns = ["a", "a", "a", "b", "b", "c", "d"];
    let visitor = |campaign: &str, index: usize| {
        let mut click = event("ad_click", campaign);
        // Visitors of c and d are the same one: others must count it once.
        click["visitor_id"] = json!(if index > 4 { "zoe".to_owned() } else { format!("v{index}") });
        click
    };
    let clicks = campaigns.iter().enumerate().map(|(index, campaign)| visitor(campaign, index));
    insert(&stand, clicks).await;
    let answer = query(
        &stand,
        json!({
            "metrics": ["clicks", "visitors", "ctr"], "dimensions": ["campaign"], "time": day(),
            "top": {"n": 2, "by": "clicks", "others": true},
        }),
    )
    .await;
    assert_eq!(rows(&answer, "campaign", "clicks"), pairs([("a", json!(3)), ("b", json!(2))]));
    let others = json!({"clicks": 2, "visitors": 1, "ctr": null});
    assert_eq!(answer["others"]["values"], others);
    assert_eq!(answer["totals"]["values"], json!({"clicks": 7, "visitors": 6, "ctr": null}));
    // c and d are equal: the dimension decides, in each direction of the rest.
    let body = json!({
        "metrics": ["clicks"], "dimensions": ["campaign"], "time": day(),
        "top": {"n": 3, "by": "clicks"}, "order": [["campaign", "desc"]],
    });
    let answer = query(&stand, body).await;
    let expected = pairs([("c", json!(1)), ("b", json!(2)), ("a", json!(3))]);
    assert_eq!(rows(&answer, "campaign", "clicks"), expected);
    assert!(answer.get("others").is_none());
}

#[actix_web::test]
async fn others_have_the_buckets_of_the_segments() {
    let stand = Stand::new().await;
    let at = |campaign: &str, time: &str| {
        let mut click = event("ad_click", campaign);
        click["event_time"] = json!(time);
        click
    };
    let events = [
        at("a", "2026-03-02T10:00:00Z"),
        at("a", "2026-03-02T10:01:00Z"),
        at("b", "2026-03-02T10:00:00Z"),
        at("c", "2026-03-02T11:00:00Z"),
    ];
    insert(&stand, events).await;
    let time = json!({
        "from": "2026-03-02T10:00:00Z", "to": "2026-03-02T13:00:00Z", "granularity": "hour",
    });
    let answer = query(
        &stand,
        json!({
            "metrics": ["clicks"], "dimensions": ["campaign"], "time": time,
            "top": {"n": 1, "by": "clicks", "others": true},
        }),
    )
    .await;
    let clicks = |rows: &Value| {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["values"]["clicks"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(clicks(&answer["rows"]), [2, 0, 0], "empty buckets are present");
    assert_eq!(clicks(&answer["others"]["series"]), [1, 1, 0]);
    assert_eq!(answer["others"]["values"]["clicks"], 2);
}

#[actix_web::test]
async fn a_filter_selects_events_or_segments_and_its_negation_selects_the_rest() {
    let stand = Stand::new().await;
    let on = |campaign: &str, device: &str| {
        let mut click = event("ad_click", campaign);
        click["device"] = json!(device);
        click
    };
    let events = [
        on("a", "mobile"),
        on("a", "mobile"),
        on("a", "desktop"),
        on("b", "mobile"),
        on("c", "tv"),
    ];
    insert(&stand, events).await;
    let filtered = async |filter: Value| {
        let body = json!({
            "metrics": ["clicks"], "dimensions": ["campaign"], "time": day(), "filters": filter,
            "order": [["campaign", "asc"]],
        });
        let answer = query(&stand, body).await;
        (rows(&answer, "campaign", "clicks"), answer["totals"]["values"]["clicks"].clone())
    };
    let mobile = json!({"dimension": "device", "in": ["mobile"]});
    let many = json!({"metric": "clicks", "gte": 2});
    for (filter, expected, total) in [
        (mobile.clone(), pairs([("a", json!(2)), ("b", json!(1))]), 3),
        (json!({"not": mobile}), pairs([("a", json!(1)), ("c", json!(1))]), 2),
        (json!({"dimension": "device", "not_in": ["mobile", "tv"]}), pairs([("a", json!(1))]), 1),
        (many.clone(), pairs([("a", json!(3))]), 3),
        (json!({"not": many}), pairs([("b", json!(1)), ("c", json!(1))]), 2),
        (json!({"and": [mobile, {"metric": "clicks", "lt": 2}]}), pairs([("b", json!(1))]), 1),
        (
            json!({"or": [{"metric": "clicks", "gt": 2}, {"dimension": "campaign", "in": ["c"]}]}),
            pairs([("a", json!(3)), ("c", json!(1))]),
            4,
        ),
        (json!({"metric": "ctr", "gte": 0}), pairs([]), 0),
        (
            json!({"dimension": "campaign", "contains": ["a", "c"]}),
            pairs([("a", json!(3)), ("c", json!(1))]),
            4,
        ),
    ] {
        let (rows, totals) = filtered(filter.clone()).await;
        assert_eq!((rows, totals), (expected, json!(total)), "{filter}");
    }
}

#[actix_web::test]
async fn segments_without_a_value_are_shown_only_where_values_are_tested() {
    let stand = Stand::new().await;
    let events = [event("ad_click", "a"), event("page_view", "b"), order("c", "USD", "3")];
    insert(&stand, events).await;
    let shown = async |metric: &str, filter: Value| {
        let body = json!({
            "metrics": [metric], "dimensions": ["campaign"], "time": day(), "filters": filter,
            "order": [["campaign", "asc"]],
        });
        let answer = query(&stand, body).await;
        let names = rows(&answer, "campaign", metric).into_iter().map(|(name, _)| name);
        (names.collect::<Vec<_>>().join(" "), answer["query"]["filters"].clone())
    };
    assert_eq!(shown("clicks", Value::Null).await, ("a".to_owned(), Value::Null));
    assert_eq!(shown("sales", Value::Null).await.0, "c", "its sales are in another currency");
    let none = json!({"metric": "clicks", "lte": 0.0});
    assert_eq!(shown("clicks", none.clone()).await, ("b c".to_owned(), none));
}

#[actix_web::test]
async fn amounts_of_several_currencies_are_not_added_up() {
    let stand = Stand::new().await;
    let events = [
        order("a", "EUR", "10"),
        order("a", "USD", "500"),
        order("b", "EUR", "20.5"),
        order("b", "EUR", "0.000001"),
    ];
    insert(&stand, events).await;
    let body = json!({"metrics": ["sales", "orders"], "dimensions": ["campaign"], "time": day()});
    let answer = query(&stand, body).await;
    let sales = pairs([("b", json!("20.500001")), ("a", json!("10.00"))]);
    assert_eq!(rows(&answer, "campaign", "sales"), sales);
    let by_currency = json!({"EUR": {"sales": "30.500001"}, "USD": {"sales": "500.00"}});
    assert_eq!(answer["totals"]["values"]["by_currency"], by_currency);
    assert_eq!(answer["other_currencies"], json!(["USD"]));
    let body = json!({"metrics": ["orders"], "dimensions": ["currency"], "time": day()});
    let by_currency = query(&stand, body).await;
    let expected = pairs([("EUR", json!(3)), ("USD", json!(1))]);
    assert_eq!(rows(&by_currency, "currency", "orders"), expected);
}

#[actix_web::test]
async fn pages_contain_every_segment_once() {
    let stand = Stand::new().await;
    let clicks = (0..7).map(|campaign| event("ad_click", &format!("c{campaign}")));
    insert(&stand, clicks).await;
    let page = |cursor: Option<&Value>| {
        json!({
            "metrics": ["clicks"], "dimensions": ["campaign"], "time": day(), "limit": 3,
            "cursor": cursor,
        })
    };
    let mut seen = Vec::new();
    let mut next = None;
    for segments in [3, 3, 1] {
        let answer = query(&stand, page(next.as_ref())).await;
        let names = rows(&answer, "campaign", "clicks").into_iter().map(|(name, _)| name);
        seen.extend(names);
        assert_eq!(answer["rows"].as_array().unwrap().len(), segments);
        assert_eq!(answer["totals"]["values"]["clicks"], 7, "of all pages");
        next = Some(answer["next"].clone());
    }
    assert_eq!(next, Some(Value::Null));
    assert_eq!(seen, (0..7).map(|campaign| format!("c{campaign}")).collect::<Vec<_>>());

    let first = query(&stand, page(None)).await;
    let mut another = page(Some(&first["next"]));
    another["metrics"] = json!(["impressions"]);
    let refused = stand.post("/v1/query", Some(&stand.key("acme", "read")), another).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/cursor", "{}", refused.body);
}

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

#[actix_web::test]
async fn a_filter_may_be_as_large_as_its_limits_say() {
    let stand = Stand::new().await;
    insert(&stand, [event("ad_click", "a")]).await;
    let names: Vec<_> = (0..1_000).map(|number| format!("{number:0>190}")).collect();
    let body = json!({
        "metrics": ["clicks"], "time": day(), "filters": {"dimension": "campaign", "not_in": names},
    });
    assert_eq!(query(&stand, body).await["totals"]["values"]["clicks"], 1);
}

#[actix_web::test]
async fn csv_and_ndjson_have_the_digits_of_the_json() {
    let stand = Stand::new().await;
    insert(
        &stand,
        [order("=1+1", "EUR", "10.25"), order("b,\"c\"", "USD", "3"), order("x", "EUR", "1")],
    )
    .await;
    let body = json!({
        "metrics": ["orders", "sales", "ctr"], "dimensions": ["campaign"],
        "time": {"from": "2026-03-02", "to": "2026-03-03", "tz": "Europe/Berlin"},
        "compare": {"to": "previous_period"}, "top": {"n": 2, "by": "orders", "others": true},
        "order": [["campaign", "asc"]],
    });
    let get = async |accept: &str| {
        let key = stand.key("acme", "read");
        let request = stand.request(Method::POST, "/v1/query", Some(&key)).json(&body);
        let response = request.header("Accept", accept).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let headers = [header("content-type"), header("content-disposition")];
        (headers, response.text().await.unwrap())
    };
    let ([media, file], csv) = get("text/csv").await;
    assert!(media.starts_with("text/csv"), "{media}");
    let name = "query_2026-03-02T0000_2026-03-03T0000_Europe-Berlin.csv";
    assert_eq!(file, format!("attachment; filename=\"{name}\""));
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "row,campaign,start,start_utc,orders,sales,ctr,sales_USD,previous_start,previous_orders,\
         previous_sales,previous_ctr,previous_sales_USD,change_orders,change_sales,change_ctr"
    );
    let start = "2026-03-02T00:00:00+01:00,2026-03-01T23:00:00Z";
    let before = "2026-03-01T00:00:00+01:00,0,0.00,,0.00,,,";
    assert_eq!(lines[1], format!("segment,'=1+1,{start},1,10.25,,0.00,{before}"));
    assert_eq!(lines[2], format!("segment,\"b,\"\"c\"\"\",{start},1,0.00,,3.00,{before}"));
    assert_eq!(lines[3], format!("others,,{start},1,1.00,,0.00,{before}"));
    assert_eq!(lines[4], format!("totals,,{start},3,11.25,,3.00,{before}"));
    assert_eq!(lines.len(), 5);

    let ([media, _], ndjson) = get("application/x-ndjson").await;
    assert_eq!(media, "application/x-ndjson");
    let lines: Vec<Value> =
        ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().map(|line| line["row"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["segment", "segment", "others", "totals"]);
    assert_eq!(lines[0]["campaign"], "=1+1");
    assert_eq!(lines[0]["values"]["sales"], "10.25");
}

#[actix_web::test]
async fn a_file_has_all_segments_and_lines_that_end_as_rfc_4180_says() {
    let stand = Stand::new().await;
    let clicks = (0..130).map(|campaign| event("ad_click", &format!("c{campaign}")));
    insert(&stand, clicks).await;
    let key = stand.key("acme", "read");
    let text = async |change: Value| {
        let mut body = json!({"metrics": ["clicks"], "dimensions": ["campaign"], "time": day()});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let request = stand.request(Method::POST, "/v1/query", Some(&key)).json(&body);
        request.send().await.unwrap().text().await.unwrap()
    };
    let csv = text(json!({"format": "csv"})).await;
    assert_eq!(csv.matches("\r\n").count(), 132, "a header, 130 segments and the totals");
    assert_eq!(text(json!({"format": "ndjson"})).await.lines().count(), 131);
    assert_eq!(text(json!({"format": "ndjson", "limit": 7})).await.lines().count(), 8);
    let page: Value = serde_json::from_str(&text(json!({})).await).unwrap();
    assert_eq!(page["rows"].as_array().unwrap().len(), 100);
    assert!(page["next"].is_string());
}

#[actix_web::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let stand = Stand::new().await;
    insert(&stand, [event("ad_click", "a")]).await;
    let key = stand.key("acme", "read");
    let body = json!({"metrics": ["clicks"], "time": day()});
    let first = stand.post("/v1/query", Some(&key), body.clone()).await;
    let tag = first.headers["etag"].clone();
    let request = stand.request(Method::POST, "/v1/query", Some(&key)).json(&body);
    let again = answer(request.header("If-None-Match", tag)).await;
    assert_eq!(again.status, 304);
}

async fn refused(stand: &Stand, body: Value) -> Answer {
    let answer = stand.post("/v1/query", Some(&stand.key("acme", "read")), body.clone()).await;
    assert_eq!(answer.status, 422, "{body}: {}", answer.body);
    answer
}

#[actix_web::test]
async fn a_wrong_query_is_refused_with_what_would_be_right() {
    let stand = Stand::new().await;
    let deep =
        (0..12).fold(json!({"dimension": "device", "in": ["x"]}), |inner, _| json!({"not": inner}));
    for (change, pointer, right) in [
        (json!({"metrics": []}), "/metrics", "1 to 20"),
        (json!({"metrics": ["impresions"]}), "/metrics/0", "did you mean `impressions`?"),
        (json!({"dimensions": ["campain"]}), "/dimensions/0", "`campaign`"),
        (
            json!({"dimensions": ["device", "country", "ad", "placement", "keyword"]}),
            "/dimensions",
            "at most 4",
        ),
        (
            json!({"time": {"from": "2026-03-02", "to": "2026-03-02"}}),
            "/time/from",
            "midnight that begins it",
        ),
        (json!({"time": {"tz": "Mars"}}), "/time/tz", "Europe/Berlin"),
        (json!({"time": {"granularity": "minute"}}), "/time/granularity", "15m, hour"),
        (json!({"time": {"from": "2020-01-01", "granularity": "15m"}}), "/time/to", "31 days"),
        (json!({"filters": {}}), "/filters", "exactly one of `and`"),
        (json!({"filters": {"dimension": "device"}}), "/filters", "`starts_with`"),
        (
            json!({"filters": {"and": [{"metric": "clicks", "in": ["1"]}]}}),
            "/filters/and/0",
            "are for dimensions",
        ),
        (json!({"filters": {"metric": "clicks"}}), "/filters", "`gte`"),
        (json!({"filters": {"metric": "sales", "gt": "much"}}), "/filters/gt", "must be a number"),
        (
            json!({"filters": {"or": [{"metric": "clicks", "gt": 1}, {"dimension": "device", "in": ["x"]}]}}),
            "/filters",
            "add `device` to `dimensions`",
        ),
        (
            json!({"filters": deep}),
            "/filters/not/not/not/not/not/not/not/not/not/not/not",
            "at most 10 deep",
        ),
        (
            json!({"filters": {"dimension": "device", "in": vec!["x"; 1001]}}),
            "/filters/in",
            "at most 1000",
        ),
        (json!({"dimensions": vec!["device"; 1_000]}), "/dimensions", "at most 4"),
        (json!({"dimensions": vec!["x"; 1_000]}), "/dimensions", "at most 4"),
        (json!({"metrics": vec!["x"; 1_000]}), "/metrics", "1 to 20"),
        (
            json!({"filters": {"and": vec![json!({"dimension": "device", "in": ["x"]}); 101]}}),
            "/filters/and/100/in",
            "at most 100 tests",
        ),
        (
            json!({"filters": {"dimension": "device", "contains": vec!["x".repeat(300); 700]}}),
            "/filters/contains",
            "at most 200000 bytes",
        ),
        (
            json!({"filters": {"dimension": "device", "in": []}}),
            "/filters/in",
            "at least one value",
        ),
        (
            json!({"filters": {"and": [
                {"dimension": "device", "in": ["tv", "mobile"]},
                {"dimension": "country", "in": ["DE"]},
                {"dimension": "device", "in": ["desktop"]},
            ]}}),
            "/filters/and/2/in",
            "leaves no value of `device`",
        ),
        (
            json!({"filters": {"metric": "clicks", "gt": 5, "lte": 5}}),
            "/filters",
            "leaves no value",
        ),
        (
            json!({"filters": {"not": {"metric": "ctr", "gte": 0.5, "lt": 0.25}}}),
            "/filters/not",
            "leaves no value",
        ),
        (
            json!({"time": {"from": "2025-01-01", "to": "2026-03-01", "granularity": "hour"}}),
            "/time/to",
            "366 days",
        ),
        (
            json!({"time": {"from": "2019-01-01", "to": "2026-03-01", "granularity": "week"}}),
            "/time/to",
            "1830 days",
        ),
        (json!({"compare": {"to": "last_week"}}), "/compare/to", "previous_week"),
        (json!({"compare": {"to": "custom"}}), "/compare/from", "required"),
        (
            json!({
                "compare": {"to": "custom", "from": "1980-01-01", "until": "2020-01-01"},
                "time": {"from": "2026-03-02", "to": "2026-03-03", "granularity": "15m"},
            }),
            "/compare/until",
            "31 days",
        ),
        (json!({"top": {"n": 1, "by": "clicks"}}), "/top", "`dimensions`"),
        (json!({"dimensions": ["device"], "top": {"n": 0, "by": "clicks"}}), "/top/n", "1 to 1000"),
        (json!({"order": [["device", "asc"]]}), "/order/0/0", "not one of `dimensions`"),
        (json!({"order": [["clicks", "up"]]}), "/order/0/1", "`asc` or `desc`"),
        (json!({"order": [["clicks", "asc", "asc"]]}), "/order/0", "a pair such as"),
        (json!({"dimensions": ["ad", "ad", "ad", "ad", "ad"]}), "/dimensions", "at most 4"),
        (json!({"limit": 0}), "/limit", "1 to 1000"),
        (json!({"cursor": "zzz"}), "/cursor", "`next`"),
        (json!({"format": "pdf"}), "/format", "json, ndjson, csv"),
        (json!({"metrik": 1}), "/metrik", "metrics"),
    ] {
        let mut body = json!({"metrics": ["clicks"], "time": day()});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = refused(&stand, body).await;
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{change}: {}", answer.body);
        assert!(error["reason"].as_str().unwrap().contains(right), "{change}: {error}");
    }
    let nested = (0..200).fold(json!({}), |inner, _| json!({"not": inner}));
    let nested = refused(&stand, json!({"metrics": ["clicks"], "filters": nested})).await;
    let error = &nested.body["errors"][0];
    assert!(error["pointer"].as_str().unwrap().starts_with("/filters/not/not"), "{error}");
    assert!(error["reason"].as_str().unwrap().contains("127 levels"), "{error}");
    let body = json!({"metrics": ["orders", "cpc"], "dimensions": ["brand"], "time": day()});
    let incompatible = refused(&stand, body).await;
    assert_eq!(incompatible.body["code"], "incompatible");
    let reason = incompatible.body["errors"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("`cpc`") && reason.contains("units_sold"), "{reason}");
    let body = json!({
        "metrics": ["clicks"], "dimensions": ["device"], "limit": 1000,
        "time": {"from": "2026-01-01", "to": "2026-12-31", "granularity": "hour"},
    });
    assert_eq!(refused(&stand, body).await.body["errors"][0]["pointer"], "/limit");
}

#[actix_web::test]
async fn a_credential_learns_what_it_is_and_what_it_may_ask() {
    let stand = Stand::new().await;
    let token = stand.token("acme", "advertiser").await;
    let me = stand.get("/v1/me", &token).await.body;
    assert_eq!(me["role"], "advertiser");
    assert_eq!(me["advertiser"], "nova");
    assert_eq!(me["permissions"], json!(["read_campaigns", "read_reports"]));
    assert_eq!(me["tenant"]["id"], stand.id("acme"));
    assert_eq!(
        (&me["tenant"]["currency"], &me["tenant"]["time_zone"]),
        (&json!("EUR"), &json!("Europe/Berlin"))
    );
    let expires: DateTime<Utc> = me["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(expires > Utc::now());
    assert_eq!(stand.get("/v1/me", &stand.key("acme", "read")).await.body["role"], "read");

    let dimensions = stand.get("/v1/dimensions", &token).await.body;
    let product =
        dimensions["data"].as_array().unwrap().iter().find(|one| one["name"] == "product");
    let metrics = &product.unwrap()["metrics"];
    assert!(metrics.as_array().unwrap().contains(&json!("orders")));
    assert!(!metrics.as_array().unwrap().contains(&json!("spend")));
}
