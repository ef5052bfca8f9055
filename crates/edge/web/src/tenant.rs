use std::{marker::PhantomData, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use auth::{CampaignScope, Principal, TenantPermission};
use chrono::Utc;
use futures::future::LocalBoxFuture;
use tenancy::{Scoped, TenantContext};

use crate::{Error, credential, credential_check, readable_from};

/// A request of one tenant, whose credential permits `P`. The argument is the permission.
#[derive(Debug)]
pub struct Tenant<P> {
    context: TenantContext,
    principal: Arc<Principal>,
    permission: PhantomData<P>,
}

impl<P: TenantPermission> Tenant<P> {
    /// Returns the proof of tenancy, which every access to the tenant's data requires.
    pub fn context(&self) -> &TenantContext {
        &self.context
    }

    /// Returns the verified user or key.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Returns the campaigns that the credential may read.
    pub fn campaigns(&self) -> &CampaignScope {
        &self.principal.scope
    }

    /// Marks a value from the request as this tenant's.
    #[expect(
        clippy::disallowed_methods,
        reason = "what a verified credential sent is its tenant's"
    )]
    pub fn scope<T>(&self, value: T) -> Scoped<T> {
        self.context.scope(value)
    }
}

impl<P: TenantPermission> FromRequest for Tenant<P> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let check = credential_check::begin(request);
        let request = request.clone();
        Box::pin(async move {
            let _check = check;
            let (state, principal) = credential::authorised(&request, P::ACTION).await?;
            let context = state.tenant(&principal, Utc::now()).await?;
            readable_from(&request, context.origins());
            Ok(Self { context, principal, permission: PhantomData })
        })
    }
}
