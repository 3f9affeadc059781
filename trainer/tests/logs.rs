//! Logs of every kind and size: folders, events with types, times of every unit, and more rows than memory.

mod support;

use std::fmt::Write;

use serde_json::Value;
use support::{Folder, delimited, failure, json, rows};

/// Splits `log` into `name` of the folder.
fn split(folder: &Folder, log: &str, name: &str, more: &[&str]) -> Value {
    let given =
        ["split", log, "--by", "users", "--min-user-items", "2", "--min-item-users", "2", "-o", &folder.at(name)];
    json(&[&given[..], more].concat())
}

/// Every row ten times over, in an order that mixes users and times.
fn ten_times() -> String {
    let mut text = "user,item,timestamp\n".to_owned();
    let rows = rows();
    for n in 0..rows.len() * 10 {
        let (user, item, time) = rows[n * 7919 % rows.len()];
        writeln!(text, "u{user},i{item},{time}").expect("writing to a string");
    }
    text
}

#[test]
fn a_log_beyond_memory_gives_the_same_files() {
    let folder = Folder::new();
    let log = folder.write("log.csv", ten_times());
    let whole = split(&folder, &log, "whole", &[]);
    let bounded = split(&folder, &log, "bounded", &["--memory", "48k"]);
    assert_eq!(bounded, whole, "hashes of the files included");
    assert_eq!(whole["cleaning"]["duplicates"], rows().len() * 9);
}

#[test]
fn too_little_memory_is_refused_before_anything_is_written() {
    let folder = Folder::new();
    let log = folder.write("log.csv", ten_times());
    let out = folder.at("out");
    let said = failure(&["split", &log, "--by", "users", "--memory", "20k", "-o", &out]);
    for part in ["log.csv", "the cleaned log", "--memory", "MB is needed"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 0);
    let said = failure(&["train", &log, "--memory", "4k", "-o", &folder.at("model")]);
    assert!(said.contains("the ids read so far"), "{said}");
}

#[test]
fn a_folder_of_parts_is_one_log() {
    let folder = Folder::new();
    let text = delimited(',');
    let (header, body) = text.split_once('\n').unwrap();
    let half = body.lines().count() / 2;
    let part = |lines: Vec<&str>| format!("{header}\n{}\n", lines.join("\n"));
    std::fs::create_dir_all(folder.path("parts/day=2")).unwrap();
    folder.write("parts/part-0.csv", part(body.lines().take(half).collect()));
    folder.write("parts/day=2/part-1.csv", part(body.lines().skip(half).collect()));
    folder.write("parts/_SUCCESS", "");
    let log = folder.write("log.csv", &text);
    let (one, parts) = (split(&folder, &log, "one", &[]), split(&folder, &folder.at("parts"), "many", &[]));
    assert_eq!(one["counts"], parts["counts"]);
    assert_eq!(one["cleaning"], parts["cleaning"]);

    folder.write("parts/part-2.csv", "user,thing\n1,2\n");
    let said = failure(&["split", &folder.at("parts"), "--by", "users", "-o", &folder.at("x")]);
    assert!(said.contains("part-2.csv:1") && said.contains("first file"), "{said}");
}

#[test]
fn a_key_that_comes_late_is_a_column() {
    let folder = Folder::new();
    let lines = |late: &str| -> String {
        let row = |(n, (user, item, time)): (usize, (u32, u32, u32))| {
            let rating = if n > 2000 { late.replace('#', &(1 + n % 5).to_string()) } else { String::new() };
            format!("{{\"user\": \"u{user}\", \"item\": \"i{item}\", \"timestamp\": {}{rating}}}\n", time + n as u32)
        };
        rows().into_iter().cycle().take(2400).enumerate().map(row).collect()
    };
    let log = folder.write("log.jsonl", lines(", \"rating\": #"));
    assert!(std::fs::metadata(&log).unwrap().len() > 100_000, "more than the start that is looked at");
    let cleaning = split(&folder, &log, "rated", &["--value-column", "rating"])["cleaning"].clone();
    assert_eq!(cleaning["rows"], 2400);
    let none = folder.write("none.jsonl", lines(""));
    let said = failure(&["train", &none, "--min-value", "1", "-o", &folder.at("model")]);
    assert!(said.contains("`item`, `timestamp`, `user`") && said.contains("--value-column"), "{said}");
}

#[test]
fn times_are_read_alike_whatever_their_unit() {
    let folder = Folder::new();
    let write = |name: &str, unit: fn(u32) -> String| {
        let text = rows().iter().fold("user,item,timestamp\n".to_owned(), |text, (user, item, time)| {
            // 1970: in milliseconds these numbers look like seconds.
            text + &format!("u{user},i{item},{}\n", unit(time - 1_500_000_000))
        });
        folder.write(name, text)
    };
    let seconds = write("s.csv", |time| time.to_string());
    let millis = write("ms.csv", |time| format!("{}000", time));
    let seconds = split(&folder, &seconds, "s", &[]);
    let millis = split(&folder, &millis, "ms", &["--time-format", "milliseconds"]);
    assert_eq!(seconds["files"], millis["files"]);
    let log = folder.write("mixed.csv", "user,item,timestamp\n1,2,1500000000\n1,3,2017-07-14\n");
    let said = failure(&["train", &log, "-o", &folder.at("model")]);
    assert!(said.contains("mixed.csv:3") && said.contains("first row"), "{said}");
}

#[test]
fn values_and_strengths_reach_the_model_through_a_split() {
    let folder = Folder::new();
    let text = rows().iter().fold("user,item,timestamp,event,rating\n".to_owned(), |text, (user, item, time)| {
        let kind = if item % 3 == 0 { "view" } else { "purchase" };
        text + &format!("u{user},i{item},{time},{kind},{}\n", 1 + item % 5)
    });
    let log = folder.write("log.csv", text);
    split(&folder, &log, "out", &["--validation-share", "0"]);
    let small = ["--family", "als", "--dim", "4", "--epochs", "3", "--validation", "0", "--min-user-items", "1"];
    let train = |log: &str, confidence: &str, more: &[&str]| {
        let model = folder.at("model");
        json(&[&["train", log, "-o", &model, "--confidence", confidence], &small[..], more].concat());
        json(&["inspect", &model])["tensors"][0]["sha256"].clone()
    };
    let users = ["--keep-users", &folder.at("out/train_users.csv.gz"), "--keep-items", &folder.at("out/items.csv.gz")];
    let mut found = Vec::new();
    for confidence in ["binary", "count", "log-count", "value"] {
        let of_log = train(&log, confidence, &users);
        assert_eq!(train(&folder.at("out/train.csv.gz"), confidence, &users), of_log, "{confidence}");
        found.push(of_log);
    }
    assert!(found[0] != found[3], "values change the model");
}

#[test]
fn situations_reach_the_model_through_a_split() {
    let folder = Folder::new();
    let text = rows().iter().fold("user,item,timestamp,referrer,device\n".to_owned(), |text, (user, item, time)| {
        let (referrer, device) =
            (["mail", "search", ""][(item % 3) as usize], if user % 4 < 2 { "phone" } else { "desk" });
        text + &format!("u{user},i{item},{time},{referrer},{device}\n")
    });
    let log = folder.write("log.csv", text);
    let columns = ["--context-column", "referrer", "--context-column", "device"];
    split(&folder, &log, "out", &[&["--validation-share", "0"][..], &columns].concat());
    let users = ["--keep-users", &folder.at("out/train_users.csv.gz"), "--keep-items", &folder.at("out/items.csv.gz")];
    let small = ["--family", "fm", "--dim", "4", "--epochs", "3", "--validation", "0", "--min-user-items", "1"];
    let tensors = |log: &str, columns: &[&str]| {
        let model = folder.at("model");
        json(&[&["train", log, "-o", &model], &users[..], &small, columns].concat());
        json(&["inspect", &model])["tensors"].clone()
    };
    let of_log = tensors(&log, &columns);
    assert_eq!(tensors(&folder.at("out/train.csv.gz"), &columns), of_log);
    assert!(tensors(&log, &columns[..2]) != of_log && tensors(&log, &[]) != of_log, "columns change the model");
}

#[test]
fn every_split_can_be_trained_on_and_evaluated() {
    let folder = Folder::new();
    let text = rows().iter().fold("user,item,timestamp\n".to_owned(), |text, (user, item, _)| {
        text + &format!("u{user},i{item},{}\n", 1_500_000_000 + (user * 5 + item * 7) % 12 * 1000 + user)
    });
    let log = folder.write("log.csv", text);
    let cut = ["--cut", "2017-07-14T05:26:40Z", "--validation-cut", "2017-07-14T04:53:20Z"];
    for (by, more) in [("leave-one-out", &[][..]), ("random", &[]), ("users", &[]), ("time", &cut)] {
        let out = folder.at(by);
        let least = ["--min-user-items", "1", "--min-item-users", "1"];
        let said = json(&[&["split", &log, "--by", by, "-o", &out], &least[..], more].concat());
        let again = json(&[&["split", &log, "--by", by, "-o", &folder.at("again")], &least[..], more].concat());
        assert_eq!(said["files"], again["files"], "{by}");
        let file = |name: &str| format!("{out}/{name}.csv.gz");
        let (users, items) = (file("train_users"), file("items"));
        let (train, model) = (file("train"), folder.at("model"));
        let small = ["--family", "als", "--dim", "4", "--epochs", "2"];
        let given = ["train", &train, "--keep-users", &users, "--keep-items", &items, "-o", &model];
        let (fold_in, targets) = (file("val_fold_in"), file("val_targets"));
        let validation = ["--validation-fold-in", &fold_in, "--validation-targets", &targets];
        let report = json(&[&given[..], &small, &validation].concat());
        assert_eq!(report["cleaning"]["users"], said["counts"]["train"]["users"], "{by}");
        assert_eq!(report["cleaning"]["events"], said["counts"]["train"]["events"], "{by}");
        let (fold_in, targets) = (file("test_fold_in"), file("test_targets"));
        let measured = json(&["evaluate", &model, "--fold-in", &fold_in, "--targets", &targets]);
        assert_eq!(measured["users"], said["counts"]["test"]["users"], "{by}");
        assert_eq!(measured["unknown_targets"], 0, "{by}");
    }
}

#[test]
fn a_split_that_cannot_be_is_refused() {
    let folder = Folder::new();
    let log = folder.write("log.csv", "user,item\n1,2\n1,3\n2,3\n2,2\n");
    let out = folder.at("out");
    let refused = |more: &[&str]| {
        let least = ["--min-user-items", "1", "--min-item-users", "1"];
        failure(&[&["split", &log, "-o", &out], &least[..], more].concat())
    };
    assert!(refused(&["--by", "time", "--cut", "2020-01-01"]).contains("without times"));
    assert!(refused(&["--by", "time", "--cut", "soon"]).contains("`soon`"));
    let order = refused(&["--by", "time", "--cut", "2020-01-01", "--validation-cut", "2020-01-02"]);
    assert!(order.contains("a time before --cut"), "{order}");
    assert!(refused(&["--by", "random", "--test-share", "0.9"]).contains("--test-share"));
    assert!(refused(&["--by", "leave-one-out"]).contains("no user has a target"));
}
