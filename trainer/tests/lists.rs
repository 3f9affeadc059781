//! Families of neighbour lists, and the most popular, through the command line: on a log with two tastes and times.

mod support;

use serde_json::Value;
use support::{Folder, delimited, failure, json, train};

fn ndcg(report: &Value, of: &str) -> f64 {
    report["validation"][of]["ndcg@100"].as_f64().expect("measured")
}

fn item(of: &Value) -> u32 {
    of["id"].as_str().expect("an id")[1..].parse().expect("a number")
}

/// Users of even numbers have items 0 to 11, the others 12 to 23.
#[test]
fn every_family_of_lists_finds_the_group_and_beats_the_most_popular() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let slim = ["--slim-l1", "0.5", "--slim-l2", "2"];
    let cases: [(&str, &[&str]); 8] = [
        ("slim", &[&slim[..], &["--slim-user-power", "0"]].concat()),
        ("slim", &[&slim[..], &["--slim-negative", "--int4-neighbours"]].concat()),
        ("slim", &[&slim[..], &["--slim-candidates", "8", "--confidence", "log-count"]].concat()),
        ("item-knn", &["--item-knn-weighting", "cosine"]),
        ("item-knn", &["--item-knn-weighting", "tf-idf", "--item-knn-shrinkage", "0"]),
        ("item-knn", &["--item-knn-weighting", "bm25", "--int4-neighbours"]),
        ("als+slim", &slim),
        ("als+item-knn", &[]),
    ];
    for (family, more) in cases {
        let model = folder.path("model.safetensors");
        let report = train(&log, &model, &[&["--family", family, "--neighbours", "8"], more].concat());
        assert!(ndcg(&report, "retrieval") > ndcg(&report, "popular"), "{family} {more:?}: {report}");
        let model = model.to_str().expect("a plain name");
        let manifest = &json(&["inspect", model])["manifest"];
        assert_eq!(
            (&manifest["family"], &manifest["card"]["recipe"]["lists"]["neighbours"]),
            (&family.into(), &8.into())
        );
        let list = json(&["recommend", model, "--history", "i13,i14,i17", "-k", "5", "--explain"]);
        for of in list["items"].as_array().expect("a list") {
            assert!(item(of) >= 12, "{family} {more:?}: {of}");
            assert_eq!(of["reasons"][0]["type"], "because_of", "{family}: {of}");
        }
    }
}

/// A log whose old favourite is item 0 and whose new one is item 1.
fn aging() -> String {
    let mut text = "user,item,timestamp\n".to_owned();
    for user in 0..30 {
        let favourites =
            if user < 20 { [(0, "2020-01-01"), (2, "2020-01-02")] } else { [(3, "2023-06-01"), (1, "2023-06-02")] };
        favourites.iter().for_each(|(item, day)| text += &format!("u{user},i{item},{day}\n"));
    }
    text
}

#[test]
fn the_most_popular_ages_by_half_lives() {
    let folder = Folder::new();
    let log = folder.write("log.csv", aging());
    let first = |family: &str, more: &[&str], history: &[&str]| {
        let model = folder.path("model.safetensors");
        train(&log, &model, &[&["--family", family, "--validation", "0", "--min-user-items", "1"], more].concat());
        let model = model.to_str().expect("a plain name");
        item(&json(&[&["recommend", model, "-k", "2"], history].concat())["items"][0])
    };
    let known = ["--history", "i3"];
    assert_eq!((first("popular", &[], &[]), first("popular", &[], &known)), (0, 0));
    let aged = ["--half-life", "90"];
    assert_eq!((first("popular", &aged, &[]), first("popular", &aged, &known)), (1, 1));
    assert_eq!((first("item-knn", &[], &[]), first("item-knn", &aged, &[])), (0, 1), "strangers of every family");
    let inspected = json(&["inspect", &folder.at("model.safetensors")]);
    assert_eq!(inspected["manifest"]["card"]["recipe"]["half_life"], 90.0);
}

#[test]
fn impossible_settings_are_refused() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let untimed = folder.write("untimed.csv", "user,item\na,x\na,y\nb,x\nb,y\n");
    let output = folder.at("m");
    let cases: [&[&str]; 9] = [
        &["--slim-l1=-1"],
        &["--slim-l1=0", "--slim-l2=0"],
        &["--slim-candidates=0"],
        &["--slim-tolerance=nan"],
        &["--item-knn-shrinkage=-1"],
        &["--item-knn-bm25-k1=0"],
        &["--item-knn-bm25-b=2"],
        &["--neighbours=0"],
        &["--half-life=0"],
    ];
    for flags in cases {
        let said = failure(&[&["train", &log, "--family", "slim", "-o", &output], flags].concat());
        assert!(said.contains(flags[0].split('=').next().expect("a flag")), "{flags:?}: {said}");
    }
    let said = failure(&[
        "train",
        &untimed,
        "--family",
        "popular",
        "--half-life",
        "30",
        "--min-item-users",
        "1",
        "--min-user-items",
        "1",
        "-o",
        &output,
    ]);
    assert!(said.contains("--half-life") && said.contains("--timestamp-column"), "{said}");
    for family in ["als+popular", "popular+slim", "slim+ease"] {
        let output = support::proclivity(&["train", &log, "--family", family, "-o", &output]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("item-knn"), "{family}: {said}");
    }
}
