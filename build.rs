//! Packs the WGSL texts: without comments and indentation, since they travel to every visitor.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=shaders");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let shaders = fs::read_dir("shaders").expect("the folder of shaders");
    for path in shaders.map(|entry| entry.expect("readable").path()) {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let packed = Path::new(&out).join(path.file_name().expect("a file"));
        fs::write(&packed, pack(&text)).unwrap_or_else(|e| panic!("{}: {e}", packed.display()));
    }
}

/// Drops `//` comments (WGSL has no string literals), indentation and empty lines.
fn pack(source: &str) -> String {
    let lines = source.lines().map(|line| line.split("//").next().unwrap_or("").trim());
    lines.filter(|line| !line.is_empty()).fold(String::new(), |text, line| text + line + "\n")
}
