use serde_json::{Value, json};

use super::{day, event, insert, order, pairs, query, rows};
use crate::stand::Stand;

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
async fn a_filter_may_be_as_large_as_its_limits_say() {
    let stand = Stand::new().await;
    insert(&stand, [event("ad_click", "a")]).await;
    let names: Vec<_> = (0..1_000).map(|number| format!("{number:0>190}")).collect();
    let body = json!({
        "metrics": ["clicks"], "time": day(), "filters": {"dimension": "campaign", "not_in": names},
    });
    assert_eq!(query(&stand, body).await["totals"]["values"]["clicks"], 1);
}
