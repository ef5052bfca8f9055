//! A wrong detail does not lose the sale: it is normalised, cut or dropped, with a warning.

use serde_json::json;

use crate::support::*;

#[test]
fn an_empty_value_is_absent_and_a_number_becomes_text() {
    let taken = taken(&json!({"type": "purchase", "revenue": 1, "referrer": "", "userId": " ",
        "order_id": 1234567890123456789_u64, "visitor_id": 7.5, "session_id": [], "device": {},
        "properties": [], "items": [{"product_id": 17, "brand": ""}]}));
    let event = &taken.event;
    assert_eq!((&event.referrer, &event.customer_id), (&None, &None));
    assert_eq!((&event.session_id, &event.device), (&None, &None));
    assert_eq!(event.order_id.as_deref(), Some("1234567890123456789"));
    assert_eq!(event.visitor_id.as_deref(), Some("7.5"));
    assert_eq!(event.items[0].product_id, "17");
    assert_eq!(event.items[0].brand, None);
    assert!(event.properties.is_empty(), "{:?}", event.properties);
    assert_eq!(taken.warnings, []);
}

#[test]
fn after_an_empty_field_the_next_name_is_used() {
    let event = read(&json!({"type": "page_view", "visitor_id": "", "anonymousId": "v",
        "properties": {"visitor_id": "w"}}));
    assert_eq!(event.visitor_id.as_deref(), Some("v"));
}

#[test]
fn a_text_of_white_space_is_absent_however_it_is_escaped() {
    let raw = r#"{"type":"page_view","visitor_id":"\n","anonymousId":"\u0020\t","client_id":"v",
        "keyword":"\u0000","search_term":"coat","user_agent":"\t","device":"\r\n",
        "context":{"userAgent":"Firefox","device":{"type":"\n"}}}"#;
    let taken = events::parse(raw.as_bytes(), &context()).unwrap();
    let event = &taken.event;
    assert_eq!(event.visitor_id.as_deref(), Some("v"));
    assert_eq!(event.keyword.as_deref(), Some("coat"));
    assert_eq!((event.user_agent.as_deref(), &event.device), (Some("Firefox"), &None));
    assert_eq!(event.properties.keys().collect::<Vec<_>>(), ["context"]);
    assert_eq!(taken.warnings, []);
}

#[test]
fn half_an_emoji_becomes_a_replacement_character() {
    let raw = r#"{"type":"page_view","keyword":"so \ud83d","properties":{"\ude00":"x\ud83d"}}"#;
    let event = events::parse(raw.as_bytes(), &context()).unwrap().event;
    assert_eq!(event.keyword.as_deref(), Some("so \u{fffd}"));
    assert_eq!(event.properties["\u{fffd}"], "x\u{fffd}");
}

#[test]
fn half_an_emoji_in_the_envelope_becomes_a_replacement_character() {
    let body = r#"{"\ud83d":1,"user_agent":"cut \ud83d","visitor_id":"\ude00v","events":[{"type":"page_view"}]}"#;
    let batch = events::split(body.as_bytes(), events::BodyForm::Json, 10).unwrap();
    let context = events::ParseContext { envelope: batch.envelope, ..context() };
    let taken = events::parse(batch.events[0], &context).unwrap();
    assert_eq!(taken.event.user_agent.as_deref(), Some("cut \u{fffd}"));
    assert_eq!(taken.event.visitor_id.as_deref(), Some("\u{fffd}v"));
    assert_eq!(taken.warnings, []);
}

#[test]
fn an_unambiguous_value_is_normalised_with_a_warning() {
    let event = json!({"type": "purchase", "revenue": 1, "currency": "usd", "country": "de",
        "keyword": "winter\tcoat", "placement": " top "});
    let event_read = read(&event);
    assert_eq!(event_read.currency.unwrap().as_str(), "USD");
    assert_eq!(event_read.country.as_deref(), Some("DE"));
    assert_eq!(event_read.keyword.as_deref(), Some("winter coat"));
    assert_eq!(event_read.placement.as_deref(), Some("top"));
    let expected =
        [("normalised", "/currency"), ("normalised", "/keyword"), ("normalised", "/country")];
    assert_eq!(warnings_of(&event), expected_warnings(&expected));
}

#[test]
fn a_label_is_cut_between_characters_and_an_id_is_never_cut() {
    let long = "é".repeat(150);
    let event = json!({"type": "page_view", "page_type": long, "url": format!("https://x/{}", "y".repeat(5_000)),
        "visitor_id": long, "items": [{"product_id": "p", "category": long}]});
    let read = read(&event);
    assert_eq!(read.page_type.unwrap(), "é".repeat(100));
    assert_eq!(read.url.unwrap().len(), 4_096);
    assert_eq!(read.visitor_id, None);
    assert_eq!(read.items[0].category.as_deref(), Some("é".repeat(100).as_str()));
    let expected = [
        ("cut", "/items/0/category"),
        ("dropped", "/visitor_id"),
        ("cut", "/page_type"),
        ("cut", "/url"),
    ];
    assert_eq!(warnings_of(&event), expected_warnings(&expected));
}

#[test]
fn a_detail_of_another_type_is_kept_as_a_property() {
    let event = json!({"type": "purchase", "revenue": 1, "device": {"category": "mobile"}, "country": "Germany",
        "keyword": true, "campaign_id": {"id": 1}});
    let properties = serde_json::to_value(read(&event).properties).unwrap();
    let kept = json!({"device": {"category": "mobile"}, "country": "Germany", "keyword": true, "campaign_id": {"id": 1}});
    assert_eq!(properties, kept);
    let pointers: Vec<_> = warnings_of(&event)
        .into_iter()
        .map(|(code, at)| {
            assert_eq!(code, "dropped");
            at
        })
        .collect();
    assert_eq!(pointers, ["/campaign_id", "/keyword", "/device", "/country"]);
}

#[test]
fn only_an_impression_says_whether_it_was_viewable() {
    let event = |kind: &str, viewable: serde_json::Value| json!({"type": kind, "campaign_id": "spring", "viewable": viewable});
    for (sent, expected) in [
        (json!(true), Some(true)),
        (json!(" false "), Some(false)),
        (json!(null), None),
        (json!(""), None),
    ] {
        let impression = event("ad_impression", sent);
        let taken = taken(&impression);
        assert_eq!((taken.event.viewable, taken.warnings.len()), (expected, 0), "{impression}");
        assert!(taken.event.properties.is_empty(), "{impression}");
    }
    for sent in [json!(1), json!("yes"), json!({"percent": 50})] {
        let impression = event("ad_impression", sent.clone());
        assert_eq!(warnings_of(&impression), expected_warnings(&[("dropped", "/viewable")]));
        let read = read(&impression);
        assert_eq!((read.viewable, &read.properties["viewable"]), (None, &sent));
    }
    for other in ["ad_viewable", "page_view", "custom.seen"] {
        let read = read(&event(other, json!(false)));
        assert_eq!((read.viewable, &read.properties["viewable"]), (None, &json!(false)), "{other}");
    }
}

#[test]
fn a_purchase_without_sales_has_a_warning() {
    for event in [
        json!({"type": "purchase", "order_id": "1"}),
        json!({"type": "purchase", "items": [{"product_id": "p"}]}),
        json!({"event": "Order Completed", "properties": {"amount": 5}}),
    ] {
        assert_eq!(warnings_of(&event), expected_warnings(&[("no_revenue", "")]), "{event}");
    }
    assert_eq!(warnings_of(&json!({"type": "purchase", "revenue": 0})), []);
    assert_eq!(warnings_of(&json!({"type": "refund"})), []);
}

#[test]
fn an_unknown_currency_is_an_error_only_with_amounts() {
    let without = json!({"type": "page_view", "currency": "Euro"});
    assert_eq!(warnings_of(&without), expected_warnings(&[("dropped", "/currency")]));
    let with = json!({"type": "purchase", "revenue": 1, "currency": "Euro"});
    assert_eq!(refused(&with).first().pointer, "/currency");
}

#[test]
fn an_unlisted_currency_is_refused() {
    let rejections = refused(&json!({"type": "purchase", "revenue": 1, "currency": "AAA"}));
    assert_eq!(rejections.first().pointer, "/currency");
    let event = read(&json!({"type": "purchase", "revenue": 1, "currency": "dem"}));
    assert_eq!(event.currency.unwrap().as_str(), "DEM", "history has withdrawn currencies");
}

#[test]
fn a_single_product_that_cannot_be_read_stays_among_the_properties() {
    let sent = json!({"product_id": "p1", "brand": "Acme", "price": "3.50", "quantity": "lots"});
    let event = json!({"event": "Product Shared", "properties": sent});
    let properties = read(&event).properties;
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(properties.get(name), Some(value), "{name}");
    }
}

#[test]
fn an_unreadable_field_of_the_envelope_does_not_become_a_property() {
    let taken = of_body(&json!({"country": "Germany", "events": [{"type": "page_view"}]}));
    assert_eq!(warned(&taken), expected_warnings(&[("dropped", "/$envelope/country")]));
    assert!(taken.warnings[0].reason.ends_with("the event is stored without it"));
    assert!(taken.event.properties.is_empty());
}

#[test]
fn an_unreadable_field_of_an_item_does_not_become_a_property() {
    let item = json!({"product_id": "p1", "brand": ["Acme"]});
    let taken = taken(&json!({"type": "product_view", "items": [item]}));
    assert_eq!(warned(&taken), expected_warnings(&[("dropped", "/items/0/brand")]));
    assert!(taken.warnings[0].reason.ends_with("the event is stored without it"));
    assert!(taken.event.properties.is_empty());
}

#[test]
fn the_context_of_an_event_wins_over_the_envelope() {
    let event = json!({"event": "x", "context": {"userAgent": "Firefox"}});
    let taken = of_body(&json!({"userAgent": "library/1", "batch": [event]}));
    assert_eq!(taken.event.user_agent.as_deref(), Some("Firefox"));
}

#[test]
fn a_detail_that_cannot_be_read_is_not_replaced_by_one_from_farther_away() {
    let event = json!({"type": "page_view", "visitor_id": true, "user_agent": true,
        "device": {"x": 1}, "context": {"userAgent": "Firefox", "device": {"type": "mobile"}}});
    let body = json!({"visitor_id": "v1", "user_agent": "library/1", "events": [event]});
    let taken = of_body(&body);
    let event = &taken.event;
    assert_eq!((&event.visitor_id, &event.user_agent, &event.device), (&None, &None, &None));
    let expected = [("dropped", "/visitor_id"), ("dropped", "/user_agent"), ("dropped", "/device")];
    assert_eq!(warned(&taken), expected_warnings(&expected));
}

#[test]
fn a_field_of_the_envelope_that_is_too_long_is_dropped() {
    let body = json!({"user_agent": "x".repeat(9_000), "visitor_id": "v1",
        "events": [{"type": "page_view"}]});
    let taken = of_body(&body);
    assert_eq!(warned(&taken), expected_warnings(&[("dropped", "/user_agent")]));
    assert_eq!((taken.event.visitor_id.as_deref(), taken.event.user_agent), (Some("v1"), None));
    let body = body.to_string();
    let batch = events::split(body.as_bytes(), events::BodyForm::Json, 10).unwrap();
    assert!(batch.envelope.keep(b"{}").len() < 9_000);
}

#[test]
fn of_two_fields_of_the_envelope_the_first_counts_even_if_it_is_too_long() {
    let long = "x".repeat(9_000);
    let body = format!(
        r#"{{"user_agent":"{long}","user_agent":"{long}","user_agent":"short","events":[{{"type":"page_view"}}]}}"#
    );
    let batch = events::split(body.as_bytes(), events::BodyForm::Json, 10).unwrap();
    let context = events::ParseContext { envelope: batch.envelope, ..context() };
    let taken = events::parse(batch.events[0], &context).unwrap();
    assert_eq!((taken.event.user_agent.as_deref(), taken.warnings.len()), (None, 1));
}

#[test]
fn a_property_that_is_nested_too_deep_is_dropped() {
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let raw = format!(
        r#"{{"type":"purchase","revenue":1,"a":{},"properties":{{"b":{},"c":{}}}}}"#,
        deep(9),
        deep(500),
        deep(7)
    );
    let taken = events::parse(raw.as_bytes(), &context()).unwrap();
    assert_eq!(taken.event.properties.keys().collect::<Vec<_>>(), ["c"]);
    assert_eq!(
        warned(&taken),
        expected_warnings(&[("dropped", "/properties/b"), ("dropped", "/a")])
    );
}

#[test]
fn a_property_that_no_store_can_hold_is_dropped_with_the_reason() {
    let raw = br#"{"type": "page_view", "x": 1e999, "y": 2}"#;
    let taken = events::parse(raw, &context()).unwrap();
    assert_eq!(warned(&taken), expected_warnings(&[("dropped", "/x")]));
    assert!(taken.warnings[0].reason.contains("number out of range"), "{:?}", taken.warnings);
    assert_eq!(taken.event.properties, *json!({"y": 2}).as_object().unwrap());
}

#[test]
fn two_hundred_items_of_ga4s_size_fit_into_one_event() {
    let item = json!({"item_id": "SKU_12345", "item_name": "Stan and Friends Tee", "affiliation": "Google Merchandise Store",
        "coupon": "SUMMER_FUN", "discount": 2.22, "index": 0, "item_brand": "Google", "item_category": "Apparel",
        "item_category2": "Adult", "item_category3": "Shirts", "item_category4": "Crew", "item_category5": "Short sleeve",
        "item_list_id": "related_products", "item_list_name": "Related Products", "item_variant": "green",
        "location_id": "ChIJIQBpAG2ahYAR_6128GcTUEo", "price": 10.01, "quantity": 3, "custom_note": "x".repeat(500)});
    let event = json!({"event": "purchase", "ecommerce": {"currency": "USD", "value": 6006, "items": vec![item; 200]}});
    assert!(event.to_string().len() > 180_000);
    let read = read(&event);
    assert_eq!((read.items.len(), canonical(&read).units().to_string().as_str()), (200, "600"));
}
