//! What the archive promises, in a folder and in an S3 that answers in this process.
#![cfg(test)]

mod folder;
mod objects;
mod place;
