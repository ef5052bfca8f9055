use tenancy::ClientId;
use uuid::Uuid;

/// What ids of ours are made in: never another, or what was sent twice would count twice.
const NAMESPACE: Uuid = Uuid::from_u128(0x9d1c_5cf0_3a8e_5f0b_9b6e_64f1_c4c0_1d27);

/// Makes event ids of what senders call their events.
#[derive(Clone, Copy, Debug)]
pub struct EventIds(Uuid);

impl EventIds {
    /// Those of one tenant: the same text is another event of another tenant.
    pub fn of(tenant: &ClientId) -> Self {
        Self(Uuid::new_v5(&NAMESPACE, tenant.as_str().as_bytes()))
    }

    /// The id that a text is or stands for: always the same for the same text. `None` when it names
    /// nothing.
    pub fn id(self, text: &str) -> Option<Uuid> {
        match Uuid::parse_str(text) {
            Ok(id) if id.is_nil() => None,
            Ok(id) => Some(id),
            Err(_) => (!text.is_empty()).then(|| Uuid::new_v5(&self.0, text.as_bytes())),
        }
    }
}
