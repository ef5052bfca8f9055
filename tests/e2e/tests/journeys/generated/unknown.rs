//! Fields that no table lists.

use serde_json::{Value, json};

use super::{
    draft::Draft,
    objects::Place::{self, Ecommerce, Own, Params, Properties},
    written::{HALF, number},
};

/// A field, with its place.
type Unknown = (Place, &'static str, fn() -> Value);

/// Fields that are kept.
const KEPT: &[Unknown] = &[
    (Own, "colour", || json!("red")),
    (Properties, "a/b~c \"d\"", || json!({"sizes": ["S", null, 4.5e-7], "": true})),
    (Params, "largest", || json!(u64::MAX)),
    (Ecommerce, "least", || json!(i64::MIN)),
    (Own, "double", || number("0.10000000000000001")),
    (Properties, "blank", || json!("")),
    (Own, "blanks", || json!([{}, [], " "])),
    (Own, "deep", || nested(7)),
    (Params, "half", || json!(format!("so {HALF}"))),
    (Own, "batch", || json!(["B12"])),
    // Times are read from the event itself only.
    (Properties, "timestamp", || json!("yesterday")),
    (Params, "sent_at", || json!(true)),
];

/// Fields that are left out.
const LEFT_OUT: &[Unknown] = &[
    (Own, "deeper", || nested(8)),
    (Properties, "deepest", || nested(100)),
    (Own, "huge", || number("1e999")),
];

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

/// Writes some of them.
pub(super) fn write(draft: &mut Draft<'_>) {
    if draft.deck.one_in(2) {
        let (place, name, value) = draft.deck.deal("a property", KEPT);
        if !draft.meant.properties.contains_key(name) {
            draft.object(place).insert(name.to_owned(), value());
            draft.meant.properties.insert(name.to_owned(), value());
        }
    }
    if draft.deck.one_in(8) {
        let (place, name, value) = draft.deck.deal("no property", LEFT_OUT);
        draft.object(place).insert(name.to_owned(), value());
        draft.meant.warnings.push("dropped");
    }
    if draft.deck.one_in(8) {
        let is_same = draft.deck.one_in(2);
        draft.object(Params).insert("twice".to_owned(), json!(2));
        draft.object(Own).insert("twice".to_owned(), json!(if is_same { 2 } else { 1 }));
        draft.meant.properties.insert("twice".to_owned(), json!(2));
        draft.meant.warnings.extend((!is_same).then_some("dropped"));
    }
    if draft.deck.one_in(8) {
        draft.own().insert("nothing".to_owned(), Value::Null);
    }
    let meant = &draft.meant;
    let is_order = meant.is_purchase() || meant.event_type == "refund";
    // Names that are fields of other types only.
    if meant.is_custom() && draft.deck.one_in(2) {
        draft.write_property("value", json!("high"));
    } else if !is_order && draft.deck.one_in(4) {
        draft.write_property("total", json!(27.5));
    }
    if !draft.meant.is_ad() && !draft.meant.is_custom() && draft.deck.one_in(4) {
        draft.object(Properties).insert("cost".to_owned(), json!("a lot"));
        draft.meant.properties.insert("cost".to_owned(), json!("a lot"));
    }
}
