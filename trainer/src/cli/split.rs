//! `proclivity split LOG --by users -o DIR`

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::card::file_sha256;
use crate::dataset::{
    HeldCounts, Interactions, LogSource, Part, Parts, Reading, Split, TableOptions, iso_time, to_iso, write_files,
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
    #[arg(long, value_name = "TIME")]
    cut: Option<String>,
    /// With --by time: validation begins here and training ends [default: no validation]
    #[arg(long, value_name = "TIME", requires = "cut")]
    validation_cut: Option<String>,
}

pub fn run(args: &SplitArgs, tables: &TableOptions, output: Output) -> Result<()> {
    let split = split_of(args)?.ok_or_else(|| without_cut(args, tables))?;
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
        return Err(without_times());
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
        "use": usage(args, &counts, Path::new("")),
    });
    write_atomically(&args.output.join("split.json"), format!("{summary:#}\n").as_bytes())?;
    output.result(&text(args, &data, &counts), || summary);
    Ok(())
}

/// What is wrong with `--by time` without `--cut`, with the times there are to choose from.
fn without_cut(args: &SplitArgs, tables: &TableOptions) -> CliError {
    let (data, _) = match args.source.read(tables, Reading::default()) {
        Ok(read) => read,
        Err(error) => return error,
    };
    if !data.has_time {
        return without_times();
    }
    let times = || data.events.iter().flatten().map(|event| event.time);
    let [first, last] = [times().min(), times().max()].map(|time| to_iso(time.unwrap_or_default()));
    CliError::Flag {
        flag: "--cut",
        expected: "with --by time the time at which the test begins, such as 2017-11-01".into(),
        found: format!("none; what is kept of the log is from {first} to {last}"),
    }
}

fn without_times() -> CliError {
    CliError::Flag {
        flag: "--by",
        expected: "leave-one-out, random or users for a log without times (or --timestamp-column)".into(),
        found: "time".into(),
    }
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

/// The split that is asked for; none of a split by time without its cut.
fn split_of(args: &SplitArgs) -> Result<Option<Split>> {
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
    Ok(Some(match (args.by, cut) {
        (By::LeaveOneOut, _) => Split::LeaveOneOut,
        (By::Random, _) => Split::Random { validation, test },
        (By::Users, _) => Split::Users { validation, test, targets },
        (By::Time, Some(test)) if validation_cut.is_none_or(|validation| validation < test) => {
            Split::Time { validation: validation_cut, test }
        }
        (By::Time, None) => return Ok(None),
        (By::Time, Some(_)) => {
            let found = args.validation_cut.clone().unwrap_or_default();
            return Err(CliError::Flag { flag: "--validation-cut", expected: "a time before --cut".into(), found });
        }
    }))
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

/// Commands that use the files, which lie in `folder`.
fn usage(args: &SplitArgs, counts: &Counts, folder: &Path) -> [String; 2] {
    let file = |name: &str| quoted(&folder.join(name).display().to_string());
    let data = |name: &str| file(&format!("{name}.csv.gz"));
    let lists = format!("--keep-users {} --keep-items {}", data("train_users"), data("items"));
    let validation = match counts.validation.users {
        0 => "--validation 0".to_owned(),
        _ => format!("--validation-fold-in {} --validation-targets {}", data("val_fold_in"), data("val_targets")),
    };
    let (train, model, seed) = (data("train"), file("model.safetensors"), args.seed);
    let (fold_in, targets) = (data("test_fold_in"), data("test_targets"));
    [
        format!("proclivity train {train} {lists} {validation} --seed {seed} -o {model}"),
        format!("proclivity evaluate {model} --fold-in {fold_in} --targets {targets}"),
    ]
}

/// A path as a shell reads it.
fn quoted(path: &str) -> String {
    match path.chars().all(|c| c.is_alphanumeric() || "/._-+:\\".contains(c)) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', "'\\''")),
    }
}

fn text(args: &SplitArgs, data: &Interactions, counts: &Counts) -> String {
    let mut rows = vec![["part", "users", "known events", "targets"].map(str::to_owned).to_vec()];
    rows.push(vec!["train".into(), grouped(counts.users), grouped(counts.events), String::new()]);
    for (name, held) in [("validation", counts.validation), ("test", counts.test)] {
        let [users, known, targets] = [held.users, held.fold_in_events, held.targets_all].map(grouped);
        rows.push(vec![name.into(), users, known, targets]);
    }
    format!(
        "{}\n{} items; {} targets of items without a training event left out\nwrote {}: what is in it stands in split.json; use it with\n  {}",
        table(&rows),
        grouped(data.items.len()),
        grouped(counts.cold_targets),
        args.output.display(),
        usage(args, counts, &args.output).join("\n  ")
    )
}
