#![doc = include_str!("../README.md")]

mod code;
mod kind;
mod report;

pub use code::Code;
pub use kind::Kind;
pub use report::{FieldError, Problem};
