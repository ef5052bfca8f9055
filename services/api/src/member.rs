use auth::{Action, CampaignScope, Principal, Subject, TenantPermission};
use chrono_tz::Tz;
use problem::{Code, Problem};
use tenancy::TenantContext;
use uuid::Uuid;
use web::Tenant;

/// The user or key of a request, for decisions about things that people keep for themselves.
pub(crate) struct Member<'a> {
    tenant: &'a TenantContext,
    principal: &'a Principal,
}

impl<'a> Member<'a> {
    pub(crate) fn of<P: TenantPermission>(request: &'a Tenant<P>) -> Self {
        Self { tenant: request.context(), principal: request.principal() }
    }

    pub(crate) fn tenant(&self) -> &'a TenantContext {
        self.tenant
    }

    /// Returns the zone in which the tenant's days begin.
    pub(crate) fn home(&self) -> Tz {
        self.tenant.time_zone()
    }

    /// Returns its name in the audit log.
    pub(crate) fn actor(&self) -> String {
        self.principal.subject.to_string()
    }

    /// Returns the user; `None` for a key, which keeps nothing for itself.
    pub(crate) fn user(&self) -> Option<Uuid> {
        match self.principal.subject {
            Subject::User(id) => Some(id),
            Subject::Key(_) => None,
        }
    }

    /// Returns the user, who may write.
    ///
    /// # Errors
    /// It is a key.
    pub(crate) fn author(&self) -> Result<Uuid, Problem> {
        self.user().ok_or_else(|| {
            let detail = "An API key may read these, and only a user may write them.";
            Problem::new(Code::PermissionDenied, detail)
        })
    }

    pub(crate) fn campaigns(&self) -> &'a CampaignScope {
        &self.principal.scope
    }

    /// Returns whether it may see everything of its tenant.
    pub(crate) fn is_unlimited(&self) -> bool {
        self.principal.scope == CampaignScope::All
    }

    /// Returns the user or key, with its rights.
    pub(crate) fn principal(&self) -> &'a Principal {
        self.principal
    }

    pub(crate) fn may(&self, action: Action) -> bool {
        self.principal.authority.may(action)
    }
}
