//! Items that are added by what they say of themselves: the tower against its definition in f64, what stays as it was, and what is
//! refused.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::sync::Arc;

use common::fixtures::{Random, in_f32, in_int8, model, random, with_neighbours, with_ranker, with_repurchase};
use proclivity::model::{
    Activation, Cell, ColumnView, ContentShape, ContentSpec, Dense, FieldKind, FieldShape, LayerShape, Model,
    ModelBuffer, ModelSpec, UserTower, write_model,
};
use proclivity::profile::{Event, EventKind, User};
use proclivity::score::{BackendChoice, Scorer};
use proclivity::{DELTA_MAGIC, NewItem, Recommender, Request, apply_delta, export_model, item_vector, with_items};
use sha2::{Digest, Sha256};

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
        field("picture", FieldKind::Vector { width: 3 }),
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
    let after = with_items(&before, &new).expect("new items");
    assert_eq!(after.item_count(), ITEMS + 2);
    // Of the category 1, of the numbers the middle range, of the text and the picture none; then a value never seen and a number that is missing.
    let (number, text, none) = (3, 3 + 4, 3 + 4 + BUCKETS);
    let untold = [(none, 1.0), (none + 4, 1.0)];
    let features = [[(1, 1.0), (number + 1, 1.0)], [(2, 1.0), (number + 3, 1.0)]].map(|told| [told, untold].concat());
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
    let Some(ColumnView::Category { codes, values, .. }) = after.column("parity") else { panic!("a category") };
    assert_eq!((values.get(codes[40] as usize), values.get(codes[41] as usize)), ("odd", "neither"));
}

/// Twice, and in a file.
#[test]
fn more_items_may_follow_and_be_written() {
    let before = model(&with_content(with_neighbours(random(ITEMS, DIM, 4), 5, true, 3), 9));
    let first = with_items(&before, &[item("new-1", "neither", Some(7.0), "Ä")]).expect("new items");
    let second = [item("new-2", "neither", None, "Item 3"), item("new-3", "other", Some(1.0), "")];
    let after = with_items(&first, &second).expect("more");
    let file = read(&write_model(&ModelSpec::of(&after), after.golden()).expect("a file"));
    for model in [&after, &*file] {
        assert_eq!(model.item_count(), ITEMS + 3);
        assert_eq!([40, 41, 42].map(|item| model.item_id(item)), ["new-1", "new-2", "new-3"]);
        let shown = |column, item| model.column(column).expect("a column").display(item);
        assert_eq!([40, 41, 42].map(|item| shown("parity", item)), ["neither", "neither", "other"]);
        assert_eq!([39, 40, 41].map(|item| shown("title", item)), ["Item 39 – ü", "Ä", "Item 3"]);
        for item in 0..ITEMS as u32 + 3 {
            assert_eq!(model.embedding(item), after.embedding(item));
            let [mut own, mut written] = [Vec::new(), Vec::new()];
            model.neighbours().expect("lists").each(item, &mut |other, weight| own.push((other, weight)));
            after.neighbours().expect("lists").each(item, &mut |other, weight| written.push((other, weight)));
            assert!(own == written && (own.is_empty() || item < ITEMS as u32), "{item}: {own:?} {written:?}");
        }
    }
}

#[test]
fn nothing_changes_for_the_items_that_were_there() {
    let plain = || random(ITEMS, DIM, 5);
    let zeros = || vec![0.25; ITEMS];
    let fold_in = |power| UserTower::FoldIn { alpha: 2.0, regularization: 0.1, power };
    let kinds = [
        ModelSpec { user_tower: fold_in(0.5), ..plain() },
        ModelSpec { user_tower: fold_in(1.0), ..plain() },
        in_f32(plain()),
        plain(),
        with_neighbours(plain(), 5, false, 3),
        with_repurchase(plain(), zeros(), zeros()),
        in_int8(with_ranker(plain(), &[16, 8], 20, 8)),
    ];
    for spec in kinds {
        let histories = vec![vec![1, 2, 3], vec![7]];
        let before = read(&export_model(&with_content(spec, 2), &histories).expect("a model"));
        let after = Arc::new(with_items(&before, &[item("new", "odd", None, "Item")]).expect("an item"));
        let opened = pollster::block_on(Scorer::open(after.clone(), BackendChoice::Cpu)).expect("its golden answers");
        assert_eq!(opened.info().golden.checked, before.golden().len());
        let history = [(3, 1.0), (8, 0.5)];
        let (old, new) =
            (User::of_history(&before, &history).expect("known"), User::of_history(&after, &history).expect("known"));
        for item in 0..ITEMS as u32 {
            let ((a, b), (c, d)) = (old.scores(&before, item), new.scores(&after, item));
            assert!((a, b) == (c, d), "{item}: {b} {d}");
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
    for cell in [Cell::Vector(vec![1.0; 2]), Cell::Vector(vec![f32::INFINITY; 3]), Cell::Number(1.0)] {
        assert!(refused(&with, &[column("picture", cell)]).contains("3 numbers"));
    }
    let pictured = |x: f32| item_vector(&with, &column("picture", Cell::Vector(vec![x, 1.0, 0.5]))).expect("a vector");
    assert_ne!(pictured(1.0), pictured(-1.0), "the picture tells");
}

/// The steps of a delta that copies `copied` of the file it is for, then adds `fresh`.
fn delta(base: &[u8], steps: &[(std::ops::Range<usize>, &[u8])]) -> Vec<u8> {
    let mut made = Vec::new();
    let mut rest = Vec::new();
    for (copied, fresh) in steps {
        made.extend_from_slice(&base[copied.clone()]);
        made.extend_from_slice(fresh);
        for number in [copied.start, copied.len(), fresh.len()] {
            rest.extend((number as u32).to_le_bytes());
        }
        rest.extend_from_slice(fresh);
    }
    let hash = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
    [DELTA_MAGIC.to_vec(), hash(base), hash(&made), (made.len() as u32).to_le_bytes().to_vec(), rest].concat()
}

#[test]
fn a_delta_makes_the_other_file_or_is_refused() {
    let base: Vec<u8> = (0..=255).collect();
    let good = delta(&base, &[(10..30, b"abc"), (5..6, b"d"), (200..256, b"")]);
    let made = apply_delta(&base, &good).expect("the other file");
    assert_eq!(made.as_bytes(), [&base[10..30], b"abc", &base[5..6], b"d", &base[200..256]].concat());
    let said = |base: &[u8], delta: &[u8]| apply_delta(base, delta).expect_err("must be refused").to_string();
    assert!(said(&base[1..], &good).contains("another model"));
    assert!(said(&base, b"PK").contains("something else"));
    for at in 40..good.len() {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        assert!(said(&base, &damaged).contains("damaged"), "byte {at}");
        assert!(apply_delta(&base, &good[..at]).is_err(), "cut at {at}");
    }
}

/// Over what was added meanwhile, the profile as it was.
#[test]
fn a_delta_replaces_what_was_added() {
    let spec = with_content(random(ITEMS, DIM, 4), 9);
    let histories = vec![vec![1, 2, 3]];
    let old = export_model(&spec, &histories).expect("a model");
    let removed = (0..ITEMS).map(|item| item == 7).collect();
    let new = export_model(&ModelSpec { removed, ..spec }, &histories).expect("a model");
    let before = pollster::block_on(Recommender::new(read(&old), BackendChoice::Cpu)).expect("a recommender");
    before.observe(Event::new(EventKind::Purchase, "item-3")).expect("known");
    let added = pollster::block_on(before.with_items(&[item("new", "odd", None, "")])).expect("an item");
    let all = Request { count: ITEMS, ..Request::default() };
    let ids = |recommender: &Recommender| -> Vec<String> {
        let list = pollster::block_on(recommender.recommend(&all)).expect("a list");
        list.items.into_iter().map(|item| item.id).collect()
    };
    assert!(ids(&added).contains(&"new".to_owned()) && !ids(&added).contains(&"item-3".to_owned()));
    let whole = delta(&old, &[(0..0, &new)]);
    let after = pollster::block_on(added.with_delta(&whole)).expect("the new model");
    let found = ids(&after);
    assert!(!["new", "item-3", "item-7"].iter().any(|id| found.contains(&(*id).to_owned())));
    assert_eq!(found.len(), ITEMS - 2);
    assert_eq!(after.info().model, read(&new).fingerprint());
    assert_eq!(pollster::block_on(after.with_delta(&whole)).err().expect("another model").code(), "delta");
}
