use std::fmt;

/// The longest id of a person in an event, in bytes.
const ID_MAX: usize = 200;

/// The field of an event by which a person is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonKind {
    /// `visitor_id`: a browser or a device.
    Visitor,
    /// `customer_id`: a customer, as the retailer has hashed it.
    Customer,
}

/// A visitor or a customer of a tenant's shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    kind: PersonKind,
    id: String,
}

/// The text is not the id of a person in any event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be text of 1 to 200 bytes without control characters")]
pub struct PersonIdError;

/// The keyed hash of a person's kind and id. As text: hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonHash(pub [u8; 32]);

impl PersonKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Visitor, Self::Customer];

    /// Returns the name used in requests, in receipts and before the id that is hashed. It must never change.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Customer => "customer",
        }
    }
}

impl Person {
    /// Reads an id as events are read: without spaces around it.
    ///
    /// # Errors
    /// No event has such an id.
    pub fn new(kind: PersonKind, id: &str) -> Result<Self, PersonIdError> {
        let id = id.trim();
        let fits = (1..=ID_MAX).contains(&id.len()) && !id.contains(char::is_control);
        if fits { Ok(Self { kind, id: id.to_owned() }) } else { Err(PersonIdError) }
    }

    /// Returns the kind.
    pub const fn kind(&self) -> PersonKind {
        self.kind
    }

    /// Returns the id, as events have it.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for PersonHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PersonHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_that_an_event_can_have() {
        let id = |text: &str| Person::new(PersonKind::Visitor, text).map(|person| person.id);
        assert_eq!(id(" v-1 ").unwrap(), "v-1");
        assert_eq!(id(&"ü".repeat(100)).unwrap().len(), 200);
        for wrong in ["", "  ", "a\nb", "a\u{0}", &"ü".repeat(101)] {
            assert_eq!(id(wrong), Err(PersonIdError), "{wrong:?}");
        }
    }
}
