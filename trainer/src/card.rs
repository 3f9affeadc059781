//! The model card beside the model file, for people: Markdown with what the card inside says, and with the hash of the file and
//! the day it was made, which cannot stand inside.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use proclivity::model::Model;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::dataset::{parts_of, to_iso};
use crate::error::{CliError, Result};
use crate::output::{grouped, write_atomically};
use crate::stored::Stored;

/// Where the card of a model file lies: `model.safetensors` has `model.card.md`.
pub fn path_beside(model: &Path) -> PathBuf {
    model.with_extension("card.md")
}

/// Writes the card of the model file `bytes` at `path` beside it, with the `metrics` that were measured with that file (an object;
/// null for those that its card has). Returns the card's path.
///
/// # Errors
/// [`CliError::Write`].
pub fn write_beside(path: &Path, model: &Model, bytes: &[u8], metrics: &Value) -> Result<PathBuf> {
    let beside = path_beside(path);
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    write_atomically(&beside, markdown(&name, model, bytes, metrics, now()).as_bytes())?;
    Ok(beside)
}

/// sha256 of a log in lower-case hex: of the file, or for a folder of the names (in the folder, with `/`) and hashes of its
/// files, those of folders in it included, in the order they are read.
///
/// # Errors
/// [`CliError::Open`] or [`CliError::Read`].
pub fn log_sha256(log: &Path) -> Result<String> {
    if !log.is_dir() {
        return file_sha256(log);
    }
    let mut hash = Sha256::new();
    for path in parts_of(log)? {
        let name = path.strip_prefix(log).unwrap_or(&path).components();
        let name: Vec<_> = name.map(|part| part.as_os_str().to_string_lossy()).collect();
        hash.update(format!("{}\n{}\n", name.join("/"), file_sha256(&path)?));
    }
    Ok(hex(&hash.finalize()))
}

/// sha256 of a file in lower-case hex.
///
/// # Errors
/// [`CliError::Open`] or [`CliError::Read`].
pub fn file_sha256(path: &Path) -> Result<String> {
    let mut file = File::open(path).map_err(|source| CliError::Open { path: path.into(), source })?;
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut chunk).map_err(|source| CliError::Read { path: path.into(), source })? {
            0 => return Ok(hex(&hash.finalize())),
            length => hash.update(&chunk[..length]),
        }
    }
}

/// sha256 of `bytes` in lower-case hex.
pub fn hex_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// In lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The day a model is made, such as 2026-11-21, for the card inside: that of `SOURCE_DATE_EPOCH` (seconds since 1970) where that is
/// set, so that a build can be repeated to the byte on another day.
pub fn date() -> String {
    let given = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.trim().parse::<i64>().ok());
    to_iso(given.map_or_else(now, |seconds| seconds.saturating_mul(1000)))[..10].to_owned()
}

/// Milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn markdown(name: &str, model: &Model, bytes: &[u8], metrics: &Value, made: i64) -> String {
    let manifest = model.manifest();
    let vectors = match model.precision() {
        Some(precision) => format!("{} x {}, {}", grouped(manifest.items), manifest.dim, Stored::from(precision)),
        None => format!("{}, without vectors", grouped(manifest.items)),
    };
    let columns: Vec<String> = manifest.columns.iter().map(|(name, kind)| format!("{name} ({kind})")).collect();
    let mut facts = vec![
        ("family", manifest.family.clone()),
        ("made", to_iso(made)),
        ("items", vectors),
        ("columns", if columns.is_empty() { "none".into() } else { columns.join(", ") }),
        ("bytes", grouped(bytes.len())),
        ("sha256", hex_sha256(bytes)),
    ];
    facts.extend(model.neighbours().map(|lists| ("neighbours", if lists.is_int4() { "int4" } else { "int8" }.into())));
    let mut text = format!("# Model card of `{name}`\n\n");
    text += &rows(facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let mut card = serde_json::to_value(&manifest.card).unwrap_or_default();
    let inside = card.as_object_mut().and_then(|card| card.remove("measured")).unwrap_or_default();
    let measured = if metrics.is_null() { &inside } else { metrics };
    for (title, part) in [("Measured", measured), ("Made from", &card)] {
        let mut leaves = Vec::new();
        flatten(String::new(), part, &mut leaves);
        if !leaves.is_empty() {
            text += &format!("\n## {title}\n\n{}", rows(leaves.into_iter()));
        }
    }
    text
}

/// A Markdown table of two columns.
fn rows(pairs: impl Iterator<Item = (String, String)>) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let lines = pairs.map(|(name, value)| format!("| {} | {} |\n", cell(&name), cell(&value)));
    format!("| | |\n|---|---|\n{}", lines.collect::<String>())
}

/// The numbers, texts and so on in `value`, each by its path; lists of such in one.
fn flatten(path: String, value: &Value, leaves: &mut Vec<(String, String)>) {
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}: {key}") };
    match value {
        Value::Null => {}
        Value::Object(members) => members.iter().for_each(|(key, value)| flatten(join(key), value, leaves)),
        Value::Array(elements) if elements.iter().any(|element| element.is_object() || element.is_array()) => {
            elements.iter().zip(1..).for_each(|(value, n)| flatten(join(&n.to_string()), value, leaves));
        }
        Value::Array(elements) => leaves.push((path, elements.iter().map(shown).collect::<Vec<_>>().join(", "))),
        leaf => leaves.push((path, shown(leaf))),
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compress::fixture::parts;
    use crate::export::load;

    #[test]
    fn the_card_says_what_is_in_the_file_and_what_was_measured() {
        let bytes = parts().write().unwrap();
        let model = load(&bytes).unwrap();
        let text = markdown("shop.safetensors", &model, &bytes, &json!({ "retrieval": { "ndcg@100": 0.25 } }), 0);
        for expected in [
            "# Model card of `shop.safetensors`",
            "| family | als+ease+ncf |",
            "| made | 1970-01-01",
            "| items | 40 x 32, int8 |",
            "| retrieval: ndcg@100 | 0.25 |",
            "| seed | 3 |",
            "| deep: a | 1, x, null |",
            &format!("| sha256 | {} |", hex_sha256(&bytes)),
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }

    #[test]
    fn a_log_has_one_hash_however_its_folder_lists_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("b.csv", "abc");
        let file = log_sha256(&folder.path().join("b.csv")).unwrap();
        assert_eq!(file, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let one = log_sha256(folder.path()).unwrap();
        write("a.csv", "");
        let two = log_sha256(folder.path()).unwrap();
        assert!(one != two && one != file);
        assert_eq!(two, log_sha256(folder.path()).unwrap());
        assert!(log_sha256(&folder.path().join("none")).is_err());

        let mut seen = vec![two];
        std::fs::create_dir_all(folder.path().join("day=1/hour=2")).unwrap();
        for (name, text) in [("day=1/hour=2/c.csv", "1"), ("day=1/hour=2/c.csv", "2"), ("day=1/c.csv", "2")] {
            write(name, text);
            seen.push(log_sha256(folder.path()).unwrap());
        }
        write("_SUCCESS", "which no reader reads");
        assert_eq!(log_sha256(folder.path()).unwrap(), seen[3]);
        let distinct: std::collections::HashSet<&String> = seen.iter().collect();
        assert_eq!(distinct.len(), 4, "every file in every folder counts: {seen:?}");
    }
}
