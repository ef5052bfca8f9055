//! `/v1/auth`, and the keys that verify tokens.

pub(crate) mod accept_invitation;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod refresh;
pub(crate) mod second_factor;
pub(crate) mod token;
