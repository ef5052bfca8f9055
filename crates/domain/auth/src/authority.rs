use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Action;

/// The role of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the platform; reads no tenant's data.
    PlatformAdmin,
    /// Manages one tenant and reads its data.
    Owner,
    /// Reads one tenant's reports.
    Analyst,
    /// Reads the campaigns of one advertiser of one tenant.
    Advertiser,
}

/// The purpose of an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Writes events as they happen.
    Collect,
    /// Writes events of any age, such as history.
    Import,
    /// Reads reports of all campaigns or of listed campaigns.
    Read,
}

/// The text is not a role or a kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownAuthority {
    /// Not a role.
    #[error("must be one of platform_admin, owner, analyst, advertiser")]
    Role,
    /// Not a kind of key.
    #[error("must be one of collect, import, read")]
    KeyKind,
}

/// The source of a credential's permissions: the `role` claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Authority {
    /// A user's role.
    Role(Role),
    /// A key's kind.
    Key(KeyKind),
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::PlatformAdmin, Self::Owner, Self::Analyst, Self::Advertiser];

    /// Returns the name used in tokens, tables and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformAdmin => "platform_admin",
            Self::Owner => "owner",
            Self::Analyst => "analyst",
            Self::Advertiser => "advertiser",
        }
    }
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Collect, Self::Import, Self::Read];

    /// Returns the name used in keys, tokens, tables and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::Import => "import",
            Self::Read => "read",
        }
    }
}

impl Authority {
    /// Returns whether it may do `action`: the whole table of permissions.
    pub const fn may(self, action: Action) -> bool {
        use Action as A;
        match self {
            Self::Role(Role::PlatformAdmin) => {
                matches!(action, A::ManageTenants | A::ManageClusters | A::ManageAdminAccount)
            }
            Self::Role(Role::Owner) => matches!(
                action,
                A::ReadReports
                    | A::ReadCampaigns
                    | A::ReadProducts
                    | A::ReadRejects
                    | A::ResubmitRejects
                    | A::ReadParked
                    | A::ManageParked
                    | A::ManageCampaigns
                    | A::ManageAdvertisers
                    | A::ManageDimensions
                    | A::ManageUsers
                    | A::ManageApiKeys
                    | A::ManageOwnAccount
                    | A::ErasePersons
                    | A::ReadUsage
                    | A::ReadAuditLog
            ),
            Self::Role(Role::Analyst) => matches!(
                action,
                A::ReadReports
                    | A::ReadCampaigns
                    | A::ReadProducts
                    | A::ReadRejects
                    | A::ManageOwnAccount
            ),
            Self::Role(Role::Advertiser) => {
                matches!(action, A::ReadReports | A::ReadCampaigns | A::ManageOwnAccount)
            }
            Self::Key(KeyKind::Collect | KeyKind::Import) => matches!(action, A::WriteEvents),
            Self::Key(KeyKind::Read) => {
                matches!(action, A::ReadReports | A::ReadCampaigns | A::ReadProducts)
            }
        }
    }

    /// Returns the name used in tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role(role) => role.as_str(),
            Self::Key(kind) => kind.as_str(),
        }
    }
}

impl FromStr for Role {
    type Err = UnknownAuthority;

    fn from_str(text: &str) -> Result<Self, UnknownAuthority> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownAuthority::Role)
    }
}

impl FromStr for KeyKind {
    type Err = UnknownAuthority;

    fn from_str(text: &str) -> Result<Self, UnknownAuthority> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownAuthority::KeyKind)
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_admin_reads_no_tenants_data() {
        let admin = Authority::Role(Role::PlatformAdmin);
        assert!(admin.may(Action::ManageTenants));
        assert!(!admin.may(Action::ReadReports));
        assert!(!admin.may(Action::ReadCampaigns));
    }

    #[test]
    fn only_keys_write_events_and_they_do_nothing_else() {
        for role in Role::ALL {
            assert!(!Authority::Role(role).may(Action::WriteEvents), "{role:?}");
        }
        for kind in [KeyKind::Collect, KeyKind::Import] {
            let allowed = Action::ALL.iter().filter(|action| Authority::Key(kind).may(**action));
            assert_eq!(allowed.collect::<Vec<_>>(), [&Action::WriteEvents], "{kind:?}");
        }
    }

    #[test]
    fn only_a_tenants_owners_and_analysts_access_rejects() {
        let everyone = Role::ALL.map(Authority::Role).into_iter();
        let everyone: Vec<_> = everyone.chain(KeyKind::ALL.map(Authority::Key)).collect();
        let allowed = |action| {
            let allowed = everyone.iter().filter(move |authority| authority.may(action));
            allowed.map(|authority| authority.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(allowed(Action::ReadRejects), ["owner", "analyst"]);
        assert_eq!(allowed(Action::ResubmitRejects), ["owner"]);
    }

    #[test]
    fn every_user_manages_its_own_account_and_no_key_does() {
        for role in Role::ALL {
            let action = match role {
                Role::PlatformAdmin => Action::ManageAdminAccount,
                Role::Owner | Role::Analyst | Role::Advertiser => Action::ManageOwnAccount,
            };
            assert!(Authority::Role(role).may(action), "{role:?}");
        }
        for kind in KeyKind::ALL {
            assert!(!Authority::Key(kind).may(Action::ManageOwnAccount), "{kind:?}");
        }
    }

    #[test]
    fn only_platform_admins_manage_tenants() {
        let everyone = Role::ALL.map(Authority::Role).into_iter();
        let everyone = everyone.chain(KeyKind::ALL.map(Authority::Key));
        for authority in everyone {
            let expected = authority == Authority::Role(Role::PlatformAdmin);
            assert_eq!(authority.may(Action::ManageTenants), expected, "{authority}");
        }
    }
}
