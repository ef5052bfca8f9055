use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name, in characters.
const MAX_LENGTH: usize = 40;

/// The text is not a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 40 characters of a-z, 0-9 and inner '-', such as spring-sale")]
pub struct NameError;

/// Checks a slug. It has no `_`, which separates the parts of a Redis key and of a database name.
fn slug(text: &str) -> Result<&str, NameError> {
    let bytes = text.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    let fits = bytes.len() <= MAX_LENGTH && bytes.iter().all(inner);
    if fits && edge(bytes.first()) && edge(bytes.last()) { Ok(text) } else { Err(NameError) }
}

/// The longest id that a sender may choose, in bytes.
const SENDER_ID_MAX_BYTES: usize = 200;

/// The text is not an id that a sender may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be text of 1 to 200 bytes without control characters, and neither '.' nor '..'")]
pub struct OwnIdError;

/// Trims and checks an id chosen by a sender. `.` and `..` are refused because HTTP clients remove
/// them from a path before they send it.
fn sender_id(text: &str) -> Result<&str, OwnIdError> {
    let id = text.trim();
    let fits = (1..=SENDER_ID_MAX_BYTES).contains(&id.len());
    let plain = !text.contains(char::is_control) && id != "." && id != "..";
    if fits && plain { Ok(id) } else { Err(OwnIdError) }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $form:ident, $error:ident) => {
        $(#[$doc])*
        ///
        /// Cloning shares the text.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                $form(text).map(|text| Self(text.into()))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

name! {
    /// The id of a tenant (a retailer). A slug: `[a-z0-9]` and inner `-`, 1 to 40 characters.
    ClientId, slug, NameError
}
name! {
    /// The id of a tenant's campaign, chosen by the sender of its events: any text of 1 to 200
    /// bytes without control characters. Code that uses it in a key or a path must encode it.
    CampaignId, sender_id, OwnIdError
}

impl CampaignId {
    /// Returns the text of the id that `text` means, without copying it.
    ///
    /// # Errors
    /// The text is not an id.
    pub fn checked(text: &str) -> Result<&str, OwnIdError> {
        sender_id(text)
    }
}

name! {
    /// The id of a tenant's advertiser (a brand). A slug, like a tenant's id.
    AdvertiserId, slug, NameError
}
name! {
    /// The name of a ClickHouse cluster of the platform. A slug, like a tenant's id.
    ClusterName, slug, NameError
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_accepted() {
        for text in ["a", "open-bandit", "7eleven", "x1-y2-z3"] {
            assert_eq!(text.parse::<ClientId>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_senders_ids_are_accepted_as_they_are() {
        for text in ["SPRING_PROMO24", "a/b?c", "Été 2026", "100%", "a{b00}", "...", "a:900"] {
            assert_eq!(text.parse::<CampaignId>().unwrap().as_str(), text);
        }
        assert_eq!(" a b ".parse::<CampaignId>().unwrap().as_str(), "a b");
        let long = "é".repeat(101);
        for text in ["", " ", ".", "..", "a\n", "a\nb", "\u{0}", &long] {
            assert_eq!(text.parse::<CampaignId>(), Err(OwnIdError), "{text:?}");
        }
    }

    #[test]
    fn text_that_could_forge_a_key_or_a_database_name_is_refused() {
        let long = "a".repeat(41);
        for text in ["", "-a", "a-", "a_b", "A", "a b", "a`b", "é", "a{b00}", "../a", &long] {
            assert_eq!(text.parse::<ClientId>(), Err(NameError), "{text:?}");
        }
    }
}
