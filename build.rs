//! Packs the WGSL kernels: each shader's text with `common.wgsl` before it, without comments and indentation, since it
//! travels to every visitor.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=shaders");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let read = |name: &str| {
        let path = Path::new("shaders").join(name).with_extension("wgsl");
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    for name in ["common", "dot_topk", "merge_topk", "rank_mlp"] {
        let packed = Path::new(&out).join(name).with_extension("wgsl");
        fs::write(&packed, pack(&read(name))).unwrap_or_else(|e| panic!("{}: {e}", packed.display()));
    }
}

/// Drops `//` comments (WGSL has no string literals), indentation and empty lines.
fn pack(source: &str) -> String {
    let lines = source.lines().map(|line| line.split("//").next().unwrap_or("").trim());
    lines.filter(|line| !line.is_empty()).fold(String::new(), |text, line| text + line + "\n")
}
