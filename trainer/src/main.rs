//! `proclivity`: from an interaction log to a model file that runs on the visitor's own device.

mod card;
mod cli;
mod compress;
mod curves;
mod dataset;
mod deep;
mod delta;
mod error;
mod evaluate;
mod export;
mod families;
mod import;
mod output;
mod stored;
mod tune;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let output = cli.output();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            error.exit_code().into()
        }
    }
}
