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

/// Drops `//` comments (WGSL has no string literals), line ends, and spaces where the characters around them part words.
fn pack(source: &str) -> String {
    const PARTS: &str = "=+*/<>,;:(){}[]|^%!";
    let lines = source.lines().map(|line| line.split("//").next().unwrap_or("").trim());
    let text = lines.filter(|line| !line.is_empty()).fold(String::new(), |text, line| text + line + " ");
    let mut packed = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let (before, after) = (packed.chars().next_back(), rest.peek().copied());
        // Not after a template's end: `array<u32> =` would turn into a comparison.
        let needless = before.is_none_or(|c| PARTS.contains(c)) || after.is_none_or(|c| PARTS.contains(c));
        if c != ' ' || !needless || (before, after) == (Some('>'), Some('=')) {
            packed.push(c);
        }
    }
    packed
}
