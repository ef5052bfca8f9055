#![doc = include_str!("../README.md")]

mod error;
mod every;
mod run;
mod signals;

pub use error::{BoxError, LifecycleError};
pub use every::{Rounds, every};
pub use run::Lifecycle;
