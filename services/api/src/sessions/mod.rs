//! Logins and tokens.

mod accept;
mod change_password;
mod issue;
mod login;
mod own;
mod password_gate;
mod second_factor;
#[cfg(test)]
mod tests;

pub(crate) use issue::{AccessToken, Sessions, TokenPair};
pub(crate) use login::{Attempt, LoggedIn};
pub(crate) use own::user;
pub(crate) use password_gate::{Claimant, PasswordGate};
pub(crate) use second_factor::Enrolment;
