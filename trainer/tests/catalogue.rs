//! Items that nobody has taken yet: what says what they are like, and what is refused.

mod support;

use support::{Folder, delimited, failure, json};

/// A picture for each of the 24 items: those of one taste look alike. `i5` has none.
fn pictures(more: &str) -> String {
    let picture = |item: u32| match item {
        5 => String::new(),
        item => format!("{} {}.5 {}", item / 12 * 2, item % 3, 2 - item / 12 * 2),
    };
    let rows: String = (0..24).map(|item| format!("i{item},{}\n", picture(item))).collect();
    format!("item,picture\n{rows}{more}")
}

#[test]
fn a_picture_alone_says_what_an_item_is_like() {
    let folder = Folder::new();
    let (log, model) = (folder.write("log.csv", delimited(',')), folder.at("model.safetensors"));
    let items = folder.write("items.csv", pictures(""));
    let flags = ["--column", "picture=vector", "--family", "als", "--content", "--validation", "0"];
    let report = json(&[&["train", &log, "--items", &items, "-o", &model][..], &flags].concat());
    assert_eq!(report["catalogue"]["columns"][0], serde_json::json!(["picture", "vector"]));
    let manifest = &json(&["inspect", &model])["manifest"];
    assert_eq!(manifest["columns"], serde_json::json!([]), "vectors are for learning alone");

    let table = folder.write("today.csv", pictures("new-first,0 0.5 2\nnew-second,2 0.5 0\nnew-unknown,\n"));
    let grown = folder.at("grown.safetensors");
    assert_eq!(json(&["update", &model, &table, "-o", &grown])["added"], 3);
    let place = |history: &str, id: &str| {
        let list = json(&["recommend", &grown, "--history", history, "-k", "27"]);
        list["items"].as_array().unwrap().iter().position(|item| item["id"] == id).unwrap()
    };
    for (history, own, other) in [("i0,i1,i2", "new-first", "new-second"), ("i12,i13,i14", "new-second", "new-first")] {
        assert!(place(history, own) < 12 && place(history, other) > 12, "{history}");
    }

    let bad = folder.write("bad.csv", "item,picture\nnew,1 2\n");
    let said = failure(&["update", &model, &bad, "-o", &grown]);
    assert!(said.contains("bad.csv:2") && said.contains("3 numbers") && said.contains("`1 2`"), "{said}");
    let uneven = folder.write("uneven.csv", pictures("").replace("i3,0 0.5 2", "i3,0 red 2"));
    let said = failure(&[&["train", &log, "--items", &uneven, "-o", &model][..], &flags].concat());
    assert!(said.contains("uneven.csv:5") && said.contains("3 numbers") && said.contains("0 red 2"), "{said}");
}
