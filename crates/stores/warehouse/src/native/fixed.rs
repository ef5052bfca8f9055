use super::Column;

/// Values of a fixed width, little-endian: integers, decimals, times.
#[derive(Default)]
pub(crate) struct Fixed {
    bytes: Vec<u8>,
}

impl Fixed {
    /// Adds a value, as its little-endian bytes.
    pub(crate) fn push<const WIDTH: usize>(&mut self, value: [u8; WIDTH]) {
        self.bytes.extend_from_slice(&value);
    }
}

impl Column for Fixed {
    fn clear(&mut self) {
        self.bytes.clear();
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes);
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }
}
