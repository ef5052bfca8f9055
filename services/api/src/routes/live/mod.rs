//! `/v1/campaigns/{id}/live` and `/v1/live`.

mod campaign_list;
pub(crate) mod create_ticket;
pub(crate) mod open_web_socket;
pub(crate) mod redeem;
mod stream;
pub(crate) mod stream_campaign;
pub(crate) mod stream_campaigns;
