//! Splits objects and arrays of JSON into their values, in one pass and without reading them.
//!
//! It accepts nothing that `serde_json` refuses. Whatever it does not accept (a mistake, a name with
//! an escape, deep nesting) is `None`: `serde_json` then decides and words the error.

use memchr::memchr;

/// Values that are nested deeper are left to `serde_json`.
const DEPTH_MAX: u8 = 32;

/// Passes name and value of each field of an object to `add`, in order. The fields that were passed
/// do not count if it returns `None`.
pub(crate) fn object<'a>(text: &'a str, add: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_white();
    scanner.object(DEPTH_MAX, add)?;
    scanner.end()
}

/// Returns the first `max` values of an array, in order, and whether there are more.
pub(crate) fn array(text: &str, max: usize) -> Option<(Vec<&str>, bool)> {
    let mut values = Vec::new();
    let mut is_more = false;
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip_white();
    scanner.array(DEPTH_MAX, |value| {
        if values.len() < max {
            values.push(value);
        } else {
            is_more = true;
        }
    })?;
    scanner.end()?;
    Some((values, is_more))
}

/// Returns the text of a JSON string that has no escape.
pub(crate) fn unescaped(raw: &str) -> Option<&str> {
    let text = raw.strip_prefix('"')?.strip_suffix('"')?;
    memchr(b'\\', text.as_bytes()).is_none().then_some(text)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_white(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// Skips this byte, if it is the next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn end(&mut self) -> Option<()> {
        self.skip_white();
        self.byte().is_none().then_some(())
    }

    fn object(&mut self, depth: u8, mut add: impl FnMut(&'a str, &'a str)) -> Option<()> {
        self.expect(b'{')?;
        self.skip_white();
        if self.take(b'}') {
            return Some(());
        }
        loop {
            let name = self.name()?;
            self.skip_white();
            self.expect(b':')?;
            self.skip_white();
            add(name, self.value(depth)?);
            self.skip_white();
            if self.take(b'}') {
                return Some(());
            }
            self.expect(b',')?;
            self.skip_white();
        }
    }

    fn array(&mut self, depth: u8, mut add: impl FnMut(&'a str)) -> Option<()> {
        self.expect(b'[')?;
        self.skip_white();
        if self.take(b']') {
            return Some(());
        }
        loop {
            add(self.value(depth)?);
            self.skip_white();
            if self.take(b']') {
                return Some(());
            }
            self.expect(b',')?;
            self.skip_white();
        }
    }

    fn value(&mut self, depth: u8) -> Option<&'a str> {
        let start = self.at;
        match self.byte()? {
            b'"' => return self.string(),
            b'{' => self.object(depth.checked_sub(1)?, |_, _| {})?,
            b'[' => self.array(depth.checked_sub(1)?, |_| {})?,
            b't' => self.literal("true")?,
            b'f' => self.literal("false")?,
            b'n' => self.literal("null")?,
            _ => self.number()?,
        }
        self.text.get(start..self.at)
    }

    fn literal(&mut self, literal: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += literal.len();
        rest.starts_with(literal.as_bytes()).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Some(())
    }

    /// Skips digits: at least one.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Returns the text of a string, if it has no escape.
    fn name(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.byte()? {
                b'"' => break,
                b'\\' | 0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at - 1)
    }

    /// Returns a string with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            self.skip_plain();
            match self.byte()? {
                b'"' => break,
                b'\\' => self.escape()?,
                0..0x20 => return None,
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
        self.text.get(start..self.at)
    }

    /// Goes to the last byte of an escape.
    fn escape(&mut self) -> Option<()> {
        self.at += 1;
        match self.byte()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    /// Skips groups of eight bytes without a quote, a backslash and a control character.
    fn skip_plain(&mut self) {
        const ONES: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        for eight in rest.as_chunks::<8>().0 {
            let word = u64::from_le_bytes(*eight);
            let controls = word.wrapping_sub(ONES * 0x20) & !word;
            let quotes = zeros(word ^ (ONES * u64::from(b'"')));
            let escapes = zeros(word ^ (ONES * u64::from(b'\\')));
            let found = (controls | quotes | escapes) & HIGH;
            if found != 0 {
                // The lowest bit that is set is exact; those above it may be carries.
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::entries::parsed;

    fn fields(text: &str) -> Option<Vec<(&str, &str)>> {
        let mut fields = Vec::new();
        object(text, |name, raw| fields.push((name, raw)))?;
        Some(fields)
    }

    fn agrees(text: &str) {
        if let Some(fields) = fields(text) {
            let known = parsed(text).unwrap();
            let known: Vec<_> = known.iter().map(|(name, raw)| (name.as_ref(), *raw)).collect();
            assert_eq!(fields, known, "{text}");
        }
        if let Some((values, false)) = array(text, 1_000) {
            let known: Vec<&RawValue> = serde_json::from_str(text).unwrap();
            let known: Vec<_> = known.iter().map(|raw| raw.get()).collect();
            assert_eq!(values, known, "{text}");
        }
    }

    #[test]
    fn usual_objects_and_arrays_are_split() {
        let text = " {\"a\": \"x\\u00e9\\n\" ,\"b\":-1.5e+3, \"c\":[1,{\"d\":null}],\"e\":{}} ";
        let expected =
            [("a", r#""x\u00e9\n""#), ("b", "-1.5e+3"), ("c", r#"[1,{"d":null}]"#), ("e", "{}")];
        assert_eq!(fields(text).unwrap(), expected);
        assert_eq!(array("[ 1 , \"a,b\" ]", 9), Some((vec!["1", "\"a,b\""], false)));
        assert_eq!(array("[1,2,3]", 2), Some((vec!["1", "2"], true)));
        assert_eq!((fields("{}"), array("[]", 0)), (Some(vec![]), Some((vec![], false))));
    }

    #[test]
    fn what_is_not_json_is_left_to_the_parser() {
        for text in [
            "",
            "{",
            "{}x",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":-}",
            "{\"a\":+1}",
            "{\"a\":1e}",
            "{\"a\":tru}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"",
            "{\"a\":[1,]}",
            "{\"a\":nul}",
        ] {
            assert_eq!(fields(text), None, "{text}");
        }
        for text in ["[", "[1", "[1,]", "[1]]", "[,]", "{}"] {
            assert_eq!(array(text, 9), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_parser(text in r#"[\[{]?(["\\{}\[\]:, a0-9.eE+u\n-]|true|null|"[a\\"]*":){0,40}[\]}]?"#) {
            agrees(&text);
        }

        #[test]
        fn it_agrees_with_the_parser_on_objects(
            fields in prop::collection::vec(
                (r#""[a-zé\\"u\x00]{0,12}""#, r#"("[^"]{0,20}"|-?[0-9.eE]{1,6}|true|\[.{0,6}\]|\{.{0,6}\})"#), 0..5),
            white in "[ \t\n]?",
        ) {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{name}{white}:{white}{value}")).collect();
            agrees(&format!("{{{}}}", fields.join(",")));
            agrees(&format!("[{{{}}}]", fields.join(",")));
        }
    }
}
