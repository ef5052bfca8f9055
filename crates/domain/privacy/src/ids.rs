use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::PersonKind;

/// Returns whether a document without a schema, such as a refused event, has the id of a person that satisfies
/// `is_wanted`.
///
/// In an object or array of JSON, ids are the strings and numbers of the fields that events have for them, at any
/// depth. No other value is one: the visitors of a shop may choose their ids, and `page_view` must not find every
/// event. In anything else, such as an event that broke off, each word may be an id of either kind.
pub fn any_id(document: &[u8], is_wanted: impl Fn(PersonKind, &str) -> bool) -> bool {
    if matches!(document.trim_ascii_start().first(), Some(b'{' | b'['))
        && let Ok(found) = search(document, &is_wanted)
    {
        return found;
    }
    any_word(&String::from_utf8_lossy(document), &is_wanted)
}

fn search(
    document: &[u8],
    is_wanted: &impl Fn(PersonKind, &str) -> bool,
) -> serde_json::Result<bool> {
    let mut json = serde_json::Deserializer::from_slice(document);
    let found = Search(is_wanted).deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

/// Returns whether any word of a text satisfies `is_wanted`. The text is divided at everything that separates values
/// in JSON and in query strings. `is_wanted` also gets longer parts, and names of fields.
fn any_word(text: &str, is_wanted: &impl Fn(PersonKind, &str) -> bool) -> bool {
    let is_wanted = |word: &str| PersonKind::ALL.into_iter().any(|kind| is_wanted(kind, word));
    let separates =
        |character: char| character.is_whitespace() || r#""'\{}[],:;&=()<>?"#.contains(character);
    let quoted = text.split('"').map(str::trim);
    let split = text.split(separates);
    quoted.chain(split).filter(|word| !word.is_empty()).any(is_wanted)
}

/// Whose id a field of this name has.
fn kind_of(field: &str) -> Option<PersonKind> {
    if events::is_visitor_field(field) {
        Some(PersonKind::Visitor)
    } else if events::is_customer_field(field) {
        Some(PersonKind::Customer)
    } else {
        None
    }
}

/// Whether the value of a field has a wanted id. A list or an object in place of an id has it as a word.
fn is_wanted_value(
    kind: PersonKind,
    raw: &str,
    is_wanted: &impl Fn(PersonKind, &str) -> bool,
) -> bool {
    match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(raw)
            .map_or_else(|_| any_word(raw, is_wanted), |text| is_wanted(kind, text.trim())),
        // The digits, as they were sent.
        Some(b'-' | b'0'..=b'9') => is_wanted(kind, raw),
        Some(b'[' | b'{') => any_word(raw, is_wanted),
        _ => false,
    }
}

/// Reads JSON in one pass, duplicate fields too, and returns whether it has a wanted id.
struct Search<'a, F>(&'a F);

impl<'de, F: Fn(PersonKind, &str) -> bool> DeserializeSeed<'de> for Search<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: Fn(PersonKind, &str) -> bool> Visitor<'de> for Search<'_, F> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(in_value) = values.next_element_seed(Search(self.0))? {
            found |= in_value;
        }
        Ok(found)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(name) = fields.next_key::<String>()? {
            found |= match kind_of(&name) {
                Some(kind) => {
                    let value = fields.next_value::<&'de RawValue>()?;
                    is_wanted_value(kind, value.get(), self.0)
                }
                None => fields.next_value_seed(Search(self.0))?,
            };
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PersonKind::{Customer, Visitor};

    fn has(document: &str, kind: PersonKind, id: &str) -> bool {
        any_id(document.as_bytes(), |found_kind, found| (found_kind, found) == (kind, id))
    }

    #[test]
    fn ids_are_the_strings_and_numbers_of_their_fields_at_any_depth() {
        let document = r#"[{"anonymousId":"v\u002d1","context":{"ids":[{"clientId":" v-2 "}]},
            "batch":[[{"user_id":4711}]],"customer_id":10023.50,"distinct_id":["v-3",{"id":"v-4"}]}]"#;
        for id in ["v-1", "v-2", "v-3", "v-4"] {
            assert!(has(document, Visitor, id), "{id}");
        }
        for id in ["4711", "10023.50"] {
            assert!(has(document, Customer, id), "{id}");
        }
        assert!(!has(document, Customer, "v-1") && !has(document, Visitor, "4711"), "another kind");
        for part in ["v", "v-", "471", "10023.5"] {
            assert!(!has(document, Visitor, part) && !has(document, Customer, part), "{part}");
        }
    }

    #[test]
    fn no_other_value_and_no_name_of_a_field_is_an_id() {
        let document = r#"{"type":"page_view","visitor_id":"v-1","cost":30,"user_id":null,
            "items":[{"product_id":"10023","name":"metrics"}],"url":"https://shop.example/time"}"#;
        for word in [
            "type",
            "page_view",
            "visitor_id",
            "cost",
            "30",
            "null",
            "items",
            "10023",
            "metrics",
            "https://shop.example/time",
            "time",
        ] {
            assert!(!has(document, Visitor, word) && !has(document, Customer, word), "{word}");
        }
        assert!(has(document, Visitor, "v-1"));
    }

    #[test]
    fn a_field_that_is_given_twice_has_both_ids() {
        let document = r#"{"visitor_id":"v-1","visitor_id":"v-2"}"#;
        assert!(has(document, Visitor, "v-1") && has(document, Visitor, "v-2"));
    }

    #[test]
    fn in_what_is_no_json_of_an_event_any_word_may_be_an_id() {
        let too_deep = format!(r#"{}{{"visitor_id":"v-1"}}{}"#, "[".repeat(200), "]".repeat(200));
        for document in [
            r#"{"visitor_id":"v-1","cost":"#,
            r#"{"visitor_id":"v-1"} {"#,
            "visitor_id=v-1&cost=2",
            "{'visitor_id': 'v-1'}",
            r#"{"visitor_id":v-1}"#,
            r#""{\"visitor_id\":\"v-1\"}""#,
            &too_deep,
        ] {
            assert!(has(document, Visitor, "v-1") && has(document, Customer, "v-1"), "{document}");
            assert!(!has(document, Visitor, "v"), "{document}");
        }
        assert!(has(r#"{"name":"Ann Lee","cost":"#, Customer, "Ann Lee"));
        assert!(any_id(b"\xff v-1 \xfe", |_, word| word == "v-1"));
        assert!(any_id(b"{\"visitor_id\":\"\xff\",\"user_id\":\"c-1\"}", |_, word| word == "c-1"));
    }
}
