//! `proclivity import`: what was trained elsewhere recommends as it did there.

mod support;

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value;
use support::{Folder, failure, json, proclivity};

/// Files that the `implicit` package wrote, see `make.py` there.
fn saved(name: &str) -> String {
    format!("{}/tests/data/implicit/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(saved("expected.json")).unwrap()).unwrap()
}

/// Ids `i0`, `i1`, ... of the 20 items.
fn ids(folder: &Folder) -> String {
    folder.write("ids.txt", (0..20).map(|item| format!("i{item}\n")).collect::<String>())
}

fn import(folder: &Folder, source: &str, more: &[&str]) -> Value {
    let ids = ids(folder);
    json(&[&["import", source, "--item-ids", &ids, "-o", &folder.at("model")], more].concat())
}

/// Item and score of the stranger's list, best first.
fn recommended(folder: &Folder) -> Vec<(usize, f64)> {
    let list = json(&["recommend", &folder.at("model"), "--history", "i1,i4,i9", "-k", "17"]);
    let of = |item: &Value| (item["id"].as_str().unwrap()[1..].parse().unwrap(), item["score"].as_f64().unwrap());
    list["items"].as_array().unwrap().iter().map(of).collect()
}

/// Scores of `found` are those of `expected` within `tolerance`; those that stand further apart are in the same order.
fn assert_alike(found: &[(usize, f64)], expected: &Value, tolerance: f64) {
    let mut expected_of = [0.0; 20];
    let pairs = expected.as_array().unwrap();
    pairs.iter().for_each(|pair| expected_of[pair[0].as_u64().unwrap() as usize] = pair[1].as_f64().unwrap());
    for &(item, score) in found {
        assert!((score - expected_of[item]).abs() < tolerance, "item {item}: {score}, expected {}", expected_of[item]);
    }
    for pair in found.windows(2) {
        assert!(expected_of[pair[0].0] > expected_of[pair[1].0] - 2.0 * tolerance, "{pair:?}");
    }
    assert!(found.len() >= pairs.len(), "{found:?}");
}

#[test]
fn an_als_model_of_implicit_scores_a_stranger_as_it_did() {
    let folder = Folder::new();
    for (precision, tolerance) in [("int8", 0.015), ("f32", 1e-4)] {
        let report = import(&folder, &saved("als.npz"), &["--precision", precision]);
        assert_eq!((&report["family"], &report["items"], &report["factors"]), (&"als".into(), &20.into(), &4.into()));
        assert_alike(&recommended(&folder), &expected()["als"], tolerance);
    }
    let manifest = &json(&["inspect", &folder.at("model")])["manifest"];
    assert_eq!(manifest["card"]["imported"]["file"], "als.npz");
    let user = &manifest["user"];
    assert_eq!((&user["tower"], &user["alpha"]), (&"fold-in".into(), &2.0.into()));
    assert!((user["regularization"].as_f64().unwrap() - 0.05).abs() < 1e-6, "{user}");
}

#[test]
fn neighbours_of_implicit_and_scipy_score_a_stranger_as_they_did() {
    let folder = Folder::new();
    for file in ["cosine.npz", "scipy.npz"] {
        assert_eq!(import(&folder, &saved(file), &[])["family"], "item-knn");
        assert_alike(&recommended(&folder), &expected()["cosine"], 0.02);
    }
    let all = import(&folder, &saved("cosine.npz"), &[])["neighbour_weights"].as_u64().unwrap();
    let few = import(&folder, &saved("cosine.npz"), &["--neighbours", "2", "--int4-neighbours"]);
    assert!(few["neighbour_weights"].as_u64().unwrap() <= 40 && all > 40, "{few}");
}

#[test]
fn factors_of_other_losses_are_pooled_with_their_biases() {
    let folder = Folder::new();
    for (file, family) in [("bpr.npz", "bpr"), ("lmf.npz", "logistic-mf")] {
        assert_eq!(import(&folder, &saved(file), &[])["family"], family);
        let manifest = &json(&["inspect", &folder.at("model")]);
        assert_eq!(manifest["manifest"]["user"], serde_json::json!({ "tower": "pool", "power": 1.0 }));
        let tensors = manifest["tensors"].as_array().unwrap();
        assert!(tensors.iter().any(|tensor| tensor["name"] == "item.bias"), "{file}");
        assert_eq!(recommended(&folder).len(), 17);
    }
}

/// The same two factors of four items, in every kind of file.
#[test]
fn every_kind_of_file_gives_the_same_model() {
    let folder = Folder::new();
    let values = [1.0f32, 0.0, 0.5, 0.5, 0.0, 1.0, -0.5, 0.25];
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let by_column: Vec<u8> =
        [0, 2, 4, 6, 1, 3, 5, 7].iter().flat_map(|&n| f64::from(values[n]).to_le_bytes()).collect();
    let npy = |descr: &str, fortran: &str, data: &[u8]| {
        let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (4, 2), }}\n");
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
    };
    let tensors = [
        ("embedding.weight", TensorView::new(Dtype::F32, vec![4, 2], &bytes).unwrap()),
        ("other", TensorView::new(Dtype::F32, vec![8], &bytes).unwrap()),
    ];
    let sources = [
        (folder.write("factors.npy", npy("<f4", "False", &bytes)), vec![]),
        (folder.write("fortran.npy", npy("<f8", "True", &by_column)), vec![]),
        (
            folder.write("model.safetensors.in", safetensors::serialize(tensors, None).unwrap()),
            vec!["--item-factors", "embedding.weight"],
        ),
    ];
    let ids = folder.write("ids.csv", "row,id\n0,a\n1,b\n2,c\n3,d\n");
    let items = folder.write("items.csv", "id,title\nb,Bread\na,Apple\n");
    let popularity = folder.write("popularity.csv", "id,count\nc,9\na,3\n");
    let mut first: Option<Value> = None;
    for (source, more) in sources {
        let more =
            [&more[..], &["--alpha", "2", "--regularization", "0.1", "--items", &items, "--popularity", &popularity]];
        let given = ["import", &source, "--item-ids", &ids, "-o", &folder.at("model")];
        json(&[&given[..], &more.concat()].concat());
        let tensors = json(&["inspect", &folder.at("model")])["tensors"].clone();
        assert_eq!(&tensors, first.get_or_insert(tensors.clone()), "{source}");
    }
    let list = json(&["recommend", &folder.at("model"), "-k", "2"]);
    assert_eq!((&list["items"][0]["id"], &list["items"][1]["title"]), (&"c".into(), &"Apple".into()));
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let folder = Folder::new();
    let (ids, als) = (ids(&folder), saved("als.npz"));
    let few = folder.write("few.txt", "a\nb\nc\n");
    let text = folder.write("notes.txt", "no factors at all\n");
    let many = folder.write("many.txt", (0..21).map(|item| format!("x{item}\n")).collect::<String>());
    let model = folder.at("model");
    let cases: [(&[&str], &[&str]); 10] = [
        (&[&als], &["--item-ids", "one a line"]),
        (&[&als, "--item-ids", &many], &["many.txt", "20 rows of factors", "21 ids"]),
        (&[&als, "--item-ids", &few], &["few.txt", "20 rows", "3 ids"]),
        (&[&als, "--item-ids", &ids, "--item-factors", "V"], &["als.npz", "V", "`item_factors`"]),
        (&[&als, "--item-ids", &ids, "--item-factors", "user_factors"], &["30 rows", "20 ids"]),
        (&[&als, "--item-ids", &ids, "--item-factors", "item_factors"], &["--tower", "--alpha"]),
        (&[&als, "--item-ids", &ids, "--item-factors", "dtype"], &["dtype", "`<U7`"]),
        (&[&als, "--item-ids", &ids, "--alpha", "0"], &["--alpha", "above 0"]),
        (&[&als, "--item-ids", &ids, "--pool-power", "2"], &["--pool-power"]),
        (&[&text, "--item-ids", &ids], &["notes.txt", "safetensors"]),
    ];
    for (given, words) in cases {
        let said = failure(&[&["import", "-o", &model], given].concat());
        assert!(words.iter().all(|word| said.contains(word)), "{given:?}: {said}");
    }
    assert!(!folder.path("model").exists());
    let output = proclivity(&["import", &als, "--item-ids", &ids, "-o", &model]);
    let (said, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert!(said.contains("20 items of 4 factors") && said.contains("no --popularity"), "{said}");
    assert!(printed.contains("als: 20 items, 4 factors"), "{printed}");
}

#[test]
fn a_model_without_popularity_is_not_compared_with_the_most_popular() {
    let folder = Folder::new();
    let ids = ids(&folder);
    let names: Vec<String> = std::fs::read_to_string(&ids).unwrap().lines().map(str::to_owned).collect();
    let pair = |place: usize| format!("user,item\nann,{}\n", names[names.len() - place]);
    let (fold_in, targets) = (folder.write("fold_in.csv", pair(1)), folder.write("targets.csv", pair(2)));
    let counts: String = (1..=2).map(|place| format!("{},3\n", names[names.len() - place])).collect();
    let counts = folder.write("counts.csv", format!("id,count\n{counts}"));
    for (more, known) in [(vec![], false), (vec!["--popularity", counts.as_str()], true)] {
        let model = folder.at("model");
        json(&[&["import", &saved("als.npz"), "--item-ids", &ids, "-o", &model], &more[..]].concat());
        let report = folder.at("report.html");
        let given = ["evaluate", &model, "--fold-in", &fold_in, "--targets", &targets, "--report", &report];
        let measured = json(&given);
        assert_eq!((!measured["popular"].is_null(), !measured["baseline"].is_null()), (known, known));
        assert!(measured["retrieval"].is_object(), "{measured:#}");
        assert_eq!(std::fs::read_to_string(&report).unwrap().contains("most popular"), known);
    }
}
