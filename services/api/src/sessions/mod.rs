//! Logins and tokens.

mod accept;
mod change_password;
mod issue;
mod password_gate;
#[cfg(test)]
mod tests;

pub(crate) use issue::{AccessToken, Sessions, TokenPair};
pub(crate) use password_gate::PasswordGate;
