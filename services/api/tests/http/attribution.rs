use reqwest::Method;
use serde_json::{Value, json};

use crate::{query::insert, stand::Stand};

async fn ask(stand: &Stand, body: Value) -> Value {
    let answer = stand.post("/v1/attribution", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Returns a click or a view of an ad; the number decides between equal times.
pub(crate) fn touch(visitor: &str, kind: &str, campaign: &str, time: &str, number: u8) -> Value {
    json!({
        "type": kind, "visitor_id": visitor, "campaign_id": campaign,
        "event_time": format!("2026-03-{time}Z"),
        "event_id": format!("00000000-0000-7000-8000-0000000000{number:02x}"),
    })
}

fn order(visitor: &str, items: Value) -> Value {
    json!({
        "type": "purchase", "visitor_id": visitor, "event_time": "2026-03-20T12:00:00Z",
        "order_id": format!("o-{visitor}"), "currency": "EUR", "items": items,
    })
}

fn day() -> Value {
    json!({"from": "2026-03-20", "to": "2026-03-21", "tz": "UTC"})
}

/// Returns a value of each campaign, in the answer of a rule.
fn by_campaign(answer: &Value, rule: usize, value: &str) -> Value {
    let rows = answer["rules"][rule]["rows"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row[value] != json!(0.0) && row[value] != json!("0.00"));
    rows.map(|row| (row["campaign"].as_str().unwrap().to_owned(), row[value].clone())).collect()
}

#[actix_web::test]
async fn the_last_eligible_touch_gets_the_order() {
    let stand = Stand::new().await;
    let (click, view) = ("ad_click", "ad_impression");
    let mut events = vec![
        touch("c1", click, "X", "10T12:00:00", 1),
        touch("c1", view, "Y", "20T11:00:00", 2),
        touch("c2", click, "X", "06T12:00:00", 3),
        touch("c3", click, "X", "06T11:59:59.999", 4),
        touch("c3", view, "Y", "19T12:00:00", 5),
        touch("c4", click, "X", "19T10:00:00", 6),
        touch("c4", click, "Y", "19T10:00:00", 7),
        touch("c5", click, "X", "20T12:00:00.001", 8),
        touch("c6", click, "X", "20T12:00:00", 9),
        touch("c6", view, "Y", "20T12:00:00", 10),
        touch("c7", view, "Y", "20T09:00:00", 11),
        touch("c7", view, "X", "20T08:00:00", 12),
        touch("c8", view, "Y", "19T11:59:59.999", 13),
    ];
    for (index, viewable) in [(10, false), (11, true)] {
        events[index]["viewable"] = json!(viewable);
    }
    for visitor in ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8"] {
        events.push(order(visitor, json!([{"product_id": "p", "quantity": 1, "price": "100"}])));
    }
    events.push(order("", json!([{"product_id": "p", "quantity": 1, "price": "100"}])));
    events.last_mut().unwrap()["visitor_id"] = Value::Null;
    insert(&stand, events).await;
    let body = json!({
        "time": day(),
        "rules": [
            {"match": "any"},
            {"match": "any", "click_beats_view": false},
            {"match": "any", "click_window": "7d", "view_window": "0d"},
            {"match": "any", "view_event": "viewable"},
        ],
    });
    let answer = ask(&stand, body).await;
    let orders = |rule| by_campaign(&answer, rule, "attributed_orders");
    assert_eq!(orders(0), json!({"X": 4.0, "Y": 2.0}));
    assert_eq!(orders(1), json!({"X": 3.0, "Y": 3.0}));
    assert_eq!(orders(2), json!({"X": 1.0, "Y": 1.0}));
    // Of the views, only that of X in c7 is known to have been viewable.
    assert_eq!(orders(3), json!({"X": 4.0, "Y": 1.0}));
    let without = |rule: usize| answer["rules"][rule]["orders_without_credit"].clone();
    assert_eq!([0, 1, 2, 3].map(without), [2, 2, 6, 3].map(|count| json!(count)));
    assert_eq!(answer["without_key"], 1);
    let totals = &answer["rules"][0]["totals"];
    assert_eq!(totals["attributed_sales"], "600.00");
    assert_eq!(totals["halo_sales"], "600.00", "the ads advertise no product");
    // In c1 a view of Y came after the click of X that has the credit.
    assert_eq!(by_campaign(&answer, 0, "assisted_sales"), json!({"X": "100.00", "Y": "200.00"}));
}

#[actix_web::test]
async fn an_ad_that_became_viewable_is_a_view_where_viewable_ones_count() {
    let stand = Stand::new().await;
    let order = order("v", json!([{"product_id": "p", "quantity": 1, "price": "100"}]));
    let events = [
        touch("v", "ad_impression", "seen", "20T09:00:00", 1),
        touch("v", "ad_viewable", "seen", "20T09:00:01", 2),
        touch("v", "ad_impression", "passed", "20T10:00:00", 3),
        order,
    ];
    insert(&stand, events).await;
    let rules =
        ["impression", "viewable"].map(|event| json!({"match": "any", "view_event": event}));
    let answer = ask(&stand, json!({"time": day(), "rules": rules})).await;
    let orders = |rule| by_campaign(&answer, rule, "attributed_orders");
    assert_eq!([orders(0), orders(1)], [json!({"passed": 1.0}), json!({"seen": 1.0})]);
}

/// An order of three products, and four touches of ads for single products.
fn basket() -> Vec<Value> {
    let item = |product: &str, brand: &str, category: &str, price: &str| {
        json!({
            "product_id": product, "brand": brand, "category": category, "price": price, "quantity": 1,
        })
    };
    let p1 = || item("p1", "B1", "K1", "10.01");
    let p2 = || item("p2", "B1", "K2", "20.00");
    let p3 = || item("p3", "B2", "K1", "30.00");
    let ad = |kind: &str, campaign: &str, time: &str, number: u8, product: Value| {
        let mut touch = touch("v", kind, campaign, time, number);
        touch["items"] = json!([product]);
        touch
    };
    vec![
        ad("ad_click", "X", "18T12:00:00", 1, p1()),
        ad("ad_click", "Y", "19T12:00:00", 2, p3()),
        ad("ad_click", "Z", "19T18:00:00", 3, p1()),
        ad("ad_impression", "W", "20T10:00:00", 4, p2()),
        order("v", json!([p1(), p2(), p3()])),
    ]
}

#[actix_web::test]
async fn an_order_is_divided_to_the_millionth() {
    let stand = Stand::new().await;
    insert(&stand, basket()).await;
    for (matched, expected) in [
        (
            "same_sku",
            [
                json!({"W": "20.00", "Y": "30.00", "Z": "10.01"}),
                json!({"W": "20.00", "X": "10.01", "Y": "30.00"}),
                json!({"W": "20.00", "X": "5.005", "Y": "30.00", "Z": "5.005"}),
                json!({"W": "20.00", "X": "5.005", "Y": "30.00", "Z": "5.005"}),
            ],
        ),
        (
            "brand",
            [
                json!({"Y": "30.00", "Z": "30.01"}),
                json!({"X": "30.01", "Y": "30.00"}),
                json!({"X": "15.005", "Y": "30.00", "Z": "15.005"}),
                json!({"X": "15.005", "Y": "30.00", "Z": "15.005"}),
            ],
        ),
        (
            "category",
            [
                json!({"W": "20.00", "Z": "40.01"}),
                json!({"W": "20.00", "X": "40.01"}),
                json!({"W": "20.00", "X": "13.336667", "Y": "13.336667", "Z": "13.336666"}),
                json!({"W": "20.00", "X": "16.004", "Y": "8.002", "Z": "16.004"}),
            ],
        ),
        (
            "any",
            [
                json!({"Z": "60.01"}),
                json!({"X": "60.01"}),
                json!({"X": "20.003334", "Y": "20.003334", "Z": "20.003332"}),
                json!({"X": "24.004", "Y": "12.002", "Z": "24.004"}),
            ],
        ),
    ] {
        let models = ["last_touch", "first_touch", "linear", "position"];
        let rules = models.map(|model| json!({"model": model, "match": matched}));
        let answer = ask(&stand, json!({"time": day(), "rules": rules})).await;
        for (index, expected) in expected.iter().enumerate() {
            let sales = by_campaign(&answer, index, "attributed_sales");
            assert_eq!(&sales, expected, "{matched} {}", models[index]);
            assert_eq!(answer["rules"][index]["totals"]["attributed_sales"], "60.01");
        }
    }
}

#[actix_web::test]
async fn an_ad_of_a_variant_has_credit_of_its_parent_and_of_the_parents_other_variants() {
    let stand = Stand::new().await;
    let product = |id: &str, parent: Option<&str>, price: &str| json!({"product_id": id, "parent_sku": parent, "price": price, "quantity": 1});
    let ad = |campaign: &str, number: u8, advertised: Value| {
        let mut ad = touch("v", "ad_click", campaign, &format!("19T1{number}:00:00"), number);
        ad["items"] = json!([advertised]);
        ad
    };
    let bought = json!([
        product("shirt-blue-m", Some("shirt"), "10.01"),
        product("shirt", None, "20"),
        product("lamp", None, "30"),
        product("shoe-42", Some("shoe"), "5"),
    ]);
    insert(
        &stand,
        [
            ad("variant", 1, product("shirt-red-s", Some("shirt"), "10")),
            ad("itself", 2, product("lamp", None, "30")),
            ad("parent", 3, product("shoe", None, "5")),
            // A brand of that name is no parent.
            ad("unknown", 4, json!({"product_id": "hat", "brand": "shirt", "quantity": 1})),
            order("v", bought),
        ],
    )
    .await;
    let rules = ["same_sku", "parent_sku"].map(|level| json!({"match": level}));
    let answer = ask(&stand, json!({"time": day(), "rules": rules})).await;
    let sales = |rule| by_campaign(&answer, rule, "attributed_sales");
    assert_eq!(sales(0), json!({"itself": "30.00"}));
    assert_eq!(sales(1), json!({"itself": "30.00", "parent": "5.00", "variant": "30.01"}));
    assert_eq!(answer["rules"][1]["rule"]["click_match"], "parent_sku");
    let promoted = by_campaign(&answer, 1, "promoted_sales");
    assert_eq!(promoted, json!({"itself": "30.00"}), "another variant is a halo sale");
}

#[actix_web::test]
async fn an_ad_has_credit_of_its_own_product_if_only_one_side_names_the_parent() {
    let stand = Stand::new().await;
    let product = |id: &str, parent: Option<&str>| json!({"product_id": id, "parent_sku": parent, "price": "10", "quantity": 1});
    let ad = |visitor: &str, campaign: &str, number: u8, advertised: Value| {
        let mut ad = touch(visitor, "ad_click", campaign, &format!("19T1{number}:00:00"), number);
        ad["items"] = json!([advertised]);
        ad
    };
    insert(
        &stand,
        [
            ad("a", "of-the-order", 1, product("shirt-red", None)),
            order("a", json!([product("shirt-red", Some("shirt"))])),
            ad("b", "of-the-ad", 2, product("shoe-42", Some("shoe"))),
            order("b", json!([product("shoe-42", None)])),
            // The order names no parent, but an ad of the same product does.
            ad("c", "of-a-variant", 3, product("hat-m", Some("hat"))),
            ad("c", "of-another", 4, product("hat-l", Some("hat"))),
            order("c", json!([product("hat-m", None)])),
            // Named twice, so that the last one is the parent of all.
            ad("d", "of-before", 5, product("lamp-s", Some("lamps"))),
            order("d", json!([product("lamp-s", Some("lamp"))])),
        ],
    )
    .await;
    let rules = ["same_sku", "parent_sku"].map(|level| json!({"match": level}));
    let answer = ask(&stand, json!({"time": day(), "rules": rules})).await;
    let orders = |rule| by_campaign(&answer, rule, "attributed_orders");
    let same =
        json!({"of-a-variant": 1.0, "of-before": 1.0, "of-the-ad": 1.0, "of-the-order": 1.0});
    assert_eq!(orders(0), same);
    let parent =
        json!({"of-another": 1.0, "of-before": 1.0, "of-the-ad": 1.0, "of-the-order": 1.0});
    assert_eq!(orders(1), parent);
}

#[actix_web::test]
async fn a_credit_has_the_date_of_the_ad_or_of_the_order_and_a_refund_that_of_its_order() {
    let stand = Stand::new().await;
    let mut events = basket();
    // A shop's own system refunds without the visitor; a refund in another currency is of another order.
    for (currency, price) in [("EUR", "10.01"), ("USD", "20")] {
        let product = if currency == "EUR" { "p1" } else { "p2" };
        events.push(json!({
            "type": "refund", "event_time": "2026-03-25T12:00:00Z", "order_id": "o-v",
            "currency": currency, "items": [{"product_id": product, "quantity": 1, "price": price}],
        }));
    }

    insert(&stand, events).await;
    let dated = async |basis: &str| {
        let body = json!({
            "date_basis": basis,
            "time": {"from": "2026-03-18", "to": "2026-03-21", "tz": "Europe/Berlin", "granularity": "day"},
        });
        let answer = ask(&stand, body).await;
        let rows = answer["rules"][0]["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["attributed_sales"] != "0.00")
            .map(|row| {
                let text = |field: &str| row[field].as_str().unwrap().to_owned();
                [
                    text("campaign"),
                    text("start"),
                    text("attributed_sales"),
                    text("attributed_net_sales"),
                ]
            })
            .collect::<Vec<_>>()
    };
    let (nineteenth, twentieth) = ("2026-03-18T23:00:00Z", "2026-03-19T23:00:00Z");
    let interaction = [
        ["W", twentieth, "20.00", "20.00"],
        ["Y", nineteenth, "30.00", "30.00"],
        ["Z", nineteenth, "10.01", "0.00"],
    ];
    assert_eq!(dated("interaction").await, interaction.map(|row| row.map(str::to_owned)));
    let conversion = [
        ["W", twentieth, "20.00", "20.00"],
        ["Y", twentieth, "30.00", "30.00"],
        ["Z", twentieth, "10.01", "0.00"],
    ];
    assert_eq!(dated("conversion").await, conversion.map(|row| row.map(str::to_owned)));
}

#[actix_web::test]
async fn an_advertiser_sees_its_own_credit_and_others_compete_for_it() {
    let stand = Stand::new().await;
    let events = vec![
        touch("a", "ad_click", "spring", "19T10:00:00", 1),
        touch("a", "ad_click", "winter", "19T11:00:00", 2),
        touch("b", "ad_click", "spring", "19T10:00:00", 3),
        order("a", json!([{"product_id": "p", "quantity": 1, "price": "70"}])),
        order("b", json!([{"product_id": "p", "quantity": 1, "price": "5"}])),
        order("c", json!([{"product_id": "p", "quantity": 1, "price": "9"}])),
    ];
    insert(&stand, events).await;
    let body = json!({"time": day(), "rules": [{"match": "any"}]});
    let token = stand.token("acme", "advertiser").await;
    let own = stand.post("/v1/attribution", Some(&token), body.clone()).await.body;
    assert_eq!(by_campaign(&own, 0, "attributed_sales"), json!({"spring": "5.00"}));
    assert_eq!(own["rules"][0]["totals"]["attributed_sales"], "5.00");
    assert_eq!(
        (&own["rules"][0]["orders_without_credit"], &own["without_key"]),
        (&Value::Null, &Value::Null)
    );
    let all = ask(&stand, body).await;
    assert_eq!(
        by_campaign(&all, 0, "attributed_sales"),
        json!({"spring": "5.00", "winter": "70.00"})
    );
    assert_eq!(all["rules"][0]["orders_without_credit"], 1);
}

#[actix_web::test]
async fn credit_is_divided_by_dimensions_of_the_ads_and_compared_with_what_they_cost() {
    let stand = Stand::new().await;
    let ad = |campaign: &str, placement: &str, number: u8, cost: &str| {
        let mut ad = touch("v", "ad_click", campaign, &format!("20T0{number}:00:00"), number);
        ad["placement"] = json!(placement);
        ad["cost"] = json!(cost);
        ad["currency"] = json!("EUR");
        ad
    };
    let events = [
        ad("spring", "home", 1, "4"),
        ad("winter", "home", 2, "6"),
        ad("spring", "search", 3, "8"),
        // It has no credit, but costs something.
        json!({
            "type": "ad_impression", "visitor_id": "w", "campaign_id": "winter", "cost": "2.5",
            "currency": "EUR", "placement": "category", "event_time": "2026-03-20T08:00:00Z",
        }),
        order("v", json!([{"product_id": "p", "quantity": 1, "price": "60"}])),
    ];
    insert(&stand, events).await;
    let rules = json!([{"match": "any", "model": "linear"}]);
    let body = json!({"time": day(), "rules": rules, "dimensions": ["placement"]});
    let row = |row: &Value| {
        let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let ratio = |field: &str| row[field].as_f64();
        let amounts = [text("placement"), text("attributed_sales"), text("spend")];
        (amounts, ratio("attributed_roas"), ratio("attributed_acos"))
    };
    let rows = |answer: &Value| -> Vec<_> {
        answer["rules"][0]["rows"].as_array().unwrap().iter().map(row).collect()
    };
    let expected = |placement: &str, sales: &str, spend: &str, roas, acos| {
        ([placement, sales, spend].map(str::to_owned), roas, acos)
    };
    let all = ask(&stand, body.clone()).await;
    assert_eq!(
        rows(&all),
        [
            expected("category", "0.00", "2.50", Some(0.0), None),
            expected("home", "40.00", "10.00", Some(4.0), Some(0.25)),
            expected("search", "20.00", "8.00", Some(2.5), Some(0.4)),
        ]
    );
    assert_eq!(
        row(&all["rules"][0]["totals"]),
        expected("", "60.00", "20.50", Some(60.0 / 20.5), Some(20.5 / 60.0))
    );
    assert_eq!(all["dimensions"], json!(["placement"]));

    // The credit of the other advertiser's ads, and what they cost, are in no number.
    let token = stand.token("acme", "advertiser").await;
    let own = stand.post("/v1/attribution", Some(&token), body.clone()).await.body;
    assert_eq!(
        rows(&own),
        [
            expected("home", "20.00", "4.00", Some(5.0), Some(0.2)),
            expected("search", "20.00", "8.00", Some(2.5), Some(0.4)),
        ]
    );
    let mut file = body;
    file["format"] = json!("ndjson");
    let request = stand.request(Method::POST, "/v1/attribution", Some(&token)).json(&file);
    let file = request.send().await.unwrap().text().await.unwrap();
    assert!(file.contains("search") && !file.contains("category"), "{file}");
    let body = json!({"time": day(), "rules": rules, "dimensions": ["campaign", "event_type"]});
    let both = ask(&stand, body).await;
    let first = &both["rules"][0]["rows"][0];
    assert_eq!((&first["campaign"], &first["event_type"]), (&json!("spring"), &json!("ad_click")));
}

#[actix_web::test]
async fn a_wrong_rule_is_refused_with_what_would_be_right() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let rules = |rule: Value| json!({"rules": [{}, rule]});
    for (body, pointer, right) in [
        (rules(json!({"preset": "google"})), "/rules/1/preset", "ga4_last_click"),
        (rules(json!({"model": "last"})), "/rules/1/model", "last_touch"),
        (rules(json!({"click_window": "0d"})), "/rules/1/click_window", "1 and 90 days"),
        (rules(json!({"click_window": "91d"})), "/rules/1/click_window", "1 and 90 days"),
        (rules(json!({"view_window": "31d"})), "/rules/1/view_window", "30 days"),
        (rules(json!({"view_window": "soon"})), "/rules/1/view_window", "30m"),
        (rules(json!({"match": "sku"})), "/rules/1/match", "parent_sku"),
        (rules(json!({"view_event": "click"})), "/rules/1/view_event", "viewable"),
        (json!({"rules": vec![json!({}); 6]}), "/rules", "at most 5"),
        (json!({"date_basis": "order"}), "/date_basis", "conversion"),
        (json!({"dimensions": []}), "/dimensions", "1 to 4"),
        (json!({"dimensions": ["campaign", "placment"]}), "/dimensions/1", "`placement`"),
        (json!({"dimensions": ["brand"]}), "/dimensions/0", "as a whole"),
        (json!({"dimensions": ["advertiser"]}), "/dimensions/0", "name its campaigns"),
        (json!({"time": {"tz": "Mars"}}), "/time/tz", "Europe/Berlin"),
    ] {
        let answer = stand.post("/v1/attribution", Some(&key), body.clone()).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{body}: {}", answer.body);
        assert!(error["reason"].as_str().unwrap().contains(right), "{body}: {error}");
    }
}
