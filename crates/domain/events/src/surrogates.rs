use std::borrow::Cow;

use memchr::memchr;

/// Repairs half emojis in JSON: an escape of a lone surrogate becomes `\ufffd`, which has the same
/// length. The parser reports any other error.
pub(crate) fn repaired(raw: &[u8]) -> Cow<'_, [u8]> {
    let mut repaired = Cow::Borrowed(raw);
    let mut at = 0;
    while let Some(found) = raw.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        let escape = at + found;
        at = escape + 2;
        let Some(unit) = unit(raw, escape) else { continue };
        at = escape + 6;
        if is_high(unit) && self::unit(raw, at).is_some_and(is_low) {
            at += 6;
        } else if (is_high(unit) || is_low(unit))
            && let Some(digits) = repaired.to_mut().get_mut(escape + 2..escape + 6)
        {
            digits.copy_from_slice(b"fffd");
        }
    }
    repaired
}

/// Repairs half emojis in the JSON of a value.
pub(crate) fn repaired_text(raw: &str) -> Cow<'_, str> {
    let Cow::Owned(repaired) = repaired(raw.as_bytes()) else { return Cow::Borrowed(raw) };
    // Digits replace digits: it is still UTF-8.
    String::from_utf8(repaired).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// Returns the UTF-16 code unit of the escape at this place, if it is an escape.
fn unit(raw: &[u8], escape: usize) -> Option<u16> {
    let digits = raw.get(escape..escape + 6)?.strip_prefix(b"\\u")?;
    let digit = |value: u16, byte: &u8| {
        let digit = char::from(*byte).to_digit(16)?;
        Some(value << 4 | u16::try_from(digit).ok()?)
    };
    digits.iter().try_fold(0, digit)
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lone_surrogates_are_replaced() {
        for (sent, kept) in [
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""cut \ud83d""#, r#""cut \ufffd""#),
            (r#""\ude00 cut""#, r#""\ufffd cut""#),
            (r#""\uD83D\uD83D\uDE00""#, r#""\ufffd\uD83D\uDE00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r#""\u00e9 \n \ud8""#, r#""\u00e9 \n \ud8""#),
            ("\"\\", "\"\\"),
        ] {
            assert_eq!(repaired(sent.as_bytes()), kept.as_bytes(), "{sent}");
        }
    }
}
