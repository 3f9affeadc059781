//! The strong-generalisation split of the embedded data: quality of the exported int8 model on users it never saw.

mod support;

use std::path::{Path, PathBuf};

use support::{Folder, json};

/// NDCG@100 of the `implicit` package on this split (d = 64, alpha 3, regularisation 1, 15 iterations), and the share of it
/// that the int8 model must reach.
const IMPLICIT: f64 = 0.1743;
const SHARE: f64 = 0.98;
/// Most popular items, a fact of the split.
const POPULAR: f64 = 0.1332;

#[test]
fn als_is_as_good_as_the_implicit_package() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let splits = std::env::var_os("PROCLIVITY_SPLITS").unwrap_or_else(|| "../shared/splits".into());
    let split = root.join(splits).join("complete-journey-strong");
    if !split.is_dir() {
        println!(
            "SKIPPED: the split files are not part of the repository; expected them in {}, or name the folder of splits \
             with PROCLIVITY_SPLITS",
            split.display()
        );
        return;
    }
    if cfg!(debug_assertions) {
        println!(
            "SKIPPED: minutes without optimisation, seconds with it; run `cargo test --release -p proclivity-cli`"
        );
        return;
    }
    let text = |path: PathBuf| path.to_str().expect("a plain path").to_owned();
    let file = |name: &str| text(split.join(name));
    let folder = Folder::new();
    let model = folder.at("model.safetensors");
    let log = text(root.join("data/complete-journey/purchases.csv.gz"));
    let report = json(&[
        "train",
        &log,
        "-o",
        &model,
        "--family",
        "als",
        "--keep-users",
        &file("train_users.csv.gz"),
        "--keep-items",
        &file("items.csv.gz"),
        "--validation-fold-in",
        &file("val_fold_in.csv.gz"),
        "--validation-targets",
        &file("val_targets.csv.gz"),
    ]);
    assert_eq!(report["cleaning"]["users"], 1904);
    assert_eq!(report["cleaning"]["items"], 10_428);
    assert_eq!(report["cleaning"]["pairs"], 519_374);

    let (fold_in, targets) = (file("test_fold_in.csv.gz"), file("test_targets.csv.gz"));
    let measured = json(&["evaluate", &model, "--fold-in", &fold_in, "--targets", &targets]);
    assert_eq!(measured["users"], 238);
    let ndcg = |row: &str| measured[row]["ndcg@100"].as_f64().unwrap();
    assert!((ndcg("popular") - POPULAR).abs() < 5e-4, "{measured}");
    assert!(ndcg("retrieval") >= SHARE * IMPLICIT, "{measured}");
}
