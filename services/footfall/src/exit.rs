use std::{error::Error, process::ExitCode};

use api::onboarding::OnboardingError;
use archive::ArchiveError;
use auth::{KeySourceError, SigningKeyError};
use control_plane::ControlPlaneError;
use processor::{PersonSearchError, ProcessorError};
use spool::SpoolError;
use stream::StreamError;
use telemetry::chain;
use warehouse::MigrationError;

use crate::secret_settings::SealerError;

/// Why a command failed: each variant has its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A fault of Footfall or of the machine: 1.
    #[error("{0}")]
    Other(String),
    /// Wrong arguments, configuration or credentials: 2.
    #[error("{0}")]
    Usage(String),
    /// A server is unavailable: 3.
    #[error("{0}")]
    Unavailable(String),
    /// The input was read, but all or some of it was refused, or a reconciliation differed: 4.
    #[error("{0}")]
    Rejected(String),
}

impl Failure {
    /// A fault of Footfall, with all its causes.
    pub(crate) fn other(error: impl Error) -> Self {
        Self::Other(chain(&error))
    }

    /// A wrong argument or setting, with all its causes.
    pub(crate) fn usage(error: impl Error) -> Self {
        Self::Usage(chain(&error))
    }

    /// Returns the exit code of the process.
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
            ControlPlaneError::Moving | ControlPlaneError::NotEmpty => {
                Self::Rejected(chain(&error))
            }
            _ => Self::other(error),
        }
    }
}

impl From<StreamError> for Failure {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::TopicDiffers { .. } => Self::usage(error),
            StreamError::Kafka { .. } | StreamError::Login(_) => Self::Unavailable(chain(&error)),
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
            ProcessorError::Archive(
                ArchiveError::Unavailable { .. } | ArchiveError::DataKeys(_),
            ) => Self::Unavailable(chain(&error)),
            ProcessorError::UnknownTenant(_) => Self::usage(error),
            _ => Self::other(error),
        }
    }
}

impl From<PersonSearchError> for Failure {
    fn from(error: PersonSearchError) -> Self {
        match error {
            PersonSearchError::Unknown { .. } => Self::usage(error),
            PersonSearchError::Store(error) => error.into(),
        }
    }
}

impl From<SealerError> for Failure {
    fn from(error: SealerError) -> Self {
        match error {
            SealerError::Source(KeySourceError::Unavailable(_)) => Self::Unavailable(chain(&error)),
            _ => Self::usage(error),
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
        match error {
            // A file names something that does not exist, such as a cluster, or that exists already.
            OnboardingError::Fields(_)
            | OnboardingError::Folder(_)
            | OnboardingError::Exists
            | OnboardingError::NotProvisioned
            | OnboardingError::ControlPlane(
                ControlPlaneError::Conflict { .. }
                | ControlPlaneError::MissingReference { .. }
                | ControlPlaneError::Refused { .. }
                | ControlPlaneError::Drained
                | ControlPlaneError::Taken(_),
            ) => Self::Rejected(chain(&error)),
            OnboardingError::Warehouse { source: MigrationError::Changed { .. }, .. }
            | OnboardingError::Credential(_) => Self::other(error),
            OnboardingError::Warehouse { .. } => Self::Unavailable(chain(&error)),
            OnboardingError::ControlPlane(error) => error.into(),
        }
    }
}
