//! The route table of the api. One file per verb; its function is `handle`.

#![expect(deprecated, reason = "the table contains deprecated routes")]

use actix_web::{
    middleware::from_fn,
    web::{ServiceConfig, resource},
};

use crate::audit_trail::trail;

pub(crate) mod admin;
pub(crate) mod advertisers;
pub(crate) mod annotations;
pub(crate) mod api_keys;
pub(crate) mod attribution;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod campaigns;
pub(crate) mod cohorts;
pub(crate) mod console;
pub(crate) mod dimensions;
pub(crate) mod docs;
pub(crate) mod exports;
pub(crate) mod funnels;
pub(crate) mod live;
pub(crate) mod me;
pub(crate) mod metrics;
pub(crate) mod parked;
pub(crate) mod privacy;
pub(crate) mod products;
pub(crate) mod query;
pub(crate) mod rejects;
pub(crate) mod reports;
pub(crate) mod retention;
pub(crate) mod saved_reports;
pub(crate) mod schedules;
pub(crate) mod security;
pub(crate) mod sessions;
pub(crate) mod usage;
pub(crate) mod users;
pub(crate) mod windows;

/// The routes that need no credential. All others take a `Tenant<…>` or `Platform<…>`.
pub const PUBLIC: [&str; 19] = [
    "/",
    "/.well-known/jwks.json",
    "/console",
    "/console/{path:.*}",
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
    "/v1/auth/second-factor",
    "/v1/auth/second-factor/removal",
    "/v1/auth/token",
];

web::route_table! {
    // Sessions.
    auth::login;
    auth::refresh;
    auth::token;
    auth::logout;
    auth::accept_invitation;
    auth::second_factor::enrol;
    auth::second_factor::remove;
    auth::jwks;
    // Reports.
    campaigns::list;
    campaigns::show;
    campaigns::change;
    campaigns::metrics;
    live::stream_campaign wrapped in live::redeem::redeem;
    live::stream_campaigns wrapped in live::redeem::redeem;
    live::open_web_socket wrapped in live::redeem::redeem;
    live::create_ticket;
    query::run;
    windows::run;
    attribution::run;
    funnels::run;
    retention::run;
    sessions::show;
    exports::events;
    metrics::list;
    dimensions::list;
    dimensions::put;
    dimensions::delete;
    me::show;
    me::change_password;
    me::sessions::list;
    me::sessions::end;
    me::sessions::end_others;
    products::list;
    // Reports that are made in the background.
    reports::list;
    reports::create;
    reports::show;
    reports::cancel;
    reports::download;
    schedules::list;
    schedules::create;
    schedules::show;
    schedules::replace;
    schedules::delete;
    // What users keep beside the numbers.
    annotations::list;
    annotations::create;
    annotations::show;
    annotations::change;
    annotations::delete;
    saved_reports::list;
    saved_reports::create;
    saved_reports::show;
    saved_reports::replace;
    saved_reports::delete;
    cohorts::list;
    cohorts::create;
    cohorts::show;
    cohorts::replace;
    cohorts::delete;
    // Refused events.
    rejects::list;
    rejects::resubmit;
    rejects::replay;
    // Events over a quota.
    parked::show;
    parked::release;
    parked::erase;
    // A tenant's own keys, users and advertisers.
    api_keys::list;
    api_keys::create;
    api_keys::change;
    api_keys::rotate;
    api_keys::revoke;
    users::list;
    users::create;
    users::change;
    users::disable;
    users::reset_password;
    users::remove_second_factor;
    users::sessions::list;
    users::sessions::end;
    users::sessions::end_all;
    users::renew_invitation;
    users::revoke_invitation;
    security::show;
    security::put;
    advertisers::list;
    advertisers::put;
    // Persons who ask for their data, or to be erased.
    privacy::export;
    privacy::erase;
    privacy::list;
    privacy::show;
    privacy::check;
    // What the tenant used, and what was done in it.
    usage::show;
    audit::list;
    // The admins of the platform.
    admin::me::change_password;
    admin::me::sessions::list;
    admin::me::sessions::end;
    admin::me::sessions::end_others;
    admin::tenants::list;
    admin::tenants::create;
    admin::tenants::show;
    admin::tenants::change;
    admin::tenants::suspend;
    admin::tenants::resume;
    admin::tenants::offboard;
    admin::tenants::offboarding;
    admin::tenants::moves::begin;
    admin::tenants::moves::show;
    admin::tenants::moves::back_out;
    admin::clusters::list;
    admin::clusters::put;
    admin::clusters::drain;
    admin::clusters::resume;
    admin::usage::list;
    admin::audit::list;
    admin::tenants::users::list;
    admin::tenants::users::create;
    admin::tenants::users::renew_invitation;
    admin::tenants::users::revoke_invitation;
    admin::tenants::users::reset_password;
    admin::tenants::api_keys::list;
    admin::tenants::api_keys::create;
    admin::tenants::api_keys::revoke;
    // The OpenAPI document of this table.
    docs::openapi;
}

/// Adds every route except those that all services share: health, and the page of the documents.
pub(crate) fn configure(config: &mut ServiceConfig) {
    for resource in resources() {
        config.service(resource.wrap(from_fn(trail)));
    }
    config
        .service(resource("/docs/collector.json").get(docs::collector::handle))
        .service(resource("/").get(console::redirect::handle))
        .service(resource("/console").get(console::redirect::handle))
        .service(resource("/console/{path:.*}").get(console::show::handle));
}
