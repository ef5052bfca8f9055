//! What every part shares: processor time of processes, rounds and medians, tables, profiles.

mod cpu;
mod durations;
mod machine;
mod number;
mod profile;
mod record;
mod rounds;
mod servers;

pub(crate) use cpu::{Cpu, Meter, Role, peak_bytes, resident_bytes};
pub(crate) use durations::Durations;
pub(crate) use machine::Machine;
pub(crate) use number::shown;
pub(crate) use profile::Profile;
pub(crate) use record::append;
pub(crate) use rounds::{Rounds, Table, progress};
pub(crate) use servers::servers;
