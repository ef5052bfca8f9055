//! Logins and tokens.

mod accept;
mod change_password;
mod issue;
mod own;
mod password_gate;
#[cfg(test)]
mod tests;

pub(crate) use issue::{AccessToken, Sessions, TokenPair};
pub(crate) use own::user;
pub(crate) use password_gate::PasswordGate;
