//! `proclivity evaluate`: what is measured is what ships, under the conditions that are stated.

mod support;

use std::collections::HashSet;

use serde_json::Value;
use support::{Folder, delimited, failure, items, json, proclivity, rows, train};

/// A model of the small log, and the last ten users of it as held-out ones: one known item in three is a target.
fn held_out(folder: &Folder) -> [String; 3] {
    let log = folder.write("log.csv", delimited(','));
    let items = folder.write("items.csv", items());
    train(&log, &folder.path("model.safetensors"), &["--family", "als", "--items", &items, "--validation", "0"]);
    let (mut fold_in, mut targets) = ("user,item\n".to_owned(), "user,item\n".to_owned());
    for (n, (user, item, _)) in rows().into_iter().filter(|row| row.0 >= 30).enumerate() {
        *(if n % 3 == 0 { &mut targets } else { &mut fold_in }) += &format!("u{user},i{item}\n");
    }
    [folder.at("model.safetensors"), folder.write("fold_in.csv", fold_in), folder.write("targets.csv", targets)]
}

fn evaluate(files: &[String; 3], more: &[&str]) -> Value {
    let [model, fold_in, targets] = files;
    json(&[&["evaluate", model, "--fold-in", fold_in, "--targets", targets], more].concat())
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("a number at {path} of {value:#}"))
}

fn of_user(path: &str, user: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter_map(|line| line.strip_prefix(&format!("{user},"))).map(str::to_owned).collect()
}

#[test]
fn what_is_measured_is_what_is_recommended() {
    let folder = Folder::new();
    let files = held_out(&folder);
    // Some users also want something that is not to their taste.
    let mut targets = std::fs::read_to_string(&files[2]).unwrap();
    targets.extend((31..36).map(|user| format!("u{user},i{}\n", if user % 2 == 0 { user - 10 } else { user - 25 })));
    folder.write("targets.csv", targets);
    let measured = evaluate(&files, &["--at", "5"]);
    let (mut recall, mut hit_rate, mut reciprocal) = (0.0, 0.0, 0.0);
    for user in 30..40 {
        let (known, wanted) = (of_user(&files[1], &format!("u{user}")), of_user(&files[2], &format!("u{user}")));
        let list = json(&["recommend", &files[0], "--history", &known.join(","), "-k", "5"]);
        let shown: Vec<&str> =
            list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
        let hits: Vec<usize> = (0..5).filter(|&place| wanted.iter().any(|id| id == shown[place])).collect();
        recall += hits.len() as f64 / wanted.len().min(5) as f64 / 10.0;
        hit_rate += f64::from(u8::from(!hits.is_empty())) / 10.0;
        reciprocal += hits.first().map_or(0.0, |&place| 1.0 / (place + 1) as f64) / 10.0;
    }
    for (key, expected) in [("recall@5", recall), ("hr@5", hit_rate), ("mrr@5", reciprocal)] {
        let found = number(&measured, &format!("/retrieval/{key}"));
        assert!((found - expected).abs() < 1e-9, "{key}: expected {expected}, found {found}");
    }
    let estimate = &measured["models"][0]["stages"][0]["intervals"]["recall@5"];
    let notes = measured["notes"].to_string();
    assert!(notes.contains("Recall@k is hits / min(k, targets)") && notes.contains("hits / targets"), "{notes}");
    assert!(recall < 0.999, "a task that is not trivial");
    assert!(number(estimate, "/low") < recall && recall < number(estimate, "/high"), "{estimate}");
    assert_eq!((measured["users"].as_u64(), &measured["protocol"]["ranking"]), (Some(10), &"full".into()));
    assert!(number(&measured, "/retrieval/auc") > number(&measured, "/popular/auc"));
}

#[test]
fn negatives_from_a_file_are_the_only_rivals() {
    let folder = Folder::new();
    let files = held_out(&folder);
    // Negatives of the other taste, which a model that learnt anything puts behind every target.
    let other = |user: u32| if user.is_multiple_of(2) { 12..24 } else { 0..12 };
    let ids = |user: u32| other(user).map(|item| format!("i{item}")).collect::<Vec<_>>();
    let wide: String = (30..40).map(|user| format!("u{user},{}\n", ids(user).join(","))).collect();
    let header: String = (0..12).map(|n| format!(",n{n}")).collect();
    let wide = folder.write("wide.csv", format!("user{header}\n{wide}"));
    let long: String =
        (30..40).flat_map(|user| ids(user).into_iter().map(move |id| format!("u{user},{id}\n"))).collect();
    let rated = format!("user,item,rating\n{}", long.replace('\n', ",5\n"));
    let long = folder.write("long.csv", format!("user,item\n{long}"));
    let rated = folder.write("rated.csv", rated);
    let [measured, same, rated] =
        [&wide, &long, &rated].map(|path| evaluate(&files, &["--negatives", path, "--at", "10"]));
    assert_eq!(measured["retrieval"], same["retrieval"]);
    assert_eq!(rated["retrieval"], same["retrieval"]);
    assert_eq!(number(&measured, "/retrieval/auc"), 1.0);
    assert_eq!(number(&measured, "/retrieval/map@10"), 1.0);
    assert_eq!(measured["protocol"]["ranking"], "sampled");
    assert_eq!(number(&measured, "/protocol/negatives/mean_per_user"), 12.0);
    assert_eq!(measured["models"][0]["stages"][0]["beyond_accuracy"], Value::Array(Vec::new()));

    let drawn = evaluate(&files, &["--sampled-negatives", "6", "--seed", "3"]);
    assert_eq!(drawn, evaluate(&files, &["--sampled-negatives", "6", "--seed", "3"]));
    assert!(drawn["protocol"]["text"].as_str().unwrap().contains("among 6 uniform negatives a user (seed 3)"));
    let full = evaluate(&files, &[]);
    assert!(number(&drawn, "/retrieval/mrr@10") >= number(&full, "/retrieval/mrr@10"), "fewer rivals");
}

#[test]
fn items_of_the_history_are_ranked_on_request() {
    let folder = Folder::new();
    let mut files = held_out(&folder);
    files[2] = files[1].clone();
    let left_out = evaluate(&files, &[]);
    assert_eq!(number(&left_out, "/retrieval/recall@50"), 0.0, "what was bought cannot be found");
    assert!(number(&left_out, "/seen_targets") > 0.0);
    assert!(left_out["notes"][0].as_str().unwrap().contains("--include-seen"), "{left_out:#}");
    let ranked = evaluate(&files, &["--include-seen"]);
    assert_eq!(number(&ranked, "/retrieval/recall@50"), 1.0);
    assert_eq!((&ranked["protocol"]["seen_items"], number(&ranked, "/seen_targets")), (&"ranked".into(), 0.0));
}

#[test]
fn groups_calibration_and_the_report() {
    let folder = Folder::new();
    let files = held_out(&folder);
    let users: String =
        (30..39).map(|user| format!("u{user},{}\n", if user % 2 == 0 { "bread" } else { "fruit" })).collect();
    let users = folder.write("users.csv", format!("user,taste\n{users}"));
    let report = folder.at("report.html");
    let flags = [
        "--users",
        &users,
        "--group-by",
        "taste",
        "--calibration-column",
        "department",
        "--report",
        &report,
        "--at",
        "2",
    ];
    let measured = evaluate(&files, &flags);
    let stage = &measured["models"][0]["stages"][0];
    assert_eq!((&stage["groups"][0]["by"], &stage["groups"][1]["by"]), (&"history length".into(), &"taste".into()));
    let groups: HashSet<(&str, u64)> = stage["groups"][1]["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| (group["group"].as_str().unwrap(), group["users"].as_u64().unwrap()))
        .collect();
    assert_eq!(groups, HashSet::from([("bread", 5), ("fruit", 4), ("(unknown)", 1)]));
    assert!(stage.pointer("/groups/1/gap/recall@20/gap").is_none(), "of five and four users chance decides");
    let baseline = &measured["baseline"]["beyond_accuracy"][0];
    let beyond = &stage["beyond_accuracy"][0];
    let calibration = [beyond, baseline].map(|beyond| number(beyond, "/calibration"));
    assert!(calibration[0] < calibration[1], "lists that follow the taste mirror its department: {calibration:?}");
    let diversity = [beyond, baseline].map(|beyond| number(beyond, "/category_diversity"));
    assert!(diversity[0] == 0.0 && diversity[1] > 0.0, "and hold one department: {diversity:?}");
    let shown = number(beyond, "/coverage") * 24.0;
    assert!((2.0..=24.0).contains(&shown) && shown.fract() == 0.0, "{shown} of 24 items");

    let html = std::fs::read_to_string(&report).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.contains("NDCG@100 by taste") && !html.contains("<script"));
    let [model, fold_in, targets] = &files;
    let arguments = [&["evaluate", model, "--fold-in", fold_in, "--targets", targets], &flags[..]].concat();
    let printed = String::from_utf8(proclivity(&arguments).stdout).unwrap();
    for part in ["full ranking", "ties count against", "RMSE and MAE do not apply", "by taste"] {
        assert!(printed.contains(part), "{part} in\n{printed}");
    }
}

#[test]
fn lists_are_judged_after_the_first_events_of_a_history() {
    let folder = Folder::new();
    let mut files = held_out(&folder);
    let three = |user: u32| of_user(&files[1], &format!("u{user}")).into_iter().take(3).enumerate().collect::<Vec<_>>();
    let rows = (30..40).flat_map(|user| three(user).into_iter().map(move |(day, id)| format!("u{user},{id},{day}\n")));
    let known = format!("user,item,timestamp\n{}", rows.collect::<String>());
    files[1] = folder.write("known.csv", known);
    let measured = evaluate(&files, &["--events", "3,1"]);
    let stage = &measured["models"][0]["stages"][0];
    assert_eq!((number(stage, "/after/0/events"), number(stage, "/after/1/events")), (1.0, 3.0));
    assert_eq!((number(stage, "/after/0/users"), stage["after"].as_array().unwrap().len()), (10.0, 2));
    let ndcg = |place: usize| number(stage, &format!("/after/{place}/metrics/ndcg@100/mean"));
    assert_eq!(ndcg(1), number(&measured, "/retrieval/ndcg@100"), "three events are all of these histories");
    let with_own = evaluate(&files, &["--events", "1,3", "--include-seen"]);
    let only = std::fs::read_to_string(&files[1]).unwrap();
    let first: String = only
        .lines()
        .filter(|line| !line.ends_with(",1") && !line.ends_with(",2"))
        .map(|line| format!("{line}\n"))
        .collect();
    let alone = evaluate(&[files[0].clone(), folder.write("first.csv", first), files[2].clone()], &["--include-seen"]);
    let after = |place: usize| number(&with_own, &format!("/models/0/stages/0/after/{place}/metrics/recall@20/mean"));
    assert_eq!(after(0), number(&alone, "/retrieval/recall@20"), "as if the others had never happened");
    let popular = &measured["baseline"]["after"];
    assert_eq!(popular[0]["metrics"], popular[1]["metrics"], "what is popular does not wait for events");
    let [model, fold_in, targets] = &files;
    let said = failure(&["evaluate", model, "--fold-in", fold_in, "--targets", targets, "--events", "1,4"]);
    assert!(said.contains("--events: expected at most 3") && said.contains("found 4"), "{said}");
    assert_eq!(evaluate(&files, &[])["models"][0]["stages"][0]["after"], serde_json::json!([]));
}

#[test]
fn models_are_compared_on_the_same_users() {
    let folder = Folder::new();
    let [model, fold_in, targets] = held_out(&folder);
    // A model that knows one taste only, and so none of the items of the other users.
    let bread: String = delimited(',')
        .lines()
        .filter(|line| !line.contains(",i12,") && is_bread(line))
        .map(|line| format!("{line}\n"))
        .collect();
    let log = folder.write("bread.csv", bread);
    train(&log, &folder.path("bread.safetensors"), &["--family", "als", "--validation", "0"]);
    let bread = folder.at("bread.safetensors");
    let report = folder.at("report.html");
    let measured =
        json(&["evaluate", &model, &bread, &model, "--fold-in", &fold_in, "--targets", &targets, "--report", &report]);
    assert_eq!((number(&measured, "/users"), number(&measured, "/not_in_all_models")), (5.0, 5.0));
    assert_eq!(measured["models"].as_array().unwrap().len(), 3);
    let differences = &measured["comparisons"];
    assert_eq!(differences[1]["differences"]["ndcg@100"], serde_json::json!({ "mean": 0.0, "low": 0.0, "high": 0.0 }));
    let difference = number(&differences[0], "/differences/ndcg@100/mean");
    let ndcg = |place: usize| number(&measured, &format!("/models/{place}/stages/0/metrics/ndcg@100"));
    assert!((difference - (ndcg(1) - ndcg(0))).abs() < 1e-9);
    assert!(std::fs::read_to_string(&report).unwrap().contains("Quality against size"));
}

fn is_bread(line: &str) -> bool {
    let item = line.split(',').nth(1).unwrap_or_default();
    item == "item" || item[1..].parse::<u32>().is_ok_and(|item| item < 12)
}

#[test]
fn what_cannot_be_measured_is_refused_with_a_way_out() {
    let folder = Folder::new();
    let [model, fold_in, targets] = held_out(&folder);
    let negatives = folder.write("negatives.csv", "user,item\nu30,i1\n");
    let users = folder.write("users.csv", "user,age\nu30,9\nu30,8\n");
    let base = ["evaluate", &model, "--fold-in", &fold_in, "--targets", &targets];
    for (flags, expected) in [
        (&["--at", "0"][..], "--at: expected list lengths from 1"),
        (&["--sampled-negatives", "0"], "--sampled-negatives: expected at least 1"),
        (&["--resamples", "2"], "--resamples: expected from 10"),
        (&["--negatives", &negatives], "--negatives: expected items for every user"),
        (&["--users", &users, "--group-by", "height"], "--group-by: expected one of the columns `user`, `age`"),
        (&["--users", &users, "--group-by", "age"], "users.csv:3: column `user`: expected each user once, found `u30`"),
        (
            &["--calibration-column", "colour"],
            "--calibration-column: expected one of the category columns `department`",
        ),
        (&["--events", "1,0"], "--events: expected numbers of events from 1"),
        (&["--report", "/nowhere/report.html"], "/nowhere/report.html: cannot be written"),
    ] {
        let said = failure(&[&base[..], flags].concat());
        assert!(said.contains(expected), "expected `{expected}`, found `{said}`");
    }
}

#[test]
fn nobody_to_judge_says_who_was_asked_about() {
    let folder = Folder::new();
    let [model, fold_in, targets] = held_out(&folder);
    let other = folder.write("other.csv", "user,item\nu30,x1\nu30,x2\nu31,x3\nu99,i1\n");
    let said = failure(&["evaluate", &model, "--fold-in", &other, "--targets", &targets]);
    for part in ["other.csv: expected users with an item", "of the 10 users", "2 have 3 items", "0 are known", "ids of"]
    {
        assert!(said.contains(part), "expected `{part}`, found `{said}`");
    }
    assert!(!said.contains("cleaning") && !said.contains("larger log"), "{said}");
    let nobody = folder.write("nobody.csv", "user,item\nx,i1\n");
    let said = failure(&["evaluate", &model, "--fold-in", &fold_in, "--targets", &nobody]);
    assert!(said.contains("of the 1 users") && said.contains("0 have 0 items"), "{said}");
    let log = folder.at("log.csv");
    let model = folder.at("again.safetensors");
    let flags = ["--validation-fold-in", &other, "--validation-targets", &targets];
    let said = failure(&[&["train", &log, "-o", &model, "--family", "als"], &flags[..]].concat());
    assert!(said.contains("0 are known"), "{said}");
}

#[test]
fn errors_of_held_out_files_name_no_flag_that_is_not_there() {
    let folder = Folder::new();
    let [model, fold_in, _] = held_out(&folder);
    for (text, expected) in [
        ("user,item,event\nu30,i1,wish\n", "a column `strength`"),
        ("who,item\nu30,i1\n", "a header of its own, such as `user`"),
        ("user,thing\nu30,i1\n", "a header of its own, such as `item`"),
        ("user,item,rating\nu30,i1,many\n", "a number"),
        ("user,item,time\nu30,i1,soon\n", "ISO 8601"),
        ("user,item\n,i1\n", "a user id"),
    ] {
        let targets = folder.write("bad.csv", text);
        let said = failure(&["evaluate", &model, "--fold-in", &fold_in, "--targets", &targets]);
        assert!(said.contains("bad.csv:") && said.contains(expected), "expected `{expected}`, found `{said}`");
        assert!(!said.contains("--"), "{said}");
    }
}
