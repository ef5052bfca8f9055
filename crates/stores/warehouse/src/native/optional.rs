use super::{Column, Fixed};

/// Values that may be missing: `Nullable` of a fixed width. First one byte per row, 1 for a missing
/// value; then the values, 0 for a missing one.
#[derive(Default)]
pub(crate) struct Optional<const WIDTH: usize> {
    missing: Fixed<1>,
    values: Fixed<WIDTH>,
}

impl<const WIDTH: usize> Optional<WIDTH> {
    /// Adds a value, as its little-endian bytes, or a missing one.
    pub(crate) fn push(&mut self, value: Option<[u8; WIDTH]>) {
        self.missing.push([u8::from(value.is_none())]);
        self.values.push(value.unwrap_or([0; WIDTH]));
    }
}

impl<const WIDTH: usize> Column for Optional<WIDTH> {
    fn clear(&mut self) {
        self.missing.clear();
        self.values.clear();
    }

    fn write(&self, order: &[u32], out: &mut Vec<u8>) {
        self.missing.write(order, out);
        self.values.write(order, out);
    }

    fn size(&self) -> usize {
        self.missing.size() + self.values.size()
    }
}
