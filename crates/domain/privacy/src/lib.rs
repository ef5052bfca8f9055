#![doc = include_str!("../README.md")]

mod erased_persons;
mod person;
mod person_key;
mod words;

pub use erased_persons::ErasedPersons;
pub use person::{Person, PersonHash, PersonIdError, PersonKind};
pub use person_key::{HashPads, PersonKey, PersonKeyError};
pub use words::{any_word, any_word_of_json};
