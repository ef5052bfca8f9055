//! An event with every field, in any form.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    documented::{self, Field},
    draft::Draft,
    items::Catalogue,
    meant::{Id, Meant},
    numbers,
    objects::{ANYWHERE, Place},
    request::{Beside, Sender},
    times::{self, Moment},
    types, unknown,
    written::{self, Written},
};
use crate::formulas::HOME;

/// The fields that are not a text, or are written by functions of their own.
const OTHERS: [&str; 9] = [
    "type",
    "event_id",
    "event_time",
    "sent_at",
    "viewable",
    "cost",
    "revenue",
    "items",
    "currency",
];

/// Writes whether an impression was viewable.
const VIEWABLE: &[fn() -> Written<bool>] = &[
    || Written::of(true, true),
    || Written::of(false, false),
    || Written::of(" true\n", true),
    || Written::of("false", false),
    || Written::kept("no"),
    || Written::kept(1),
];

/// Writes an event id.
const IDS: &[fn(u128) -> Written<Id>] = &[
    |n| uuid(n, Uuid::from_u128(n).to_string()),
    |n| uuid(n, format!(" {}\n", Uuid::from_u128(n)).to_uppercase()),
    |n| uuid(n, Uuid::from_u128(n).simple().to_string()),
    |n| uuid(n, Uuid::from_u128(n).urn().to_string()),
    |n| uuid(n, Uuid::from_u128(n).braced().to_string()),
    |n| Written::of(format!("ajs-next-{n}"), Id::Derived),
    |n| Written::of((n >> 64) as u64, Id::Derived),
    |_| Written::left_out(Uuid::nil().to_string()),
];

fn uuid(n: u128, json: String) -> Written<Id> {
    Written::of(json, Id::Sent(Uuid::from_u128(n)))
}

impl Sender {
    /// Writes an event that is sent at `now` with these fields beside it.
    pub(super) fn event(&mut self, beside: &Beside, now: DateTime<Utc>, is_history: bool) -> Meant {
        let mut draft = Draft::new(&mut self.deck);
        types::write(&mut draft);
        if !draft.deck.one_in(4) {
            let number = draft.deck.number();
            let written = draft.deck.deal("a way to write an id", IDS)(number);
            let id = draft.write(documented::named("event_id"), ANYWHERE, &written);
            draft.meant.event_id = id.unwrap_or(Id::Generated);
        }
        time(&mut draft, beside, now, is_history);
        viewable(&mut draft);
        money(&mut draft, beside, &self.catalogue);
        let texts = documented::fields().iter().filter(|field| !field.name.starts_with("items[]."));
        for field in texts.filter(|field| !OTHERS.contains(&field.name)) {
            text(&mut draft, beside, field);
        }
        unknown::write(&mut draft);
        draft.finished()
    }
}

/// Writes when it happened, and at times when it was sent.
fn time(draft: &mut Draft<'_>, beside: &Beside, now: DateTime<Utc>, is_history: bool) {
    let mut clock = beside.clock;
    if draft.deck.one_in(5) {
        let (json, own) = times::sent_at(draft.deck, now);
        let field = documented::named("sent_at");
        if own.sent_at.is_some() {
            draft.write(field, &[Place::Own], &Written::<()>::of(json, ()));
            clock = own;
        } else {
            draft.own().insert(field.name.to_owned(), json);
        }
    }
    let own = (!draft.deck.one_in(5)).then(|| {
        let written = times::event_time(draft.deck, now, clock.lead, is_history);
        draft.write(documented::named("event_time"), &[Place::Own], &written)
    });
    draft.meant.sent = own.flatten().or(beside.time);
    draft.meant.moment = Moment::of(draft.meant.sent, clock.sent_at, now);
}

/// Writes whether an impression was viewable, which is a property of any other event.
fn viewable(draft: &mut Draft<'_>) {
    if draft.meant.event_type == "ad_impression" && !draft.deck.one_in(3) {
        let written = draft.deck.deal("a way to write what was viewable", VIEWABLE)();
        draft.meant.viewable = draft.write(documented::named("viewable"), ANYWHERE, &written);
    } else if draft.meant.event_type != "ad_impression" && draft.deck.one_in(8) {
        draft.write_property("viewable", true.into());
    }
}

/// Writes amounts, items and their currency.
fn money(draft: &mut Draft<'_>, beside: &Beside, catalogue: &Catalogue) {
    let currency = documented::named("currency");
    let written = (!draft.deck.one_in(3)).then(|| written::read(draft.deck, currency, 0));
    let is_large = written.as_ref().is_some_and(|written| written.meant.as_deref() == Some("VND"));
    let is_ad = draft.meant.is_ad();
    let is_purchase = draft.meant.is_purchase();
    if draft.deck.one_in(if is_ad { 2 } else { 6 }) {
        let places: &[_] = if is_ad { ANYWHERE } else { &[Place::Own] };
        draft.meant.cost = amount(draft, documented::named("cost"), places, is_large);
    }
    if draft.deck.one_in(if is_purchase { 2 } else { 6 }) {
        let is_order = is_purchase || draft.meant.event_type == "refund";
        let is_custom = draft.meant.is_custom();
        let revenue = documented::named("revenue").only(|name| match name {
            "total" => is_order,
            "value" => !is_custom,
            _ => true,
        });
        draft.meant.revenue = amount(draft, &revenue, ANYWHERE, is_large);
    }
    catalogue.write(draft, is_large);
    let has_amount = draft.meant.has_amount();
    let may_be_lost = draft.meant.is_custom() || !has_amount;
    let read = match written {
        Some(written) => draft.write(currency, ANYWHERE, &written),
        None if may_be_lost && draft.deck.one_in(2) => {
            let dropped = written::dropped(draft.deck, currency, 0);
            draft.write(currency, ANYWHERE, &dropped)
        }
        None => beside.read(draft, currency),
    };
    let home = has_amount.then(|| HOME.to_owned());
    draft.meant.texts.extend(read.or(home).map(|text| (currency.name, text)));
    if is_purchase && draft.meant.revenue.is_none() && !draft.meant.has_price() {
        draft.meant.warnings.push("no_revenue");
    }
}

/// Writes an amount; in an event of a custom type at times one that cannot be read.
fn amount(
    draft: &mut Draft<'_>,
    field: &Field,
    places: &[Place],
    is_large: bool,
) -> Option<money::Amount> {
    let written = if draft.meant.is_custom() && draft.deck.one_in(2) {
        let values = ["\"lots\"", "-1", "true", "\"12,50\""];
        let value: Value = serde_json::from_str(draft.deck.deal("no amount", &values)).unwrap();
        Written::kept(value)
    } else {
        numbers::amount(draft.deck, field.name, is_large)
    };
    draft.write(field, places, &written)
}

/// Writes a text, or leaves it to the fields beside the event.
fn text(draft: &mut Draft<'_>, beside: &Beside, field: &'static Field) {
    let is_needed = field.name == "campaign_id" && draft.meant.is_ad();
    let is_own = !draft.deck.one_in(3) || is_needed && !beside.texts.contains_key(field.name);
    let read = if is_own {
        let n = draft.deck.below(30);
        let write = if is_needed { written::read } else { written::any };
        let written = write(draft.deck, field, n);
        draft.write(field, ANYWHERE, &written)
    } else {
        beside.read(draft, field)
    };
    draft.meant.texts.extend(read.map(|text| (field.name, text)));
}
