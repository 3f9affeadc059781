//! `proclivity split LOG --by users -o DIR`

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::card::hex_sha256;
use crate::dataset::{Interactions, LogSource, Parts, Split, TableOptions, iso_time, split_files};
use crate::error::{CliError, Result};
use crate::output::{Output, grouped, table, write_atomically};

/// What is held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Each user's last new item, and the one before for validation
    LeaveOneOut,
    /// Pairs of user and item at random
    Random,
    /// Users at random, never seen in training: strong generalisation
    Users,
    /// What happened from a date on
    Time,
}

#[derive(Debug, Args)]
pub struct SplitArgs {
    #[command(flatten)]
    source: LogSource,
    /// What is held out
    #[arg(long, value_enum)]
    by: By,
    /// Folder to write to; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// The same seed and data give the same files
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Share of pairs or users for validation
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    validation_share: f64,
    /// Share of pairs or users for the test
    #[arg(long, value_name = "SHARE", default_value_t = 0.1)]
    test_share: f64,
    /// With --by users: share of a held-out user's items that are to be found
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    target_share: f64,
    /// With --by time: the test begins here, such as 2017-11-01
    #[arg(long, value_name = "TIME", required_if_eq("by", "time"))]
    cut: Option<String>,
    /// With --by time: validation begins here and training ends [default: no validation]
    #[arg(long, value_name = "TIME", requires = "cut")]
    validation_cut: Option<String>,
}

pub fn run(args: &SplitArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let split = split_of(args)?;
    let failed = |source| CliError::Write { path: args.output.clone(), source };
    fs::create_dir_all(&args.output).map_err(failed)?;
    let count_before = match split {
        Split::Time { validation, test } => Some(validation.unwrap_or(test)),
        _ => None,
    };
    let (data, cleaning) = args.source.read(tables, count_before, false)?;
    output.note(cleaning.text(&args.source.log));
    if matches!(split, Split::Time { .. }) && !data.has_time {
        return Err(CliError::Flag {
            flag: "--by",
            expected: "leave-one-out, random or users for a log without times (or --timestamp-column)".into(),
            found: "time".into(),
        });
    }
    let parts = split.apply(&data, args.seed);
    check_parts(args, &parts, &cleaning.nothing_left())?;
    let mut files = Vec::new();
    for file in split_files(&parts, &data).map_err(failed)? {
        write_atomically(&args.output.join(&file.name), &file.bytes)?;
        files.push(json!({ "name": file.name, "rows": file.rows, "sha256": hex_sha256(&file.bytes) }));
    }
    let by = args.by.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
    let summary = json!({
        "log": args.source.name(), "by": by, "seed": args.seed, "settings": settings(args, split),
        "counts": counts(&data, &parts), "cold_targets": parts.cold_targets, "cleaning": cleaning, "files": files,
        "use": usage(args, &parts),
    });
    write_atomically(&args.output.join("split.json"), format!("{summary:#}\n").as_bytes())?;
    output.result(&text(args, &data, &parts), || summary);
    Ok(())
}

fn split_of(args: &SplitArgs) -> Result<Split> {
    let (validation, test, targets) = (args.validation_share, args.test_share, args.target_share);
    let shares = [("--validation-share", validation), ("--test-share", test), ("--target-share", targets)];
    if let Some((flag, share)) = shares.into_iter().find(|(_, share)| !(0.0..=0.5).contains(share)) {
        return Err(CliError::Flag { flag, expected: "a share from 0 to 0.5".into(), found: share.to_string() });
    }
    let time = |flag, text: &Option<String>| -> Result<Option<i64>> {
        let read = |text: &String| {
            iso_time(text).ok_or_else(|| CliError::Flag {
                flag,
                expected: "an ISO 8601 time such as 2017-11-01".into(),
                found: format!("`{text}`"),
            })
        };
        text.as_ref().map(read).transpose()
    };
    let (cut, validation_cut) = (time("--cut", &args.cut)?, time("--validation-cut", &args.validation_cut)?);
    Ok(match (args.by, cut) {
        (By::LeaveOneOut, _) => Split::LeaveOneOut,
        (By::Random, _) => Split::Random { validation, test },
        (By::Users, _) => Split::Users { validation, test, targets },
        (By::Time, Some(test)) if validation_cut.is_none_or(|validation| validation < test) => {
            Split::Time { validation: validation_cut, test }
        }
        (By::Time, _) => {
            let found = args.validation_cut.clone().unwrap_or_default();
            return Err(CliError::Flag { flag: "--validation-cut", expected: "a time before --cut".into(), found });
        }
    })
}

/// Refuses a split without anything to train on or to test.
fn check_parts(args: &SplitArgs, parts: &Parts, cleaning: &str) -> Result<()> {
    let empty = match (parts.train.is_empty(), parts.test.is_empty()) {
        (true, _) => "no user is left for training",
        (_, true) => "no user has a target for the test",
        _ => return Ok(()),
    };
    let detail = format!("{empty}; {cleaning}");
    let flags = "the shares, cuts or minima";
    Err(CliError::NothingLeft { path: args.source.log.clone(), detail, flags })
}

fn settings(args: &SplitArgs, split: Split) -> Value {
    match split {
        Split::LeaveOneOut => json!({}),
        Split::Random { validation, test } => json!({ "validation_share": validation, "test_share": test }),
        Split::Users { validation, test, targets } => {
            json!({ "validation_share": validation, "test_share": test, "target_share": targets })
        }
        Split::Time { .. } => json!({ "cut": args.cut, "validation_cut": args.validation_cut }),
    }
}

/// Users, fold-in events and targets of each part.
fn counts(data: &Interactions, parts: &Parts) -> Value {
    let held = |held: &[crate::dataset::Held]| {
        json!({
            "users": held.len(),
            "fold_in_events": held.iter().map(|held| held.fold_in.len()).sum::<usize>(),
            "targets_new": held.iter().flat_map(|held| &held.targets).filter(|(_, new)| *new).count(),
            "targets_all": held.iter().map(|held| held.targets.len()).sum::<usize>(),
        })
    };
    let events: usize = parts.train.iter().map(|(_, events)| events.len()).sum();
    json!({
        "users": data.users.len(), "items": data.items.len(), "pairs": data.pairs(),
        "train": { "users": parts.train.len(), "events": events },
        "validation": held(&parts.validation), "test": held(&parts.test),
    })
}

/// Commands that use the files, run in their folder.
fn usage(args: &SplitArgs, parts: &Parts) -> Value {
    let lists = "--keep-users train_users.csv.gz --keep-items items.csv.gz";
    let validation = match parts.validation.is_empty() {
        true => "--validation 0",
        false => "--validation-fold-in val_fold_in.csv.gz --validation-targets val_targets.csv.gz",
    };
    let seed = args.seed;
    json!([
        format!("proclivity train train.csv.gz {lists} {validation} --seed {seed} -o model.safetensors"),
        "proclivity evaluate model.safetensors --fold-in test_fold_in.csv.gz --targets test_targets.csv.gz",
    ])
}

fn text(args: &SplitArgs, data: &Interactions, parts: &Parts) -> String {
    let mut rows = vec![["part", "users", "known events", "targets"].map(str::to_owned).to_vec()];
    let events = parts.train.iter().map(|(_, events)| events.len()).sum();
    rows.push(vec!["train".into(), grouped(parts.train.len()), grouped(events), String::new()]);
    for (name, held) in [("validation", &parts.validation), ("test", &parts.test)] {
        let known = held.iter().map(|held| held.fold_in.len()).sum();
        let targets = held.iter().map(|held| held.targets.len()).sum();
        rows.push(vec![name.into(), grouped(held.len()), grouped(known), grouped(targets)]);
    }
    format!(
        "{}\n{} items; {} targets of items without a training event left out\nwrote {}: what is in it and how to use it stands in split.json",
        table(&rows),
        grouped(data.items.len()),
        grouped(parts.cold_targets),
        args.output.display()
    )
}
