//! A small log with two tastes, and the means to run the command line on it.
#![allow(dead_code)] // each test file uses its part

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Runs `proclivity` with these arguments, on one day of 2023: models are compared byte for byte.
pub fn proclivity(arguments: &[&str]) -> Output {
    proclivity_on("1700000000", arguments)
}

/// As [`proclivity`], on another day (seconds since 1970).
pub fn proclivity_on(day: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_proclivity"))
        .args(arguments)
        .env("SOURCE_DATE_EPOCH", day)
        .output()
        .expect("the binary was built with this test")
}

/// Runs it with `--json` and parses what it prints; the command must succeed.
pub fn json(arguments: &[&str]) -> Value {
    let output = proclivity(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

/// Runs it, expecting a failure; returns what it says on standard error.
pub fn failure(arguments: &[&str]) -> String {
    let output = proclivity(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "expected a failure of {arguments:?}");
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

/// A temporary folder with files in it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The path as an argument.
    pub fn at(&self, name: &str) -> String {
        self.path(name).to_str().expect("temporary folders have plain names").to_owned()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), bytes).expect("a temporary folder can be written");
        self.at(name)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the folder exists");
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
    }
}

/// Rows (user, item, time) of 40 users: even ones take from items 0..12, odd ones from 12..24, each leaving some out.
pub fn rows() -> Vec<(u32, u32, u32)> {
    let mut rows = Vec::new();
    for user in 0..40 {
        let first = if user % 2 == 0 { 0 } else { 12 };
        for n in 0..12 {
            if (user * 7 + n * 5) % 4 != 0 {
                rows.push((user, first + n, 1_500_000_000 + user * 1000 + (n * 5) % 12));
            }
        }
    }
    rows
}

/// The rows as text with this separator.
pub fn delimited(separator: char) -> String {
    let mut text = format!("user{separator}item{separator}timestamp\n");
    for (user, item, time) in rows() {
        writeln!(text, "u{user}{separator}i{item}{separator}{time}").expect("writing to a string");
    }
    text
}

/// An item table for them.
pub fn items() -> String {
    let mut text = "item,title,department,price\n".to_owned();
    for item in 0..24 {
        let department = if item < 12 { "Bakery" } else { "Produce" };
        writeln!(text, "i{item},Item number {item},{department},{}.5", item + 1).expect("writing to a string");
    }
    text
}

/// Flags that keep training small.
pub const SMALL: &[&str] =
    &["--dim", "8", "--epochs", "4", "--ncf-epochs", "2", "--ncf-candidates", "10", "--ncf-layers", "8"];

/// Trains on `log` into `model`.
pub fn train(log: &str, model: &Path, more: &[&str]) -> Value {
    let model = model.to_str().expect("a plain name");
    json(&[&["train", log, "-o", model], SMALL, more].concat())
}
