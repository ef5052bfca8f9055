#![doc = include_str!("../README.md")]

mod app;
mod body;
mod credential;
mod credential_check;
mod cross_origin;
pub mod docs;
mod error;
mod hang_up;
mod head;
mod health;
mod metrics;
mod objects;
pub mod openapi;
mod platform;
mod query;
mod request;
pub mod route_table;
mod serve;
mod settings;
mod state;
mod tenant;

pub use app::app;
pub use body::Body;
pub use cross_origin::{CrossOrigin, readable_from};
pub use error::Error;
pub use hang_up::HangUp;
pub use head::is_head;
pub use health::{Health, HealthCheck};
pub use metrics::{metrics, register_operations};
pub use platform::Platform;
pub use query::Query;
pub use serve::{ServeError, serve, serve_streams};
pub use settings::TokenSettings;
pub use state::{DIRECTORY, WebState};
pub use tenant::Tenant;
