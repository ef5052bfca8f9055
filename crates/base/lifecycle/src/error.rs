use std::error::Error;

/// Why a task ended early.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why the process did not end well.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// A task failed; everything else was stopped.
    #[error("{task} failed: {source}")]
    Failed {
        /// The task's name.
        task: &'static str,
        /// Why.
        source: BoxError,
    },
    /// Tasks did not stop within their budgets and were cut off.
    #[error("did not stop in time: {}", .0.join(", "))]
    CutOff(Vec<&'static str>),
    /// The process cannot listen for signals.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
}
