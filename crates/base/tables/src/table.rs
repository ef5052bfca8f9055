use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::FileWriter;
use arrow_schema::{ArrowError, Field, Metadata, Schema};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::{metadata::KeyValue, properties::WriterProperties},
};

use crate::{Cells, TableError};

/// A table in memory: named columns of equal length, and what it is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, Cells)>,
    metadata: Vec<(String, String)>,
}

impl Table {
    /// Creates a table without columns; `metadata` says what it is about.
    pub fn new(metadata: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { columns: Vec::new(), metadata: metadata.into_iter().collect() }
    }

    /// Adds a column to the right.
    pub fn push(&mut self, name: impl Into<String>, cells: Cells) {
        self.columns.push((name.into(), cells));
    }

    /// Writes an Apache Arrow IPC file, not compressed: every reader of Arrow opens it.
    ///
    /// # Errors
    /// The columns have different lengths, or their texts are too long together.
    pub fn into_arrow(self) -> Result<Vec<u8>, TableError> {
        let batch = self.into_batch().map_err(TableError::Columns)?;
        arrow(&batch).map_err(TableError::Arrow)
    }

    /// Writes an Apache Parquet file, compressed with zstd.
    ///
    /// # Errors
    /// The columns have different lengths, or their texts are too long together.
    pub fn into_parquet(self) -> Result<Vec<u8>, TableError> {
        let metadata = self.metadata.clone();
        let batch = self.into_batch().map_err(TableError::Columns)?;
        parquet(&batch, metadata).map_err(TableError::Parquet)
    }

    fn into_batch(self) -> Result<RecordBatch, ArrowError> {
        let mut fields = Vec::with_capacity(self.columns.len());
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (name, cells) in self.columns {
            let array = cells.into_array()?;
            fields.push(Field::new(name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let metadata: Metadata = self.metadata.into_iter().collect();
        RecordBatch::try_new(Arc::new(Schema::new_with_metadata(fields, metadata)), arrays)
    }
}

fn arrow(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = FileWriter::try_new(Vec::new(), batch.schema_ref())?;
    writer.write(batch)?;
    writer.into_inner()
}

fn parquet(batch: &RecordBatch, metadata: Vec<(String, String)>) -> Result<Vec<u8>, ParquetError> {
    let pairs = metadata.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        // Readers that know nothing of Arrow find it here, not in the schema.
        .set_key_value_metadata(Some(pairs))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
    writer.write(batch)?;
    writer.into_inner()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use arrow_array::{
        Array,
        cast::AsArray,
        types::{Decimal128Type, Float64Type, Int64Type, TimestampMillisecondType},
    };
    use arrow_ipc::reader::FileReader;
    use arrow_schema::{DataType, TimeUnit};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    fn table() -> Table {
        let mut table = Table::new([("zone".to_owned(), "Europe/Berlin".to_owned())]);
        table.push("text", Cells::Texts(vec![Some("=1+1".to_owned()), Some(String::new()), None]));
        table.push("integer", Cells::Integers(vec![Some(i64::MAX), Some(0), None]));
        let units = vec![Some(i128::from(i64::MIN)), Some(1), None];
        table.push("decimal", Cells::Decimals { places: 6, units });
        table.push("float", Cells::Floats(vec![Some(0.1), Some(-2.5), None]));
        table.push("moment", Cells::Moments(vec![Some(1_774_738_800_123), Some(-1), None]));
        table
    }

    fn from_arrow(file: Vec<u8>) -> Result<RecordBatch, ArrowError> {
        let mut reader = FileReader::try_new(Cursor::new(file), None)?;
        reader.next().unwrap()
    }

    fn from_parquet(file: Vec<u8>) -> Result<RecordBatch, ParquetError> {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file))?;
        // The metadata is that of the file's schema: its batches have none.
        let schema = reader.schema().clone();
        Ok(reader.build()?.next().unwrap()?.with_schema(schema).unwrap())
    }

    #[test]
    fn every_cell_is_read_as_it_was_written_in_both_formats() {
        let arrow = from_arrow(table().into_arrow().unwrap()).unwrap();
        let parquet = from_parquet(table().into_parquet().unwrap()).unwrap();
        for batch in [arrow, parquet] {
            let column = |name: &str| batch.column_by_name(name).unwrap();
            let texts = column("text").as_string::<i32>();
            assert_eq!((texts.value(0), texts.value(1)), ("=1+1", ""));
            let integers = column("integer").as_primitive::<Int64Type>();
            assert_eq!((integers.value(0), integers.value(1)), (i64::MAX, 0));
            let decimals = column("decimal").as_primitive::<Decimal128Type>();
            assert_eq!((decimals.value(0), decimals.value(1)), (i128::from(i64::MIN), 1));
            assert_eq!(decimals.data_type(), &DataType::Decimal128(20, 6));
            let floats = column("float").as_primitive::<Float64Type>();
            assert_eq!((floats.value(0), floats.value(1)), (0.1, -2.5));
            let moments = column("moment").as_primitive::<TimestampMillisecondType>();
            assert_eq!((moments.value(0), moments.value(1)), (1_774_738_800_123, -1));
            let utc = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
            assert_eq!(moments.data_type(), &utc);
            assert!(batch.columns().iter().all(|column| column.is_null(2)));
            let schema = batch.schema();
            let zone = schema.metadata().get("zone").map(String::as_str);
            assert_eq!(zone, Some("Europe/Berlin"));
        }
    }

    #[test]
    fn a_file_that_was_cut_off_is_not_read_as_a_whole_one() {
        let arrow = table().into_arrow().unwrap();
        let parquet = table().into_parquet().unwrap();
        for lost in [1, 8, 100] {
            assert!(from_arrow(arrow[..arrow.len() - lost].to_vec()).is_err(), "{lost}");
            assert!(from_parquet(parquet[..parquet.len() - lost].to_vec()).is_err(), "{lost}");
        }
    }

    #[test]
    fn columns_of_different_lengths_are_refused() {
        let mut table = table();
        table.push("short", Cells::Integers(vec![None]));
        assert!(matches!(table.clone().into_arrow(), Err(TableError::Columns(_))));
        assert!(matches!(table.into_parquet(), Err(TableError::Columns(_))));
    }
}
