use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Its columns have different lengths, or its texts are longer than 2 GiB together.
    #[error("the table cannot be made of its columns")]
    Columns(#[source] ArrowError),
    /// It cannot be written as an Arrow file.
    #[error("the table cannot be written as Arrow")]
    Arrow(#[source] ArrowError),
    /// It cannot be written as Parquet.
    #[error("the table cannot be written as Parquet")]
    Parquet(#[source] ParquetError),
}
