use bytes::Bytes;
use chrono::{DateTime, Utc};
use log::Offset;
use parquet::{
    column::reader::get_typed_column_reader,
    data_type::{ByteArray, ByteArrayType, DataType, Int64Type},
    errors::ParquetError,
    file::{
        reader::{FileReader, RowGroupReader},
        serialized_reader::SerializedFileReader,
    },
};

use super::schema::{Column, HEADER, HEADER_WITH_VALUE, NO_HEADER, schema};
use crate::{ArchivedRecord, Header};

/// Reads the records of a file that [`write`](super::write) has made.
pub(crate) fn read(bytes: Bytes) -> Result<Vec<ArchivedRecord>, ParquetError> {
    let file = SerializedFileReader::new(bytes)?;
    if *file.metadata().file_metadata().schema() != *schema()? {
        return Err(unreadable("its columns are not those of a record"));
    }
    let mut records = Vec::new();
    for group in 0..file.num_row_groups() {
        records.extend(rows(file.get_row_group(group)?.as_ref())?);
    }
    Ok(records)
}

fn rows(group: &dyn RowGroupReader) -> Result<Vec<ArchivedRecord>, ParquetError> {
    let offsets = cells::<Int64Type>(group, Column::Offset)?.values;
    let mut times = cells::<Int64Type>(group, Column::LogTime)?.values.into_iter();
    let mut keys = optional(group, Column::Key)?.into_iter();
    let mut headers = headers(group)?.into_iter();
    let mut payloads = optional(group, Column::Payload)?.into_iter();
    let rest = offsets.into_iter().map(|offset| {
        Some(ArchivedRecord {
            offset: Offset::new(offset.cast_unsigned()),
            log_time: times.next().and_then(DateTime::<Utc>::from_timestamp_millis)?,
            key: keys.next()?,
            headers: headers.next()?,
            payload: payloads.next()?,
        })
    });
    rest.collect::<Option<_>>().ok_or_else(|| unreadable("a column is too short"))
}

/// A column as it is stored: its values, and the levels that mark absent ones.
struct Cells<T> {
    values: Vec<T>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

fn cells<T: DataType>(
    group: &dyn RowGroupReader,
    column: Column,
) -> Result<Cells<T::T>, ParquetError> {
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(column as usize)?);
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    let mut cells = Cells { values: Vec::new(), definitions: Vec::new(), repetitions: Vec::new() };
    let mut read = 0;
    while read < rows {
        let Cells { values, definitions, repetitions } = &mut cells;
        let (more, ..) =
            reader.read_records(rows - read, Some(definitions), Some(repetitions), values)?;
        if more == 0 {
            return Err(unreadable("a column is too short"));
        }
        read += more;
    }
    Ok(cells)
}

fn optional(
    group: &dyn RowGroupReader,
    column: Column,
) -> Result<Vec<Option<Bytes>>, ParquetError> {
    let Cells { values, definitions, .. } = cells::<ByteArrayType>(group, column)?;
    let mut values = values.into_iter().map(Bytes::from_owner);
    Ok(definitions.into_iter().map(|level| if level == 0 { None } else { values.next() }).collect())
}

fn headers(group: &dyn RowGroupReader) -> Result<Vec<Vec<Header>>, ParquetError> {
    let names = cells::<ByteArrayType>(group, Column::HeaderName)?;
    let of_values = cells::<ByteArrayType>(group, Column::HeaderValue)?;
    let mut names_left = names.values.into_iter();
    let mut values_left = of_values.values.into_iter();
    let mut rows: Vec<Vec<Header>> = Vec::new();
    for (level, repetition) in of_values.definitions.into_iter().zip(of_values.repetitions) {
        if repetition == 0 {
            rows.push(Vec::new());
        }
        let value = match level {
            NO_HEADER => continue,
            HEADER => None,
            HEADER_WITH_VALUE => values_left.next().map(Bytes::from_owner),
            _ => return Err(unreadable("a header has an unknown definition level")),
        };
        let header = names_left.next().map(|name| header(&name, value)).transpose()?;
        if let (Some(row), Some(header)) = (rows.last_mut(), header) {
            row.push(header);
        }
    }
    Ok(rows)
}

fn header(name: &ByteArray, value: Option<Bytes>) -> Result<Header, ParquetError> {
    Ok(Header { name: name.as_utf8()?.to_owned(), value })
}

fn unreadable(reason: &str) -> ParquetError {
    ParquetError::General(reason.to_owned())
}
