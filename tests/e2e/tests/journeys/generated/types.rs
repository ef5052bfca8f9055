//! The ways to name what happened.

use serde_json::json;

use super::{documented, draft::Draft};
use crate::deck::Deck;

/// Names of other types, each with the type that it is counted as.
const CUSTOM: &[(&str, &str)] = &[
    ("custom.wishlist-add", "custom.wishlist-add"),
    ("custom.purchase", "custom.purchase"),
    ("custom.Wish List", "custom.wish_list"),
    ("Product Shared", "custom.product_shared"),
    ("addPaymentInfo", "custom.add_payment_info"),
    ("view-item", "custom.view-item"),
    ("identify", "custom.identify"),
    (" gtm.click\n", "custom.gtm_click"),
    // The hash is the beginning of the UUIDv5 of the name as a URL.
    ("商品分享", "custom.bdf22184"),
    (
        "very very very very very very very very long name",
        "custom.very_very_very_very_very_very_v-4eae8fb5",
    ),
    (LONG, "custom.3592d857"),
];
const LONG: &str = "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\
    ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé";

/// How the words of a name are written.
const SPELLINGS: &[fn(&str) -> String] = &[
    |name| name.to_owned(),
    |name| format!(" {name}\n"),
    str::to_uppercase,
    str::to_lowercase,
    |name| words(name).join("_").to_lowercase(),
    |name| words(name).join(" "),
    |name| {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..].to_lowercase();
        words(name).into_iter().map(capital).collect()
    },
];

fn words(name: &str) -> Vec<&str> {
    name.split(['_', ' ']).collect()
}

/// Names what happened.
pub(super) fn write(draft: &mut Draft<'_>) {
    let is_custom = draft.deck.one_in(8);
    let forms: &[&str] = match is_custom {
        true => &["alone", "alone", "track", "number"],
        false => &["alone", "alone", "track", "number", "page", "call", "label", "same", "alias"],
    };
    let form = draft.deck.deal(&format!("a form of the type, custom: {is_custom}"), forms);
    if form == "page" {
        draft.meant.event_type = "page_view".to_owned();
        draft.own().insert("type".to_owned(), json!("page"));
        return draft.write_property("name", json!("Home"));
    }
    let (event_type, name) = if is_custom { custom_name(draft) } else { known_name(draft.deck) };
    draft.meant.event_type = event_type.to_owned();
    let field = match form {
        "alone" => draft.deck.deal("a name of type", &documented::named("type").names),
        "track" | "call" => "event",
        _ => "type",
    };
    draft.own().insert(field.to_owned(), json!(name));
    match form {
        "alone" if field == "event" => drop(draft.own().insert("type".to_owned(), json!(" "))),
        "track" => drop(draft.own().insert("type".to_owned(), json!("track"))),
        "same" => drop(draft.own().insert("event".to_owned(), json!(name))),
        "call" => draft.write_property("type", json!("click")),
        "number" => draft.write_property("event", json!(17)),
        "label" => draft.write_property("event", json!("hero seen")),
        "alias" => draft.write_property("event", json!(format!("_{event_type}"))),
        _ => {}
    }
}

fn known_name(deck: &mut Deck) -> (&'static str, String) {
    let types = documented::types();
    let types: Vec<_> = types.iter().collect();
    let (event_type, names) = deck.deal("a type", &types);
    let name = deck.deal(&format!("a name of {event_type}"), names);
    (event_type, deck.deal("a spelling", SPELLINGS)(name))
}

/// Names a type of the sender's own. A name that is not the type's is kept as a property.
fn custom_name(draft: &mut Draft<'_>) -> (&'static str, String) {
    let (name, event_type) = draft.deck.deal("a custom type", CUSTOM);
    if name != event_type {
        let stored = name.trim().chars().take(100).collect::<String>();
        draft.meant.warnings.push("custom_type");
        draft.meant.warnings.extend((stored != name.trim()).then_some("cut"));
        draft.meant.properties.insert("event_name".to_owned(), json!(stored));
    }
    (event_type, name.to_owned())
}
