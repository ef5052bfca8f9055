use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::{SettingsError, Source};

/// An error, with or without its place.
#[derive(Debug)]
pub(crate) enum ReadError {
    Somewhere(String),
    Missing(&'static str),
    Located(SettingsError),
}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Somewhere(reason.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Somewhere(format!("must be {}, is {unexpected}", describe(&expected.to_string())))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::Somewhere(format!("must be one of {}, is {variant:?}", expected.join(", ")))
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Somewhere(reason) => out.write_str(reason),
            Self::Missing(field) => write!(out, "{field} is not set"),
            Self::Located(error) => error.fmt(out),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<ReadError> for SettingsError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Located(error) => error,
            unlocated => Self::Wrong {
                origin: Source::Defaults,
                key: String::new(),
                reason: unlocated.to_string(),
            },
        }
    }
}

/// Describes in words the type that serde expects.
fn describe(expected: &str) -> String {
    let range = match expected {
        "u8" => format!("from 0 to {}", u8::MAX),
        "u16" => format!("from 0 to {}", u16::MAX),
        "u32" => format!("from 0 to {}", u32::MAX),
        "u64" | "usize" => "of 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "in range".to_owned(),
        "f32" | "f64" => return "a number".to_owned(),
        "a string" => return "a text in quotes".to_owned(),
        "a boolean" => return "true or false".to_owned(),
        _ if expected.starts_with("struct ") => return "a section".to_owned(),
        _ => return expected.to_owned(),
    };
    format!("a whole number {range}")
}
