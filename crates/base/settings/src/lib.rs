#![doc = include_str!("../README.md")]

mod entries;
mod error;
mod load;
mod misnamed;
mod read_error;
mod reader;
mod secret;
mod source;
mod tree;

pub use error::{InvalidSetting, SettingsError};
pub use load::{load, load_explained};
pub use secret::Secret;
pub use source::{Origin, Source};
