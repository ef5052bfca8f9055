use serde_json::Value;

/// Returns whether any word of a document satisfies `is_wanted`: a string or a number of its JSON. A document that is
/// not JSON, such as a refused event that broke off, is divided at everything that separates values in JSON and in
/// query strings. `is_wanted` also gets longer texts, and names of fields.
pub fn any_word(document: &[u8], is_wanted: impl Fn(&str) -> bool) -> bool {
    match serde_json::from_slice(document) {
        Ok(json) => any_word_of_json(&json, &is_wanted),
        Err(_) => {
            let text = String::from_utf8_lossy(document);
            let separates = |character: char| {
                character.is_whitespace() || r#""'\{}[],:;&=()<>?"#.contains(character)
            };
            let quoted = text.split('"').map(str::trim);
            let split = text.split(separates);
            quoted.chain(split).filter(|word| !word.is_empty()).any(is_wanted)
        }
    }
}

/// Returns whether any string or number of a JSON document satisfies `is_wanted`.
pub fn any_word_of_json(json: &Value, is_wanted: &impl Fn(&str) -> bool) -> bool {
    match json {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => is_wanted(&number.to_string()),
        Value::String(text) => is_wanted(text.trim()),
        Value::Array(values) => values.iter().any(|value| any_word_of_json(value, is_wanted)),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| is_wanted(name.trim()) || any_word_of_json(value, is_wanted)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(document: &str, wanted: &str) -> bool {
        any_word(document.as_bytes(), |word| word == wanted)
    }

    #[test]
    fn words_are_the_strings_and_numbers_of_json_at_any_depth() {
        let document =
            r#"{"userId":"v\u002d1","context":{"ids":[4711,{"deep":" v-2 "}]},"cost":"a lot"}"#;
        for word in ["v-1", "4711", "v-2", "a lot", "userId"] {
            assert!(has(document, word), "{word}");
        }
        for part in ["v", "471", "lot"] {
            assert!(!has(document, part), "{part} is a part of a word");
        }
    }

    #[test]
    fn words_of_what_is_not_json_are_found_too() {
        for document in [
            r#"{"visitor_id":"v-1","cost":"#,
            "visitor_id=v-1&cost=2",
            "{'visitor_id': 'v-1'}",
            r#"{"visitor_id":v-1}"#,
        ] {
            assert!(has(document, "v-1"), "{document}");
            assert!(!has(document, "v"), "{document}");
        }
        assert!(has(r#"{"name":"Ann Lee","cost":"#, "Ann Lee"));
        assert!(any_word(b"\xff v-1 \xfe", |word| word == "v-1"));
    }
}
