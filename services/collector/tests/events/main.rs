//! What the collector answers, on a real Kafka and a real Redis.

#[cfg(test)]
mod accepting;
#[cfg(test)]
mod describing;
#[cfg(test)]
mod refusing;
#[cfg(test)]
mod spooling;
#[cfg(test)]
mod support;
