use std::hash::{BuildHasher, BuildHasherDefault};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use super::{Column, put_text};

/// The only version of the `LowCardinality` layout.
const VERSION: u64 = 1;

/// The block contains the whole dictionary.
const OWN_KEYS: u64 = 0b11 << 9;

/// Texts that repeat: `LowCardinality(String)`. Contains each text once, and its number for every
/// row. The empty text always has the number 0.
#[derive(Default)]
pub(crate) struct Dictionary {
    numbers: HashTable<u32>,
    /// All texts but the empty one, without gaps.
    texts: String,
    /// Where each text ends.
    ends: Vec<usize>,
    rows: Vec<u32>,
}

impl Dictionary {
    /// Adds a text.
    pub(crate) fn push(&mut self, text: &str) {
        let number = if text.is_empty() { 0 } else { self.number(text) };
        self.rows.push(number);
    }

    /// Returns the number of a text, which is added if it is new.
    fn number(&mut self, text: &str) -> u32 {
        let Self { numbers, texts, ends, .. } = self;
        let hash = hash(text);
        if let Some(number) = numbers.find(hash, |number| key(texts, ends, *number) == text) {
            return *number;
        }
        texts.push_str(text);
        ends.push(texts.len());
        let number = ends.len() as u32;
        numbers.insert_unique(hash, number, |number| self::hash(key(texts, ends, *number)));
        number
    }

    /// Returns for each row the place of its text among all texts in ascending order.
    pub(crate) fn by_rank(&self) -> impl Iterator<Item = u32> {
        let ranks = self.ranks();
        self.rows.iter().map(move |number| ranks.get(*number as usize).copied().unwrap_or(0))
    }

    /// Returns for each number the place of its text among all texts in ascending order.
    fn ranks(&self) -> Vec<u32> {
        let mut ascending: Vec<u32> = (0..self.len() as u32).collect();
        ascending.sort_unstable_by_key(|number| key(&self.texts, &self.ends, *number));
        let mut ranks = vec![0; ascending.len()];
        for (rank, number) in (0..).zip(ascending) {
            if let Some(slot) = ranks.get_mut(number as usize) {
                *slot = rank;
            }
        }
        ranks
    }

    /// Returns how many texts it contains, with the empty one.
    fn len(&self) -> usize {
        self.ends.len() + 1
    }

    /// Returns how many bytes a row's number takes: 1, 2 or 4.
    fn width(&self) -> usize {
        match self.len() {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            _ => 4,
        }
    }
}

impl Column for Dictionary {
    fn clear(&mut self) {
        self.numbers.clear();
        self.texts.clear();
        self.ends.clear();
        self.rows.clear();
    }

    fn write(&self, order: &[u32], out: &mut Vec<u8>) {
        let width = self.width();
        let mut put = |number: u64| out.extend_from_slice(&number.to_le_bytes());
        put(VERSION);
        // The low byte is the width of the numbers: 0, 1, 2 for 1, 2, 4 bytes.
        put(OWN_KEYS | u64::from(width.trailing_zeros()));
        put(self.len() as u64);
        for number in 0..self.len() as u32 {
            put_text(out, key(&self.texts, &self.ends, number).as_bytes());
        }
        out.extend_from_slice(&(order.len() as u64).to_le_bytes());
        if self.ends.is_empty() {
            out.resize(out.len() + order.len(), 0);
            return;
        }
        let rows = order.iter().filter_map(|row| self.rows.get(*row as usize).copied());
        match width {
            1 => out.extend(rows.map(|row| row as u8)),
            2 => rows.for_each(|row| out.extend_from_slice(&(row as u16).to_le_bytes())),
            _ => rows.for_each(|row| out.extend_from_slice(&row.to_le_bytes())),
        }
    }

    fn size(&self) -> usize {
        40 + self.texts.len() + 2 * self.ends.len() + self.rows.len() * self.width()
    }
}

/// Returns the text of a number.
fn key<'a>(texts: &'a str, ends: &[usize], number: u32) -> &'a str {
    let Some(place) = (number as usize).checked_sub(1) else { return "" };
    let start = place.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(place).and_then(|end| texts.get(start..*end)).unwrap_or_default()
}

fn hash(text: &str) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(text)
}
