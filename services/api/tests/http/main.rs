//! The api over HTTP, with a database of its own and two tenants in it.
#![cfg(test)]

mod admin;
mod buckets;
mod campaigns;
mod guards;
mod rejects;
mod sessions;
mod stand;
mod team;
mod wire;
mod without_postgres;
