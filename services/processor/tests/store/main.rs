//! The sink to ClickHouse as a whole, on the real servers of the stack.

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod generations;
#[cfg(test)]
mod poison;
#[cfg(test)]
mod recovery;
