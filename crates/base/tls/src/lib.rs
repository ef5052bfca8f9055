#![doc = include_str!("../README.md")]

mod error;
mod files;
mod listener;
mod reloading;
mod settings;

pub use error::TlsError;
pub use files::ClientPem;
pub use listener::{Listener, TlsStream};
pub use native_tls::TlsConnector;
pub use reloading::Reloading;
pub use settings::TlsSettings;
