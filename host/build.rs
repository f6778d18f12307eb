//! Place: none. Tells cargo that a new migration changes the crate.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
