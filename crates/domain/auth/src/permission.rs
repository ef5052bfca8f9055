mod sealed {
    pub trait Sealed {}
}

/// A permission within one tenant, named by a handler's argument type.
pub trait TenantPermission: sealed::Sealed + Send + Sync + 'static {
    /// The row of the table.
    const ACTION: Action;
}

/// A permission across tenants, named by a handler's argument type.
pub trait PlatformPermission: sealed::Sealed + Send + Sync + 'static {
    /// The row of the table.
    const ACTION: Action;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $scope:ident = $text:literal;)*) => {
        /// What a credential may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name used in answers.
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
    /// See the events that were refused, as they were sent.
    ReadRejects: TenantPermission = "read_rejects";
    /// Put refused events into the log after all.
    ReplayRejects: TenantPermission = "replay_rejects";
    /// Name campaigns and assign them to advertisers.
    ManageCampaigns: TenantPermission = "manage_campaigns";
    /// List and add advertisers.
    ManageAdvertisers: TenantPermission = "manage_advertisers";
    /// List and add users.
    ManageUsers: TenantPermission = "manage_users";
    /// List, make and revoke API keys.
    ManageApiKeys: TenantPermission = "manage_api_keys";
    /// Onboard, see and change tenants.
    ManageTenants: PlatformPermission = "manage_tenants";
    /// Register clusters.
    ManageClusters: PlatformPermission = "manage_clusters";
}
