use super::Column;

/// Values of a fixed width, little-endian: integers, decimals, times.
#[derive(Default)]
pub(crate) struct Fixed<const WIDTH: usize> {
    values: Vec<[u8; WIDTH]>,
}

impl<const WIDTH: usize> Fixed<WIDTH> {
    /// Adds a value, as its little-endian bytes.
    pub(crate) fn push(&mut self, value: [u8; WIDTH]) {
        self.values.push(value);
    }
}

impl<const WIDTH: usize> Column for Fixed<WIDTH> {
    fn clear(&mut self) {
        self.values.clear();
    }

    fn write(&self, order: &[u32], out: &mut Vec<u8>) {
        for row in order {
            if let Some(value) = self.values.get(*row as usize) {
                out.extend_from_slice(value);
            }
        }
    }

    fn size(&self) -> usize {
        self.values.len() * WIDTH
    }
}
