//! The guarantees of the log, on a real Kafka.

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test names tenants in place of a credential")]
mod consuming;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod late_partition;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test names tenants in place of a credential")]
mod producing;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test names tenants in place of a credential")]
mod support;
