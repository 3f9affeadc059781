//! Searching for a recipe.

mod support;

use serde_json::Value;
use support::{Folder, delimited, failure, proclivity};

/// The lines of a file of trials, but for the first, which says what is searched.
fn trials(folder: &Folder) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.path("model.trials.jsonl")).expect("a file of trials");
    text.lines().skip(1).map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

#[test]
fn tune_ships_the_best_of_its_trials_and_goes_on_from_its_file() {
    let folder = Folder::new();
    let (log, model) = (folder.write("log.csv", delimited(',')), folder.at("model"));
    let search = |family: &str, count: &str| {
        let file = folder.at("model.trials.jsonl");
        let flags =
            ["tune", &log, "-o", &model, "--json", "--trials-file", &file, "--family", family, "--trials", count];
        let output = proclivity(&[&flags[..], &["--", "--dim", "8", "--epochs", "3"]].concat());
        serde_json::from_slice::<Value>(&output.stdout).expect("one JSON object")
    };
    let report = search("als,ease", "6");
    let measured = trials(&folder);
    assert_eq!(measured.iter().filter(|trial| trial["rung"] == 0).count(), 6);
    let last: Vec<&Value> = measured.iter().filter(|trial| trial["rung"] == 2).collect();
    assert!(!last.is_empty() && last.iter().all(|trial| trial["ndcg"].is_number()), "{measured:?}");
    let best = last.iter().max_by(|a, b| a["ndcg"].as_f64().partial_cmp(&b["ndcg"].as_f64()).unwrap()).unwrap();
    assert_eq!(report["family"], best["flags"][1], "{report}");
    let found = report["validation"]["retrieval"]["ndcg@100"].as_f64().expect("measured");
    assert!((found - best["ndcg"].as_f64().unwrap()).abs() < 1e-9, "what ships is what was measured");

    search("als,ease", "6");
    assert_eq!(trials(&folder), measured, "nothing is measured twice");
    let file = folder.at("model.trials.jsonl");
    let said = failure(&["tune", &log, "-o", &model, "--trials-file", &file, "--family", "als"]);
    assert!(said.contains("model.trials.jsonl:1") && said.contains("--trials-file"), "{said}");
    let said = failure(&["tune", &log, "-o", &model, "--family", "magic"]);
    assert!(said.contains("--family") && said.contains("item-knn"), "{said}");
    let said = failure(&["tune", &log, "-o", &model, "--validation", "0"]);
    assert!(said.contains("--validation"), "{said}");
}

#[test]
fn families_that_cannot_be_searched_are_known_before_the_trials() {
    let folder = Folder::new();
    let (log, model) = (folder.write("log.csv", delimited(',')), folder.at("model"));
    let search = |family: &str, more: &[&str]| {
        let flags = ["tune", &log, "-o", &model, "--trials", "2", "--family", family];
        [&flags[..], more, &["--", "--dim", "4", "--epochs", "1"]].concat().into_iter().map(str::to_owned).collect()
    };
    let said = |flags: Vec<String>| failure(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let refused = said(search("als,svd++", &[]));
    assert!(refused.contains("not a ranking") && refused.contains("train"), "{refused}");
    // Each item at a time of its own.
    let refused = said(search("item2vec", &[]));
    assert!(refused.contains("--item2vec-sets") && !refused.contains("trial "), "{refused}");
    assert_eq!(folder.names(), ["log.csv"]);
    let refused = said(search("als", &["--max-size", "10B"]));
    assert!(refused.contains("--max-size: expected") && refused.contains("found 10"), "{refused}");

    let flags: Vec<String> = search("als,item2vec", &["--trials-file", "/dev/null"]);
    let output = proclivity(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success() && said.contains("without item2vec: --item2vec-sets"), "{said}");
    assert!(!said.contains("--family item2vec"), "{said}");
}
