//! Networks on the device against those in training, what they learn, and that a stopped one goes on.

use proclivity::model::{Precision, Repeats};
use proclivity::profile::User;
use proclivity::score::{CpuScorer, ItemMask, Query, Stage};

use super::super::options::fixture::OPTIONS;
use super::super::sequences::Example;
use super::super::weights::numbers;
use super::*;
use crate::dataset::fixture::interactions;
use crate::export::{Contents, Storage, export, load};
use crate::families::Trained;
use crate::families::fixture::{resumes, separation, tastes};

const FAMILIES: [DeepFamily; 7] = [
    DeepFamily::TwoTower,
    DeepFamily::MultVae,
    DeepFamily::Gmf,
    DeepFamily::Mlp,
    DeepFamily::NeuMf,
    DeepFamily::Gru4rec,
    DeepFamily::Sasrec,
];

fn trained(family: DeepFamily, mut vectors: Vectors, items: usize) -> Trained {
    Trained {
        family: family.name().into(),
        ranker: vectors.ranker.take(),
        vectors: Some(vectors),
        neighbours: None,
        content: None,
        context: None,
        prior: None,
        repurchase: None,
        popularity: vec![1.0; items],
        repeats: Repeats::Once,
        ratings: None,
        seed: 1,
    }
}

/// The vector of the last place of `history` as training has it, with nothing left out and codes at their mean.
fn in_training(deep: &Deep<'_>, history: &[(u32, f32)]) -> Vec<f32> {
    let example = Example {
        history: history.to_vec(),
        targets: vec![(history.len() - 1, 0)],
        others: Vec::new(),
        bought: Vec::new(),
    };
    let batch = Batch::new(&[example], vec![(0, 1.0)], deep.given.is_none());
    let leaves = deep.weights.leaves(&deep.device);
    let rows = match &deep.given {
        Some(given) => given.leaf(&batch.given, &deep.device),
        None => deep.items.leaf(&batch.items, &deep.device),
    };
    let mut rng = epoch_rng(1, 1);
    let dropout = Dropout { share: 0.0, rng: RefCell::new(&mut rng) };
    let tower = Tower { shape: &deep.architecture.network, leaves: &leaves, dropout: &dropout };
    numbers(deep.queries(&tower, &batch, &rows, false).0)
}

#[test]
fn the_device_has_the_vectors_of_training() {
    let (data, strengths) = tastes();
    for family in FAMILIES.into_iter().filter(|family| !family.scores_pairs()) {
        let training = Training { data: &data, strengths: &strengths, dim: 16, seed: 1 };
        let mut deep = Deep::new(family, training, 3, &DeepOptions { deep_length: Some(6), ..OPTIONS });
        deep.epoch(1).unwrap();
        let storage = Storage { items: Precision::F32, ranker: Precision::F32 };
        let file = export(&trained(family, deep.vectors(), 24), &data, storage, Contents::default()).unwrap();
        let model = load(&file).unwrap();
        for history in [vec![(3, 1.0)], vec![(4, 0.5), (17, 1.0), (2, 0.25)], (0..6).map(|item| (item, 1.0)).collect()]
        {
            let expected = in_training(&deep, &history);
            let found = User::of_history(&model, &history).unwrap().vector;
            let apart = expected.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-5, "{} {history:?}: {apart}", family.name());
        }
    }
}

#[test]
fn the_device_has_the_scores_of_training() {
    let (data, strengths) = tastes();
    let families = FAMILIES.into_iter().filter(|family| family.scores_pairs());
    for (family, heads) in families.flat_map(|family| [None, Some(0.5)].map(|heads| (family, heads))) {
        let training = Training { data: &data, strengths: &strengths, dim: 16, seed: 1 };
        let mut deep = Deep::new(family, training, 3, &DeepOptions { deep_purchases: heads, ..OPTIONS });
        deep.epoch(1).unwrap();
        let storage = Storage { items: Precision::F32, ranker: Precision::F32 };
        let file = export(&trained(family, deep.vectors(), 24), &data, storage, Contents::default()).unwrap();
        let model = load(&file).unwrap();
        let history = [(4, 0.5), (17, 1.0), (2, 0.25)];
        let user = User::of_history(&model, &history).unwrap();
        let everything = ItemMask::none(24);
        let query = Query::of(&user, &everything, 24, Stage::Cascade);
        let found = CpuScorer::new(model).score(&query).unwrap();
        let pairs = deep.architecture.pairs.as_ref().unwrap();
        let column = |values: &[f32], rows: usize| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [rows, pairs.width()]), &deep.device)
        };
        let users = column(&in_training(&deep, &history), 1).expand([24, pairs.width()]);
        let leaves = deep.weights.leaves(&deep.device);
        let (taken, bought) = pairs.scores(&leaves, users, column(&deep.items.numbers.values, 24));
        let expected = numbers(match bought {
            Some(bought) => taken + bought * 0.5,
            None => taken,
        });
        // A product's bias is the same for all, and is not kept.
        let bias = expected[found[0].item as usize] - found[0].score;
        assert!(family == DeepFamily::Gmf || bias.abs() < 1e-5, "{bias}");
        for scored in &found {
            let apart = expected[scored.item as usize] - bias - scored.score;
            assert!(apart.abs() < 1e-5, "{}: {apart}", family.name());
        }
    }
}

#[test]
fn the_loss_falls_and_tastes_part() {
    let (data, strengths) = tastes();
    for family in FAMILIES {
        let training = Training { data: &data, strengths: &strengths, dim: 8, seed: 1 };
        let mut deep = Deep::new(family, training, 60, &OPTIONS);
        let losses: Vec<f64> = (1..=60).map(|epoch| deep.epoch(epoch).unwrap()).collect();
        assert!(losses[59] < 0.9 * losses[0], "{}: {losses:?}", family.name());
        let apart = separation(&deep.vectors().rows, 8);
        assert!(apart > 0.1, "{}: {apart}", family.name());
    }
}

/// Everyone looks at everything of both tastes and buys of one: only the second head tells which.
#[test]
fn what_is_bought_is_told_from_what_is_looked_at() {
    let (mut data, mut strengths) = tastes();
    for (user, (history, events)) in data.histories.iter_mut().zip(&mut data.events).enumerate() {
        *history = (0..24).filter(|item| (user + item * 5) % 4 > 0).map(|item| item as u32).collect();
        let strength = |item: u32| if item / 12 == user as u32 % 2 { 1.0 } else { 0.2 };
        let event = |(time, &item): (usize, &u32)| crate::dataset::Event {
            item,
            time: time as i64,
            strength: strength(item),
            value: f32::NAN,
            situation: 0,
        };
        *events = history.iter().enumerate().map(event).collect();
        strengths[user] = history.iter().map(|&item| strength(item)).collect();
    }
    for family in FAMILIES.into_iter().filter(|family| family.scores_pairs()) {
        let apart = |heads: Option<f64>| {
            let training = Training { data: &data, strengths: &strengths, dim: 16, seed: 1 };
            let options = DeepOptions { deep_purchases: heads, ..OPTIONS };
            let mut deep = Deep::new(family, training, 40, &options);
            (1..=40).for_each(|epoch| assert!(deep.epoch(epoch).unwrap() > 0.0));
            let storage = Storage { items: Precision::F32, ranker: Precision::F32 };
            let file = export(&trained(family, deep.vectors(), 24), &data, storage, Contents::default()).unwrap();
            let model = load(&file).unwrap();
            let user = User::of_history(&model, &[(1, 1.0), (2, 1.0), (13, 0.2), (14, 0.2), (5, 1.0)]).unwrap();
            let everything = ItemMask::none(24);
            let scored = CpuScorer::new(model).score(&Query::of(&user, &everything, 24, Stage::Cascade)).unwrap();
            let own = scored.iter().filter(|scored| scored.item < 12).map(|scored| scored.score).sum::<f32>();
            own - scored.iter().filter(|scored| scored.item >= 12).map(|scored| scored.score).sum::<f32>()
        };
        let (one, two) = (apart(None), apart(Some(2.0)));
        assert!(two > 12.0 && two > 4.0 * one.abs(), "{}: {one} {two}", family.name());
    }
}

/// What comes next depends on the order: after 0, 1 comes 2, after 1, 0 comes 3.
#[test]
fn order_tells() {
    let histories = (0..200).map(|user| if user % 2 == 0 { vec![0, 1, 2] } else { vec![1, 0, 3] }).collect();
    let data = interactions(4, histories);
    let strengths = vec![vec![1.0; 3]; 200];
    for family in [DeepFamily::Gru4rec, DeepFamily::Sasrec] {
        let training = Training { data: &data, strengths: &strengths, dim: 8, seed: 1 };
        let mut deep = Deep::new(family, training, 40, &OPTIONS);
        (1..=40).for_each(|epoch| assert!(deep.epoch(epoch).unwrap() > 0.0));
        for (history, next) in [([(0, 1.0), (1, 1.0)], 2usize), ([(1, 1.0), (0, 1.0)], 3)] {
            let user = in_training(&deep, &history);
            let score =
                |item: usize| user.iter().zip(&deep.items.numbers.values[8 * item..]).map(|(a, b)| a * b).sum::<f32>();
            let best = (0..4).max_by(|&a, &b| score(a).total_cmp(&score(b))).unwrap();
            assert_eq!(best, next, "{}", family.name());
        }
    }
}

#[test]
fn a_resumed_training_goes_on_as_if_never_stopped() {
    let (data, strengths) = tastes();
    let options = DeepOptions { deep_dropout: Some(0.2), deep_negatives: Some(10), ..OPTIONS };
    for family in FAMILIES {
        resumes(|| Deep::new(family, Training { data: &data, strengths: &strengths, dim: 8, seed: 1 }, 4, &options));
    }
}

#[test]
fn numbers_beyond_all_bounds_end_the_training_and_name_the_batch() {
    let (data, strengths) = tastes();
    let training = Training { data: &data, strengths: &strengths, dim: 8, seed: 1 };
    let mut deep = Deep::new(DeepFamily::TwoTower, training, 4, &OPTIONS);
    deep.items.numbers.values[0] = f32::NAN;
    let said = deep.epoch(1).unwrap_err().to_string();
    assert!(said.contains("batch 1 of epoch 1") && said.contains("--deep-learning-rate"), "{said}");
}
