#![doc = include_str!("../README.md")]

mod context;
mod directory;
mod limits;
mod moving;
mod names;
mod origin;
mod placement;
mod quotas;
mod router;
mod scoped;

pub use context::{PlatformContext, TenantContext};
pub use directory::{DirectoryError, OriginDirectory, TenantDirectory, TenantRecord, TenantState};
pub use limits::Limits;
pub use moving::{MoveCourse, MoveRoute, MoveSide, MoveState, MoveStep, MoveWay};
pub use names::{AdvertiserId, CampaignId, ClientId, ClusterName, NameError, OwnIdError};
pub use origin::{Origin, OriginError};
pub use placement::{Destination, Isolation, Placement};
pub use quotas::{OverQuota, Quotas, RateLimit, Rates, Unit, Window};
pub use router::{ResolveError, TenantRouter};
pub use scoped::Scoped;
