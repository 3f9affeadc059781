//! Items that are added by what they say of themselves: the tower against its definition in f64, what stays as it was, and what is
//! refused.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::sync::Arc;

use common::fixtures::{Random, in_f32, in_int8, model, random, with_neighbours, with_ranker, with_repurchase};
use proclivity::model::{
    Activation, ColumnView, ContentShape, ContentSpec, Dense, FieldKind, FieldShape, LayerShape, Model, ModelBuffer,
    ModelSpec, write_model,
};
use proclivity::profile::User;
use proclivity::{Cell, NewItem, export_model, with_items};

const ITEMS: usize = 40;
const DIM: usize = 16;
const WIDTH: usize = 12;
const HIDDEN: usize = 10;
const BUCKETS: usize = 50;

/// Adds a content tower over the columns of the fixture's catalogue.
fn with_content(spec: ModelSpec, seed: u64) -> ModelSpec {
    let field = |column: &str, kind| FieldShape { column: column.into(), kind };
    let fields = vec![
        field("parity", FieldKind::Category { values: vec!["even".into(), "odd".into()] }),
        field("price", FieldKind::Number { edges: vec![5.0, 10.0] }),
        field("title", FieldKind::Text { buckets: BUCKETS }),
    ];
    let mut draw = Random(seed);
    let mut layer = |inputs: usize, outputs: usize| Dense {
        weight: draw.floats(inputs * outputs, 1.0 / (inputs as f32).sqrt()),
        bias: draw.floats(outputs, 0.2),
    };
    let layers = vec![layer(WIDTH, HIDDEN), layer(HIDDEN, DIM)];
    let shape = |inputs, outputs| LayerShape { inputs, outputs };
    let shapes = vec![(shape(WIDTH, HIDDEN), Activation::Relu), (shape(HIDDEN, DIM), Activation::None)];
    let features: usize = fields.iter().map(FieldShape::count).sum();
    let rows = draw.floats(features * WIDTH, 1.0);
    ModelSpec {
        content: Some(ContentSpec { shape: ContentShape { fields, width: WIDTH, layers: shapes }, rows, layers }),
        ..spec
    }
}

fn item(id: &str, parity: &str, price: Option<f32>, title: &str) -> NewItem {
    let mut attributes =
        vec![("parity".to_owned(), Cell::Text(parity.into())), ("title".to_owned(), Cell::Text(title.into()))];
    attributes.extend(price.map(|price| ("price".to_owned(), Cell::Number(price))));
    NewItem { id: id.into(), attributes }
}

fn read(bytes: &[u8]) -> Arc<Model> {
    Arc::new(Model::read(ModelBuffer::try_from(bytes).expect("small")).expect("a model"))
}

/// The vector by definition, in f64, of these features (row, weight).
fn by_hand(content: &ContentSpec, features: &[(usize, f64)]) -> Vec<f64> {
    let row =
        |feature: usize| content.rows[feature * WIDTH..][..WIDTH].iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let mut x = vec![0.0; WIDTH];
    for &(feature, weight) in features {
        x.iter_mut().zip(row(feature)).for_each(|(sum, y)| *sum += weight * y);
    }
    let dense = |layer: &Dense, x: &[f64]| -> Vec<f64> {
        let outputs = layer.bias.len();
        let of = |output: usize| {
            x.iter().enumerate().map(|(i, x)| x * f64::from(layer.weight[i * outputs + output])).sum::<f64>()
        };
        (0..outputs).map(|output| of(output) + f64::from(layer.bias[output])).collect()
    };
    let hidden: Vec<f64> = dense(&content.layers[0], &x).into_iter().map(|x| x.max(0.0)).collect();
    dense(&content.layers[1], &hidden)
}

#[test]
fn new_items_have_the_vectors_of_their_attributes() {
    let spec = with_content(in_f32(random(ITEMS, DIM, 4)), 9);
    let before = model(&spec);
    let new = [item("new-1", "odd", Some(7.0), ""), item("new-2", "neither", None, "")];
    let after = read(&with_items(&before, &new).expect("new items"));
    assert_eq!(after.item_count(), ITEMS + 2);
    // Of the category 1, of the numbers the middle range, of the text none; then a value never seen and a number that is missing.
    let (number, text, none) = (3, 3 + 4, 3 + 4 + BUCKETS);
    let features = [[(1, 1.0), (number + 1, 1.0), (none, 1.0)], [(2, 1.0), (number + 3, 1.0), (none, 1.0)]];
    for (n, features) in features.iter().enumerate() {
        let expected = by_hand(spec.content.as_ref().expect("a tower"), features);
        for (found, expected) in after.embedding((ITEMS + n) as u32).iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
    assert!(text < none);
    assert_eq!((after.item_id(40), after.item_index("new-2")), ("new-1", Some(41)));
    let Some(ColumnView::Number(prices)) = after.column("price") else { panic!("a number") };
    assert!(prices[40] == 7.0 && prices[41].is_nan());
    // Added again, and read again.
    let more = read(&with_items(&after, &[item("new-3", "even", Some(1.0), "Item 3")]).expect("more"));
    assert_eq!(more.item_count(), ITEMS + 3);
    assert_eq!(write_model(&ModelSpec::of(&more), more.golden()).expect("its own").len(), more.byte_len());
}

#[test]
fn nothing_changes_for_the_items_that_were_there() {
    let plain = || random(ITEMS, DIM, 5);
    let zeros = || vec![0.25; ITEMS];
    let kinds = [
        in_f32(plain()),
        plain(),
        with_neighbours(plain(), 5, false, 3),
        with_repurchase(plain(), zeros(), zeros()),
        in_int8(with_ranker(plain(), &[16, 8], 20, 8)),
    ];
    for spec in kinds {
        let histories = vec![vec![1, 2, 3], vec![7]];
        let before = read(&export_model(&with_content(spec, 2), &histories).expect("a model"));
        let after = read(&with_items(&before, &[item("new", "odd", None, "Item")]).expect("an item"));
        assert_eq!(after.golden().len(), before.golden().len());
        let history = [(3, 1.0), (8, 0.5)];
        let (old, new) =
            (User::of_history(&before, &history).expect("known"), User::of_history(&after, &history).expect("known"));
        for item in 0..ITEMS as u32 {
            let ((a, b), (c, d)) = (old.scores(&before, item), new.scores(&after, item));
            // A fold-in sees the new item too, as one that was not taken.
            assert!((a - c).abs() < 1e-6 && (b - d).abs() < 0.05 * (1.0 + b.abs()), "{item}: {b} {d}");
            assert_eq!(before.embedding(item), after.embedding(item));
            assert_eq!(before.item_id(item), after.item_id(item));
        }
    }
}

#[test]
fn what_cannot_be_added_is_refused_by_name() {
    let spec = random(ITEMS, DIM, 4);
    let without = model(&spec);
    let with = model(&with_content(spec, 9));
    let refused = |model: &Model, items: &[NewItem]| with_items(model, items).expect_err("must be refused").to_string();
    let good = || item("new", "odd", Some(1.0), "x");
    assert!(refused(&without, &[good()]).contains("--content"));
    assert!(refused(&with, &[item("", "odd", None, "")]).contains("an id"));
    assert!(refused(&with, &[item("item-3", "odd", None, "")]).contains("item-3"));
    assert!(refused(&with, &[good(), good()]).contains("items[1]"));
    let column = |name: &str, cell| NewItem { id: "new".into(), attributes: vec![(name.into(), cell)] };
    assert!(refused(&with, &[column("colour", Cell::Text("red".into()))]).contains("colour"));
    assert!(refused(&with, &[column("price", Cell::Text("1".into()))]).contains("a number"));
    assert!(refused(&with, &[column("title", Cell::Number(1.0))]).contains("text"));
}
