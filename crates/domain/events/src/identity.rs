use tenancy::ClientId;
use uuid::Uuid;

/// The namespace of derived ids. It must never change: re-sends would count twice.
const NAMESPACE: Uuid = Uuid::from_u128(0x9d1c_5cf0_3a8e_5f0b_9b6e_64f1_c4c0_1d27);

/// Derives event ids from the ids of senders.
#[derive(Clone, Copy, Debug)]
pub struct EventIds(Uuid);

impl EventIds {
    /// Creates the ids of one tenant: the same text is a different event for another tenant.
    pub fn of(tenant: &ClientId) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, tenant.as_str().as_bytes()))
    }

    /// Returns the id for a text: the UUID it is, or one derived from it, always the same for the
    /// same text. `None` for an empty text or the nil UUID.
    pub fn id(self, text: &str) -> Option<Uuid> {
        match Uuid::parse_str(text) {
            Ok(id) if id.is_nil() => None,
            Ok(id) => Some(id),
            Err(_) => (!text.is_empty()).then(|| Uuid::new_v5(&self.0, text.as_bytes())),
        }
    }
}
