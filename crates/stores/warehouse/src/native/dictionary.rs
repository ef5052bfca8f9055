use rustc_hash::FxHashMap;

use super::{Column, Text};

/// The only version of the `LowCardinality` layout.
const VERSION: u64 = 1;

/// The block contains the whole dictionary.
const OWN_KEYS: u64 = 0b11 << 9;

/// Texts that repeat: `LowCardinality(String)`. Contains each text once, and its number for every
/// row.
#[derive(Default)]
pub(crate) struct Dictionary {
    numbers: FxHashMap<Box<str>, u32>,
    keys: Text,
    rows: Vec<u32>,
}

impl Dictionary {
    /// Adds a text.
    pub(crate) fn push(&mut self, text: &str) {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => self.add_key(text),
        };
        self.rows.push(number);
    }

    /// Adds a text to the dictionary and returns its number.
    fn add_key(&mut self, text: &str) -> u32 {
        let number = self.numbers.len() as u32;
        self.keys.push(text);
        self.numbers.insert(text.into(), number);
        number
    }

    /// Returns how many bytes a row's number takes: 1, 2 or 4.
    fn width(&self) -> usize {
        match self.numbers.len() {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        }
    }
}

impl Column for Dictionary {
    fn clear(&mut self) {
        self.numbers.clear();
        self.keys.clear();
        self.rows.clear();
    }

    fn write(&self, out: &mut Vec<u8>) {
        let width = self.width();
        let mut put = |number: u64| out.extend_from_slice(&number.to_le_bytes());
        put(VERSION);
        // The low byte is the width of the numbers: 0, 1, 2 for 1, 2, 4 bytes.
        put(OWN_KEYS | u64::from(width.trailing_zeros()));
        put(self.numbers.len() as u64);
        self.keys.write(out);
        out.extend_from_slice(&(self.rows.len() as u64).to_le_bytes());
        match width {
            1 => out.extend(self.rows.iter().map(|row| *row as u8)),
            2 => out.extend(self.rows.iter().flat_map(|row| (*row as u16).to_le_bytes())),
            _ => out.extend(self.rows.iter().flat_map(|row| row.to_le_bytes())),
        }
    }

    fn size(&self) -> usize {
        32 + self.keys.size() + self.rows.len() * self.width()
    }
}
