//! `/v1/auth/second-factor`.

use auth::Password;
use serde::Deserialize;
use tenancy::ClientId;
use utoipa::ToSchema;

use crate::{schemas, sessions::Attempt};

pub(crate) mod enrol;
pub(crate) mod remove;

/// The address and the password of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    /// The user's address.
    #[schema(example = "owner@northwind.example")]
    email: String,
    /// The password.
    password: String,
    /// The id of the tenant, as in a login.
    #[schema(value_type = Option<schemas::Slug>)]
    tenant: Option<ClientId>,
}

impl From<Account> for Attempt {
    fn from(account: Account) -> Self {
        let Account { email, password, tenant } = account;
        Self { email, tenant, password: Password::attempt(password) }
    }
}
