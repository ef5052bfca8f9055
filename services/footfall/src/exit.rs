use std::{error::Error, process::ExitCode};

use api::onboarding::OnboardingError;
use archive::ArchiveError;
use auth::SigningKeyError;
use control_plane::ControlPlaneError;
use problem::{Kind, Problem};
use processor::ProcessorError;
use spool::SpoolError;
use stream::StreamError;
use warehouse::MigrationError;

/// Why a command ended without doing its work: each sort has its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A fault of ours, or of the machine: 1.
    #[error("{0}")]
    Other(String),
    /// Wrong arguments, configuration or credentials: 2.
    #[error("{0}")]
    Usage(String),
    /// Something we need does not answer: 3.
    #[error("{0}")]
    Unavailable(String),
    /// The input was read, but all or some of it was refused, or an audit found something wrong: 4.
    #[error("{0}")]
    Rejected(String),
}

impl Failure {
    /// A fault of ours, with all its causes.
    pub(crate) fn other(error: impl Error) -> Self {
        Self::Other(chain(&error))
    }

    /// A wrong argument or setting, with all its causes.
    pub(crate) fn usage(error: impl Error) -> Self {
        Self::Usage(chain(&error))
    }

    /// The code the process ends with.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Other(_) => 1,
            Self::Usage(_) => 2,
            Self::Unavailable(_) => 3,
            Self::Rejected(_) => 4,
        })
    }
}

impl From<ControlPlaneError> for Failure {
    fn from(error: ControlPlaneError) -> Self {
        match error {
            ControlPlaneError::Unavailable(_) => Self::Unavailable(chain(&error)),
            ControlPlaneError::Address => Self::usage(error),
            _ => Self::other(error),
        }
    }
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::TopicDiffers { .. } => Self::usage(error),
            StreamError::Kafka { .. } => Self::Unavailable(chain(&error)),
            _ => Self::other(error),
        }
    }
}

impl From<SpoolError> for Failure {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::InUse { .. } => Self::usage(error),
            _ => Self::other(error),
        }
    }
}

impl From<MigrationError> for Failure {
    fn from(error: MigrationError) -> Self {
        match error {
            MigrationError::Changed { .. } => Self::other(error),
            _ => Self::Unavailable(chain(&error)),
        }
    }
}

impl From<ProcessorError> for Failure {
    fn from(error: ProcessorError) -> Self {
        match error {
            ProcessorError::ControlPlane(error) => error.into(),
            ProcessorError::Stream(error) => error.into(),
            ProcessorError::Warehouse(_) | ProcessorError::Insert(_) => {
                Self::Unavailable(chain(&error))
            }
            ProcessorError::Archive(ArchiveError::Unavailable { .. }) => {
                Self::Unavailable(chain(&error))
            }
            ProcessorError::UnknownTenant(_) => Self::usage(error),
            _ => Self::other(error),
        }
    }
}

impl From<SigningKeyError> for Failure {
    fn from(error: SigningKeyError) -> Self {
        match error {
            SigningKeyError::Store(_) => Self::Unavailable(chain(&error)),
            SigningKeyError::Seal(_) => Self::usage(error),
            _ => Self::other(error),
        }
    }
}

impl From<OnboardingError> for Failure {
    fn from(error: OnboardingError) -> Self {
        let text = chain(&error);
        // A file that asks for what is not there, such as a cluster of another name.
        if matches!(error, OnboardingError::Folder(_)) {
            return Self::Rejected(text);
        }
        match Problem::from(error).kind() {
            Kind::Unavailable => Self::Unavailable(text),
            Kind::Internal => Self::Other(text),
            _ => Self::Rejected(text),
        }
    }
}

/// An error and its causes, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.ends_with(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
        cause = error.source();
    }
    text
}
