//! What `split` writes: files that belong together, of one split alone, with all that `evaluate` asks for.

mod support;

use std::fmt::Write;

use support::{Folder, failure, json, proclivity, rows};

const LEAST: [&str; 4] = ["--min-user-items", "1", "--min-item-users", "1"];

/// The rows with ratings, in another order of items for each user.
fn log() -> String {
    let mut text = "user,item,timestamp,rating\n".to_owned();
    for (user, item, _) in rows() {
        let time = 1_500_000_000 + (user * 5 + item * 7) % 12 * 1000 + user;
        writeln!(text, "u{user},i{item},{time},{}", 1 + (user + item) % 5).expect("writing to a string");
    }
    text
}

#[test]
fn files_of_an_earlier_split_do_not_stay() {
    let folder = Folder::new();
    let log = folder.write("log.csv", log());
    let out = folder.at("out");
    let split = |more: &[&str]| {
        let said = json(&[&["split", &log, "-o", &out], &LEAST[..], more].concat());
        let files = said["files"].as_array().expect("a list").iter();
        let mut named: Vec<String> = files.map(|file| file["name"].as_str().expect("a name").to_owned()).collect();
        named.extend(["notes.txt", "split.json"].map(str::to_owned));
        named.sort();
        let mut found: Vec<String> = std::fs::read_dir(&out)
            .expect("a folder")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        assert_eq!(found, named);
        found
    };
    std::fs::create_dir(&out).expect("a new folder");
    folder.write("out/notes.txt", "not of a split, so it stays");
    let random = split(&["--by", "random"]);
    assert!(random.contains(&"val_targets.csv.gz".to_owned()));
    let time = split(&["--by", "time", "--cut", "2017-07-14T05:00:00Z"]);
    assert!(!time.contains(&"val_targets.csv.gz".to_owned()) && time.contains(&"test_targets.csv.gz".to_owned()));
}

#[test]
fn targets_have_the_values_that_rmse_asks_for() {
    let folder = Folder::new();
    let log = folder.write("log.csv", log());
    for by in ["leave-one-out", "random", "users"] {
        let out = folder.at(by);
        json(&[&["split", &log, "--by", by, "-o", &out], &LEAST[..]].concat());
        let file = |name: &str| format!("{out}/{name}.csv.gz");
        let model = folder.at("model.safetensors");
        let train = ["--family", "svd++", "--dim", "4", "--epochs", "2", "--validation", "0"];
        json(&[&["train", &file("train"), "-o", &model], &train[..], &LEAST].concat());
        let (fold_in, targets) = (file("test_fold_in"), file("test_targets"));
        let report = json(&["evaluate", &model, "--fold-in", &fold_in, "--targets", &targets]);
        let rmse = report["models"][0]["stages"][0]["ratings"]["rmse"].as_f64();
        assert!(rmse.is_some_and(|rmse| rmse > 0.0 && rmse < 4.0), "{by}: {report:#}");
    }
}

#[test]
fn flags_of_another_kind_of_split_are_refused() {
    let folder = Folder::new();
    let log = folder.write("log.csv", log());
    let out = folder.at("out");
    let refused = |by: &str, more: &[&str]| failure(&[&["split", &log, "-o", &out, "--by", by], more].concat());
    for (by, flag, value, kinds) in [
        ("users", "--cut", "2017-07-14", "--by time"),
        ("random", "--target-share", "0.2", "--by users"),
        ("leave-one-out", "--test-share", "0.1", "--by random or --by users"),
        ("leave-one-out", "--validation-share", "0.1", "--by random or --by users"),
    ] {
        let said = refused(by, &[flag, value]);
        let found = format!("found --by {by}");
        assert!(said.contains(flag) && said.contains(kinds) && said.contains(&found), "{said}");
    }
    let said = refused("time", &["--cut", "2017-07-14", "--test-share", "0.1"]);
    assert!(said.contains("--test-share") && said.contains("--by random or --by users"), "{said}");
    for by in ["random", "users"] {
        let said = refused(by, &["--validation-share", "0.5", "--test-share", "0.45"]);
        assert!(said.contains("at most 0.9 together") && said.contains("0.5 and 0.45"), "{said}");
    }
    assert!(!folder.path("out").exists(), "nothing is written");
    json(
        &[
            &["split", &log, "-o", &out, "--by", "random", "--validation-share", "0.4", "--test-share", "0.5"],
            &LEAST[..],
        ]
        .concat(),
    );
}

#[test]
fn the_commands_that_use_the_files_run_as_printed() {
    let folder = Folder::new();
    let log = folder.write("log.csv", log());
    for name in ["out", "of mine"] {
        let out = folder.at(name);
        let printed = proclivity(&[&["split", &log, "--by", "users", "-o", &out], &LEAST[..]].concat());
        let printed = String::from_utf8(printed.stdout).expect("text");
        let commands: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("  proclivity ")).collect();
        assert_eq!(commands.len(), 2, "{printed}");
        for command in commands {
            assert_eq!(command.contains('\''), name == "of mine", "{command}");
            let spaced = command.replace('\'', "").replace(&out, "DIR");
            let arguments: Vec<String> = spaced.split(' ').map(|word| word.replace("DIR", &out)).collect();
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let small: &[&str] = if arguments[0] == "train" { &["--family", "item-knn"] } else { &[] };
            json(&[&arguments[..], small].concat());
        }
    }
}

#[test]
fn a_split_by_time_without_its_cut_names_the_times() {
    let folder = Folder::new();
    let log = folder.write("log.csv", log());
    let out = folder.at("out");
    let said = failure(&[&["split", &log, "--by", "time", "-o", &out], &LEAST[..]].concat());
    assert!(
        said.contains("--cut: expected") && said.contains("from 2017-07-14T02:56:40Z to 2017-07-14T05:43:59Z"),
        "{said}"
    );
    assert!(!folder.path("out").exists(), "nothing is written");
}
