use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

/// Texts that parsers treat specially.
const TOKENS: [&[u8]; 20] = [
    b"null",
    b"-1",
    b"1e999",
    b"99999999999999999999999999",
    b"0.1",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"\\",
    b"\"",
    b"{",
    b"}",
    b"[[[[[[[[",
    b"]",
    b",,",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\xe2\x80\xae",
    b"%00",
];
/// The most bytes that a mutation adds or removes at once.
const RANGE: usize = 40;
/// The deepest nesting: more than any parser allows.
const DEPTH: usize = 200;

/// Changes bytes of a text a few times; `other` is another valid text.
pub(super) fn bytes(text: &[u8], other: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=text.len());
        let end = (at + random.random_range(0..=RANGE)).min(text.len());
        match random.random_range(0..6) {
            0 => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1_u8 << random.random_range(0..8_u32);
                }
            }
            1 => drop(text.drain(at..end)),
            2 => {
                let copy: Vec<_> = text.iter().take(end).skip(at).copied().collect();
                drop(text.splice(at..at, copy));
            }
            3 => {
                let token = TOKENS.choose(random).copied().unwrap_or_default();
                drop(text.splice(at..end, token.iter().copied()));
            }
            4 => text.truncate(at),
            _ => {
                let from = random.random_range(0..=other.len());
                let part = other.iter().skip(from).take(RANGE).copied();
                drop(text.splice(at..end, part));
            }
        }
    }
    text
}

/// Replaces, removes or repeats one value somewhere in a JSON value.
pub(super) fn json(value: &Value, random: &mut StdRng) -> Value {
    let mut value = value.clone();
    change(&mut value, random);
    value
}

fn change(value: &mut Value, random: &mut StdRng) {
    let goes_deeper = random.random_bool(0.8);
    match value {
        Value::Object(fields) if goes_deeper && !fields.is_empty() => {
            let names: Vec<_> = fields.keys().cloned().collect();
            let Some(name) = names.choose(random) else { return };
            match random.random_range(0..8) {
                0 => drop(fields.remove(name)),
                1 => drop(fields.insert(format!("{name}x"), odd(random))),
                _ => {
                    if let Some(field) = fields.get_mut(name) {
                        change(field, random);
                    }
                }
            }
        }
        Value::Array(items) if goes_deeper && !items.is_empty() => {
            let at = random.random_range(0..items.len());
            if random.random_bool(0.1) {
                let copy = items.get(at).cloned().unwrap_or_default();
                items.extend(std::iter::repeat_n(copy, random.random_range(1..200)));
            } else if let Some(item) = items.get_mut(at) {
                change(item, random);
            }
        }
        value => *value = odd(random),
    }
}

/// Returns a value that is seldom the right one.
fn odd(random: &mut StdRng) -> Value {
    match random.random_range(0..16) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(1e308),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(""),
        6 => json!("x".repeat(5_000)),
        7 => json!("a\u{0}b\u{202e}\u{1f600}"),
        8 => (0..DEPTH).fold(json!([]), |inner, _| json!([inner])),
        9 => json!({}),
        10 => json!([]),
        11 => json!(true),
        12 => json!("2026-13-45T99:99:99Z"),
        13 => json!("9999-12-31T23:59:59.999999999+14:00"),
        14 => json!({"": {"": [null, 0, ""]}}),
        _ => json!(0.1 + 0.2),
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_seed_gives_the_same_mutations_and_most_differ_from_the_text() {
        let text = br#"[{"type":"purchase","revenue":77}]"#;
        let value: Value = serde_json::from_slice(text).unwrap();
        let run = |seed| {
            let mut random = StdRng::seed_from_u64(seed);
            (0..1_000)
                .map(|_| (bytes(text, b"{}", &mut random), json(&value, &mut random)))
                .collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert!(run(1).iter().filter(|(changed, _)| changed != text).count() > 900);
        assert!(run(1).iter().filter(|(_, changed)| *changed != value).count() > 900);
    }
}
