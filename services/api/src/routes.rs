//! The table of contents: every route of the api. One file per verb below `routes/`.

use actix_web::web::{ServiceConfig, resource};

use crate::live;

pub(crate) mod admin;
pub(crate) mod advertisers;
pub(crate) mod api_keys;
pub(crate) mod auth;
pub(crate) mod campaigns;
pub(crate) mod docs;
pub(crate) mod metrics;
pub(crate) mod products;
pub(crate) mod rejects;
pub(crate) mod users;

/// The routes that need no credential. All others take a `Tenant<…>` or `Platform<…>`.
pub const PUBLIC: [&str; 15] = [
    "/",
    "/.well-known/jwks.json",
    "/docs",
    "/docs/collector.json",
    "/docs/docs.css",
    "/docs/docs.js",
    "/docs/documents.json",
    "/healthz",
    "/openapi.json",
    "/readyz",
    "/v1/auth/invitations/accept",
    "/v1/auth/login",
    "/v1/auth/logout",
    "/v1/auth/refresh",
    "/v1/auth/token",
];

/// Adds every route but those of health and of the page of documents, which all services share.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        // Sessions.
        .service(resource("/v1/auth/login").post(auth::login::login))
        .service(resource("/v1/auth/refresh").post(auth::refresh::refresh))
        .service(resource("/v1/auth/token").post(auth::token::token))
        .service(resource("/v1/auth/logout").post(auth::logout::logout))
        .service(
            resource("/v1/auth/invitations/accept")
                .post(auth::accept_invitation::accept_invitation),
        )
        .service(resource("/.well-known/jwks.json").get(auth::jwks::jwks))
        // Reports.
        .service(resource("/v1/campaigns").get(campaigns::list::list))
        .service(
            resource("/v1/campaigns/{id}")
                .get(campaigns::show::show)
                .patch(campaigns::change::change),
        )
        .service(resource("/v1/campaigns/{id}/metrics").get(campaigns::metrics::metrics))
        .configure(live::configure)
        .service(resource("/v1/metrics").get(metrics::list))
        .service(resource("/v1/products").get(products::list))
        // Events that were refused.
        .service(resource("/v1/rejects").get(rejects::list::list))
        .service(resource("/v1/rejects/replay").post(rejects::replay::replay))
        // A tenant's own people, brands and keys.
        .service(resource("/v1/api-keys").get(api_keys::list::list).post(api_keys::create::create))
        .service(resource("/v1/api-keys/{id}").delete(api_keys::revoke::revoke))
        .service(resource("/v1/users").get(users::list::list).post(users::create::create))
        .service(resource("/v1/users/{id}").delete(users::disable::disable))
        .service(
            resource("/v1/users/{id}/invitation")
                .post(users::renew_invitation::renew_invitation)
                .delete(users::revoke_invitation::revoke_invitation),
        )
        .service(resource("/v1/advertisers").get(advertisers::list::list))
        .service(resource("/v1/advertisers/{id}").put(advertisers::put::put))
        // The platform's admins.
        .service(
            resource("/v1/admin/tenants")
                .get(admin::tenants::list::list)
                .post(admin::tenants::create::create),
        )
        .service(resource("/v1/admin/tenants/{id}").get(admin::tenants::show::show))
        .service(
            resource("/v1/admin/tenants/{id}/users")
                .get(admin::tenants::users::list::list)
                .post(admin::tenants::users::create::create),
        )
        .service(
            resource("/v1/admin/tenants/{id}/users/{user_id}/invitation")
                .post(admin::tenants::users::renew_invitation::renew_invitation)
                .delete(admin::tenants::users::revoke_invitation::revoke_invitation),
        )
        .service(
            resource("/v1/admin/tenants/{id}/api-keys")
                .get(admin::tenants::api_keys::list::list)
                .post(admin::tenants::api_keys::create::create),
        )
        .service(
            resource("/v1/admin/tenants/{id}/api-keys/{key_id}")
                .delete(admin::tenants::api_keys::revoke::revoke),
        )
        // The description of all this.
        .service(resource("/openapi.json").get(docs::description))
        .service(resource("/docs/collector.json").get(docs::collector));
}
