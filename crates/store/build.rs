//! Cargo does not see the migrations that `embed_migrations!` reads, so tell it.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
