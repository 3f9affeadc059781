//! User towers that are networks: each body against its definition in f64, the file they are written to, and what is refused.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::fixtures::{Random, bytes, model};
use common::networks::{LENGTH, bodies, by_hand, with_network};
use proclivity::model::{Body, Model, ModelBuffer, ModelSpec, write_model};
use proclivity::profile::User;

fn history(length: usize, seed: u64) -> Vec<(u32, f32)> {
    let mut random = Random(seed);
    (0..length).map(|_| (random.below(40) as u32, 0.2 + random.unit().abs())).collect()
}

#[test]
fn every_body_gives_what_its_definition_gives() {
    for (n, body) in bodies().into_iter().enumerate() {
        let spec = with_network(body, 50 + n as u64);
        let model = model(&spec);
        for length in [1, 2, LENGTH, LENGTH + 5] {
            let history = history(length, length as u64);
            let found = User::of_history(&model, &history).expect("known items").vector;
            let expected = by_hand(&spec, &history);
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                let worst = 2e-5 * expected.abs().max(1.0);
                assert!((f64::from(*found) - expected).abs() < worst, "{body:?}, {length}: {found} {expected}");
            }
        }
    }
}

#[test]
fn order_counts_for_sequences_and_not_for_sums() {
    for (body, counts) in bodies().into_iter().zip([false, true, true, true]) {
        let model = model(&with_network(body, 3));
        let ordered = |items: [u32; 3]| {
            let history: Vec<(u32, f32)> = items.iter().map(|&item| (item, 1.0)).collect();
            User::of_history(&model, &history).expect("known").vector
        };
        let (there, back) = (ordered([1, 2, 3]), ordered([3, 2, 1]));
        let apart = there.iter().zip(&back).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert_eq!(apart > 1e-3, counts, "{body:?}: {apart}");
    }
}

#[test]
fn a_reason_is_what_the_score_would_lack_without_it() {
    let model = model(&with_network(Body::Gru { hidden: 9 }, 8));
    let history = history(4, 2);
    let user = User::of_history(&model, &history).expect("known");
    let dot = |vector: &[f32]| vector.iter().zip(model.embedding(5)).map(|(a, b)| a * b).sum::<f32>();
    let parts = user.contributions(&model, 5);
    let without = [&history[..2], &history[3..]].concat();
    let without = User::of_history(&model, &without).expect("known").vector;
    assert_eq!(parts[2].0, history[2].0);
    assert!((parts[2].1 - (dot(&user.vector) - dot(&without))).abs() < 1e-5, "{parts:?}");
}

#[test]
fn what_was_read_is_written_again() {
    for body in bodies() {
        let file = bytes(&with_network(body, 9));
        let model = model(&with_network(body, 9));
        assert!(write_model(&ModelSpec::of(&model), model.golden()).expect("its own") == file, "{body:?}");
    }
}

#[test]
fn what_cannot_be_run_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut ModelSpec)| {
        let mut spec = with_network(Body::Attention { blocks: 1, heads: 1, hidden: 8 }, 1);
        change(&mut spec);
        write_model(&spec, &[]).expect_err("must be refused").to_string()
    };
    let network = |change: &dyn Fn(&mut proclivity::model::NetworkSpec)| {
        refused(&|spec| change(spec.network.as_mut().expect("a network")))
    };
    assert!(network(&|network| network.shape.length = 0).contains("512 items"));
    assert!(
        network(&|network| network.shape.body = Body::Attention { blocks: 1, heads: 5, hidden: 8 }).contains("heads")
    );
    assert!(network(&|network| network.shape.layers.truncate(1)).contains("as wide as the items"));
    assert!(network(&|network| network.shape.layers[1].0.inputs = 29).contains("the one before"));
    assert!(network(&|network| network.tensors.retain(|tensor| tensor.0 != "user.place")).contains("user.place"));
    let nan = |network: &mut proclivity::model::NetworkSpec| network.tensors[0].2[3] = f32::NAN;
    assert!(network(&nan).contains("user.layer.0.weight"));
    assert!(refused(&|spec| spec.user_rows = None).contains("user.rows"), "rows of another width than the items'");
    // Numbers that grow beyond all bounds.
    let mut spec = with_network(Body::Pool { power: 0.0 }, 1);
    for tensor in &mut spec.network.as_mut().expect("a network").tensors {
        tensor.2.iter_mut().for_each(|x| *x = 9e3);
    }
    let bytes = write_model(&spec, &[]).expect("each number is small enough");
    let model = Model::read(ModelBuffer::try_from(bytes.as_slice()).expect("small")).expect("just written");
    assert!(User::of_history(&model, &[(1, 1.0)]).expect_err("refused").to_string().contains("finite"));
}
