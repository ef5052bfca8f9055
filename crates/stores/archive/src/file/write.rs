use std::sync::Arc;

use bytes::Bytes;
use parquet::{
    basic::{Compression, Encoding, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::types::ColumnPath,
};

use super::schema::{HEADER, HEADER_WITH_VALUE, NO_HEADER, schema};
use crate::{ArchivedRecord, ObjectKey};

const ZSTD_LEVEL: i32 = 3;

/// Writes the file of `records`. The same records make the same bytes: nothing in it depends on the
/// clock or the machine, and it names no library's version.
pub(crate) fn write(key: &ObjectKey, records: &[ArchivedRecord]) -> Result<Vec<u8>, ParquetError> {
    let mut file = SerializedFileWriter::new(Vec::new(), schema()?, Arc::new(properties()?))?;
    let mut rows = file.next_row_group()?;
    let same = |number: u16| vec![i32::from(number); records.len()];
    column::<Int32Type>(&mut rows, &same(key.0.generation.get()), &[], &[])?;
    column::<Int32Type>(&mut rows, &same(key.0.partition.get()), &[], &[])?;
    let offsets: Vec<_> = records.iter().map(|record| record.offset.get().cast_signed()).collect();
    column::<Int64Type>(&mut rows, &offsets, &[], &[])?;
    let times: Vec<_> = records.iter().map(|record| record.log_time.timestamp_millis()).collect();
    column::<Int64Type>(&mut rows, &times, &[], &[])?;
    optional(&mut rows, records.iter().map(|record| record.key.as_ref()))?;
    headers(&mut rows, records)?;
    optional(&mut rows, records.iter().map(|record| record.payload.as_ref()))?;
    rows.close()?;
    file.into_inner()
}

fn properties() -> Result<WriterProperties, ParquetError> {
    let column = |name: &str| ColumnPath::from(name);
    // Statistics contain nothing that identifies or describes a person.
    let statistics = |name| (column(name), EnabledStatistics::Chunk);
    let mut properties = WriterProperties::builder()
        .set_created_by("footfall".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_dictionary_enabled(column("payload"), false);
    for name in ["offset", "log_time"] {
        let (path, level) = statistics(name);
        properties = properties
            .set_column_statistics_enabled(path, level)
            .set_column_dictionary_enabled(column(name), false)
            .set_column_encoding(column(name), Encoding::DELTA_BINARY_PACKED);
    }
    Ok(properties.build())
}

fn column<T: DataType>(
    rows: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    definitions: &[i16],
    repetitions: &[i16],
) -> Result<(), ParquetError> {
    let levels = |levels| Some(levels).filter(|levels: &&[i16]| !levels.is_empty());
    let Some(mut column) = rows.next_column()? else {
        return Err(ParquetError::General("the schema has fewer columns".to_owned()));
    };
    column.typed::<T>().write_batch(values, levels(definitions), levels(repetitions))?;
    column.close()
}

fn optional<'a>(
    rows: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    cells: impl Iterator<Item = Option<&'a Bytes>>,
) -> Result<(), ParquetError> {
    let mut values = Vec::new();
    let mut definitions = Vec::new();
    for cell in cells {
        definitions.push(i16::from(cell.is_some()));
        values.extend(cell.cloned().map(ByteArray::from));
    }
    column::<ByteArrayType>(rows, &values, &definitions, &[])
}

fn headers(
    rows: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    records: &[ArchivedRecord],
) -> Result<(), ParquetError> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    let mut of_names = Vec::new();
    let mut of_values = Vec::new();
    let mut repetitions = Vec::new();
    for record in records {
        if record.headers.is_empty() {
            of_names.push(NO_HEADER);
            of_values.push(NO_HEADER);
            repetitions.push(0);
        }
        for (position, header) in record.headers.iter().enumerate() {
            names.push(ByteArray::from(header.name.as_str()));
            of_names.push(HEADER);
            values.extend(header.value.clone().map(ByteArray::from));
            of_values.push(if header.value.is_some() { HEADER_WITH_VALUE } else { HEADER });
            repetitions.push(i16::from(position > 0));
        }
    }
    column::<ByteArrayType>(rows, &names, &of_names, &repetitions)?;
    column::<ByteArrayType>(rows, &values, &of_values, &repetitions)
}
