use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{documented::Field, written::Written};
use crate::deck::Deck;

/// An object in which an event may have fields, the nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// The event or the item itself.
    Own,
    Properties,
    Params,
    Ecommerce,
    Context,
    /// The envelope.
    Beside,
}

/// The places of most fields; the event itself is the usual one.
pub(super) const ANYWHERE: &[Place] =
    &[Place::Own, Place::Own, Place::Properties, Place::Params, Place::Ecommerce];

/// Values that count as absent; the texts alone do so everywhere.
pub(super) const BLANKS: &[&str] = &["null", r#""""#, r#"" \n""#, r#""\t""#, "[]", "{}"];
pub(super) const BLANK_TEXTS: &[&str] = &["null", r#""""#, r#"" \n""#, r#""\t""#];

/// Returns one of these values that count as absent.
pub(super) fn blank(deck: &mut Deck, of: &str, blanks: &[&str]) -> Value {
    serde_json::from_str(deck.deal(&format!("an empty value of {of}"), blanks)).unwrap()
}

/// The objects of an event, of an item or of an envelope.
#[derive(Default)]
pub(super) struct Objects(BTreeMap<Place, Map<String, Value>>);

impl Objects {
    pub(super) fn object(&mut self, place: Place) -> &mut Map<String, Value> {
        self.0.entry(place).or_default()
    }

    /// Writes a value under one of its names in one of these places. At times it has an empty value
    /// under another name, or a further value farther away.
    ///
    /// Returns the values that become properties.
    pub(super) fn write<T>(
        &mut self,
        deck: &mut Deck,
        field: &Field,
        places: &[Place],
        written: &Written<T>,
    ) -> Vec<(String, Value)> {
        let field_in = format!("{} of {} in {places:?}", field.name, field.names.len());
        let name = deck.deal(&format!("a name of {field_in}"), &field.names);
        let mut place = deck.deal(&format!("a place of {field_in}"), places);
        if let Some(path) = field.context
            && places == ANYWHERE
            && !written.is_property
            && deck.one_in(4)
        {
            place = Place::Context;
            self.write_in_context(path, &written.json);
        } else {
            self.object(place).insert(name.to_owned(), written.json.clone());
        }
        let mut left = Vec::new();
        if written.is_property {
            left.push((name.to_owned(), written.json.clone()));
        }
        let at = |place: Place, name: &str| (place, field.names.iter().position(|n| *n == name));
        let mut spots: Vec<_> = places
            .iter()
            .flat_map(|place| field.names.iter().map(|name| (*place, *name)))
            .collect();
        spots.retain(|spot| *spot != (place, name));
        let farther: Vec<_> =
            spots.iter().copied().filter(|spot| at(spot.0, spot.1) > at(place, name)).collect();
        match deck.below(12) {
            0 if !spots.is_empty() => {
                let (place, name) = spots[deck.below(spots.len() as u64) as usize];
                let blank = blank(deck, "a field", BLANKS);
                self.object(place).insert(name.to_owned(), blank);
            }
            1 if !farther.is_empty() && written.meant.is_some() => {
                let (place, name) = farther[deck.below(farther.len() as u64) as usize];
                let is_same = deck.one_in(2);
                let further = if is_same { written.json.clone() } else { json!("another value") };
                self.object(place).insert(name.to_owned(), further.clone());
                if !is_same {
                    left.push((name.to_owned(), further));
                }
            }
            _ => {}
        }
        left
    }

    fn write_in_context(&mut self, path: &str, value: &Value) {
        let mut object = self.object(Place::Context);
        let (names, last) = path.rsplit_once('.').unwrap_or(("", path));
        for name in names.split('.').filter(|name| !name.is_empty()) {
            let inner = object.entry(name).or_insert_with(|| json!({}));
            object = inner.as_object_mut().unwrap();
        }
        object.insert(last.to_owned(), value.clone());
    }

    /// Returns the own object with the others in it.
    pub(super) fn joined(mut self) -> Map<String, Value> {
        let mut own = self.0.remove(&Place::Own).unwrap_or_default();
        for (place, object) in self.0 {
            let name = match place {
                Place::Own | Place::Beside => continue,
                Place::Properties => "properties",
                Place::Params => "params",
                Place::Ecommerce => "ecommerce",
                Place::Context => "context",
            };
            own.insert(name.to_owned(), Value::Object(object));
        }
        own
    }
}
