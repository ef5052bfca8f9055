//! Requests in every form of a body.

use std::{collections::BTreeMap, io::Write};

use chrono::{DateTime, Utc};
use flate2::{Compression, write::GzEncoder};
use serde_json::json;

use super::{
    documented::{self, Field},
    draft::Draft,
    items::Catalogue,
    meant::Meant,
    objects::{Objects, Place},
    times::{self, Clock, Sent},
    written::{self, Written, in_body},
};
use crate::deck::Deck;

/// Sends the events of a shop.
pub(super) struct Sender {
    pub(super) deck: Deck,
    pub(super) catalogue: Catalogue,
}

/// A request, and the meaning of each of its events.
pub(super) struct Request {
    pub(super) body: Vec<u8>,
    pub(super) content_type: &'static str,
    pub(super) encoding: &'static str,
    pub(super) meant: Vec<Meant>,
}

/// The fields beside the events of a request.
#[derive(Default)]
pub(super) struct Beside {
    pub(super) texts: BTreeMap<&'static str, Written<String>>,
    pub(super) time: Option<Sent>,
    pub(super) clock: Clock,
}

impl Beside {
    /// Returns the meaning of a field for an event without that field.
    pub(super) fn read(&self, draft: &mut Draft<'_>, field: &Field) -> Option<String> {
        let written = self.texts.get(field.name)?;
        draft.meant.warnings.extend(&written.warnings);
        written.meant.clone()
    }
}

/// The texts that an envelope may have.
const BESIDE: [&str; 7] =
    ["visitor_id", "session_id", "customer_id", "campaign_id", "currency", "user_agent", "country"];

/// The forms of a body, with the content types that may be declared for them.
const FORMS: &[(&str, &str)] = &[
    ("array", "application/json"),
    ("array", "application/x-ndjson"),
    ("envelope", "application/json"),
    ("envelope", "Application/JSON; charset=utf-8"),
    ("envelope", "application/json"),
    ("lines", "application/x-ndjson"),
    ("lines", "application/ndjson"),
    ("lines", "application/json"),
    ("single", "application/json"),
    ("single", "application/x-ndjson"),
];

impl Sender {
    /// Writes a request of up to `count` events. Its key may send history if `is_history`.
    pub(super) fn request(&mut self, count: usize, is_history: bool) -> Request {
        let now = Utc::now();
        let (form, content_type) = self.deck.deal("a form of a body", FORMS);
        let mut beside = Beside::default();
        let mut envelope = Objects::default();
        if form == "envelope" {
            beside = self.beside(&mut envelope, now, is_history);
        }
        let count = if form == "single" { 1 } else { count };
        let meant: Vec<_> = (0..count).map(|_| self.event(&beside, now, is_history)).collect();
        let events: Vec<_> = meant.iter().map(|meant| meant.written.as_str()).collect();
        let array = format!("[{}]", events.join(", "));
        let body = match form {
            "array" => array,
            "lines" => events.join("\r\n\n"),
            "single" => events[0].to_owned(),
            _ => {
                let name = self.deck.deal("a name of the events", &["events", "batch"]);
                let fields = in_body(&json!(envelope.object(Place::Beside)));
                fields.replacen('{', &format!("{{\"{name}\": {array}, "), 1)
            }
        };
        let mark = if self.deck.one_in(4) { "\u{feff}" } else { "" };
        let body = format!("{mark}{body}").into_bytes();
        let encoding = self.deck.deal("an encoding", &["identity", "gzip", "zstd"]);
        let body = match encoding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&body).unwrap();
                encoder.finish().unwrap()
            }
            "zstd" => zstd::encode_all(body.as_slice(), 3).unwrap(),
            _ => body,
        };
        Request { body, content_type, encoding, meant }
    }

    /// Writes the fields beside the events.
    fn beside(&mut self, envelope: &mut Objects, now: DateTime<Utc>, is_history: bool) -> Beside {
        let deck = &mut self.deck;
        let mut beside = Beside::default();
        let place = &[Place::Beside];
        for field in BESIDE.map(documented::named) {
            if !deck.one_in(3) {
                // An event may need them.
                let is_needed = ["campaign_id", "currency"].contains(&field.name);
                let write = if is_needed { written::read } else { written::any };
                let n = deck.below(30);
                let written = write(deck, field, n);
                envelope.write(deck, field, place, &written);
                beside.texts.insert(field.name, written);
            }
        }
        if deck.one_in(2) {
            let name = deck.deal("a name of sent_at", &documented::named("sent_at").names);
            let (json, clock) = times::sent_at(deck, now);
            envelope.object(Place::Beside).insert(name.to_owned(), json);
            beside.clock = clock;
        }
        if !deck.one_in(3) {
            let written = times::event_time(deck, now, beside.clock.lead, is_history);
            envelope.write(deck, documented::named("event_time"), place, &written);
            beside.time = written.meant;
        }
        // Any other field is ignored.
        envelope.object(Place::Beside).insert("api_key".to_owned(), json!({"device": "secret"}));
        beside
    }
}
