use problem::Problem;

use super::{FileFormat, answer::Answered};

impl Answered {
    /// Renders a file. All of it is in memory before its first byte is sent, so what fails here is a
    /// problem with a status of its own and never a part of a file.
    ///
    /// # Errors
    /// None is known: the numbers are complete, and every column has a cell in each row.
    pub(crate) fn file(&self, format: FileFormat) -> Result<Vec<u8>, Problem> {
        match format {
            FileFormat::Ndjson => self.ndjson().map_err(Problem::internal),
            FileFormat::Csv => self.csv().map_err(Problem::internal),
            FileFormat::Parquet => self.table().into_parquet().map_err(Problem::internal),
            FileFormat::Arrow => self.table().into_arrow().map_err(Problem::internal),
        }
    }
}
