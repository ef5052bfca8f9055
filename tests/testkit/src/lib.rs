#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support may fail its test"
)]

mod answer;
mod certificates;
mod database;
mod directory;
mod eventually;
mod free_address;
mod log_lines;
mod platform;
mod platform_stores;
mod process;
mod redis_server;
mod setting;
mod switch;
mod tenant;
mod trace_receiver;

pub use answer::Answer;
pub use certificates::Certificates;
pub use database::Database;
pub use directory::{tenant_context, tenant_record, tenant_router};
pub use eventually::eventually;
pub use free_address::free_address;
pub use log_lines::LogLines;
pub use platform::{Platform, Preparation};
pub use process::{Process, program};
pub use redis_server::RedisServer;
pub use setting::{
    archive_in, clickhouse, cluster, kafka_client, log, postgres_at, redis, redis_at, setting,
};
pub use switch::KafkaSwitch;
pub use tenant::{Tenant, Tier};
pub use trace_receiver::{ReceivedSpan, TraceReceiver};
