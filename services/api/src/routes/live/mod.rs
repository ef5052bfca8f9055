//! `/v1/campaigns/{id}/live` and `/v1/live`.

pub(crate) mod create_ticket;
pub(crate) mod redeem;
pub(crate) mod stream_campaign;
