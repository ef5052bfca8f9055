//! What the log promises, on a real Kafka.

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test plays the credential that names a tenant")]
mod consuming;
#[cfg(test)]
mod ending;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test plays the credential that names a tenant")]
mod producing;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test plays the credential that names a tenant")]
mod support;
