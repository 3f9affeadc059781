//! `--repurchase`: what is due comes first, in a log of planted rhythms.

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use support::{Folder, failure, json, train};

/// 2020-01-01 UTC, and a day, in seconds.
const START: u64 = 1_577_836_800;
const DAY: u64 = 86_400;
/// The log ends and the targets begin, 2020-08-28; the targets end.
const CUT: u64 = 240;
const END: u64 = 270;

/// Days between purchases of an item: a week, three weeks or two months.
fn period(item: u64) -> u64 {
    [7, 21, 60][item as usize % 3]
}

/// (user, item, seconds) of 90 users: six of 30 items each, every one by its period, and now and then one of ten others.
fn purchases() -> Vec<(u64, u64, u64)> {
    let mut rows = Vec::new();
    for user in 0..90 {
        for item in (0..6).map(|n| (user * 5 + n * 7) % 30) {
            let first = (user * 13 + item * 11) % period(item);
            let days = (first..END).step_by(period(item) as usize);
            rows.extend(days.map(|day| (user, item, START + day * DAY + user * 7 % 20 * 3600)));
        }
        rows.extend((0..3).map(|n| (user, 30 + (user + n * 4) % 10, START + (user * 37 + n * 80) % CUT * DAY)));
    }
    rows
}

fn log<'r>(rows: impl Iterator<Item = &'r (u64, u64, u64)>) -> String {
    let lines = rows.map(|(user, item, time)| format!("u{user},i{item},{time}\n"));
    "user,item,timestamp\n".to_owned() + &lines.collect::<String>()
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("a number at {path} of {value:#}"))
}

#[test]
fn what_is_due_comes_first() {
    let (folder, rows) = (Folder::new(), purchases());
    let before = |row: &&(u64, u64, u64)| row.2 < START + CUT * DAY;
    let known = folder.write("known.csv", log(rows.iter().filter(before)));
    let whole = folder.write("whole.csv", log(rows.iter()));
    let later: BTreeSet<(u64, u64)> = rows.iter().filter(|row| !before(row)).map(|row| (row.0, row.1)).collect();
    let targets = later.iter().map(|(user, item)| format!("u{user},i{item}\n")).collect::<String>();
    let targets = folder.write("targets.csv", "user,item\n".to_owned() + &targets);

    let (plain, again) = (folder.path("plain.safetensors"), folder.path("again.safetensors"));
    let base = ["--family", "als+ease", "--confidence", "log-count", "--validation", "0"];
    train(&known, &plain, &base);
    train(&known, &again, &[&base[..], &["--repurchase"]].concat());
    let measure = |model: &std::path::Path, more: &[&str]| {
        let model = model.to_str().unwrap();
        let files = ["evaluate", model, "--targets", &targets, "--include-seen", "--at", "1,10", "--resamples", "10"];
        json(&[&files[..], more].concat())
    };
    let without = number(&measure(&plain, &["--fold-in", &known]), "/retrieval/ndcg@10");
    let with = number(&measure(&again, &["--fold-in", &known]), "/retrieval/ndcg@10");
    assert!(with > 0.99 && with > without, "{with} with the part, {without} without");
    // The whole log, asked at the cut, is the log before it.
    let at_cut = number(&measure(&again, &["--fold-in", &whole, "--now", "2020-08-28"]), "/retrieval/ndcg@10");
    assert!((at_cut - with).abs() < 0.02, "{at_cut} {with}");

    // Two items bought three times, the last time 18 days ago: one every 21 days, which is due, one every 60, which is not.
    let (due, not) = ("i1", "i2");
    let bought = |item: &str, gap: u64| -> String {
        let days = [0, 1, 2].map(|n| format!("someone,{item},{}\n", START + (CUT - 18 - n * gap) * DAY));
        days.concat()
    };
    let someone = "user,item,timestamp\n".to_owned() + &bought(due, 21) + &bought(not, 60);
    let someone = folder.write("someone.csv", someone);
    for (item, found) in [(due, 1.0), (not, 0.0)] {
        folder.write("targets.csv", format!("user,item\nsomeone,{item}\n"));
        let measured = measure(&again, &["--fold-in", &someone, "--now", "2020-08-28"]);
        assert_eq!(number(&measured, "/retrieval/hr@1"), found, "{item}: {measured:#}");
    }
}

#[test]
fn a_log_it_cannot_be_learnt_from_is_refused() {
    let (folder, rows) = (Folder::new(), purchases());
    let output = folder.at("model.safetensors");
    let refused = |log: &str, more: &[&str]| {
        let flags = ["train", log, "-o", &output, "--family", "ease", "--validation", "0", "--repurchase"];
        failure(&[&flags[..], more].concat())
    };
    let log = folder.write("log.csv", log(rows.iter()));
    let said = refused(&log, &["--timestamp-column", "-"]);
    assert!(said.contains("--timestamp-column"), "{said}");
    let said = refused(&log, &["--repurchase-window", "100"]);
    assert!(said.contains("300 days"), "{said}");
    let said = refused(&log, &["--repurchase-window", "0"]);
    assert!(said.contains("1 to 366"), "{said}");
    let mut known = BTreeSet::new();
    let once: Vec<(u64, u64, u64)> = rows.iter().copied().filter(|row| known.insert((row.0, row.1))).collect();
    let said = refused(&folder.write("once.csv", self::log(once.iter())), &[]);
    assert!(said.contains("both again and something new"), "{said}");
    assert!(!said.contains("weights of"), "before work is done: {said}");
    assert!(!folder.path("model.safetensors").exists());
}
