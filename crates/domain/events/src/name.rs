//! Names of fields, and a quick test whether an object has one of them.

/// The names of one field.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    all: &'static [Name],
    bits: NameBits,
}

/// A known name of a field.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    text: &'static str,
    bit: NameBit,
}

/// One of 256 bits that stands for a name: objects without this bit do not have the field.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct NameBit(u8);

/// The bits of all names of an object.
#[derive(Clone, Copy, Default)]
pub(crate) struct NameBits([u64; 4]);

impl Names {
    pub(crate) const fn new(all: &'static [Name]) -> Self {
        let mut bits = NameBits([0; 4]);
        let mut rest = all;
        while let Some((name, others)) = rest.split_first() {
            bits = bits.with(name.bit);
            rest = others;
        }
        Self { all, bits }
    }

    /// Returns each name, the canonical one first.
    pub(crate) fn iter(self) -> std::slice::Iter<'static, Name> {
        self.all.iter()
    }

    pub(crate) const fn bits(&self) -> &NameBits {
        &self.bits
    }
}

impl Name {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self { text, bit: NameBit::of(text.as_bytes()) }
    }

    pub(crate) const fn as_str(&self) -> &'static str {
        self.text
    }

    pub(crate) const fn bit(&self) -> NameBit {
        self.bit
    }
}

impl NameBit {
    /// Returns the bit of a name: of its length and three of its bytes, by which known names differ.
    pub(crate) const fn of(name: &[u8]) -> Self {
        let length = name.len();
        let (Some((first, _)), Some((last, _))) = (name.split_first(), name.split_last()) else {
            return Self(0);
        };
        let (_, second_half) = name.split_at(length / 2);
        let middle = match second_half.split_first() {
            Some((middle, _)) => *middle,
            None => 0,
        };
        // The lowest byte is the one that counts.
        let mixed = (length as u8).wrapping_mul(37) ^ first.wrapping_mul(11);
        Self((mixed ^ middle.wrapping_mul(83)).wrapping_add(last.wrapping_mul(5)))
    }
}

impl NameBits {
    /// Adds a bit. Returns false if it was there.
    pub(crate) fn add(&mut self, bit: NameBit) -> bool {
        let is_new = !self.has(bit);
        *self = self.with(bit);
        is_new
    }

    pub(crate) const fn has(&self, NameBit(bit): NameBit) -> bool {
        let [a, b, c, d] = self.0;
        let word = match bit / 64 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        word >> (bit % 64) & 1 == 1
    }

    /// Returns whether they have a bit in common.
    pub(crate) fn meet(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & other != 0)
    }

    const fn with(self, NameBit(bit): NameBit) -> Self {
        let [a, b, c, d] = self.0;
        let flag = 1 << (bit % 64);
        Self(match bit / 64 {
            0 => [a | flag, b, c, d],
            1 => [a, b | flag, c, d],
            2 => [a, b, c | flag, d],
            _ => [a, b, c, d | flag],
        })
    }
}

/// Makes the names of one field, the canonical one first.
macro_rules! names {
    ($($name:literal),* $(,)?) => {{
        const ALL: &[crate::name::Name] = &[$(crate::name::Name::new($name)),*];
        crate::name::Names::new(ALL)
    }};
}

pub(crate) use names;
