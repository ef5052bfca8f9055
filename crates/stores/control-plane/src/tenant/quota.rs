/// The most rows of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// Of the tenant, those of all users together.
    pub of_tenant: u32,
    /// Of one user, those that no other user sees: so no user takes the space of all.
    pub of_user: u32,
}
