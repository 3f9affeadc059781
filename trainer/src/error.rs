//! The command line's one error type: each message names the file and line, or the flag, and says what was expected, what
//! was found and what to do.

use std::io;
use std::path::PathBuf;

/// Everything a user, a file or a disk can do to the trainer.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{path}: expected a file that can be read, found: {source}; check the path")]
    Open { path: PathBuf, source: io::Error },

    #[error("{path}: reading stopped: {source}; check the disk and try again")]
    Read { path: PathBuf, source: io::Error },

    #[error(
        "{path}: expected a complete gzip file, found damaged or cut data ({source}); compress or download it again"
    )]
    Gzip { path: PathBuf, source: io::Error },

    #[error("{path}:{line}: expected UTF-8 text, found {found}; convert it, for example `iconv -f {from} -t UTF-8`")]
    Encoding { path: PathBuf, line: u64, found: &'static str, from: &'static str },

    #[error("{path}: expected a header row and at least one row, found {found}; check that this is the right file")]
    NoRows { path: PathBuf, found: &'static str },

    #[error("{path}:1: expected a column for the {role}, found columns {found}; name it with {flag}")]
    MissingColumn { path: PathBuf, role: &'static str, found: String, flag: &'static str },

    #[error("{path}:1: expected a column `{name}` for the {role}, found columns {found}; name one of them with {flag}")]
    NamedColumn { path: PathBuf, name: String, role: &'static str, found: String, flag: &'static str },

    #[error(
        "{path}:{line}: expected {expected} cells as in the header, found {found}; quote cells that hold a separator"
    )]
    RowLength { path: PathBuf, line: u64, expected: u64, found: u64 },

    #[error("{path}:{line}: column `{column}`: expected {expected}, found `{found}`; correct or remove the row")]
    Value { path: PathBuf, line: u64, column: String, expected: String, found: String },

    #[error("{path}:{line}: expected one JSON object a line, found {found}; correct or remove the line")]
    Json { path: PathBuf, line: u64, found: String },

    #[error(
        "{path}: expected one JSON object a line, found a JSON array; write each of its objects on a line, for example with \
         `jq -c '.[]'`"
    )]
    JsonArray { path: PathBuf },

    #[error(
        "{path}: expected text or Parquet, found a ZIP archive or an Excel workbook; save the sheet as CSV, or unpack the archive"
    )]
    Archive { path: PathBuf },

    #[error("{path}: expected {what} to fit into --memory, found that --memory {needed} is needed; {remedy}")]
    Memory { path: PathBuf, what: &'static str, needed: String, remedy: &'static str },

    #[error(
        "--family {family}: expected a training that fits into the {bound}, found one that takes about {needed}; keep fewer items \
         (--min-item-users), or train a family whose size does not grow with pairs of items, such as als or item-knn"
    )]
    TrainingMemory { family: String, bound: String, needed: String },

    #[error(
        "{folder}: a temporary file failed: {source}; make room there, name another folder in TMPDIR, or raise --memory"
    )]
    Temporary { folder: PathBuf, source: io::Error },

    #[error(
        "{path}:1: expected the layout of --preset {preset} ({expected}), found {found}; check the file, or name columns by flags"
    )]
    Layout { path: PathBuf, preset: String, expected: String, found: String },

    #[error("{path}: expected a Parquet file of flat columns, found: {detail}; write it again")]
    Parquet { path: PathBuf, detail: String },

    #[error("{path}: {tensor}: expected {expected}, found {found}; {remedy}")]
    Array { path: PathBuf, tensor: String, expected: String, found: String, remedy: &'static str },

    #[error("{path}: nothing is left to train on after cleaning ({detail}); relax {flags} or use a larger log")]
    NothingLeft { path: PathBuf, detail: String, flags: &'static str },

    #[error("{path}: expected {expected}, found {found}; {remedy}")]
    NoUsers { path: PathBuf, expected: &'static str, found: String, remedy: &'static str },

    #[error("{path}:1: expected {expected}, found {found}; rename or remove columns")]
    Header { path: PathBuf, expected: String, found: String },

    #[error("{flag}: expected {expected}, found {found}")]
    Flag { flag: &'static str, expected: String, found: String },

    #[error("{path}: cannot be written: {source}; choose a folder that exists and may be written to")]
    Write { path: PathBuf, source: io::Error },

    #[error("{path}: {source}")]
    Model { path: PathBuf, source: Box<proclivity::Error> },

    #[error(
        "item `{id}` is not in the catalogue of {items} items of {path}; give ids of the training log, such as `{example}`, not \
         titles"
    )]
    UnknownItem { path: PathBuf, id: String, items: usize, example: String },

    #[error("{0}")]
    Engine(#[from] Box<proclivity::Error>),

    #[error("{path}: expected {expected}, found {found}")]
    Checkpoint { path: PathBuf, expected: &'static str, found: String },

    #[error(
        "{path}:{line}: expected the trials of this search (log, families, seed and fixed flags as before), found `{found}`; remove \
         the file or name another one with --trials-file"
    )]
    Trials { path: PathBuf, line: usize, found: String },

    #[error("stopped after epoch {epoch}: {checkpoint} holds the training as it stands; {go_on}")]
    Interrupted { checkpoint: PathBuf, epoch: usize, go_on: String },

    #[error(
        "stopped with nothing to go on from: only vectors leave a checkpoint, after their first epoch; the same command \
         starts anew"
    )]
    Stopped,

    #[error(
        "training diverged: expected finite numbers, found {found} in {stage}; raise the regularisation or lower the learning \
         rate of that family"
    )]
    Diverged { stage: &'static str, found: String },

    #[error("a delta: expected files below 4 GiB, found one of {bytes} bytes; hand out the whole new model")]
    Delta { bytes: usize },
}

impl CliError {
    /// A stable code in snake case for `--json`.
    pub fn code(&self) -> &'static str {
        match self {
            CliError::Open { .. } => "open",
            CliError::Read { .. } => "read",
            CliError::Gzip { .. } => "gzip",
            CliError::Encoding { .. } => "encoding",
            CliError::NoRows { .. } => "no_rows",
            CliError::MissingColumn { .. } | CliError::NamedColumn { .. } => "missing_column",
            CliError::Header { .. } => "header",
            CliError::RowLength { .. } => "row_length",
            CliError::Value { .. } => "value",
            CliError::Json { .. } | CliError::JsonArray { .. } => "json",
            CliError::Archive { .. } => "archive",
            CliError::Memory { .. } | CliError::TrainingMemory { .. } => "memory",
            CliError::Temporary { .. } => "temporary",
            CliError::Layout { .. } => "layout",
            CliError::Parquet { .. } => "parquet",
            CliError::Array { .. } => "array",
            CliError::NothingLeft { .. } => "nothing_left",
            CliError::NoUsers { .. } => "no_users",
            CliError::Flag { .. } => "flag",
            CliError::Write { .. } => "write",
            CliError::Model { source, .. } => source.code(),
            CliError::UnknownItem { .. } => "unknown_item",
            CliError::Engine(source) => source.code(),
            CliError::Checkpoint { .. } => "checkpoint",
            CliError::Trials { .. } => "trials",
            CliError::Interrupted { .. } | CliError::Stopped => "interrupted",
            CliError::Diverged { .. } => "diverged",
            CliError::Delta { .. } => "delta",
        }
    }

    /// What the process ends with: 130 after Ctrl-C, as a shell has it, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            CliError::Interrupted { .. } | CliError::Stopped => 130,
            _ => 1,
        }
    }
}

/// Short for a result with [`CliError`].
pub type Result<T> = std::result::Result<T, CliError>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::Earlier;

    #[test]
    fn what_is_said_of_a_training_is_one_line_of_single_spaces() {
        let go_on = Earlier::Refused.go_on(3);
        let stopped = CliError::Interrupted { checkpoint: "model.checkpoint".into(), epoch: 3, go_on };
        let diverged = CliError::Diverged { stage: "als", found: "NaN".into() };
        for error in [&stopped, &diverged, &CliError::Stopped] {
            let said = error.to_string();
            assert!(!said.contains("  ") && !said.contains('\n'), "{said}");
        }
        assert_eq!([stopped.exit_code(), diverged.exit_code()], [130, 1]);
    }
}
