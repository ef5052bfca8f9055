use uuid::Uuid;

/// How many bytes a [`Key`] takes on disk.
const KEY_BYTES: usize = 20;

/// A tenant and a whole event id. Ordered by tenant, then by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    /// The tenant's number within one `RecentIds`.
    pub(crate) tenant: u32,
    /// The 128 bits of the id.
    pub(crate) id: (u64, u64),
}

impl Key {
    pub(crate) fn new(tenant: u32, id: Uuid) -> Self {
        Self { tenant, id: id.as_u64_pair() }
    }

    /// Encodes the key as bytes that sort as the keys do.
    pub(crate) fn to_bytes(self) -> [u8; KEY_BYTES] {
        let mut bytes = [0; KEY_BYTES];
        let parts = self.tenant.to_be_bytes().into_iter();
        let parts = parts.chain(self.id.0.to_be_bytes()).chain(self.id.1.to_be_bytes());
        for (byte, part) in bytes.iter_mut().zip(parts) {
            *byte = part;
        }
        bytes
    }
}

/// A key and when it was last seen, in 24 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    id: (u64, u64),
    tenant: u32,
    /// In seconds since 1970.
    pub(crate) seen: u32,
}

impl Entry {
    pub(crate) fn new(key: Key, seen: u32) -> Self {
        Self { id: key.id, tenant: key.tenant, seen }
    }

    pub(crate) fn key(&self) -> Key {
        Key { tenant: self.tenant, id: self.id }
    }
}
