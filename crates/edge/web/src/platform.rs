use std::{marker::PhantomData, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use auth::{PlatformPermission, Principal};
use futures::future::LocalBoxFuture;
use tenancy::PlatformContext;

use crate::{Error, credential, judgement, readable_from};

/// A request of a platform admin, whose credential allows `P`. The argument is the permission.
#[derive(Debug)]
pub struct Platform<P> {
    context: PlatformContext,
    principal: Arc<Principal>,
    permission: PhantomData<P>,
}

impl<P: PlatformPermission> Platform<P> {
    /// The proof that the work is the platform's; its actor is `user:<id>`.
    pub fn context(&self) -> &PlatformContext {
        &self.context
    }

    /// Who asks.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl<P: PlatformPermission> FromRequest for Platform<P> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let judging = judgement::begin(request);
        let request = request.clone();
        Box::pin(async move {
            let _judging = judging;
            let (state, principal) = credential::authorised(&request, P::ACTION).await?;
            let context = state.platform(&principal).await?;
            // The platform's own pages are at the api's own origin.
            readable_from(&request, Arc::default());
            Ok(Self { context, principal, permission: PhantomData })
        })
    }
}
