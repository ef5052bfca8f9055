//! The api over HTTP, with a database of its own and two tenants in it.
#![cfg(test)]

mod admin;
mod buckets;
mod campaigns;
mod cross_origin;
mod guards;
mod head;
mod invitations;
mod rejects;
mod sessions;
mod stand;
mod team;
mod wire;
mod without_postgres;
