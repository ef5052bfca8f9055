//! What one event may look like, what is told of it, and what is said of one that is wrong.

#[cfg(test)]
mod detail;
#[cfg(test)]
mod names;
#[cfg(test)]
mod numbers;
#[cfg(test)]
mod refusing;
#[cfg(test)]
mod support;
#[cfg(test)]
mod times;
