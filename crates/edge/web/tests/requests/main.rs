//! Requests against a small app: which credentials are accepted, and how the others are refused.

#![cfg(test)]

mod credentials;
mod platformlet;
mod responses;
