//! Tests of the crate with a real Redis, named by `FOOTFALL__REDIS__URL`.

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests act as the consumer that scopes records")]
mod applying;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests act as the consumer that scopes records")]
mod chains;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests act as the consumer that scopes records")]
mod feeds;
#[cfg(test)]
mod hesitation;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests act as the consumer that scopes records")]
mod interleavings;
#[cfg(test)]
mod kept_reads;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod names;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests act as the consumer that scopes records")]
mod reading;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests act as the consumer that scopes records")]
mod rebuilding;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests act as the consumer that scopes records")]
mod recounting;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod stand;
#[cfg(test)]
mod tickets;
