use std::{marker::PhantomData, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use auth::{PlatformPermission, Principal};
use futures::future::LocalBoxFuture;
use tenancy::PlatformContext;

use crate::{Error, credential, credential_check, readable_from};

/// A request of a platform admin, whose credential permits `P`. The argument is the permission.
#[derive(Debug)]
pub struct Platform<P> {
    context: PlatformContext,
    principal: Arc<Principal>,
    permission: PhantomData<P>,
}

impl<P: PlatformPermission> Platform<P> {
    /// Returns the proof that the platform itself acts; its actor is `user:<id>`.
    pub fn context(&self) -> &PlatformContext {
        &self.context
    }

    /// Returns the verified user.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl<P: PlatformPermission> FromRequest for Platform<P> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let check = credential_check::begin(request);
        let request = request.clone();
        Box::pin(async move {
            let _check = check;
            let (state, principal) = credential::authorised(&request, P::ACTION).await?;
            let context = state.platform(&principal).await?;
            // The platform's pages have the api's own origin.
            readable_from(&request, &Arc::default());
            Ok(Self { context, principal, permission: PhantomData })
        })
    }
}
