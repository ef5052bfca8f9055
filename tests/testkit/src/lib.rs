#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test stands on may fail it"
)]

mod answer;
mod eventually;
mod platform;
mod process;
mod tenant;

pub use answer::Answer;
pub use eventually::eventually;
pub use platform::Platform;
pub use process::Process;
pub use tenant::{Tenant, Tier};
