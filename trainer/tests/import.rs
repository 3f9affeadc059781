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

/// A state of every network, and what PyTorch scores by it: written by examples/pytorch/fixtures.py.
#[test]
fn networks_of_pytorch_score_as_they_did_there() {
    let at = |name: &str| format!("{}/tests/data/pytorch/{name}", env!("CARGO_MANIFEST_DIR"));
    let expected: Value = serde_json::from_slice(&std::fs::read(at("expected.json")).unwrap()).unwrap();
    let folder = Folder::new();
    let ids = folder.write("ids.txt", (0..30).map(|item| format!("i{item}\n")).collect::<String>());
    for (family, scores) in expected["scores"].as_object().unwrap() {
        let (source, model) = (at(&format!("{family}.safetensors")), folder.at("model"));
        let heads: &[&str] = if family == "sasrec" { &["--heads", "2"] } else { &[] };
        let flags = ["--network", family, "--item-ids", &ids, "--precision", "f32", "-o", &model];
        let report = json(&[&["import", &source][..], &flags, heads].concat());
        assert_eq!((report["family"].as_str(), &report["items"]), (Some(&family[..]), &30.into()));
        for (history, scores) in expected["histories"].as_array().unwrap().iter().zip(scores.as_array().unwrap()) {
            let names: Vec<String> = history.as_array().unwrap().iter().map(|item| format!("i{item}")).collect();
            let list = json(&["recommend", &model, "--history", &names.join(","), "-k", "30"]);
            let items = list["items"].as_array().unwrap();
            assert_eq!(items.len(), 30 - names.len(), "{family}");
            let apart = |item: &Value| {
                let row: usize = item["id"].as_str().unwrap()[1..].parse().unwrap();
                item["score"].as_f64().unwrap() - scores[row].as_f64().unwrap()
            };
            // A bias that is the same for every item is not kept where there are no layers.
            let bias = if family == "gmf" { apart(&items[0]) } else { 0.0 };
            let most = items.iter().map(|item| (apart(item) - bias).abs()).fold(0.0, f64::max);
            assert!(most < 1e-5, "{family} {names:?}: {most}");
        }
    }
}

#[test]
fn states_that_do_not_fit_are_refused() {
    let folder = Folder::new();
    let ids = folder.write("ids.txt", (0..30).map(|item| format!("i{item}\n")).collect::<String>());
    let at = |name: &str| format!("{}/tests/data/pytorch/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
    let refused = |source: &str, family: &str, more: &[&str]| {
        let flags = ["--network", family, "--item-ids", &ids, "-o", &folder.at("model")];
        failure(&[&["import", &at(source)][..], &flags, more].concat())
    };
    let said = refused("neumf", "mlp", &[]);
    assert!(said.contains("items.weight") && said.contains("items.product.weight"), "{said}");
    let said = refused("deepfm", "fm", &[]);
    assert!(said.contains("layers.0.bias") && said.contains("tensors of fm alone"), "{said}");
    let said = refused("sasrec", "gru4rec", &[]);
    assert!(said.contains("gru.weight_ih_l0"), "{said}");
    let said = refused("mlp", "gmf", &[]);
    assert!(said.contains("layers.0.bias") && said.contains("tensors of gmf alone"), "{said}");
    let said = refused("sasrec", "sasrec", &[]);
    assert!(said.contains("--heads: expected how many"), "{said}");
    let said = refused("gmf", "gmf", &["--heads", "2"]);
    assert!(said.contains("none but for sasrec"), "{said}");
    let said = refused("sasrec", "sasrec", &["--heads", "3"]);
    assert!(said.contains("heads that divide the width"), "{said}");
    let said = refused("gru4rec", "gru4rec", &["--padding-row", "30"]);
    assert!(said.contains("row 30 of padding") && said.contains("30 rows"), "{said}");
}

/// The commonest two towers share one table: a history is made of its rows, not of what the item tower makes of them.
#[test]
fn towers_may_share_a_table() {
    let folder = Folder::new();
    let ids = folder.write("ids.txt", (0..30).map(|item| format!("i{item}\n")).collect::<String>());
    let source =
        std::fs::read(format!("{}/tests/data/pytorch/two-tower.safetensors", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&source).unwrap();
    let scored = |names: &[&str]| {
        let rows = tensors.tensor("items.weight").unwrap();
        let renamed = tensors.names().into_iter().filter(|name| *name != "history.weight" || names.contains(name));
        let of = |name: &str| if name == "history.weight" { rows.clone() } else { tensors.tensor(name).unwrap() };
        let state = safetensors::serialize(renamed.map(|name| (name, of(name))), None).unwrap();
        let state = folder.write("state.safetensors", state);
        let flags = ["--network", "two-tower", "--item-ids", &ids, "--precision", "f32", "-o", &folder.at("model")];
        json(&[&["import", &state][..], &flags].concat());
        json(&["recommend", &folder.at("model"), "--history", "i7,i1,i22", "-k", "10"])
    };
    assert_eq!(scored(&[]), scored(&["history.weight"]));
}

#[test]
fn a_row_of_padding_is_no_item() {
    let folder = Folder::new();
    let ids =
        folder.write("ids.csv", format!("id,row\n{}", (1..30).map(|n| format!("i{n},{n}\n")).collect::<String>()));
    for family in ["gru4rec", "mult-vae"] {
        let source = format!("{}/tests/data/pytorch/{family}.safetensors", env!("CARGO_MANIFEST_DIR"));
        let flags = ["--network", family, "--padding-row", "0", "--item-ids", &ids, "--precision", "f32"];
        let report = json(&[&["import", &source][..], &flags, &["-o", &folder.at("model")]].concat());
        assert_eq!(report["items"], 29);
        let list = json(&["recommend", &folder.at("model"), "--history", "i7,i1,i22", "-k", "3"]);
        let expected: Value = serde_json::from_slice(
            &std::fs::read(format!("{}/tests/data/pytorch/expected.json", env!("CARGO_MANIFEST_DIR"))).unwrap(),
        )
        .unwrap();
        for item in list["items"].as_array().unwrap() {
            let row: usize = item["id"].as_str().unwrap()[1..].parse().unwrap();
            let scores = &expected["scores"][family][1];
            assert!((item["score"].as_f64().unwrap() - scores[row].as_f64().unwrap()).abs() < 1e-5, "{family} {item}");
        }
    }
}

/// Items that the network does not have, by a content tower of PyTorch over the features of this catalogue.
#[test]
fn a_content_tower_of_pytorch_scores_new_items_as_it_did_there() {
    let at = |name: &str| format!("{}/tests/data/pytorch/{name}", env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let folder = Folder::new();
    json(&["features", &at("items.csv"), "-o", &folder.at("out")]);
    json(&["features", &at("items.csv"), "-o", &folder.at("again"), "--fields", &at("fields.json")]);
    for name in ["fields.json", "features.csv"] {
        assert_eq!(read(&folder.at(&format!("out/{name}"))), read(&at(name)), "{name}");
        assert_eq!(read(&folder.at(&format!("again/{name}"))), read(&at(name)), "{name}");
    }
    let ids = folder.write("ids.txt", (0..30).map(|item| format!("i{item}\n")).collect::<String>());
    let (source, model) = (at("two-tower.safetensors"), folder.at("model"));
    let import = |content: &str, fields: &str, items: &[&str]| {
        let flags = ["--network", "two-tower", "--item-ids", &ids, "--precision", "f32", "-o", &model];
        let flags = [&["import", &source][..], &flags, &["--content", content, "--content-fields", fields], items];
        flags.concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let refused = |content: &str, fields: &str, items: &[&str]| {
        let flags = import(content, fields, items);
        failure(&flags.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let (items, fields, content) = (at("items.csv"), at("fields.json"), at("content.safetensors"));
    let said = refused(&content, &fields, &[]);
    assert!(said.contains("--content: expected --items"), "{said}");
    let said = refused(&source, &fields, &["--items", &items]);
    assert!(said.contains("features.weight"), "{said}");
    let fewer = folder.write("fewer.json", r#"[{ "column": "kind", "kind": "category", "values": ["baker"] }]"#);
    let said = refused(&content, &fewer, &["--items", &items]);
    assert!(said.contains("a row for each of 2 features") && said.contains("270 rows"), "{said}");
    let broken = folder.write("broken.json", r#"[{ "column": "kind", "kind": "colour" }]"#);
    let said = refused(&content, &broken, &["--items", &items]);
    assert!(said.contains("broken.json") && said.contains("category, number, text or vector"), "{said}");

    let flags = import(&content, &fields, &["--items", &items]);
    json(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let updated = json(&["update", &model, &items, "-o", &folder.at("updated")]);
    assert_eq!(updated["added"], 3);
    let expected: Value = serde_json::from_str(&read(&at("expected.json"))).unwrap();
    let added = expected["added"].as_array().unwrap();
    for (history, scores) in expected["histories"].as_array().unwrap().iter().zip(added) {
        let names: Vec<String> = history.as_array().unwrap().iter().map(|item| format!("i{item}")).collect();
        let list = json(&["recommend", &folder.at("updated"), "--history", &names.join(","), "-k", "33"]);
        for (n, score) in scores.as_array().unwrap().iter().enumerate() {
            let item = list["items"].as_array().unwrap().iter().find(|item| item["id"] == format!("new{n}")).unwrap();
            let apart = item["score"].as_f64().unwrap() - score.as_f64().unwrap();
            assert!(apart.abs() < 1e-5, "{names:?} new{n}: {apart}");
        }
    }
}
