//! Families of item vectors through the command line: each finds what is planted in a log.

mod support;

use std::fmt::Write;

use support::{Folder, failure, json, proclivity};

/// Baskets of 120 users of one taste each, three tastes of 20 items: an item of another taste, one item in nine. The first item
/// of each taste is everyone's favourite, so that popularity has something to say.
fn log() -> String {
    let mut text = "user,item,timestamp\n".to_owned();
    for user in 0..120u32 {
        for n in 0..18u32 {
            let taste = if n % 9 == 8 { (user + 1) % 3 } else { user % 3 };
            let place = (user * 7 + n * n * 3 + n) % 20;
            let item = 20 * taste + if n % 6 == 5 { 0 } else { place };
            let day = 1_500_000_000 + 86_400 * (n / 3);
            writeln!(text, "u{user},i{item},{day}").expect("writing to a string");
        }
    }
    text
}

/// Ratings of 120 users of two tastes: 9 and more for the own items, 3 and less for the others.
fn ratings() -> String {
    let mut text = "user,item,rating\n".to_owned();
    for user in 0..120u32 {
        for item in 0..30u32 {
            let own = item % 2 == user % 2;
            let share = if own { 10 } else { 4 };
            if (user / 2 * 7 + item / 2 * 11) % 15 < share {
                let rating = if own { 9 } else { 2 } + (item / 2) % 2;
                writeln!(text, "u{user},i{item},{rating}").expect("writing to a string");
            }
        }
    }
    text
}

/// Recall@20 on held-out users: (retrieval, most popular).
fn trained(folder: &Folder, log: &str, flags: &[&str]) -> (f64, f64) {
    let model = folder.at("model.safetensors");
    let report = json(&[&["train", log, "-o", &model, "--dim", "8", "--validation", "0.2"], flags].concat());
    let recall = |what: &str| report["validation"][what]["recall@20"].as_f64().expect("a number");
    (recall("retrieval"), recall("popular"))
}

#[test]
fn every_family_finds_the_planted_tastes() {
    let folder = Folder::new();
    let log = folder.write("log.csv", log());
    let families: [&[&str]; 5] = [
        &["--family", "bpr", "--epochs", "15", "--bpr-learning-rate", "0.1"],
        &["--family", "logistic-mf", "--epochs", "15", "--logistic-mf-learning-rate", "0.1"],
        &["--family", "item2vec", "--epochs", "15", "--item2vec-subsample", "0.01"],
        &["--family", "item2vec", "--epochs", "15", "--item2vec-sets", "histories", "--item2vec-subsample", "1"],
        &["--family", "elsa", "--epochs", "15", "--elsa-batch", "32"],
    ];
    for flags in families {
        let (found, popular) = trained(&folder, &log, flags);
        assert!(found > 2.0 * popular && found > 0.7, "{flags:?}: {found}, most popular {popular}");
    }
}

#[test]
fn a_family_joins_neighbour_lists() {
    let folder = Folder::new();
    let log = folder.write("log.csv", log());
    let (found, popular) = trained(&folder, &log, &["--family", "elsa+ease", "--epochs", "5"]);
    assert!(found > 2.0 * popular, "{found}, most popular {popular}");
}

#[test]
fn svdpp_foresees_the_ratings_of_strangers() {
    let folder = Folder::new();
    let lines = ratings();
    let of = |held: bool| {
        let mut lines = lines.lines();
        let header = lines.next().expect("a header");
        let user = |line: &str| line[1..].split(',').next().expect("a user").parse::<u32>().expect("a number");
        (header, lines.filter(|line| (user(line) >= 100) == held).collect::<Vec<_>>())
    };
    let (header, known) = of(false);
    let (fold_in, targets): (Vec<_>, Vec<_>) = of(true).1.into_iter().zip(0..).partition(|(_, place)| place % 3 != 0);
    let write = |name: &str, lines: Vec<&str>| folder.write(name, [&[header][..], &lines].concat().join("\n"));
    let log = write("log.csv", known);
    let fold_in = write("fold_in.csv", fold_in.into_iter().map(|(line, _)| line).collect());
    let targets: Vec<&str> = targets.into_iter().map(|(line, _)| line).collect();
    let given: Vec<f64> =
        targets.iter().map(|line| line.rsplit(',').next().expect("a rating").parse().expect("a number")).collect();
    let targets = write("targets.csv", targets);
    let model = folder.at("model.safetensors");
    json(&["train", &log, "-o", &model, "--family", "svd++", "--dim", "8", "--epochs", "40"]);
    let report = json(&["evaluate", &model, "--fold-in", &fold_in, "--targets", &targets]);
    let rmse = report["models"][0]["stages"][0]["ratings"]["rmse"].as_f64().expect("a number");
    let mean = given.iter().sum::<f64>() / given.len() as f64;
    let of_mean = (given.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / given.len() as f64).sqrt();
    assert!(rmse < 0.5 * of_mean, "{rmse}, of the mean {of_mean}");
}

/// Ratings of 90 users, who agree on nothing but a little on the items: a third rates around 2, a third around 5, a third
/// around 8.
fn levels() -> Vec<(u32, u32, u32)> {
    let rating = |user: u32, item: u32| 2 + user % 3 * 3 + item % 2;
    let pairs = (0..90).flat_map(|user| (0..20).map(move |item| (user, item)));
    let takes = |(user, item): &(u32, u32)| (user / 3 * 7 + item * 11) % 20 < 12;
    pairs.filter(takes).map(|(user, item)| (user, item, rating(user, item))).collect()
}

#[test]
fn the_own_ratings_of_strangers_tell_their_level() {
    let folder = Folder::new();
    let write = |name: &str, header: &str, keep: fn(u32, u32) -> bool, rated: bool| {
        let mut text = format!("{header}\n");
        for (user, item, rating) in levels().into_iter().filter(|(user, item, _)| keep(*user, *item)) {
            let rating = if rated { format!(",{rating}") } else { String::new() };
            writeln!(text, "u{user},i{item}{rating}").expect("writing to a string");
        }
        folder.write(name, text)
    };
    let log = write("log.csv", "user,item,rating", |user, _| user < 60, true);
    let targets = write("targets.csv", "user,item,rating", |user, item| user >= 60 && item >= 15, true);
    let known = |user: u32, item: u32| user >= 60 && item < 15;
    let rated = write("rated.csv", "user,item,rating", known, true);
    let unrated = write("unrated.csv", "user,item", known, false);
    let model = folder.at("model.safetensors");
    let trained = proclivity(&["train", &log, "-o", &model, "--family", "svd++", "--dim", "4", "--epochs", "10"]);
    let said = String::from_utf8_lossy(&trained.stdout);
    assert!(said.contains("ratings are measured by `proclivity evaluate`") && !said.contains("NDCG"), "{said}");
    let evaluate = |fold_in: &str| json(&["evaluate", &model, "--fold-in", fold_in, "--targets", &targets]);
    let ratings = |report: &serde_json::Value| report["models"][0]["stages"][0]["ratings"].clone();
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    let (with, without) = (evaluate(&rated), evaluate(&unrated));
    let (of_rated, of_unrated) = (ratings(&with), ratings(&without));
    assert!(number(&of_rated["rmse"]) < 0.6 * number(&of_unrated["rmse"]), "{of_rated} {of_unrated}");
    assert!(number(&of_rated["user_mean"]["rmse"]) < 0.6 * number(&of_rated["mean"]["rmse"]), "{of_rated}");
    assert_eq!(of_rated["mean"], of_unrated["mean"]);
    assert!(of_unrated["user_mean"].is_null(), "{of_unrated}");
    let says = |report: &serde_json::Value, what: &str| report["notes"].to_string().contains(what);
    assert!(says(&with, "the user's own level"), "{with:#}");
    assert!(says(&without, "the fold-in has no ratings"), "{without:#}");
    let shown = proclivity(&["evaluate", &model, "--fold-in", &rated, "--targets", &targets]);
    let said = String::from_utf8_lossy(&shown.stdout);
    assert!(said.contains("mean of the training ratings") && said.contains("own level"), "{said}");
}

#[test]
fn scores_that_lists_or_a_ranker_have_a_say_in_are_no_ratings() {
    let folder = Folder::new();
    let log = folder.write("log.csv", ratings().lines().take(400).collect::<Vec<_>>().join("\n"));
    let model = folder.at("model.safetensors");
    for family in ["svd+++ease", "svd+++ncf"] {
        let more = ["--dim", "4", "--epochs", "2", "--ncf-epochs", "1", "--validation", "0"];
        json(&[&["train", &log, "-o", &model, "--family", family], &more[..]].concat());
        let report = json(&["evaluate", &model, "--fold-in", &log, "--targets", &log, "--include-seen"]);
        let stages = report["models"][0]["stages"].as_array().expect("a list");
        assert!(stages.iter().all(|stage| stage["ratings"].is_null()), "{family}: {stages:?}");
        assert!(report["notes"].to_string().contains("they are not ratings"), "{family}");
    }
}

#[test]
fn what_a_log_does_not_allow_is_refused() {
    let folder = Folder::new();
    let log = folder.write("log.csv", log());
    let model = folder.at("model.safetensors");
    let refused = |flags: &[&str]| failure(&[&["train", &log, "-o", &model], flags].concat());
    let said = refused(&["--family", "svd++"]);
    assert!(said.contains("--family svd++") && said.contains("--value-column"), "{said}");
    let said = refused(&["--family", "bpr", "--bpr-negative-sampling", "in-batch"]);
    assert!(said.contains("--bpr-negative-sampling") && said.contains("uniform or popularity"), "{said}");
    let said = refused(&["--family", "elsa", "--elsa-batch", "0"]);
    assert!(said.contains("--elsa-batch") && said.contains("from 1 to"), "{said}");
    assert_eq!(folder.names(), ["log.csv"], "nothing is written");
}
