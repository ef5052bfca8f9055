use std::{marker::PhantomData, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use auth::{CampaignScope, Principal, TenantPermission};
use chrono::Utc;
use futures::future::LocalBoxFuture;
use tenancy::{Scoped, TenantContext};

use crate::{Error, credential, judgement, readable_from};

/// A request of one tenant, whose credential allows `P`. The argument is the permission.
#[derive(Debug)]
pub struct Tenant<P> {
    context: TenantContext,
    principal: Arc<Principal>,
    permission: PhantomData<P>,
}

impl<P: TenantPermission> Tenant<P> {
    /// The proof of tenancy, which every road to the tenant's data asks for.
    pub fn context(&self) -> &TenantContext {
        &self.context
    }

    /// Who asks.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The campaigns the credential may see.
    pub fn campaigns(&self) -> &CampaignScope {
        &self.principal.scope
    }

    /// Marks what the request carried as this tenant's.
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
        let judging = judgement::begin(request);
        let request = request.clone();
        Box::pin(async move {
            let _judging = judging;
            let (state, principal) = credential::authorised(&request, P::ACTION).await?;
            let context = state.tenant(&principal, Utc::now()).await?;
            readable_from(&request, context.origins().clone());
            Ok(Self { context, principal, permission: PhantomData })
        })
    }
}
