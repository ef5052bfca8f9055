//! The collector's answers, with a real Kafka and a real Redis.

#[cfg(test)]
mod accepting;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod describing;
#[cfg(test)]
mod documentation;
#[cfg(test)]
mod neighbours;
#[cfg(test)]
mod refusing;
#[cfg(test)]
mod spooling;
#[cfg(test)]
mod support;
