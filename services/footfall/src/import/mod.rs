//! Bringing history in: files of known formats, read row by row into events.

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

/// What a file looks like inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Open Bandit Dataset: an impression a row, and a click where it says so
    OpenBandit,
    /// UCI "Clickstream data for online shopping": a product view a row
    Eshop,
    /// One event a line, as the collector takes them
    Ndjson,
}

/// One event of a file, or why there is none.
pub(crate) type Row = Result<String, RowError>;

/// A row that is not an event.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    /// The row is wrong; the rows after it may be right.
    #[error("line {line}: {reason}")]
    Wrong {
        /// Counted from 1.
        line: u64,
        /// What would be right.
        reason: String,
    },
    /// The file is of another format, or cannot be read any further.
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
    /// The events of a file, in its order.
    ///
    /// # Errors
    /// The file is of another format.
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

    /// The campaign of a file when none is given: its name, where the format is about ads.
    pub(crate) fn default_campaign(self, stem: &str) -> Option<CampaignId> {
        (self == Self::OpenBandit).then(|| stem.parse().ok()).flatten()
    }
}

/// The records of a CSV file with this header.
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
