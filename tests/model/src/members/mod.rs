//! Members of the consumer groups. A step does one thing; other steps may run between two steps.

mod archive;
mod live;
mod store;

pub(crate) use archive::ArchiveMember;
pub(crate) use live::{LiveMember, Rebuilder};
pub(crate) use store::StoreMember;
