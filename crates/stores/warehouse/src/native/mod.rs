//! ClickHouse's Native format: a block is a sequence of columns, each in the layout of the server's
//! memory. Reading a block costs the server a twentieth of reading rows.
//!
//! The builders are cleared and reused, so that a steady stream of blocks allocates little.

mod dictionary;
mod fixed;
mod optional;
mod text;

pub(crate) use dictionary::Dictionary;
pub(crate) use fixed::Fixed;
pub(crate) use optional::Optional;
pub(crate) use text::Text;

/// A builder of one column, filled row by row.
pub(crate) trait Column {
    /// Removes the values and keeps the memory.
    fn clear(&mut self);

    /// Appends the column's data to a block: the values of the rows with these numbers, in this
    /// order. `order` has each row once.
    fn write(&self, order: &[u32], out: &mut Vec<u8>);

    /// Returns about how many bytes `write` appends.
    fn size(&self) -> usize;
}

/// Appends the header of a block.
pub(crate) fn begin(out: &mut Vec<u8>, columns: usize, rows: usize) {
    put_length(out, columns);
    put_length(out, rows);
}

/// Appends a column: its name, its type, its data.
pub(crate) fn put_column(
    out: &mut Vec<u8>,
    (name, sql_type): (&str, &str),
    column: &impl Column,
    order: &[u32],
) {
    put_text(out, name.as_bytes());
    put_text(out, sql_type.as_bytes());
    column.write(order, out);
}

/// Appends a text: its length in bytes, then the bytes.
fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_length(out, text.len());
    out.extend_from_slice(text);
}

/// Appends a length as LEB128: seven bits a byte, lowest first, the top bit set in all but the
/// last.
fn put_length(out: &mut Vec<u8>, length: usize) {
    let mut rest = length;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(column: &impl Column, order: &[u32]) -> Vec<u8> {
        let mut out = Vec::new();
        column.write(order, &mut out);
        out
    }

    #[test]
    fn a_length_takes_seven_bits_a_byte() {
        for (length, bytes) in [(0, &[0][..]), (127, &[0x7f]), (128, &[0x80, 1]), (300, &[0xac, 2])]
        {
            let mut out = Vec::new();
            put_length(&mut out, length);
            assert_eq!(out, bytes, "{length}");
        }
    }

    #[test]
    fn a_dictionary_holds_each_text_once() {
        let mut column = Dictionary::default();
        for text in ["b", "a", "", "b"] {
            column.push(text);
        }
        let mut expected = Vec::new();
        expected.extend(1u64.to_le_bytes());
        expected.extend(0x600u64.to_le_bytes());
        expected.extend(3u64.to_le_bytes());
        expected.extend(b"\x00\x01b\x01a");
        expected.extend(4u64.to_le_bytes());
        expected.extend([1, 1, 0, 2]);
        assert_eq!(written(&column, &[0, 3, 2, 1]), expected);
        assert_eq!(column.by_rank().collect::<Vec<_>>(), [2, 1, 0, 2]);
    }

    #[test]
    fn a_large_dictionary_widens_its_index() {
        let mut column = Dictionary::default();
        let mut order = Vec::new();
        for number in 0..300 {
            column.push(&number.to_string());
            order.push(number);
        }
        let bytes = written(&column, &order);
        assert_eq!(bytes[8], 1, "two bytes a row");
        assert_eq!(bytes[bytes.len() - 2..], 300u16.to_le_bytes());
    }

    #[test]
    fn texts_are_written_in_the_order_of_the_block() {
        let mut column = Text::default();
        for text in ["first", "", "third"] {
            column.push(text);
        }
        assert_eq!(written(&column, &[2, 0, 1]), b"\x05third\x05first\x00");
        column.clear();
        column.push("");
        column.push("");
        assert_eq!(written(&column, &[1, 0]), [0, 0]);
    }

    #[test]
    fn a_cleared_column_is_as_new() {
        let mut column = Dictionary::default();
        column.push("left over");
        column.clear();
        column.push("a");
        let mut new = Dictionary::default();
        new.push("a");
        assert_eq!(written(&column, &[0]), written(&new, &[0]));
    }
}
