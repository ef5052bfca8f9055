use std::error::Error;

/// The reason why a task failed.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why the process did not stop cleanly.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// A task failed; everything else was stopped.
    #[error("{task} failed: {source}")]
    Failed {
        /// The task's name.
        task: &'static str,
        /// The reason.
        source: BoxError,
    },
    /// Tasks did not stop within their budgets and were aborted.
    #[error("did not stop in time: {}", .0.join(", "))]
    CutOff(Vec<&'static str>),
    /// The process cannot listen for signals.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
}
