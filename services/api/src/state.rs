use std::{sync::Arc, time::Duration};

use aggregates::Aggregates;
use archive::ReportFiles;
use auth::{Sealer, TokenSigner};
use control_plane::ControlPlane;
use stream::{LogReader, Producer};
use tokio::sync::Notify;
use warehouse::Warehouse;
use web::{TokenSettings, WebState};

use crate::{
    ApiSettings,
    audit_trail::AuditTrail,
    behaviour::Behaviour,
    campaigns::Campaigns,
    query::Queries,
    rejects::Rejects,
    reports::{Reports, Sources},
    sessions::{PasswordGate, Sessions},
};

/// The dependencies of the api.
#[derive(Clone)]
pub struct Dependencies {
    /// Tenants, users, keys, the ledger.
    pub control_plane: ControlPlane,
    /// Live counters, limits, tickets.
    pub aggregates: Aggregates,
    /// Reports, and rejects.
    pub warehouse: Warehouse,
    /// The files of report jobs.
    pub report_files: ReportFiles,
    /// Writes resubmitted rejects to the log.
    pub producer: Producer,
    /// Reads the log of parked events, for exports of persons.
    pub parked: LogReader,
    /// Turns credentials into tenants.
    pub web: WebState,
    /// Signs access tokens.
    pub signer: TokenSigner,
    /// Seals the secrets of second factors.
    pub sealer: Sealer,
    /// The lifetime of tokens.
    pub tokens: TokenSettings,
    /// The topic of accepted events: `as_of` is their progress.
    pub events_topic: String,
}

/// The state of the handlers. Clones share everything.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) control_plane: ControlPlane,
    pub(crate) warehouse: Warehouse,
    pub(crate) audit_trail: AuditTrail,
    pub(crate) campaigns: Campaigns,
    pub(crate) rejects: Rejects,
    pub(crate) parked: LogReader,
    pub(crate) sources: Sources,
    pub(crate) reports: Reports,
    pub(crate) queries: Queries,
    pub(crate) behaviour: Behaviour,
    pub(crate) sessions: Sessions,
    /// Opens and seals the passwords of clusters.
    pub(crate) sealer: Sealer,
    pub(crate) report_files: ReportFiles,
    /// Wakes a task of this process when a report job is queued.
    pub(crate) report_wake: Arc<Notify>,
    pub(crate) trust_forwarded_for: bool,
}

impl Api {
    pub(crate) fn new(settings: &ApiSettings, dependencies: &Dependencies) -> Self {
        let Dependencies { control_plane, aggregates, warehouse, .. } = dependencies.clone();
        let token_lifetime = Duration::from_secs(dependencies.tokens.access_seconds.into());
        let campaigns = Campaigns::new(control_plane.clone(), token_lifetime);
        let sources = Sources::new(
            control_plane.clone(),
            aggregates.clone(),
            warehouse.clone(),
            dependencies.events_topic.clone(),
        );
        let sessions = Sessions {
            web: dependencies.web.clone(),
            store: Arc::new(control_plane.clone()),
            signer: dependencies.signer.clone(),
            settings: dependencies.tokens.clone(),
            aggregates: aggregates.clone(),
            gate: PasswordGate::new(),
            sealer: dependencies.sealer.clone(),
        };
        let rejects = Rejects::new(
            control_plane.clone(),
            warehouse.clone(),
            dependencies.producer.clone(),
            aggregates.clone(),
            dependencies.events_topic.clone(),
        );
        Self {
            audit_trail: AuditTrail::new(control_plane.clone()),
            rejects,
            parked: dependencies.parked.clone(),
            campaigns: campaigns.clone(),
            reports: Reports::new(sources.clone(), settings.cached_answers),
            queries: Queries::new(
                sources.clone(),
                warehouse.clone(),
                aggregates,
                campaigns,
                settings.cached_answers,
            ),
            behaviour: Behaviour::new(sources.clone(), warehouse.clone()),
            sources,
            sessions,
            sealer: dependencies.sealer.clone(),
            report_files: dependencies.report_files.clone(),
            report_wake: Arc::default(),
            control_plane,
            warehouse,
            trust_forwarded_for: settings.trust_forwarded_for,
        }
    }
}
