//! Imports history: files of known formats, read row by row into events.

mod eshop;
mod identity;
mod ndjson;
mod open_bandit;
mod source;

use std::io::{self, BufRead};

use clap::ValueEnum;
use tenancy::CampaignId;

use identity::Identity;
pub(crate) use source::Source;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Open Bandit Dataset: one impression per row, and a click if the row has one
    OpenBandit,
    /// UCI "Clickstream data for online shopping": one product view per row
    Eshop,
    /// One event per line, as the collector accepts them
    Ndjson,
}

/// One event of a file, or the error of its row.
pub(crate) type Row = Result<String, RowError>;

/// A row that is not an event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// The row is wrong; the rows after it may be right.
    #[error("line {line}: {reason}")]
    Wrong {
        /// Counted from 1.
        line: u64,
        /// What is wrong, or what it must be.
        reason: String,
    },
    /// The file has another format, or cannot be read further.
    #[error("{0}")]
    Unreadable(String),
}

impl From<io::Error> for RowError {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<csv::Error> for RowError {
    fn from(error: csv::Error) -> Self {
        let line = error.position().map(csv::Position::line);
        match (line, error.is_io_error()) {
            (Some(line), false) => Self::Wrong { line, reason: error.to_string() },
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

impl Format {
    /// Reads the events of a file, in its order.
    ///
    /// # Errors
    /// The file has another format.
    pub(crate) fn rows(
        self,
        source: impl BufRead + 'static,
        campaign: Option<CampaignId>,
    ) -> Result<Box<dyn Iterator<Item = Row>>, RowError> {
        match self {
            Self::OpenBandit => open_bandit::rows(source, campaign),
            Self::Eshop => eshop::rows(source, campaign),
            Self::Ndjson => ndjson::rows(source, campaign),
        }
    }

    /// Returns the default campaign of a file: its name, if the format is about ads.
    pub(crate) fn default_campaign(self, stem: &str) -> Option<CampaignId> {
        (self == Self::OpenBandit).then(|| stem.parse().ok()).flatten()
    }
}

/// Reads the records of a CSV file with this header.
fn csv_rows(
    source: impl BufRead + 'static,
    delimiter: u8,
    header: &'static [&'static str],
) -> Result<csv::StringRecordsIntoIter<impl BufRead + 'static>, RowError> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(source);
    if reader.headers()? == header {
        return Ok(reader.into_records());
    }
    let separator = char::from(delimiter).to_string();
    Err(RowError::Unreadable(format!("the first line must be {}", header.join(&separator))))
}
