//! Members of the consumer groups: each step does one thing that another may come in between.

mod archive;
mod live;
mod store;

pub(crate) use archive::ArchiveMember;
pub(crate) use live::{LiveMember, Rebuilder};
pub(crate) use store::StoreMember;
