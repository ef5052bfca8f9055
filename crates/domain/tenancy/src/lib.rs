#![doc = include_str!("../README.md")]

mod context;
mod directory;
mod limits;
mod names;
mod placement;
mod router;
mod scoped;

pub use context::{PlatformContext, TenantContext};
pub use directory::{DirectoryError, TenantDirectory, TenantRecord, TenantState};
pub use limits::Limits;
pub use names::{AdvertiserId, CampaignId, ClientId, ClusterName, NameError, OwnIdError};
pub use placement::{Destination, Isolation, Placement};
pub use router::{ResolveError, TenantRouter};
pub use scoped::Scoped;
