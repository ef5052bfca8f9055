//! How one event is parsed: accepted forms, warnings and rejections.

#[cfg(test)]
mod aliases;
#[cfg(test)]
mod canonical;
#[cfg(test)]
mod detail;
#[cfg(test)]
mod ids;
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
#[cfg(test)]
mod writing;
