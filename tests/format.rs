//! The model file: what is written is read back, by us and by the `safetensors` crate; what is broken is refused by name.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::fixtures::{
    bytes, in_f32, in_int8, model, pooling_rows, random, spec, with_neighbours, with_ranker, with_repurchase,
    without_vectors,
};
use proclivity::model::{
    ColumnView, ItemTable, Model, ModelBuffer, ModelSpec, Precision, RepurchaseSpec, RepurchaseWeights, UserTower,
    Weights, write_model,
};
use proclivity::profile::User;
use proclivity::{Error, Json};
use proptest::prelude::*;
use safetensors::SafeTensors;
use serde_json::{Value, json};

fn full() -> ModelSpec {
    with_ranker(random(60, 20, 1), &[8, 4], 10, 2)
}

fn read(bytes: &[u8]) -> Result<Model, Box<Error>> {
    Model::read(ModelBuffer::try_from(bytes).expect("small"))
}

/// Rewrites the JSON header of a file; the manifest inside is passed parsed.
fn edit(bytes: &[u8], change: impl FnOnce(&mut Value, &mut Value)) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).expect("our own");
    let mut manifest: Value =
        serde_json::from_str(header["__metadata__"]["model"].as_str().expect("a text")).expect("our own");
    change(&mut header, &mut manifest);
    if header["__metadata__"].get("model").is_some() {
        header["__metadata__"]["model"] = manifest.to_string().into();
    }
    let mut json = header.to_string();
    json.push_str(&" ".repeat(json.len().next_multiple_of(8) - json.len()));
    [&(json.len() as u64).to_le_bytes()[..], json.as_bytes(), &bytes[8 + length..]].concat()
}

/// Replaces the bytes of one tensor and mends its hash: what a hostile exporter could do.
fn forge(bytes: &[u8], tensor: &str, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).expect("our own");
    let at = |i: usize| 8 + length + header[tensor]["data_offsets"][i].as_u64().expect("an offset") as usize;
    change(&mut bytes[at(0)..at(1)]);
    let hash: String = {
        use sha2::{Digest, Sha256};
        Sha256::digest(&bytes[at(0)..at(1)]).iter().map(|b| format!("{b:02x}")).collect()
    };
    edit(&bytes, |_, manifest| manifest["sha256"][tensor] = hash.into())
}

/// The code of the refusal, which must name `name`.
fn refusal(bytes: &[u8], name: &str) -> &'static str {
    let error = read(bytes).expect_err("must be refused");
    assert!(error.to_string().contains(name), "`{error}` does not name `{name}`");
    error.code()
}

#[test]
fn what_is_written_is_read_back() {
    let spec = full();
    let model = model(&spec);
    assert_eq!((model.item_count(), model.dim()), (60, 32));
    assert_eq!(model.item_index("item-17"), Some(17));
    assert_eq!(model.item_index("item-60"), None);
    assert_eq!(model.item_id(59), "item-59");
    assert_eq!(model.column_names().collect::<Vec<_>>(), ["title", "parity", "price"]);
    let Some(ColumnView::Number(prices)) = model.column("price") else { panic!("price is a number") };
    assert_eq!(prices[3], 1.5);
    assert_eq!(model.column("title").expect("there").display(2), "Item 2 – ü");
    assert_eq!(model.column("parity").expect("there").display(3), "odd");
    assert_eq!(model.golden().len(), 3);
    assert_eq!(model.manifest().card.get("made"), Some(&Json::from("for tests")));
    let ItemTable::Int8 { scale, .. } = model.table() else { panic!("the spec asks for int8") };
    for (stored, given) in model.embedding(5).iter().zip(&spec.embedding.rows[5 * 20..6 * 20]) {
        assert!((stored - given).abs() <= scale[5] * 0.51);
    }
}

#[test]
fn the_safetensors_crate_reads_it() {
    let bytes = bytes(&full());
    let tensors = SafeTensors::deserialize(&bytes).expect("a valid safetensors file");
    let table = tensors.tensor("item.embedding").expect("there");
    assert_eq!((table.dtype(), table.shape()), (safetensors::Dtype::I8, &[60, 32][..]));
    let model = read(&bytes).expect("reads");
    assert_eq!(tensors.len(), model.tensors().len());
    for summary in model.tensors() {
        let view = tensors.tensor(&summary.name).expect("the same names");
        assert_eq!((view.shape(), view.data().len()), (summary.shape.as_slice(), summary.bytes), "{}", summary.name);
    }
}

#[test]
fn the_same_spec_gives_the_same_bytes() {
    assert_eq!(bytes(&full()), bytes(&full()));
}

#[test]
fn floats_stay_floats() {
    for (precision, error) in [(Precision::F32, 0.0), (Precision::F16, 1e-3)] {
        let mut spec = full();
        spec.embedding.precision = precision;
        (spec.embedding.rows[0], spec.ranker) = (1e-30, None);
        let model = model(&spec);
        assert!(matches!(model.table(), ItemTable::F32 { .. }));
        assert_eq!(model.embedding(0)[0], 0.0, "what would make subnormal products is stored as zero");
        // The first column holds the number that is stored as zero, asserted above.
        for item in 0..60 {
            for (stored, given) in
                model.embedding(item).iter().zip(&spec.embedding.rows[item as usize * 20..][..20]).skip(1)
            {
                assert!((stored - given).abs() <= error * given.abs(), "{precision:?}");
            }
        }
    }
}

#[test]
fn int4_rows_are_int8_rows_on_the_device() {
    let mut spec = full();
    spec.embedding.precision = Precision::Int4;
    let bytes = bytes(&spec);
    let stored = read(&bytes).expect("reads");
    assert_eq!(stored.precision(), Some(Precision::Int4));
    let ItemTable::Int8 { values, scale } = stored.table() else { panic!("unpacked") };
    assert!(values.iter().all(|value| (-7..=7).contains(value)) && values.len() == 60 * 32);
    for item in 0..60u32 {
        for (found, given) in stored.embedding(item).iter().zip(&spec.embedding.rows[item as usize * 20..][..20]) {
            assert!((found - given).abs() <= scale[item as usize] * 0.53, "{found} {given}");
        }
    }
    assert!(bytes.len() + 60 * 16 < self::bytes(&full()).len(), "half the bytes a row");
    let length = 8 + u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    for cut in (length..bytes.len()).step_by(53) {
        assert_eq!(read(&bytes[..cut]).expect_err("cut short").code(), "model_tensor");
    }
    let wide = edit(&bytes, |header, _| header["item.embedding"]["shape"] = json!([60, 32]));
    assert_eq!(refusal(&wide, "item.embedding"), "model_tensor");
    let other = edit(&bytes, |header, _| header["item.embedding.scale"]["dtype"] = "F16".into());
    assert_eq!(refusal(&other, "item.embedding.scale"), "model_tensor");
    for scale in [f32::NAN, f32::INFINITY, -1.0, 1e-30, 1e9] {
        let half = ((scale.to_bits() >> 16) as u16).to_le_bytes();
        let forged = forge(&bytes, "item.embedding.scale", |data| data[..2].copy_from_slice(&half));
        assert_eq!(refusal(&forged, "item.embedding.scale"), "model_tensor");
    }
    // Minus eight, which the writer never makes, is a value like others.
    let low = forge(&bytes, "item.embedding", |data| data[0] = 0);
    assert_eq!(read(&low).expect("reads").embedding(0)[0], -8.0 * scale[0]);
}

#[test]
fn a_file_read_back_into_its_parts_gives_the_same_bytes() {
    let neighbours = |int4| with_neighbours(random(60, 20, 3), 7, int4, 4);
    let mut ranked = in_int8(with_ranker(random(30, 16, 1), &[8, 4], 5, 2));
    ranked.event_weights = [("view".to_owned(), 0.3)].into();
    let mut int4 = full();
    int4.embedding.precision = Precision::Int4;
    for spec in [full(), int4, in_f32(full()), ranked, neighbours(true), without_vectors(neighbours(false))] {
        let bytes = bytes(&spec);
        let model = read(&bytes).expect("reads");
        let steps = model.ranker().map_or_else(Vec::new, |ranker| ranker.steps.clone());
        let golden: Vec<Vec<u32>> = model.golden().iter().map(|query| query.history.clone()).collect();
        let again = proclivity::export_calibrated(&ModelSpec::of(&model), &steps, &golden).expect("a valid spec");
        assert!(again == bytes, "{} in {:?}", spec.family, spec.embedding.precision);
    }
}

#[test]
fn int8_arithmetic_needs_int8_rows_and_two_hidden_layers() {
    let refused = |spec: &ModelSpec| proclivity::export_model(spec, &[vec![1]]).expect_err("refused").to_string();
    let one = in_int8(with_ranker(random(30, 16, 1), &[8], 5, 2));
    assert!(refused(&one).contains("two hidden layers"), "{}", refused(&one));
    let floats = in_f32(in_int8(with_ranker(random(30, 16, 1), &[8, 4], 5, 2)));
    assert!(refused(&floats).contains("I8 item table"), "{}", refused(&floats));
    let bytes = bytes(&in_int8(with_ranker(random(30, 16, 1), &[8, 4], 5, 2)));
    let model = read(&bytes).expect("reads");
    assert_eq!(model.ranker().expect("has one").steps.len(), 1);
    assert!(matches!(model.ranker().expect("has one").layers[0].weight, Weights::Int8 { .. }));
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = bytes(&full());
    for length in (0..bytes.len()).step_by(97).chain(bytes.len() - 64..bytes.len()) {
        let error = read(&bytes[..length]).expect_err("cut short");
        assert!(["model_format", "model_tensor"].contains(&error.code()), "{length}: {error}");
    }
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    assert!(read(&bytes[..header + 1]).expect_err("cut").to_string().contains("tensor `"), "names the tensor");
}

#[test]
fn an_edited_byte_is_noticed() {
    let bytes = bytes(&full());
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    for at in (header..bytes.len()).step_by(211) {
        let mut edited = bytes.clone();
        edited[at] ^= 0x10;
        assert_eq!(read(&edited).expect_err("edited").code(), "model_integrity");
    }
}

#[test]
fn other_formats_and_versions_are_refused() {
    let bytes = bytes(&full());
    let version = edit(&bytes, |header, _| header["__metadata__"]["version"] = "2".into());
    assert_eq!(refusal(&version, "found 2"), "model_version");
    let format = edit(&bytes, |header, _| header["__metadata__"]["format"] = "pt".into());
    assert_eq!(refusal(&format, "`pt`"), "model_format");
    let none = edit(&bytes, |header, _| header["__metadata__"] = json!({}));
    assert_eq!(refusal(&none, "none"), "model_format");
    assert_eq!(refusal(b"<!doctype html><p>not found</p>", "safetensors"), "model_format");
    assert_eq!(refusal(b"", "safetensors"), "model_format");
}

#[test]
fn lying_shapes_are_refused() {
    let bytes = bytes(&full());
    let shape = edit(&bytes, |header, _| header["item.embedding"]["shape"] = json!([32, 60]));
    assert_eq!(refusal(&shape, "item.embedding"), "model_tensor");
    let overflow = edit(&bytes, |header, _| header["item.embedding"]["shape"] = json!([1u64 << 52, 1u64 << 52]));
    assert_eq!(refusal(&overflow, "item.embedding"), "model_tensor");
    let items = edit(&bytes, |_, manifest| manifest["items"] = json!(61));
    assert_eq!(refusal(&items, "item.embedding"), "model_tensor");
    let huge = edit(&bytes, |_, manifest| manifest["items"] = json!(1u64 << 40));
    assert_eq!(refusal(&huge, "item.embedding"), "model_tensor");
    let dim = edit(&bytes, |_, manifest| manifest["dim"] = json!(20));
    assert_eq!(refusal(&dim, "multiple of 16"), "model_tensor");
    let layer = edit(&bytes, |_, manifest| manifest["scoring"]["layers"][1]["inputs"] = json!(9));
    assert_eq!(refusal(&layer, "mlp.1.weight"), "model_tensor");
    let column = edit(&bytes, |_, manifest| manifest["columns"][1]["type"] = "text".into());
    assert_eq!(refusal(&column, "column.parity"), "model_tensor");
    let missing = edit(&bytes, |_, manifest| manifest["columns"][0]["name"] = "subtitle".into());
    assert_eq!(refusal(&missing, "column.subtitle"), "model_tensor");
    let unhashed = edit(&bytes, |_, manifest| {
        manifest["sha256"].as_object_mut().expect("an object").remove("user.gram");
    });
    assert_eq!(refusal(&unhashed, "user.gram"), "model_tensor");
}

#[test]
fn values_that_cannot_be_used_are_refused() {
    let bytes = bytes(&full());
    let put = |tensor: &str, value: f32| forge(&bytes, tensor, |data| data[..4].copy_from_slice(&value.to_le_bytes()));
    for tensor in [
        "item.embedding.scale",
        "item.bias",
        "item.popularity",
        "user.gram",
        "mlp.0.weight",
        "mlp.1.bias",
        "golden.score",
    ] {
        for value in [f32::NAN, f32::INFINITY] {
            assert_eq!(refusal(&put(tensor, value), tensor), "model_tensor");
        }
    }
    assert_eq!(refusal(&put("item.embedding.scale", -1.0), "item.embedding.scale"), "model_tensor");
    assert_eq!(refusal(&put("mlp.2.weight", 1e6), "mlp.2.weight"), "model_tensor");
    assert_eq!(refusal(&put("user.gram", -1e6), "user.gram"), "model_tensor");
    let low = forge(&bytes, "item.embedding", |data| data[7] = 0x80);
    assert_eq!(refusal(&low, "item.embedding"), "model_tensor");
    let utf8 = forge(&bytes, "column.title.bytes", |data| data[0] = 0xff);
    assert_eq!(refusal(&utf8, "column.title.bytes"), "model_tensor");
    let offsets = forge(&bytes, "item.id.offsets", |data| data[4..8].copy_from_slice(&u32::MAX.to_le_bytes()));
    assert_eq!(refusal(&offsets, "item.id.offsets"), "model_tensor");
    let codes = forge(&bytes, "column.parity.codes", |data| data[0] = 9);
    assert_eq!(refusal(&codes, "column.parity.codes"), "model_tensor");
    let golden = forge(&bytes, "golden.item", |data| data[..4].copy_from_slice(&60u32.to_le_bytes()));
    assert_eq!(refusal(&golden, "golden.item"), "model_tensor");
    let twice = forge(&bytes, "item.id.bytes", |data| data[6 + 5] = b'0');
    assert_eq!(refusal(&twice, "item-0"), "model_tensor");
}

#[test]
fn neighbour_lists_are_read_back_and_checked() {
    for (int4, error) in [(false, 0.004), (true, 0.072)] {
        let spec = with_neighbours(random(60, 16, 3), 7, int4, 4);
        let lists = spec.neighbours.clone().expect("just added");
        let model = model(&spec);
        let read = model.neighbours().expect("has lists");
        for item in 0..60u32 {
            let places = lists.indptr[item as usize] as usize..lists.indptr[item as usize + 1] as usize;
            let largest = lists.weights[places.clone()].iter().fold(0.0f32, |a, x| a.max(x.abs()));
            let mut row = Vec::new();
            read.each(item, &mut |other, weight| row.push((other, weight)));
            assert_eq!(row.len(), places.len());
            for ((found, weight), place) in row.into_iter().zip(places) {
                assert_eq!(found, lists.indices[place]);
                assert!((weight - lists.weights[place]).abs() <= error * largest, "{weight}, {}", lists.weights[place]);
            }
        }
    }
    let bytes = bytes(&without_vectors(with_neighbours(random(60, 16, 3), 7, false, 4)));
    assert_eq!(read(&bytes).expect("reads").dim(), 0);
    let far = forge(&bytes, "neighbour.indices", |data| data[..2].copy_from_slice(&60u16.to_le_bytes()));
    assert_eq!(refusal(&far, "below 60"), "model_tensor");
    let falling = forge(&bytes, "neighbour.indptr", |data| data[4..8].copy_from_slice(&u32::MAX.to_le_bytes()));
    assert_eq!(refusal(&falling, "neighbour.indptr"), "model_tensor");
    let scale = forge(&bytes, "neighbour.scale", |data| data[..4].copy_from_slice(&f32::NAN.to_le_bytes()));
    assert_eq!(refusal(&scale, "neighbour.scale"), "model_tensor");
    let shape = edit(&bytes, |header, _| header["neighbour.values"]["shape"] = json!([1]));
    assert_eq!(refusal(&shape, "neighbour.values"), "model_tensor");
    let power = edit(&bytes, |_, manifest| manifest["user"]["power"] = json!(0.3));
    assert_eq!(refusal(&power, "0.3"), "model_format");
    let neither = self::bytes(&full());
    let neither = edit(&neither, |_, manifest| manifest["dim"] = json!(0));
    assert_eq!(read(&neither).expect_err("no vectors, no lists").code(), "model_tensor");
}

/// A history is pooled of the rows beside the items', as they are stored; its parts add up to the score.
#[test]
fn histories_may_be_pooled_of_rows_of_their_own() {
    let history = [(3u32, 1.0f32), (17, 0.5), (58, 1.0)];
    for (precision, error) in [(Precision::Int8, 0.02), (Precision::F16, 2e-3), (Precision::F32, 1e-6)] {
        let mut spec = pooling_rows(random(60, 20, 3), 4);
        spec.embedding.precision = precision;
        let rows = spec.user_rows.as_ref().expect("just added");
        let model = model(&spec);
        assert_eq!(model.manifest().user, UserTower::Pool { power: 0.5 });
        let user = User::of_history(&model, &history).expect("known items");
        for (column, found) in user.vector.iter().enumerate() {
            let at = |item: u32| if column < 20 { rows[item as usize * 20 + column] } else { 0.0 };
            let expected = history.iter().map(|&(item, r)| r * at(item)).sum::<f32>() / 2.5f32.sqrt();
            assert!((found - expected).abs() <= error, "{precision:?}, column {column}: {found}, {expected}");
        }
        for item in [0, 17, 59] {
            let parts: f32 = user.contributions(&model, item).iter().map(|&(_, part)| part).sum();
            let score: f32 = model.embedding(item).iter().zip(&user.vector).map(|(a, b)| a * b).sum();
            assert!((parts - score).abs() < 1e-5, "{parts} and {score}");
        }
    }
    let bytes = bytes(&pooling_rows(random(60, 20, 3), 4));
    let shape = edit(&bytes, |header, _| header["user.rows"]["shape"] = json!([32, 60]));
    assert_eq!(refusal(&shape, "user.rows"), "model_tensor");
    let scale = forge(&bytes, "user.rows.scale", |data| data[..4].copy_from_slice(&f32::NAN.to_le_bytes()));
    assert_eq!(refusal(&scale, "user.rows.scale"), "model_tensor");
    let refused = |spec: ModelSpec| write_model(&spec, &[]).expect_err("refused").to_string();
    let short = vec![1.0; 60];
    assert!(refused(ModelSpec { user_rows: Some(short), ..random(60, 20, 3) }).contains("user.rows"));
    let lists = without_vectors(with_neighbours(random(60, 16, 3), 7, false, 4));
    assert!(refused(ModelSpec { user_rows: Some(Vec::new()), ..lists }).contains("user.rows"));
}

#[test]
fn a_repurchase_part_is_read_back_and_checked() {
    let spec = with_repurchase(random(60, 16, 3), (0..60).map(|item| item as f32).collect(), vec![-0.5; 60]);
    let given = spec.repurchase.clone().expect("just added");
    let bytes = bytes(&spec);
    let model = read(&bytes).expect("reads");
    let part = model.repurchase().expect("has one");
    assert_eq!(*part.weights, given.weights);
    assert_eq!((part.repeat_items, part.new_items), given.items.split_at(60));
    assert!(read(&self::bytes(&full())).expect("reads").repurchase().is_none());

    let nan = forge(&bytes, "item.repurchase", |data| data[..4].copy_from_slice(&f32::NAN.to_le_bytes()));
    assert_eq!(refusal(&nan, "item.repurchase"), "model_tensor");
    let shape = edit(&bytes, |header, _| header["item.repurchase"]["shape"] = json!([60, 2]));
    assert_eq!(refusal(&shape, "item.repurchase"), "model_tensor");
    let short =
        edit(&bytes, |_, manifest| drop(manifest["repurchase"]["repeat"].as_array_mut().expect("a list").pop()));
    assert_eq!(refusal(&short, "23 weights"), "model_format");
    let huge = edit(&bytes, |_, manifest| manifest["repurchase"]["new"][0] = json!(1e30));
    assert_eq!(refusal(&huge, "item.repurchase"), "model_format");
    let span = edit(&bytes, |_, manifest| manifest["repurchase"]["span"] = json!(0));
    assert_eq!(refusal(&span, "days above 0"), "model_format");
    let absent = edit(&self::bytes(&random(60, 16, 3)), |_, manifest| {
        manifest["repurchase"] = given_json(&given.weights);
    });
    assert_eq!(refusal(&absent, "item.repurchase"), "model_tensor");
    let less = RepurchaseSpec { items: vec![0.0; 119], ..given };
    let refused = write_model(&ModelSpec { repurchase: Some(less), ..spec }, &[]).expect_err("refused");
    assert!(refused.to_string().contains("120"), "{refused}");
}

fn given_json(weights: &RepurchaseWeights) -> Value {
    json!({ "repeat": weights.repeat, "new": weights.new, "span": weights.span })
}

#[test]
fn files_made_to_be_slow_or_large_are_refused() {
    let bytes = bytes(&full());
    let long = [&(64u64 << 20).to_le_bytes()[..], &vec![b'['; 64 << 20]].concat();
    assert_eq!(refusal(&long, "1 MiB"), "model_format");
    let many = edit(&bytes, |header, _| {
        for n in 0..600 {
            header[format!("empty.{n}")] = json!({ "dtype": "U8", "shape": [0], "data_offsets": [0, 0] });
        }
    });
    assert_eq!(refusal(&many, "512 tensors"), "model_format");
    let columns = edit(&bytes, |_, manifest| {
        let title = manifest["columns"][0].clone();
        manifest["columns"].as_array_mut().expect("a list").push(title);
    });
    assert_eq!(refusal(&columns, "column.title"), "model_tensor");
    let length = 8 + u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    let double = format!(
        "{{\"user.gram\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}},{}",
        &String::from_utf8_lossy(&bytes[9..length])
    );
    let double = [&(double.len() as u64).to_le_bytes()[..], double.as_bytes(), &bytes[length..]].concat();
    assert_eq!(refusal(&double, "user.gram"), "model_tensor");
    let empty = forge(&bytes, "golden.history.indptr", |data| data[4..8].fill(0));
    assert_eq!(refusal(&empty, "golden.history.indptr"), "model_tensor");
}

#[test]
fn a_wrong_golden_answer_is_noticed_at_load() {
    let bytes = forge(&bytes(&full()), "golden.score", |data| data[..4].copy_from_slice(&9.0f32.to_le_bytes()));
    let model = std::sync::Arc::new(read(&bytes).expect("well-formed"));
    let opened = pollster::block_on(proclivity::score::Scorer::open(model, proclivity::score::BackendChoice::Cpu));
    assert_eq!(opened.err().expect("refused").code(), "golden_mismatch");
}

#[test]
fn a_spec_that_cannot_be_is_refused_before_a_byte_is_written() {
    let refused = |spec: ModelSpec| write_model(&spec, &[]).expect_err("refused").code();
    assert_eq!(refused(ModelSpec { item_ids: vec!["a".into(); 60], ..full() }), "model_tensor");
    assert_eq!(refused(ModelSpec { popularity: vec![1.0; 59], ..full() }), "model_tensor");
    assert_eq!(refused(ModelSpec { item_bias: Some(vec![f32::NAN; 60]), ..full() }), "model_tensor");
    assert_eq!(refused(spec(Vec::new(), 4)), "model_tensor");
    let mut nan = full();
    nan.embedding.rows[3] = f32::NAN;
    assert_eq!(refused(nan), "model_tensor");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No bytes make the reader panic: random ones, and a good file with random damage, header included.
    #[test]
    fn no_bytes_panic(noise in prop::collection::vec(any::<u8>(), 0..300), edits in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
        let _ = read(&noise);
        let mut int4 = with_neighbours(random(5, 3, 1), 3, true, 2);
        int4.embedding.precision = Precision::Int4;
        for mut damaged in [bytes(&with_ranker(random(5, 3, 1), &[2], 2, 2)), bytes(&int4)] {
            for &(at, value) in &edits {
                let at = at % damaged.len();
                damaged[at] = value;
            }
            let _ = read(&damaged);
        }
    }
}
