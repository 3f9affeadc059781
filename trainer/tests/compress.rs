//! `proclivity compress`: smaller files that recommend alike, what each step costs, and a card beside each model.

mod support;

use std::fs;

use serde_json::Value;
use support::{Folder, delimited, failure, items, json, proclivity, train};

/// A trained model with a catalogue, and held-out users of both groups.
fn shop(family: &str) -> Folder {
    let folder = Folder::new();
    let (log, items) = (folder.write("log.csv", delimited(',')), folder.write("items.csv", items()));
    let more = ["--family", family, "--items", &items, "--dim", "32", "--ease-lambda", "5", "--neighbours", "8"];
    let given = ["train", &log, "-o", &folder.at("model.safetensors"), "--epochs", "4"];
    let ncf = ["--ncf-epochs", "1", "--ncf-candidates", "10", "--ncf-layers", "8,4"];
    json(&[&given[..], &more, &ncf].concat());
    let pairs = |shift: u32| -> String {
        (0..20u32)
            .map(|user| {
                let first = if user % 2 == 0 { 0 } else { 12 };
                let item = |n: u32| first + (user + n) % 12;
                format!("v{user},i{}\nv{user},i{}\n", item(shift), item(shift + 1))
            })
            .collect()
    };
    folder.write("fold_in.csv", format!("user,item\n{}", pairs(0)));
    folder.write("targets.csv", format!("user,item\n{}", pairs(4)));
    folder
}

fn compress(folder: &Folder, to: &str, more: &[&str]) -> Value {
    let (from, to) = (folder.at("model.safetensors"), folder.at(to));
    let held = ["--fold-in", &folder.at("fold_in.csv"), "--targets", &folder.at("targets.csv")];
    json(&[&["compress", &from, "-o", &to], &held[..], more].concat())
}

fn recommended(folder: &Folder, model: &str) -> Vec<String> {
    let list = json(&["recommend", &folder.at(model), "--history", "i13,i14,i17", "-k", "5"]);
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn steps_are_taken_in_order_and_measured() {
    let folder = shop("als+ease");
    let flags = ["--precision", "int4", "--int4-neighbours", "--neighbours", "4", "--rank", "16"];
    let report = compress(&folder, "small.safetensors", &[&flags[..], &["--drop-columns", "title,price"]].concat());
    let steps = report["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    let expected = ["original", "without title, price", "rank 16", "4 neighbours", "int4 neighbours", "int4 vectors"];
    assert_eq!(names, expected);
    let bytes: Vec<u64> = steps.iter().map(|step| step["bytes"].as_u64().unwrap()).collect();
    assert!(bytes.windows(2).all(|pair| pair[1] < pair[0]), "{bytes:?}");
    assert_eq!(steps[0]["ndcg@100"], steps[1]["ndcg@100"], "columns say nothing of taste");
    assert!(steps[5]["loss"].as_f64().unwrap() < 0.1, "{report}");
    assert!(recommended(&folder, "small.safetensors").iter().all(|id| id[1..].parse::<u32>().unwrap() >= 12));

    let inspected = json(&["inspect", &folder.at("small.safetensors")]);
    assert_eq!(inspected["sha256"], report["sha256"]);
    let record = &inspected["manifest"]["card"]["compressed"][0];
    assert_eq!(record["source"]["sha256"], json(&["inspect", &folder.at("model.safetensors")])["sha256"]);
    assert_eq!(record["steps"].as_array().unwrap().len(), 5);
    assert_eq!((&record["dim"], &record["items"]), (&16.into(), &24.into()));
    let card = &inspected["manifest"]["card"];
    assert_eq!(card["precision"], serde_json::json!({ "items": "int4", "neighbours": "int4", "ranker": null }));
    assert_eq!(card["measured"]["ndcg@100"], steps[5]["ndcg@100"], "what training measured is no longer so");
    assert_eq!(inspected["manifest"]["columns"], serde_json::json!([{ "name": "department", "type": "category" }]));
    let measured = ["--fold-in", &folder.at("fold_in.csv"), "--targets", &folder.at("targets.csv")];
    let measured = json(&[&["evaluate", &folder.at("small.safetensors")], &measured[..]].concat());
    assert_eq!(measured["retrieval"]["ndcg@100"], steps[5]["ndcg@100"], "evaluate and compress measure alike");
}

#[test]
fn the_smallest_model_within_a_loss_is_found_or_the_original_kept() {
    let folder = shop("als+ease");
    let report = compress(&folder, "small.safetensors", &["--max-loss", "5%"]);
    assert_eq!(report["kept_original"], false);
    assert!(report["bytes"].as_u64() < report["source"]["bytes"].as_u64(), "{report}");
    let taken = report["steps"].as_array().unwrap().iter().filter(|step| step["taken"] == true);
    let losses: Vec<f64> = taken.map(|step| step["loss"].as_f64().unwrap()).collect();
    assert!(!losses.is_empty() && losses.iter().all(|loss| *loss <= 0.05), "{losses:?}");
    assert_eq!(compress(&folder, "again.safetensors", &["--max-loss", "0.05"])["sha256"], report["sha256"]);

    // A width of one loses more than nothing: the file is the original, byte for byte.
    let kept = compress(&folder, "kept.safetensors", &["--rank", "1", "--neighbours", "1", "--max-loss", "0%"]);
    assert_eq!(kept["kept_original"], true, "{kept}");
    let read = |name: &str| fs::read(folder.path(name)).unwrap();
    assert!(read("kept.safetensors") == read("model.safetensors"));
    let from = folder.at("model.safetensors");
    let held = ["--fold-in", &folder.at("fold_in.csv"), "--targets", &folder.at("targets.csv")];
    let said = proclivity(
        &[
            &["compress", &from, "-o", &folder.at("k"), "--rank", "1", "--neighbours", "1"],
            &held[..],
            &["--max-loss", "0%"],
        ]
        .concat(),
    );
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.contains("kept as it is") && said.contains("NDCG@100"), "{said}");
}

#[test]
fn a_cascade_is_made_smaller_too() {
    let folder = shop("als+ncf");
    let family = json(&["inspect", &folder.at("model.safetensors")])["manifest"]["family"].clone();
    for (name, flags) in [("a", ["--rank", "16"]), ("b", ["--precision", "f32"]), ("c", ["--precision", "int4"])] {
        compress(&folder, name, &flags);
        assert_eq!(json(&["inspect", &folder.at(name)])["manifest"]["family"], family);
        assert_eq!(recommended(&folder, name).len(), 5);
    }
}

#[test]
fn a_student_learns_what_its_teacher_shows() {
    let folder = shop("ease");
    let log = folder.at("log.csv");
    let flags = ["--distill", &log, "--rank", "16", "--distill-regularization", "2", "--precision", "int4"];
    let report = compress(&folder, "student", &flags);
    assert_eq!(report["steps"][1]["step"], "student of width 16");
    let inspected = json(&["inspect", &folder.at("student")]);
    assert_eq!((&inspected["manifest"]["dim"], &inspected["manifest"]["family"]), (&16.into(), &"als".into()));
    assert!(inspected["tensors"].as_array().unwrap().iter().all(|tensor| tensor["name"] != "neighbour.values"));
    assert!(recommended(&folder, "student").iter().all(|id| id[1..].parse::<u32>().unwrap() >= 12));
    assert_eq!(compress(&folder, "again", &flags)["sha256"], report["sha256"]);
}

#[test]
fn rare_items_go_with_their_ids() {
    let folder = shop("als+ease");
    let report = compress(&folder, "common", &["--drop-rare", "15"]);
    let items = json(&["inspect", &folder.at("common")])["manifest"]["items"].as_u64().unwrap();
    assert!(items < 24 && items > 0, "{items}");
    assert!(report["bytes"].as_u64() < report["source"]["bytes"].as_u64());
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = shop("als");
    let (from, to) = (folder.at("model.safetensors"), folder.at("small"));
    let refused = |more: &[&str]| failure(&[&["compress", &from, "-o", &to], more].concat());
    assert!(refused(&[]).contains("--max-loss"));
    assert!(refused(&["--neighbours", "3"]).contains("neighbour lists"));
    assert!(refused(&["--int4-neighbours"]).contains("neighbour lists"));
    assert!(refused(&["--rank", "32"]).contains("--rank"));
    assert!(refused(&["--rank", "0"]).contains("--rank"));
    assert!(refused(&["--drop-rare", "1000"]).contains("--drop-rare"));
    assert!(refused(&["--drop-rare", "nan"]).contains("--drop-rare"));
    assert!(refused(&["--drop-columns", "colour"]).contains("`title`"));
    let same = failure(&["compress", &from, "-o", &from, "--precision", "int4"]);
    assert!(same.contains("another file"), "{same}");
    assert!(!folder.names().contains(&"small".to_owned()));
    // clap's own refusals end with 2.
    for more in [&["--max-loss", "1%"][..], &["--max-loss", "120%"], &["--distill", "log.csv"]] {
        let output = proclivity(&[&["compress", &from, "-o", &to], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}");
    }
}

#[test]
fn every_model_has_a_card_beside_it() {
    let folder = shop("als");
    compress(&folder, "small.safetensors", &["--precision", "int4"]);
    for (name, expected) in [("model", "most popular: ndcg@100"), ("small", "compressed: 1: steps")] {
        let card = fs::read_to_string(folder.path(&format!("{name}.card.md"))).unwrap();
        let inspected = json(&["inspect", &folder.at(&format!("{name}.safetensors"))]);
        assert!(card.contains(inspected["sha256"].as_str().unwrap()), "{card}");
        assert!(card.contains(expected) && card.contains("| data: sha256 |") && card.contains("| made | 20"), "{card}");
    }
    let log = folder.write("log2.csv", delimited(','));
    let report = train(&log, &folder.path("int4"), &["--family", "als", "--precision", "int4"]);
    assert!(report["bytes"].as_u64().unwrap() > 0);
    let tensors = json(&["inspect", &folder.at("int4")])["tensors"].clone();
    let rows = tensors.as_array().unwrap().iter().find(|tensor| tensor["name"] == "item.embedding").unwrap().clone();
    assert_eq!((&rows["dtype"], &rows["shape"][1]), (&"U8".into(), &8.into()));
}
