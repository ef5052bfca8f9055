use super::{Column, Fixed};

/// Values that may be missing: `Nullable` of a fixed width. First one byte per row, 1 for a missing
/// value; then the values, 0 for a missing one.
#[derive(Default)]
pub(crate) struct Optional {
    missing: Fixed,
    values: Fixed,
}

impl Optional {
    /// Adds a value, as its little-endian bytes, or a missing one.
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
