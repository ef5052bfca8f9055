use tracing_subscriber::{EnvFilter, Registry, reload};

/// The filter of the log lines, which may be replaced while the process runs.
#[derive(Debug)]
pub struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
    /// The filter of the settings.
    configured: String,
    /// The filter that applies.
    current: String,
}

/// Why a filter was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum LogFilterError {
    /// The text is not a filter.
    #[error("a filter is a level such as info, or info,rdkafka=warn: {0}")]
    Invalid(#[from] tracing_subscriber::filter::ParseError),
    /// Nothing is logged any more.
    #[error("the logs have ended")]
    Ended(#[from] reload::Error),
}

impl LogFilter {
    pub(crate) fn new(handle: reload::Handle<EnvFilter, Registry>, configured: String) -> Self {
        Self { handle, current: configured.clone(), configured }
    }

    /// Replaces the filter; a blank one means that of the settings.
    ///
    /// # Errors
    /// The text is not a filter; the former one stays.
    pub fn replace(&mut self, text: &str) -> Result<(), LogFilterError> {
        let wanted = match text.trim() {
            "" => self.configured.as_str(),
            wanted => wanted,
        };
        if wanted == self.current {
            return Ok(());
        }
        self.handle.reload(parse(wanted)?)?;
        self.current = wanted.to_owned();
        tracing::info!(filter = self.current, "the filter of the logs has changed");
        Ok(())
    }
}

pub(crate) fn parse(text: &str) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    EnvFilter::builder().parse(text)
}
