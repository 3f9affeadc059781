//! Backends against the oracle on random models and queries, and proof that these tests can fail.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::cell::OnceCell;

use common::contract::{disagreement, open};
use common::fixtures::{Random, model, random, with_ranker};
use pollster::block_on;
use proclivity::model::MAX_DIM;
use proclivity::profile::User;
use proclivity::score::{BackendChoice, CpuScorer, ItemMask, Plan, Query, Stage, Tolerance, reference};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The scalar CPU kernels give the oracle's list to the last bit, for any size, width, k and mask.
    #[test]
    fn cpu_dot_is_the_oracles(items in 1usize..400, dim in 1usize..80, k in 1usize..450, seed: u64) {
        let model = model(&random(items, dim, seed));
        let mut random = Random(seed ^ 1);
        let mut mask = ItemMask::none(items);
        (0..random.below(items + 1)).for_each(|_| mask.exclude(random.below(items) as u32));
        let user = random.floats(model.dim(), 3.0);
        let query = Query { user: &user, taste: None, offset: None, mask: &mask, k, stage: Stage::Retrieval };
        let found = CpuScorer::new(model.clone()).score(&query).unwrap();
        prop_assert_eq!(found, reference::score(&model, &Plan::new(&model, &query).unwrap()));
    }

    /// CPU cascades stay within the tolerance for any layer widths.
    #[test]
    fn cpu_cascade_is_within_tolerance(items in 2usize..200, first in 1usize..90, second in 1usize..40, seed: u64) {
        let model = model(&with_ranker(random(items, 24, seed), &[first, second], 50, seed));
        let user = Random(seed ^ 2).floats(model.dim(), 2.0);
        let mask = ItemMask::none(items);
        let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 10, stage: Stage::Cascade };
        let found = CpuScorer::new(model.clone()).score(&query).unwrap();
        let share = disagreement(&model, &query, &found, Tolerance::MLP);
        prop_assert!(share <= 1.0, "worst error is {} of the tolerance", share);
    }

    /// Dot scores lie within a few f32 roundings of the dot of the float vectors, computed in float64, plus what int8 costs.
    #[test]
    fn quantised_dot_is_near_the_float_one(items in 1usize..100, seed: u64) {
        let model = model(&random(items, 32, seed));
        let user = Random(seed ^ 3).floats(32, 1.0);
        let mask = ItemMask::none(items);
        let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: items, stage: Stage::Retrieval };
        for scored in CpuScorer::new(model.clone()).score(&query).unwrap() {
            let row = model.embedding(scored.item);
            let exact: f64 = row.iter().zip(&user).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>()
                + f64::from(model.bias().unwrap()[scored.item as usize]);
            let user_step = user.iter().fold(0.0f32, |m, x| m.max(x.abs())) / 127.0;
            let bound = f64::from(user_step) / 2.0 * row.iter().map(|x| f64::from(x.abs())).sum::<f64>() + 1e-5;
            prop_assert!((f64::from(scored.score) - exact).abs() <= bound);
        }
    }

    /// The fold-in solves its own normal equations, and its contributions add up to the score.
    #[test]
    fn fold_in_solves_the_normal_equations(items in 3usize..60, seed: u64) {
        let model = model(&random(items, 16, seed));
        let mut random = Random(seed ^ 4);
        let history: Vec<(u32, f32)> = (0..1 + random.below(5)).map(|i| (i as u32 % items as u32, random.unit().abs())).collect();
        let solved = User::of_history(&model, &history).unwrap();
        let (alpha, ridge) = (2.0f64, 1.0f64);
        // (G + sum alpha r y y^T + ridge I) u - sum (1 + alpha r) y = 0, checked row by row in float64
        let user: Vec<f64> = solved.vector.iter().map(|&x| f64::from(x)).collect();
        for row in 0..16 {
            let gram: f64 = (0..16).map(|c| f64::from(model.gram()[row * 16 + c]) * user[c]).sum();
            let mut residual = gram + ridge * user[row];
            for &(item, strength) in &history {
                let y: Vec<f64> = model.embedding(item).iter().map(|&x| f64::from(x)).collect();
                let dot: f64 = y.iter().zip(&user).map(|(a, b)| a * b).sum();
                residual += alpha * f64::from(strength) * y[row] * dot - (1.0 + alpha * f64::from(strength)) * y[row];
            }
            prop_assert!(residual.abs() < 1e-3, "row {} has residual {}", row, residual);
        }
        let target = random.below(items) as u32;
        let parts: f32 = solved.contributions(&model, target).iter().map(|&(_, part)| part).sum();
        let score: f32 = model.embedding(target).iter().zip(&solved.vector).map(|(a, b)| a * b).sum();
        prop_assert!((parts - score).abs() < 1e-3, "{} and {}", parts, score);
    }
}

/// A weight changed on the GPU alone turns parity red; so does one changed on the CPU alone.
#[test]
fn a_changed_weight_is_noticed() {
    let honest = with_ranker(random(600, 32, 1), &[16], 100, 2);
    let mut changed = honest.clone();
    changed.ranker.as_mut().expect("has one").layers[0].weight[40] += 0.5;
    let (honest, changed) = (model(&honest), model(&changed));
    let user = Random(9).floats(32, 2.0);
    let mask = ItemMask::none(600);
    let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 20, stage: Stage::Cascade };
    for choice in [BackendChoice::Cpu, BackendChoice::WebGpu] {
        let found = |model| block_on(async { open(model, choice).await.score(&query).await.expect("scores") });
        assert!(disagreement(&honest, &query, &found(&honest), Tolerance::MLP) <= 1.0);
        assert!(
            disagreement(&honest, &query, &found(&changed), Tolerance::MLP) > 1.0,
            "{choice:?} hides a changed weight"
        );
    }

    let mut moved = random(600, 32, 1);
    moved.embedding.rows[32 * 5] += 0.7;
    let (still, moved) = (model(&random(600, 32, 1)), model(&moved));
    let query = Query { k: 600, stage: Stage::Retrieval, ..query };
    for choice in [BackendChoice::Cpu, BackendChoice::WebGpu] {
        let found = block_on(async { open(&moved, choice).await.score(&query).await.expect("scores") });
        assert_ne!(found, reference::score(&still, &Plan::new(&still, &query).expect("valid")));
    }
}

/// A lost device costs nothing but the GPU: the query in flight and the next are answered by the CPU, which says why.
#[test]
fn a_lost_device_is_survived() {
    let model = model(&with_ranker(random(500, 16, 4), &[8], 50, 5));
    block_on(async {
        let scorer = open(&model, BackendChoice::WebGpu).await;
        let user = Random(3).floats(16, 1.0);
        let mask = ItemMask::none(500);
        let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 10, stage: Stage::Cascade };
        let before = scorer.score(&query).await.expect("scores");
        scorer.gpu().expect("runs on the GPU").destroy_device();
        let after = scorer.score(&query).await.expect("the CPU answers");
        let ids = |list: &[proclivity::score::Scored]| list.iter().map(|s| s.item).collect::<Vec<_>>();
        assert_eq!(ids(&before), ids(&after));
        let info = scorer.info();
        assert_eq!(info.backend, "cpu");
        assert!(info.reason.contains("the CPU took over"), "{}", info.reason);
        assert_eq!(scorer.score(&query).await.expect("still answers"), after);
    });
}

/// The widest embedding: integer dots stay exact.
#[test]
fn the_widest_row_is_exact() {
    let rows: OnceCell<Vec<f32>> = OnceCell::new();
    let rows = rows.get_or_init(|| (0..3 * MAX_DIM).map(|i| if i / MAX_DIM == 1 { -1.0 } else { 1.0 }).collect());
    let model = model(&common::fixtures::spec(rows.clone(), MAX_DIM));
    let user = vec![1.0; MAX_DIM];
    let mask = ItemMask::none(3);
    let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 3, stage: Stage::Retrieval };
    for choice in [BackendChoice::Cpu, BackendChoice::WebGpu] {
        let list = block_on(async { open(&model, choice).await.score(&query).await.expect("scores") });
        assert_eq!(list, reference::score(&model, &Plan::new(&model, &query).expect("valid")));
        assert!((list[0].score - MAX_DIM as f32).abs() < 0.1);
    }
    assert!(User::of_history(&model, &[]).is_err());
}
