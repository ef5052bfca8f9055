use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::{
    documented::Field,
    meant::{Id, Meant},
    objects::{BLANKS, Objects, Place, blank},
    times::Moment,
    written::{Written, as_read, in_body},
};
use crate::deck::Deck;

/// An event that is being written, and its meaning.
pub(super) struct Draft<'a> {
    pub(super) deck: &'a mut Deck,
    pub(super) meant: Meant,
    objects: Objects,
}

impl<'a> Draft<'a> {
    pub(super) fn new(deck: &'a mut Deck) -> Self {
        let meant = Meant {
            written: String::new(),
            event_type: String::new(),
            event_id: Id::Generated,
            moment: Moment::BeforeReceipt(TimeDelta::zero()),
            sent: None,
            texts: BTreeMap::new(),
            viewable: None,
            cost: None,
            revenue: None,
            items: Vec::new(),
            properties: Map::new(),
            warnings: Vec::new(),
        };
        Self { deck, meant, objects: Objects::default() }
    }

    /// Returns the event's own object.
    pub(super) fn own(&mut self) -> &mut Map<String, Value> {
        self.object(Place::Own)
    }

    pub(super) fn object(&mut self, place: Place) -> &mut Map<String, Value> {
        self.objects.object(place)
    }

    /// Writes a field, and returns its meaning.
    pub(super) fn write<T: Clone>(
        &mut self,
        field: &Field,
        places: &[Place],
        written: &Written<T>,
    ) -> Option<T> {
        let left = self.objects.write(self.deck, field, places, written);
        self.meant.properties.extend(left);
        self.meant.warnings.extend(&written.warnings);
        written.meant.clone()
    }

    /// Writes a field of the event itself that is kept as a property.
    pub(super) fn write_property(&mut self, name: &str, value: Value) {
        self.own().insert(name.to_owned(), value.clone());
        self.meant.properties.insert(name.to_owned(), value);
    }

    /// Returns the meaning of the event, with its text.
    pub(super) fn finished(mut self) -> Meant {
        let properties = self.objects.object(Place::Properties);
        let has_properties = !properties.is_empty();
        let mut event = self.objects.joined();
        if !has_properties {
            event.remove("properties");
            if self.deck.one_in(4) {
                let blank = blank(self.deck, "properties", BLANKS);
                event.insert("properties".to_owned(), blank);
            }
        }
        if let Some(context) = event.get("context") {
            self.meant.properties.insert("context".to_owned(), context.clone());
        }
        let properties = as_read(&Value::Object(std::mem::take(&mut self.meant.properties)));
        self.meant.properties = serde_json::from_value(properties).unwrap();
        self.meant.written = in_body(&Value::Object(event));
        self.meant
    }
}
