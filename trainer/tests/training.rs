//! From a log to a model: the same whatever the file is, the same every time, and good at its task.

mod support;

use std::io::Write;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json as value};
use support::{Folder, SMALL, delimited, items, json, proclivity, proclivity_on, rows, train};

/// Name and sha256 of each tensor: what a model knows, without its card.
fn tensors(folder: &Folder, model: &str) -> Vec<(Value, Value)> {
    let inspected = json(&["inspect", &folder.at(model)]);
    let tensors = inspected["tensors"].as_array().expect("a list");
    tensors.iter().map(|tensor| (tensor["name"].clone(), tensor["sha256"].clone())).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn parquet(rows: &[(u32, u32, u32)]) -> Vec<u8> {
    let schema = "message log { required binary user (UTF8); required binary item (UTF8); required int64 timestamp; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let text = |prefix: &str, n: u32| ByteArray::from(format!("{prefix}{n}").as_str());
    let users: Vec<ByteArray> = rows.iter().map(|row| text("u", row.0)).collect();
    let items: Vec<ByteArray> = rows.iter().map(|row| text("i", row.1)).collect();
    let times: Vec<i64> = rows.iter().map(|row| i64::from(row.2)).collect();
    for values in [users, items] {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&times, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

/// The same log, one basket a row.
fn baskets() -> String {
    let mut text = "user,timestamp,items\n".to_owned();
    let mut rows = rows();
    rows.sort();
    for basket in rows.chunk_by(|a, b| (a.0, a.2) == (b.0, b.2)) {
        let items: Vec<String> = basket.iter().map(|row| format!("i{}", row.1)).collect();
        text += &format!("u{},{},{}\n", basket[0].0, basket[0].2, items.join(" "));
    }
    text
}

#[test]
fn every_kind_of_file_gives_the_same_model() {
    let folder = Folder::new();
    let with_mark = format!("\u{feff}{}", delimited(','));
    let logs = [
        ("log.csv", delimited(',').into_bytes()),
        ("log.tsv", delimited('\t').into_bytes()),
        ("semicolons.txt", delimited(';').into_bytes()),
        ("marked.csv", with_mark.into_bytes()),
        ("windows.csv", delimited(',').replace('\n', "\r\n").into_bytes()),
        ("log.csv.gz", gzip(&delimited(','))),
        ("log.tsv.gz", gzip(&delimited('\t'))),
        ("log.parquet", parquet(&rows())),
        ("baskets.csv", baskets().into_bytes()),
    ];
    let mut expected = None;
    for (name, bytes) in logs {
        let log = folder.write(name, bytes);
        train(&log, &folder.path("model"), &["--family", "als"]);
        let found = tensors(&folder, "model");
        assert_eq!(&found, expected.get_or_insert(found.clone()), "{name}");
    }
    let rows = rows();
    let (first, second) = rows.split_at(100);
    std::fs::create_dir(folder.path("parts")).unwrap();
    folder.write("parts/part-00000.parquet", parquet(first));
    folder.write("parts/part-00001.parquet", parquet(second));
    folder.write("parts/_SUCCESS", "");
    train(&folder.at("parts"), &folder.path("model"), &["--family", "als", "--memory", "64k"]);
    assert_eq!(Some(tensors(&folder, "model")), expected, "a folder of Parquet parts");
}

#[test]
fn the_card_inside_says_when_on_what_and_how_good() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let made = |name: &str, day: &str| {
        let given = ["train", &log, "-o", &folder.at(name), "--validation", "0.2", "--min-user-items", "3"];
        assert!(proclivity_on(day, &[&given[..], SMALL].concat()).status.success());
        std::fs::read(folder.path(name)).unwrap()
    };
    assert_eq!(made("a", "1700000000"), made("b", "1700000000"), "the same day, the same bytes");
    assert_ne!(made("a", "1700000000"), made("b", "1800000000"));
    let card = json(&["inspect", &folder.at("a")])["manifest"]["card"].clone();
    assert_eq!((&card["date"], &card["data"]["flags"]["min_user_items"]), (&"2023-11-14".into(), &3.into()));
    assert_eq!((&card["validation"]["share"], &card["training"]["patience"]), (&0.2.into(), &4.into()));
    assert!(card["measured"]["retrieval (als+ease)"]["ndcg@100"].as_f64().unwrap() > 0.0, "{card}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_does_not() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let model = |name: &str, seed: &str| {
        train(&log, &folder.path(name), &["--seed", seed]);
        std::fs::read(folder.path(name)).unwrap()
    };
    assert_eq!(model("a", "7"), model("b", "7"));
    assert_ne!(model("a", "7"), model("c", "8"));
}

#[test]
fn als_learns_the_two_tastes_and_says_how_it_went() {
    let folder = Folder::new();
    let (log, items) = (folder.write("log.csv", delimited(',')), folder.write("items.csv", items()));
    let curves = folder.at("curves");
    let report = train(&log, &folder.path("model"), &["--items", &items, "--family", "als", "--curves", &curves]);
    let table = std::fs::read_to_string(folder.path("curves").join("curves.csv")).unwrap();
    let told: Vec<f64> = table.lines().skip(1).map(|line| line.split(',').nth(2).unwrap().parse().unwrap()).collect();
    let losses: Vec<f64> =
        report["diary"]["vectors"].as_array().unwrap().iter().map(|epoch| epoch["loss"].as_f64().unwrap()).collect();
    assert!(losses.windows(2).all(|pair| pair[1] <= pair[0]), "{losses:?}");
    let alike = told.iter().zip(&losses).all(|(a, b)| (a / b - 1.0).abs() < 1e-12);
    assert!(alike && told.len() == losses.len(), "the curves are those of the diary: {told:?} {losses:?}");
    let ndcg = |stage: &str| report["validation"][stage]["ndcg@100"].as_f64().unwrap();
    assert!(ndcg("retrieval") > ndcg("popular"), "{report}");
    assert_eq!(report["catalogue"]["columns"][1], serde_json::json!(["department", "category"]));

    let list = json(&["recommend", &folder.at("model"), "--history", "i0,i1,i2", "-k", "9", "--explain"]);
    for item in list["items"].as_array().unwrap() {
        let number: u32 = item["id"].as_str().unwrap()[1..].parse().unwrap();
        assert!((3..12).contains(&number), "a bakery customer is shown {item}");
        assert_eq!(item["title"], format!("Item number {number}"));
        assert_eq!(item["reasons"][0]["type"], "because_of");
    }
    let popular = json(&["recommend", &folder.at("model"), "-k", "24", "--explain"]);
    assert_eq!(popular["items"].as_array().unwrap().len(), 24, "the whole catalogue");
}

#[test]
fn the_cascade_is_kept_only_if_it_ranks_better() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let report = train(&log, &folder.path("model"), &["--family", "als+ncf", "--ncf-learning-rate", "0.01"]);
    let inspected = json(&["inspect", &folder.at("model")]);
    let ndcg = |stage: &str| report["validation"][stage]["ndcg@100"].as_f64();
    match inspected["manifest"]["family"].as_str().unwrap() {
        "als" => assert_eq!(ndcg("cascade"), None),
        family => assert!(family == "als+ncf" && ndcg("cascade") > ndcg("retrieval"), "{report}"),
    }
}

#[test]
fn negatives_come_from_where_they_are_told_to() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let model = |sampling: &str| {
        // Few candidates and no hard negatives: all of them come from the source.
        let more =
            ["--ncf-negative-sampling", sampling, "--ncf-hard-share", "0", "--validation", "0", "--ncf-epochs", "1"];
        let small = ["--dim", "8", "--epochs", "2", "--ncf-layers", "8"];
        let given = ["train", &log, "-o", &folder.at("model"), "--family", "als+ncf"];
        json(&[&given[..], &small, &more].concat())["diary"]["ncf"][0]["loss"].clone()
    };
    let losses = ["uniform", "popularity", "in-batch"].map(model);
    assert!(losses[0] != losses[1] && losses[1] != losses[2] && losses[0] != losses[2], "{losses:?}");
    assert_eq!(losses, ["uniform", "popularity", "in-batch"].map(model), "the same seed draws the same");
}

#[test]
fn without_held_out_users_the_last_epoch_ships_with_its_ranker() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let report = train(&log, &folder.path("model"), &["--family", "als+ncf", "--validation", "0"]);
    assert_eq!(report["family"], "als+ncf");
    let kept: Vec<bool> =
        report["diary"]["ncf"].as_array().unwrap().iter().map(|epoch| epoch["kept"].as_bool().unwrap()).collect();
    assert_eq!(kept, [false, true]);
    let list = json(&["recommend", &folder.at("model"), "--history", "i0,i1", "-k", "3"]);
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
}

#[test]
fn keep_lists_and_held_out_files_are_followed() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let users: String = (0..30).map(|user| format!("u{user}\n")).collect();
    let users = folder.write("users.csv", format!("user\n{users}"));
    let list: String = (0..20).map(|item| format!("i{item}\n")).collect();
    let list = folder.write("list.csv", format!("item\n{list}"));
    let fold_in = folder.write("fold_in.csv", "user,item\nx,i0\nx,i1\ny,i13\n");
    let targets = folder.write("targets.csv", "user,item\nx,i2\nx,i99\ny,i14\n");
    let split = [
        "--keep-users",
        &users,
        "--keep-items",
        &list,
        "--validation-fold-in",
        &fold_in,
        "--validation-targets",
        &targets,
    ];
    let report = train(&log, &folder.path("model"), &[&split[..], &["--family", "als"]].concat());
    assert_eq!((&report["cleaning"]["users"], &report["cleaning"]["items"]), (&30.into(), &20.into()));
    assert_eq!(report["validation_users"], 2);

    let measured = json(&["evaluate", &folder.at("model"), "--fold-in", &fold_in, "--targets", &targets]);
    assert_eq!(measured["unknown_targets"], 1);
    let measured = &measured["retrieval"]["ndcg@100"];
    assert_eq!(measured, &report["validation"]["retrieval"]["ndcg@100"], "evaluate and train measure alike");
    assert!(measured.as_f64().unwrap() < 1.0, "a target that is not in the catalogue counts as missed");
}

#[test]
fn people_get_tables() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let output = proclivity(&["train", &log, "-o", &folder.at("model"), "--family", "als", "--epochs", "2"]);
    let (said, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(said.contains("als     1  loss") && said.contains("validation NDCG@100"), "{said}");
    assert!(printed.contains("Recall@20") && printed.contains("most popular"), "{printed}");
    let inspected = String::from_utf8(proclivity(&["inspect", &folder.at("model")]).stdout).unwrap();
    assert!(inspected.contains("item.embedding") && inspected.contains("sha256"), "{inspected}");
    assert!(inspected.contains("user     fold-in, alpha ") && !inspected.contains("FoldIn"), "{inspected}");
}

/// Users of even numbers have items 0 to 11, the others 12 to 23: every family keeps to the user's own group and says why.
#[test]
fn neighbour_families_recommend_within_the_group() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    for family in ["ease", "als+ease", "ease+als"] {
        let name = if family == "ease" { "ease" } else { "als+ease" };
        let model = folder.path(&format!("{family}.safetensors"));
        let more = ["--family", family, "--ease-lambda", "5", "--neighbours", "6", "--int4-neighbours"];
        let report = train(&log, &model, &more);
        assert!(report["validation"]["retrieval"]["ndcg@100"].as_f64().expect("measured") > 0.5, "{family}: {report}");
        let model = model.to_str().expect("a plain name");
        assert_eq!(json(&["inspect", model])["manifest"]["family"], name);
        let list = json(&["recommend", model, "--history", "i13,i14,i17", "-k", "5", "--explain"]);
        let items = list["items"].as_array().expect("a list");
        assert_eq!(items.len(), 5);
        for item in items {
            let number: u32 = item["id"].as_str().expect("an id")[1..].parse().expect("a number");
            assert!(number >= 12, "{family}: {item}");
            assert_eq!(item["reasons"][0]["type"], "because_of", "{family}: {item}");
        }
    }
}

#[test]
fn impossible_neighbour_settings_are_refused() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    for (flag, value) in
        [("--ease-lambda", "0"), ("--ease-dropout", "-1"), ("--ease-user-power", "nan"), ("--neighbours", "0")]
    {
        let message =
            support::failure(&["train", &log, "--family", "ease", &format!("{flag}={value}"), "-o", &folder.at("m")]);
        assert!(message.contains(flag), "{message}");
    }
}

#[test]
fn popularity_counts_beside_short_histories_unless_told_otherwise() {
    let folder = Folder::new();
    let log = folder.write("log.csv", delimited(','));
    let card = |name: &str, more: &[&str]| {
        let flags = [&["--family", "als", "--validation", "0.5"], more].concat();
        train(&log, &folder.path(name), &flags);
        json(&["inspect", &folder.at(name)])["manifest"].clone()
    };
    let (with, without) = (card("with", &[]), card("without", &["--no-prior"]));
    let steps = with["card"]["prior"].as_array().unwrap();
    assert_eq!((steps[0]["events"].as_u64(), steps[0]["users"].as_u64()), (Some(1), Some(20)));
    assert!(steps.iter().any(|step| step["events"].is_null()), "whole histories too");
    let weights: Vec<f64> = steps.iter().map(|step| step["weight"].as_f64().unwrap()).collect();
    match weights.iter().any(|&weight| weight > 0.0) {
        true => assert_eq!(with["prior"]["weights"].as_array().unwrap().len(), weights.len()),
        false => assert_eq!(with["prior"], Value::Null),
    }
    assert_eq!((&without["card"]["prior"], &without["prior"]), (&value!([]), &Value::Null));
}
