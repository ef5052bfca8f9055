#![doc = include_str!("../README.md")]

mod error;
mod run;
mod signals;

pub use error::{BoxError, LifecycleError};
pub use run::Lifecycle;
