//! Packs the WGSL texts, since they travel to every visitor: without comments and indentation, names as short as can be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=shaders");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let folder = fs::read_dir("shaders").expect("the folder of shaders");
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let texts: Vec<String> = paths.iter().map(|path| pack(&read(path))).collect();
    let names = short_names(&texts);
    for (path, text) in paths.iter().zip(&texts) {
        let packed = Path::new(&out).join(path.file_name().expect("a file"));
        fs::write(&packed, renamed(text, &names)).unwrap_or_else(|e| panic!("{}: {e}", packed.display()));
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

/// A packed text in words and what stands between them.
fn tokens(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) { rest.find(|c| !is_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        tokens.push(&rest[..end]);
        rest = &rest[end..];
    }
    tokens
}

/// A short name for each function, variable, constant and parameter, the same in all texts, since they are put together.
/// What Rust speaks of keeps its name: entry points, `override` constants, members of structs.
fn short_names(texts: &[String]) -> BTreeMap<String, String> {
    let texts: Vec<Vec<&str>> = texts.iter().map(|text| tokens(text)).collect();
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for token in texts.iter().flatten().filter(|token| token.starts_with(|c: char| c.is_ascii_alphabetic())) {
        *uses.entry(token).or_default() += 1;
    }
    let mut declared = BTreeSet::new();
    for tokens in &texts {
        for (n, name) in tokens.iter().enumerate().filter(|(n, _)| is_renamed(tokens, *n)) {
            let before = tokens[..n].iter().rev().find(|token| **token != " ").copied().unwrap_or("");
            let is_variable = before == ">" && tokens[..n].contains(&"var") && tokens[n + 1] == ":";
            let is_parameter = matches!(before, "(" | "," | ")") && tokens.get(n + 1) == Some(&":");
            if matches!(before, "fn" | "let" | "const" | "var") || is_variable || is_parameter {
                declared.insert(*name);
            }
        }
    }
    declared.remove("main");
    let mut declared: Vec<&str> = declared.into_iter().filter(|name| name.len() > 1).collect();
    declared.sort_by_key(|name| std::cmp::Reverse(uses[name]));
    // One letter, then a small one and a capital, which no word of the language is.
    let one = ('a'..='z').chain('A'..='Z').map(String::from);
    let two = ('a'..='z').flat_map(|first| ('A'..='Z').map(move |second| format!("{first}{second}")));
    let free = one.chain(two).filter(|short| !uses.contains_key(short.as_str()));
    declared.into_iter().map(String::from).zip(free).collect()
}

/// Whether the word at `n` may get another name: not a member (`x.name`, or inside a struct), an attribute
/// or an address space (`var<workgroup>`).
fn is_renamed(tokens: &[&str], n: usize) -> bool {
    let word = tokens[n].starts_with(|c: char| c.is_ascii_alphabetic());
    let before = n.checked_sub(1).map_or("", |before| tokens[before]);
    let open = tokens[..n].iter().rposition(|token| *token == "{" || *token == "}");
    let in_struct = open.is_some_and(|open| tokens[open] == "{" && open >= 3 && tokens[open - 3] == "struct");
    let is_space = before == "<" && n >= 2 && tokens[n - 2] == "var";
    word && before != "." && before != "@" && !is_space && !in_struct
}

fn renamed(text: &str, names: &BTreeMap<String, String>) -> String {
    let tokens = tokens(text);
    let short = |(n, token): (usize, &&str)| match names.get(*token) {
        Some(short) if is_renamed(&tokens, n) => short.clone(),
        _ => (*token).to_owned(),
    };
    tokens.iter().enumerate().map(short).collect()
}
