mod sealed {
    pub trait Sealed {}
}

/// A permission within one tenant, required by the type of a handler's argument.
pub trait TenantPermission: sealed::Sealed + Send + Sync + 'static {
    /// The row of the table.
    const ACTION: Action;
}

/// A permission across tenants, required by the type of a handler's argument.
pub trait PlatformPermission: sealed::Sealed + Send + Sync + 'static {
    /// The row of the table.
    const ACTION: Action;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $scope:ident = $text:literal;)*) => {
        /// An action that a credential may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the name used in answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name;

            impl sealed::Sealed for $name {}

            impl $scope for $name {
                const ACTION: Action = Action::$name;
            }
        )*
    };
}

permissions! {
    /// Send events.
    WriteEvents: TenantPermission = "write_events";
    /// Read reports and live streams.
    ReadReports: TenantPermission = "read_reports";
    /// List campaigns.
    ReadCampaigns: TenantPermission = "read_campaigns";
    /// List products.
    ReadProducts: TenantPermission = "read_products";
    /// Read rejects: refused events, as they were sent.
    ReadRejects: TenantPermission = "read_rejects";
    /// Resubmit rejects: send refused events again.
    ResubmitRejects: TenantPermission = "replay_rejects";
    /// Read what is parked: events over a quota.
    ReadParked: TenantPermission = "read_parked";
    /// Release and erase parked events.
    ManageParked: TenantPermission = "manage_parked";
    /// Give campaigns names and assign them to advertisers.
    ManageCampaigns: TenantPermission = "manage_campaigns";
    /// List and add advertisers.
    ManageAdvertisers: TenantPermission = "manage_advertisers";
    /// Declare properties of events as dimensions.
    ManageDimensions: TenantPermission = "manage_dimensions";
    /// List and add users.
    ManageUsers: TenantPermission = "manage_users";
    /// List, create and revoke API keys.
    ManageApiKeys: TenantPermission = "manage_api_keys";
    /// Change one's own password, and end one's own sessions.
    ManageOwnAccount: TenantPermission = "manage_own_account";
    /// Erase and export visitors and customers.
    ErasePersons: TenantPermission = "erase_persons";
    /// Read what the tenant used.
    ReadUsage: TenantPermission = "read_usage";
    /// Read the audit log of the tenant.
    ReadAuditLog: TenantPermission = "read_audit_log";
    /// Onboard, read and change tenants.
    ManageTenants: PlatformPermission = "manage_tenants";
    /// Register, read, drain and resume clusters.
    ManageClusters: PlatformPermission = "manage_clusters";
    /// Change an admin's own password, and end its own sessions.
    ManageAdminAccount: PlatformPermission = "manage_admin_account";
}
