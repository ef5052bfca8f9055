#![doc = include_str!("../README.md")]

mod kms_key;
mod settings;

pub use crate::settings::KmsSettings;
pub use kms_key::KmsKey;
