#![doc = include_str!("../README.md")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support may fail its test"
)]

mod fixture;
mod moved;
mod recount;
mod sent;
mod stack;
mod traffic;

pub use fixture::{Captured, Restored, pack, stack_folder};
pub use recount::{Counted, Recount};
pub use sent::{Sent, Verdict, send};
pub use stack::Stack;
pub use traffic::{HISTORY, TENANTS, Tenant, history, recent};
