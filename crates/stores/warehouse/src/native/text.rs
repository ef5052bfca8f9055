use super::{Column, put_text};

/// Texts: `String`.
#[derive(Default)]
pub(crate) struct Text {
    bytes: Vec<u8>,
}

impl Text {
    /// Adds a text.
    pub(crate) fn push(&mut self, text: &str) {
        put_text(&mut self.bytes, text.as_bytes());
    }
}

impl Column for Text {
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
