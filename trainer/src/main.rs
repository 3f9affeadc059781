//! `proclivity`: from an interaction log to a model file that runs on the visitor's own device.

mod card;
mod cli;
mod compress;
mod dataset;
mod error;
mod evaluate;
mod export;
mod families;
mod import;
mod output;
mod stored;
mod tune;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let json = cli.json;
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if json => {
            let shown = serde_json::json!({ "error": { "code": error.code(), "message": error.to_string() } });
            // A reader that went away (`| head`) is no reason to panic.
            let _ = writeln!(std::io::stdout().lock(), "{shown:#}");
            ExitCode::FAILURE
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
