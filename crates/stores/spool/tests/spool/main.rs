//! The spool on a real disk.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod order;
#[cfg(test)]
mod recovering;
#[cfg(test)]
mod support;
