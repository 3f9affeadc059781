//! `proclivity delta OLD NEW -o FILE`: what a page that has OLD must fetch to have NEW.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::open_model;
use crate::delta::delta;
use crate::error::{CliError, Result};
use crate::output::{Output, check_writable, grouped, write_atomically};

#[derive(Debug, Args)]
pub struct DeltaArgs {
    /// The model that pages have
    old: PathBuf,
    /// The model they are to have, such as one of `proclivity update`
    new: PathBuf,
    /// Delta to write; pages apply it with `recommender.update(url)`
    #[arg(short, long, value_name = "FILE", default_value = "model.delta")]
    output: PathBuf,
}

pub fn run(args: &DeltaArgs, output: Output) -> Result<()> {
    check_writable(&args.output)?;
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let bytes = delta(&old, &new)?;
    write_atomically(&args.output, &bytes)?;
    let said = format!(
        "wrote {}: {} bytes, which make {} of {}",
        args.output.display(),
        grouped(bytes.len()),
        args.new.display(),
        args.old.display()
    );
    output.result(&said, || json!({ "delta": args.output, "bytes": bytes.len(), "new_bytes": new.len() }));
    Ok(())
}

/// The bytes of a model that can be used.
fn read(path: &Path) -> Result<Vec<u8>> {
    open_model(path)?;
    fs::read(path).map_err(|source| CliError::Open { path: path.into(), source })
}
