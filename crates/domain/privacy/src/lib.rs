#![doc = include_str!("../README.md")]

mod erased_persons;
mod ids;
mod person;
mod person_key;

pub use erased_persons::ErasedPersons;
pub use ids::any_id;
pub use person::{Person, PersonHash, PersonIdError, PersonKind};
pub use person_key::{HashPads, PersonKey, PersonKeyError};
