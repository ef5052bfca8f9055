//! The guarantees of the archive, in a folder and in an S3 server of this process.
#![cfg(test)]

mod encryption;
mod erasure_register;
mod folder;
mod objects;
mod report_files;
mod test_archive;
