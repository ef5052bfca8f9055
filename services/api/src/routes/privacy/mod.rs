//! `/v1/privacy`, for the owners of a tenant.

use chrono::{DateTime, Utc};
use control_plane::{PersonEraseStep, PersonErasure, PersonErasureStep};
use privacy::PersonKind;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::admin::tenants::offboarding::ReceiptView;
use crate::step_view::StepView;

pub(crate) mod check;
pub(crate) mod erase;
pub(crate) mod export;
pub(crate) mod list;
pub(crate) mod show;

/// An erasure of persons. It says nowhere who they are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonErasureView {
    /// Its id.
    pub(crate) id: Uuid,
    /// How far it is.
    state: PersonErasureState,
    /// The user who asked for it.
    asked_by: String,
    /// When that was. What happened or was received before is erased, and never applied again.
    asked_at: DateTime<Utc>,
    /// When it was last begun again, because a store was restored from a copy.
    repeated_at: Option<DateTime<Utc>>,
    /// How many visitors it is about.
    visitors: usize,
    /// How many customers it is about.
    customers: usize,
    /// The stores, in the order in which they are erased.
    steps: Vec<StepView>,
    /// What was erased where; `null` until all is.
    receipt: Option<ReceiptView>,
}

/// How far an erasure of persons is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PersonErasureState {
    /// Earlier events are left out already; what is stored is being erased.
    Erasing,
    /// Nothing of the persons is left but what the receipt names.
    Erased,
}

impl From<PersonErasure> for PersonErasureView {
    fn from(erasure: PersonErasure) -> Self {
        let of = |wanted| erasure.persons.iter().filter(|(kind, _)| *kind == wanted).count();
        let step = |step: PersonEraseStep| match erasure.step(step) {
            Some(PersonErasureStep { started_at, finished_at, counts, .. }) => {
                StepView::begun(step.as_str(), *started_at, *finished_at, counts)
            }
            None => StepView::waiting(step.as_str()),
        };
        Self {
            id: erasure.erasure_id,
            state: match erasure.receipt {
                Some(_) => PersonErasureState::Erased,
                None => PersonErasureState::Erasing,
            },
            asked_by: erasure.asked_by.clone(),
            asked_at: erasure.asked_at,
            repeated_at: erasure.repeated_at,
            visitors: of(PersonKind::Visitor),
            customers: of(PersonKind::Customer),
            steps: PersonEraseStep::ALL.map(step).into(),
            receipt: erasure.receipt.map(ReceiptView::from),
        }
    }
}
