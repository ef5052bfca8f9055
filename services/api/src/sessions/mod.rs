//! Logins and tokens.

mod issue;
mod password_gate;

pub(crate) use issue::{AccessToken, Sessions, TokenPair};
pub(crate) use password_gate::PasswordGate;
