use super::{Column, Fixed};

/// Values that may be missing: `Nullable` of a fixed width. First a byte a row, 1 where there is
/// none; then the values, zero where there is none.
#[derive(Default)]
pub(crate) struct Optional {
    missing: Fixed,
    values: Fixed,
}

impl Optional {
    /// Adds a value, given as its little-endian bytes, or its absence.
    pub(crate) fn push<const WIDTH: usize>(&mut self, value: Option<[u8; WIDTH]>) {
        self.missing.push([u8::from(value.is_none())]);
        self.values.push(value.unwrap_or([0; WIDTH]));
    }
}

impl Column for Optional {
    fn clear(&mut self) {
        self.missing.clear();
        self.values.clear();
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.missing.write(out);
        self.values.write(out);
    }

    fn size(&self) -> usize {
        self.missing.size() + self.values.size()
    }
}
