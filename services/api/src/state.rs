use std::time::Duration;

use aggregates::Aggregates;
use auth::TokenSigner;
use control_plane::ControlPlane;
use warehouse::Warehouse;
use web::{TokenSettings, WebState};

use crate::{
    ApiSettings,
    campaigns::Campaigns,
    reports::{Reports, Sources},
    sessions::{PasswordGate, Sessions},
};

/// What the api is wired to.
#[derive(Clone)]
pub struct Dependencies {
    /// Tenants, people, keys, the ledger.
    pub control_plane: ControlPlane,
    /// Live counters, limits, tickets.
    pub aggregates: Aggregates,
    /// Reports.
    pub warehouse: Warehouse,
    /// Turns credentials into tenants.
    pub web: WebState,
    /// Signs access tokens.
    pub signer: TokenSigner,
    /// How long tokens are good.
    pub tokens: TokenSettings,
    /// The topic of accepted events, whose processing `as_of` tells of.
    pub events_topic: String,
}

/// What handlers call. Cloning shares all.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) control_plane: ControlPlane,
    pub(crate) warehouse: Warehouse,
    pub(crate) campaigns: Campaigns,
    pub(crate) sources: Sources,
    pub(crate) reports: Reports,
    pub(crate) sessions: Sessions,
    pub(crate) trust_forwarded_for: bool,
}

impl Api {
    pub(crate) fn new(settings: &ApiSettings, parts: &Dependencies) -> Self {
        let Dependencies { control_plane, aggregates, warehouse, .. } = parts.clone();
        let token_lifetime = Duration::from_secs(parts.tokens.access_seconds.into());
        let sources = Sources::new(
            control_plane.clone(),
            aggregates.clone(),
            warehouse.clone(),
            parts.events_topic.clone(),
        );
        let sessions = Sessions {
            web: parts.web.clone(),
            signer: parts.signer.clone(),
            settings: parts.tokens.clone(),
            aggregates,
            gate: PasswordGate::new(),
        };
        Self {
            campaigns: Campaigns::new(control_plane.clone(), token_lifetime),
            reports: Reports::new(sources.clone(), settings.cached_answers),
            sources,
            sessions,
            control_plane,
            warehouse,
            trust_forwarded_for: settings.trust_forwarded_for,
        }
    }
}
