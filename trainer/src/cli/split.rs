//! `proclivity split LOG --by users -o DIR`

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::card::file_sha256;
use crate::dataset::{
    HeldCounts, Interactions, LogSource, Part, Parts, Reading, Split, TableOptions, iso_time, write_files,
};
use crate::error::{CliError, Result};
use crate::output::{Output, grouped, table, write_atomically};

/// Least share of pairs or users that is left for training.
const LEAST_TRAINING: f64 = 0.1;

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
    /// Folder to write to; made if it is not there. Files of an earlier split in it are replaced, or removed where this split
    /// has none of that name
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// The same seed and data give the same files
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// With --by random or users: share of pairs or users for validation [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    validation_share: Option<f64>,
    /// With --by random or users: share of pairs or users for the test [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    test_share: Option<f64>,
    /// With --by users: share of a held-out user's items that are to be found [default: 0.2]
    #[arg(long, value_name = "SHARE")]
    target_share: Option<f64>,
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
    let reading = Reading { count_before, beside: split.beside(), ..Reading::default() };
    let (data, cleaning) = args.source.read(tables, reading)?;
    output.note(cleaning.text(&args.source.log));
    if matches!(split, Split::Time { .. }) && !data.has_time {
        return Err(CliError::Flag {
            flag: "--by",
            expected: "leave-one-out, random or users for a log without times (or --timestamp-column)".into(),
            found: "time".into(),
        });
    }
    let parts = split.apply(&data, args.seed);
    let counts = Counts::of(&parts);
    check_parts(args, &counts, &cleaning.nothing_left())?;
    let mut files = Vec::new();
    for file in write_files(&parts, &args.output)? {
        let sha256 = file_sha256(&args.output.join(&file.name))?;
        files.push(json!({ "name": file.name, "rows": file.rows, "sha256": sha256 }));
    }
    let summary = json!({
        "log": args.source.name(), "by": name_of(args.by), "seed": args.seed, "settings": settings(args, split),
        "counts": counts.json(&data), "cold_targets": counts.cold_targets, "cleaning": cleaning, "files": files,
        "use": usage(args, &counts),
    });
    write_atomically(&args.output.join("split.json"), format!("{summary:#}\n").as_bytes())?;
    output.result(&text(args, &data, &counts), || summary);
    Ok(())
}

fn name_of(by: By) -> String {
    by.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
}

/// Refuses flags that are about another kind of split.
fn check_flags(args: &SplitArgs) -> Result<()> {
    let shares = "--by random or --by users";
    let flags = [
        ("--validation-share", args.validation_share.is_some(), shares, matches!(args.by, By::Random | By::Users)),
        ("--test-share", args.test_share.is_some(), shares, matches!(args.by, By::Random | By::Users)),
        ("--target-share", args.target_share.is_some(), "--by users", args.by == By::Users),
        ("--cut", args.cut.is_some(), "--by time", args.by == By::Time),
        ("--validation-cut", args.validation_cut.is_some(), "--by time", args.by == By::Time),
    ];
    match flags.into_iter().find(|(_, given, _, belongs)| *given && !belongs) {
        Some((flag, _, kinds, _)) => {
            let expected = format!("{kinds}, which it is for (leave it out, or split in that way)");
            Err(CliError::Flag { flag, expected, found: format!("--by {}", name_of(args.by)) })
        }
        None => Ok(()),
    }
}

/// The shares of validation, test and targets.
fn shares_of(args: &SplitArgs) -> Result<[f64; 3]> {
    let validation = args.validation_share.unwrap_or(0.1);
    let (test, targets) = (args.test_share.unwrap_or(0.1), args.target_share.unwrap_or(0.2));
    let shares = [("--validation-share", validation), ("--test-share", test), ("--target-share", targets)];
    if let Some((flag, share)) = shares.into_iter().find(|(_, share)| !(0.0..=0.5).contains(share)) {
        return Err(CliError::Flag { flag, expected: "a share from 0 to 0.5".into(), found: share.to_string() });
    }
    let most = 1.0 - LEAST_TRAINING;
    match validation + test <= most + 1e-9 {
        true => Ok([validation, test, targets]),
        false => Err(CliError::Flag {
            flag: "--validation-share and --test-share",
            expected: format!("at most {most} together, so that a tenth is left to train on"),
            found: format!("{validation} and {test}"),
        }),
    }
}

fn split_of(args: &SplitArgs) -> Result<Split> {
    check_flags(args)?;
    let [validation, test, targets] = shares_of(args)?;
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

/// How much is in each part.
struct Counts {
    users: usize,
    events: usize,
    validation: HeldCounts,
    test: HeldCounts,
    cold_targets: usize,
}

impl Counts {
    fn of(parts: &Parts<'_>) -> Counts {
        let (users, events) = parts.train().fold((0, 0), |(users, all), (_, events)| (users + 1, all + events.count()));
        let [validation, test] = [Part::Validation, Part::Test].map(|part| parts.held_counts(part));
        Counts { users, events, validation, test, cold_targets: parts.cold_targets() }
    }

    fn json(&self, data: &Interactions) -> Value {
        json!({
            "users": data.users.len(), "items": data.items.len(), "pairs": data.pairs(),
            "train": { "users": self.users, "events": self.events },
            "validation": self.validation, "test": self.test,
        })
    }
}

/// Refuses a split without anything to train on or to test.
fn check_parts(args: &SplitArgs, counts: &Counts, cleaning: &str) -> Result<()> {
    let empty = match (counts.users, counts.test.users) {
        (0, _) => "no user is left for training",
        (_, 0) => "no user has a target for the test",
        _ => return Ok(()),
    };
    Err(CliError::NoUsers {
        path: args.source.log.clone(),
        expected: "users to train on, and users with a target for the test",
        found: format!("{empty} ({cleaning})"),
        remedy: "change the shares, cuts or minima, or use a larger log",
    })
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

/// Commands that use the files, run in their folder.
fn usage(args: &SplitArgs, counts: &Counts) -> Value {
    let lists = "--keep-users train_users.csv.gz --keep-items items.csv.gz";
    let validation = match counts.validation.users {
        0 => "--validation 0",
        _ => "--validation-fold-in val_fold_in.csv.gz --validation-targets val_targets.csv.gz",
    };
    let seed = args.seed;
    json!([
        format!("proclivity train train.csv.gz {lists} {validation} --seed {seed} -o model.safetensors"),
        "proclivity evaluate model.safetensors --fold-in test_fold_in.csv.gz --targets test_targets.csv.gz",
    ])
}

fn text(args: &SplitArgs, data: &Interactions, counts: &Counts) -> String {
    let mut rows = vec![["part", "users", "known events", "targets"].map(str::to_owned).to_vec()];
    rows.push(vec!["train".into(), grouped(counts.users), grouped(counts.events), String::new()]);
    for (name, held) in [("validation", counts.validation), ("test", counts.test)] {
        let [users, known, targets] = [held.users, held.fold_in_events, held.targets_all].map(grouped);
        rows.push(vec![name.into(), users, known, targets]);
    }
    format!(
        "{}\n{} items; {} targets of items without a training event left out\nwrote {}: what is in it and how to use it stands in split.json",
        table(&rows),
        grouped(data.items.len()),
        grouped(counts.cold_targets),
        args.output.display()
    )
}
