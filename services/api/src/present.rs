use serde::{Deserialize, Deserializer};

/// Distinguishes `null` (`Some(None)`), which removes a value, from absent (`None`), which leaves it
/// unchanged.
pub(crate) fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
