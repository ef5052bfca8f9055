use std::{marker::PhantomData, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use auth::{CampaignScope, Principal, TenantPermission};
use futures::future::{Either, LocalBoxFuture, Ready, ready};
use tenancy::{Scoped, TenantContext};

use crate::{
    Error, credential, credential_check, rate_limits, readable_from, state::CheckedCredential,
};

/// A request of one tenant, whose credential permits `P`. The argument is the permission.
#[derive(Debug)]
pub struct Tenant<P> {
    credential: Arc<CheckedCredential>,
    permission: PhantomData<P>,
}

impl<P: TenantPermission> Tenant<P> {
    /// Returns the proof of tenancy, which every access to the tenant's data requires.
    pub fn context(&self) -> &TenantContext {
        &self.credential.context
    }

    /// Returns the verified user or key.
    pub fn principal(&self) -> &Principal {
        &self.credential.principal
    }

    /// Returns the campaigns that the credential may read.
    pub fn campaigns(&self) -> &CampaignScope {
        &self.credential.principal.scope
    }

    /// Marks a value from the request as this tenant's.
    #[expect(
        clippy::disallowed_methods,
        reason = "what a verified credential sent is its tenant's"
    )]
    pub fn scope<T>(&self, value: T) -> Scoped<T> {
        self.credential.context.scope(value)
    }
}

impl<P> Tenant<P> {
    fn new(request: &HttpRequest, credential: Arc<CheckedCredential>) -> Self {
        readable_from(request, credential.context.origins());
        Self { credential, permission: PhantomData }
    }
}

impl<P: TenantPermission> FromRequest for Tenant<P> {
    type Error = Error;
    type Future = Either<Ready<Result<Self, Error>>, LocalBoxFuture<'static, Result<Self, Error>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = credential::known(request);
        let is_counted = credential::limits(request).is_some();
        if let Some(known) = known.clone().filter(|_| !is_counted) {
            let permitted = credential::permit(&known.principal, P::ACTION)
                .and_then(|()| credential::check_state(&known.context, P::ACTION));
            let tenant = permitted.map(|()| Self::new(request, known)).map_err(Error::from);
            return Either::Left(ready(tenant));
        }
        let check = credential_check::begin(request);
        let request = request.clone();
        Either::Right(Box::pin(async move {
            let _check = check;
            let credential = match known {
                Some(known) => {
                    credential::permit(&known.principal, P::ACTION)?;
                    credential::check_state(&known.context, P::ACTION)?;
                    known
                }
                None => credential::check(&request, P::ACTION).await?,
            };
            let tenant = Self::new(&request, credential);
            if let Some(limits) = credential::limits(&request) {
                rate_limits::count(limits, &request, &tenant.credential.context).await?;
            }
            Ok(tenant)
        }))
    }
}
