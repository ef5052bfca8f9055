//! A new migration file is seen only when this crate is built again.

fn main() {
    println!("cargo:rerun-if-changed=../../../migrations/postgres");
}
