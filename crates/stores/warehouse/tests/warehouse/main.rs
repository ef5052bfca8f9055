//! Tests against the servers that the `FOOTFALL__CLUSTERS__…` variables name.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod backups;
#[cfg(test)]
mod cells;
#[cfg(test)]
mod cohorts;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod inserts;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod kept_moved;
#[cfg(test)]
mod live_base;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod persons;
#[cfg(test)]
mod rejects;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod walls;
