#![doc = include_str!("../README.md")]

mod archive;
mod error;
mod file;
mod key;
mod location;
mod object;
mod record;
mod settings;

pub use archive::Archive;
pub use error::ArchiveError;
pub use key::ObjectKey;
pub use object::{Object, Stored};
pub use record::{ArchivedRecord, Header};
pub use settings::ArchiveSettings;
