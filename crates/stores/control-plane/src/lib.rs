#![doc = include_str!("../README.md")]

/// The text of `queries/<entity>/<verb>.sql`.
macro_rules! sql {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/queries/", $path, ".sql"))
    };
}

mod audit;
mod audit_chain;
mod audit_log;
mod cache;
mod control_plane;
mod credentials;
mod data_version;
mod directory;
mod due_schedules;
mod error;
mod group;
mod ledger;
mod listener;
mod move_refusal;
mod parked;
mod person_erasure;
mod platform;
mod pool;
mod principal_row;
mod report_job;
mod report_queue;
mod report_schedule;
mod settings;
mod table_copy;
mod tenant;
mod usage;

pub use audit::{AuditEntry, AuditSource};
pub use audit_chain::{AuditFault, AuditLink, AuditLinkError, AuditVerdict};
pub use audit_log::{AuditFilter, AuditRecord};
pub use control_plane::ControlPlane;
pub use data_version::{DataState, Retained};
pub use due_schedules::{DueSchedule, ScheduledRun};
pub use error::ControlPlaneError;
pub use group::Group;
pub use ledger::{
    Archived, Batch, BatchPlan, DoneSpan, ExclusiveLease, Lease, Ledger, LedgerError, OffsetSet,
    PlannedDestination, Poison, RebuildRequest, Skip, TenantSpan, UpToDate,
};
pub use parked::{
    FoundParked, OpenParkedOrder, ParkedAction, ParkedHour, ParkedLot, ParkedOrder, ParkedPlaces,
};
pub use person_erasure::{PersonEraseStep, PersonErasure, PersonErasureStep, rewrap_person_key};
pub use platform::{
    Account, BackOut, BegunMove, Cluster, EraseReceipt, EraseStep, ErasedPersonsVersion, Inventory,
    MoveRefusal, MoveStepRecord, Neighbour, Offboarding, OffboardingStep, PlatformControl,
    RegisteredCluster, RewrappedPiece, SealedColumn, SealedCount, SealedDataKeys, TenantDetail,
    TenantMove, TenantSpec,
};
pub use report_job::{JobFailure, ReportFile, ReportJob, ReportJobKind, ReportJobState};
pub use report_queue::{
    Backlog, ClaimRules, Claimed, JobRemains, MadeReport, ReportClaim, ReportQueue,
};
pub use report_schedule::{Cadence, RelativeRange, ReportSchedule, ScheduleSource};
pub use settings::PostgresSettings;
pub use table_copy::{AppliedMigration, CopiedTable, TableReader, TableWriter};
pub use tenant::{
    Advertiser, Annotation, AnnotationChange, AnnotationFilter, AnnotationReader, AnnotationScope,
    ApiKey, ApiKeyChange, BegunPersonErasure, Campaign, CampaignFilter, CohortWriter, KeptCohort,
    NewApiKey, NewInvitation, NewPersonErasure, NewReportJob, NewUser, PersonErasureLimits,
    Product, Quota, ReportJobReader, ReportKind, ReportReader, ReportVisibility, ReportWriter,
    Resubmission, SavedReport, TenantControl, User, UserChange,
};
pub use usage::{UsageCount, UsageDays};
