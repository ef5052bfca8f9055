use serde_json::{Value, json};

use super::{ask, basket, by_campaign, day, order, touch};
use crate::{query::insert, stand::Stand};

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
async fn an_ad_after_the_range_changes_no_credit_of_it() {
    let stand = Stand::new().await;
    let product = |id: &str, parent: &str| json!({"product_id": id, "parent_sku": parent, "price": "10", "quantity": 1});
    let ad = |campaign: &str, time: &str, number: u8, advertised: Value| {
        let mut ad = touch("v", "ad_click", campaign, time, number);
        ad["items"] = json!([advertised]);
        ad
    };
    insert(
        &stand,
        [
            ad("variant", "19T12:00:00", 1, product("shirt-red", "shirt")),
            order("v", json!([product("shirt-blue", "shirt")])),
            // It would be the last one to name a parent.
            ad("later", "21T00:00:00", 2, product("shirt-blue", "blouse")),
        ],
    )
    .await;
    let rules = json!([{"match": "parent_sku"}]);
    let answer = ask(&stand, json!({"time": day(), "rules": rules})).await;
    assert_eq!(by_campaign(&answer, 0, "attributed_orders"), json!({"variant": 1.0}));
    // Within the range, it is.
    let longer = json!({"from": "2026-03-20", "to": "2026-03-22", "tz": "UTC"});
    let answer = ask(&stand, json!({"time": longer, "rules": rules})).await;
    assert_eq!(by_campaign(&answer, 0, "attributed_orders"), json!({}));
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
