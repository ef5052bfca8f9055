use super::{Column, put_text};

/// Texts: `String`.
#[derive(Default)]
pub(crate) struct Text {
    /// Each text with its length before it.
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl Text {
    /// Adds a text.
    pub(crate) fn push(&mut self, text: &str) {
        put_text(&mut self.bytes, text.as_bytes());
        self.ends.push(self.bytes.len());
    }
}

impl Column for Text {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn write(&self, order: &[u32], out: &mut Vec<u8>) {
        // An empty text is one byte: if all are empty, their order does not matter.
        if self.bytes.len() == self.ends.len() {
            out.extend_from_slice(&self.bytes);
            return;
        }
        for row in order {
            let row = *row as usize;
            let start = row.checked_sub(1).and_then(|before| self.ends.get(before));
            let end = self.ends.get(row).copied().unwrap_or(0);
            let text = self.bytes.get(start.copied().unwrap_or(0)..end);
            out.extend_from_slice(text.unwrap_or_default());
        }
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }
}
