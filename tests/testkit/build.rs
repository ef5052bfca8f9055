//! Cargo compiles a new migration file in only when this crate is built again.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
