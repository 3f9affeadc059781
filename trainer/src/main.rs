//! `proclivity`: from an interaction log to a model file that runs on the visitor's own device.

mod cli;
mod dataset;
mod error;
mod evaluate;
mod export;
mod families;
mod output;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let json = cli.json;
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if json => {
            println!("{:#}", serde_json::json!({ "error": { "code": error.code(), "message": error.to_string() } }));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
