//! What the command line says: notes and progress on standard error, results on standard output, as tables for people or
//! as one JSON object for machines.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::error::{CliError, Result};

/// Where output goes.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    pub json: bool,
}

impl Output {
    /// A line for people; nothing with `--json`.
    pub fn note(&self, text: impl AsRef<str>) {
        if !self.json {
            let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
        }
    }

    /// A progress bar of `length` steps; invisible with `--json` and where standard error is no terminal.
    pub fn bar(&self, label: &'static str, length: usize) -> ProgressBar {
        if self.json {
            return ProgressBar::hidden();
        }
        let style =
            ProgressStyle::with_template("{msg:<5} [{bar:30}] {pos}/{len} {elapsed}").expect("a fixed template");
        let bar = ProgressBar::new(length as u64).with_style(style).with_message(label);
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    /// A line above a progress bar, seen also where there is no terminal.
    pub fn line(&self, bar: &ProgressBar, text: &str) {
        if !self.json {
            let _ = bar.suspend(|| writeln!(std::io::stderr().lock(), "{text}"));
        }
    }

    /// The result: `json()` with `--json`, else `text`.
    pub fn result(&self, text: &str, json: impl FnOnce() -> Value) {
        let shown = if self.json { format!("{:#}", json()) } else { text.to_owned() };
        // A reader that went away (`| head`) is no failure of ours.
        let _ = writeln!(std::io::stdout().lock(), "{shown}");
    }

    /// What ended the command: on standard error, with `--json` on standard output.
    pub fn error(&self, error: &CliError) {
        // A reader that went away is no reason to panic.
        let _ = match self.json {
            true => {
                let shown = json!({ "error": { "code": error.code(), "message": error.to_string() } });
                writeln!(std::io::stdout().lock(), "{shown:#}")
            }
            false => writeln!(std::io::stderr().lock(), "error: {error}"),
        };
    }
}

/// Aligned columns: the first to the left, the others to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

/// The file that lies beside `path` under its name and this `ending`.
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The name of a file without its folder: what a model card may say of it.
pub fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// Checks that a file can be made at `path`, before hours of work are put into its contents.
///
/// # Errors
/// [`CliError::Write`].
pub fn check_writable(path: &Path) -> Result<()> {
    temporary_beside(path).map(drop)
}

/// Writes `bytes` to a temporary name in the same folder, flushes them to the disk and renames: `path` holds its old
/// contents or the new ones, never half.
///
/// # Errors
/// [`CliError::Write`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = NewFile::create(path)?;
    file.write_all(bytes).map_err(|source| file.failed(source))?;
    file.keep()
}

/// A file that is written under a temporary name beside `path`, and goes with this value unless it is kept.
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// # Errors
    /// [`CliError::Write`].
    pub fn create(path: &Path) -> Result<NewFile> {
        Ok(NewFile { file: temporary_beside(path)?, path: path.into() })
    }

    /// Flushes it to the disk and renames it: `path` holds its old contents or the new ones, never half.
    ///
    /// # Errors
    /// [`CliError::Write`].
    pub fn keep(self) -> Result<()> {
        let failed = |source| CliError::Write { path: self.path.clone(), source };
        self.file.as_file().sync_all().map_err(failed)?;
        self.file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    pub fn failed(&self, source: std::io::Error) -> CliError {
        CliError::Write { path: self.path.clone(), source }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn temporary_beside(path: &Path) -> Result<NamedTempFile> {
    let failed = |source| CliError::Write { path: path.into(), source };
    if fs::metadata(path).is_ok_and(|found| found.is_dir()) {
        return Err(failed(std::io::Error::other("this is a folder")));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".proclivity-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(folder).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        write_atomically(&path, b"old").unwrap();
        assert!(write_atomically(&folder.path().join("none/model"), b"new").is_err());
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    }
}
