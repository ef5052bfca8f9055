#![doc = include_str!("../README.md")]

mod archive;
mod content;
mod erase;
mod erasure_register;
mod error;
mod file;
mod key;
mod location;
mod object;
mod record;
mod report_file;
mod report_files;
mod role;
mod settings;
mod stored_files;

pub use archive::Archive;
pub use erase::Erased;
pub use erasure_register::ErasureRegister;
pub use error::ArchiveError;
pub use key::ObjectKey;
pub use object::{Object, Stored};
pub use record::{ArchivedRecord, Header};
pub use report_file::{ReportFileKey, ReportFileReader, ReportFileWriter, WrittenFile};
pub use report_files::{ReportFileError, ReportFiles};
pub use settings::ArchiveSettings;
pub use stored_files::StoredFile;
