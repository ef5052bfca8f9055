use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest name, in characters.
const MAX_LENGTH: usize = 40;

/// The text is not a slug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 40 characters of a-z, 0-9 and inner '-', such as spring-sale")]
pub struct NameError;

/// `_` is left out on purpose: it separates the parts of a Redis key and of a database name.
fn check(text: &str) -> Result<(), NameError> {
    let bytes = text.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    let fits = bytes.len() <= MAX_LENGTH && bytes.iter().all(inner);
    if fits && edge(bytes.first()) && edge(bytes.last()) { Ok(()) } else { Err(NameError) }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// A slug: `[a-z0-9]` and inner `-`, 1 to 40 characters. Cloning shares the text.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The slug.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                check(text).map(|()| Self(text.into()))
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
    /// A tenant: a retailer.
    ClientId
}
name! {
    /// A campaign of one tenant.
    CampaignId
}
name! {
    /// An advertiser (a brand) of one tenant.
    AdvertiserId
}
name! {
    /// A ClickHouse cluster of the platform.
    ClusterName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_slugs() {
        for text in ["a", "open-bandit", "7eleven", "x1-y2-z3"] {
            assert_eq!(text.parse::<ClientId>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_what_could_forge_a_key_or_a_database() {
        let long = "a".repeat(41);
        for text in ["", "-a", "a-", "a_b", "A", "a b", "a`b", "é", "a{b00}", "../a", &long] {
            assert_eq!(text.parse::<ClientId>(), Err(NameError), "{text:?}");
        }
    }
}
