//! What the GPU backend promises beyond the contract; run natively and in the browser.

use std::sync::Arc;

use proclivity::model::{Model, Precision};
use proclivity::score::{BackendChoice, GpuLimits, GpuScorer, ItemMask, Plan, Query, Stage, Tolerance, reference};

use super::contract::disagreement;
use super::fixtures::{Random, in_f32, in_int8, model, random, ranking_all, tied, with_ranker};

/// Limits that split everything: tables into shards, dispatches into rows and parts, rankings into turns.
const SMALL: GpuLimits = GpuLimits { max_binding: 128 << 10, max_groups: 3, max_item_half: 1 << 20, packed: None };
/// The item half is made anew for each query.
const NOTHING_KEPT: GpuLimits = GpuLimits { max_item_half: 0, ..SMALL };

async fn open(model: &Arc<Model>, limits: GpuLimits) -> GpuScorer {
    GpuScorer::open_with_limits(model.clone(), Some(limits)).await.expect("opens within small limits")
}

fn third_left_out(items: usize, random: &mut Random) -> ItemMask {
    let mut mask = ItemMask::none(items);
    (0..items / 3).for_each(|_| mask.exclude(random.below(items) as u32));
    mask
}

/// Dot lists are the oracle's to the last bit across shards and folded dispatches.
pub async fn small_limits_dot() {
    for (items, spec) in
        [(12_000, tied(12_000, 16, 1)), (30_001, random(30_001, 16, 2)), (3000, in_f32(random(3000, 48, 3)))]
    {
        let model = model(&spec);
        let scorer = open(&model, SMALL).await;
        assert!(scorer.shards() > 1, "{items} items are meant to be split");
        let mut random = Random(4);
        let mask = third_left_out(items, &mut random);
        let user = random.floats(model.dim(), 2.0);
        for (k, stage) in [
            (10, Stage::Retrieval),
            (if items < 20_000 { 600 } else { 60 }, Stage::Retrieval),
            (100, Stage::Similarity),
            (3, Stage::Popularity),
        ] {
            let query = Query { user: &user, taste: None, offset: None, mask: &mask, k, stage };
            let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
            assert_eq!(scorer.score(&query).await.expect("scores"), expected, "{items} items, k = {k}, {stage:?}");
        }
    }
}

/// Rankings of every item and cascades are the oracle's across shards and turns, with the item half kept and without.
pub async fn small_limits_ranking() {
    let items = 5000;
    let ranked = |hidden: &[usize]| with_ranker(random(items, 32, 4), hidden, 300, 40);
    for (spec, limits) in [
        (ranking_all(in_int8(ranked(&[40, 12])), Precision::Int8), SMALL),
        (ranking_all(in_f32(ranked(&[40, 12])), Precision::F32), NOTHING_KEPT),
        (ranking_all(in_int8(ranked(&[30, 20, 10])), Precision::Int8), NOTHING_KEPT),
        (ranking_all(ranked(&[30, 20, 10]), Precision::F32), SMALL),
        (ranking_all(ranked(&[24]), Precision::F32), SMALL),
        (ranked(&[]), SMALL),
    ] {
        let model = model(&spec);
        let exact = !model.ranker().expect("has one").steps.is_empty();
        let scorer = open(&model, limits).await;
        assert!(scorer.shards() > 1);
        let mut random = Random(5);
        let mask = third_left_out(items, &mut random);
        let user = random.floats(32, 1.0);
        for (k, stage) in [(10, Stage::Cascade), (400, Stage::Ranking)] {
            let query = Query { user: &user, taste: None, offset: None, mask: &mask, k, stage };
            let found = scorer.score(&query).await.expect("scores");
            if exact {
                assert_eq!(found, reference::score(&model, &Plan::new(&model, &query).expect("valid")));
            }
            let worst = disagreement(&model, &query, &found, Tolerance::MLP);
            assert!(worst <= 1.0, "k = {k}, {stage:?}: {worst} of the tolerance");
        }
    }
}

/// Packed dot products, where a device has them, are exact too.
pub async fn packed_dot() {
    let model = model(&random(3000, 48, 12));
    let mask = ItemMask::none(3000);
    let user = Random(13).floats(48, 2.0);
    let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 300, stage: Stage::Retrieval };
    let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
    for packed in [true, false] {
        let scorer = open(&model, GpuLimits { packed: Some(packed), ..SMALL }).await;
        assert_eq!(scorer.kernels(), if packed { "wgsl+dp4a" } else { "wgsl" });
        assert_eq!(scorer.score(&query).await.expect("scores"), expected, "packed: {packed}");
    }
}

/// A table large enough to be measured at load answers exactly with whatever was chosen.
pub async fn measured_dot() {
    let model = model(&random(40_000, 32, 14));
    let scorer = GpuScorer::open(model.clone()).await.expect("opens");
    let mask = ItemMask::none(40_000);
    let user = Random(15).floats(32, 2.0);
    let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 200, stage: Stage::Retrieval };
    let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
    assert_eq!(scorer.score(&query).await.expect("scores"), expected, "with {}", scorer.kernels());
}

/// What does not fit is an error that says so, and the scorer goes on.
pub async fn too_small_limits() {
    let model = model(&random(20_000, 16, 6));
    let tiny = GpuLimits { max_binding: 32, ..SMALL };
    let refused = GpuScorer::open_with_limits(model.clone(), Some(tiny)).await.err().expect("refused");
    assert_eq!(refused.code(), "backend_unavailable");
    let scorer = open(&model, SMALL).await;
    let (user, mask) = (vec![1.0; 16], ItemMask::none(20_000));
    let query = |k| Query { user: &user, taste: None, offset: None, mask: &mask, k, stage: Stage::Retrieval };
    let refused = scorer.score(&query(20_000)).await.expect_err("160 KB of answer do not fit 128 KiB");
    assert_eq!(refused.code(), "gpu");
    assert_eq!(scorer.score(&query(10)).await.expect("scores").len(), 10);
}

/// A batch gives each query its own answer, however many submits it takes.
pub async fn batches() {
    let model = model(&with_ranker(random(4000, 32, 7), &[16, 8], 100, 8));
    let mut random = Random(9);
    let users: Vec<Vec<f32>> = (0..40).map(|_| random.floats(32, 1.0)).collect();
    let masks: Vec<ItemMask> = (0..40).map(|_| third_left_out(4000, &mut random)).collect();
    let stages = [Stage::Cascade, Stage::Retrieval, Stage::Similarity, Stage::Ranking];
    let queries: Vec<Query> = users
        .iter()
        .zip(&masks)
        .enumerate()
        .map(|(n, (user, mask))| Query { user, taste: None, offset: None, mask, k: 1 + 7 * n, stage: stages[n % 4] })
        .collect();
    for limits in [None, Some(SMALL)] {
        let scorer = GpuScorer::open_with_limits(model.clone(), limits).await.expect("opens");
        let together = scorer.score_batch(&queries).await.expect("scores");
        assert_eq!(together.len(), queries.len());
        for (query, found) in queries.iter().zip(&together) {
            assert_eq!(*found, scorer.score(query).await.expect("scores"), "{:?}, k = {}", query.stage, query.k);
        }
    }
}

/// The parity tests can fail: a weight or a row value changed on the GPU alone shows.
pub async fn a_change_on_the_gpu_alone_is_noticed() {
    let honest = ranking_all(with_ranker(random(1300, 32, 16), &[16, 8], 100, 17), Precision::F32);
    let (mut weight, mut row) = (honest.clone(), honest.clone());
    weight.ranker.as_mut().expect("has one").layers[1].weight[40] += 0.5;
    row.embedding.rows[32 * 1200 + 3] += 0.7;
    let model_here = model(&honest);
    let mask = ItemMask::none(1300);
    let user = Random(18).floats(32, 2.0);
    for (spec, stage) in
        [(&honest, None), (&weight, Some(Stage::Ranking)), (&row, Some(Stage::Ranking)), (&row, Some(Stage::Retrieval))]
    {
        let scorer = GpuScorer::open(model(spec)).await.expect("opens");
        for asked in [Stage::Ranking, Stage::Retrieval] {
            let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 1300, stage: asked };
            let found = scorer.score(&query).await.expect("scores");
            let agrees = match asked {
                Stage::Ranking => disagreement(&model_here, &query, &found, Tolerance::MLP) <= 1.0,
                _ => found == reference::score(&model_here, &Plan::new(&model_here, &query).expect("valid")),
            };
            if stage.is_none() {
                assert!(agrees, "the same model gives the same {asked:?} list");
            } else if stage == Some(asked) {
                assert!(!agrees, "a change goes unnoticed in {asked:?}");
            }
        }
    }
}

/// A device that is destroyed while a query is in flight costs nothing but the GPU: the list is the oracle's.
pub async fn a_device_lost_in_flight_is_survived() {
    let model = model(&random(20_000, 32, 19));
    let mask = ItemMask::none(20_000);
    let user = Random(20).floats(32, 2.0);
    let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 3000, stage: Stage::Retrieval };
    let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
    for wait in [0, 3, 30] {
        let scorer = super::contract::open(&model, BackendChoice::WebGpu).await;
        let gpu = scorer.gpu().expect("runs on the GPU");
        // In a browser the query is in flight once it was polled; elsewhere another thread ends the device meanwhile.
        let mut pending = Box::pin(scorer.score(&query));
        #[cfg(target_arch = "wasm32")]
        let found = {
            assert!(futures_util::poll!(pending.as_mut()).is_pending(), "{wait}");
            gpu.destroy_device();
            pending.await
        };
        #[cfg(not(target_arch = "wasm32"))]
        let found = {
            let destroy = gpu.destroyer();
            let ending = std::thread::spawn(move || {
                std::thread::sleep(std::time::Duration::from_millis(wait));
                destroy();
            });
            let found = pending.as_mut().await;
            ending.join().expect("ends");
            found
        };
        assert_eq!(found.expect("a list"), expected, "after {wait} ms");
        assert_eq!(scorer.score(&query).await.expect("a list"), expected);
        assert_eq!(scorer.info().backend, "cpu");
    }
}

/// Runs `$check` for every test here: `$check!(name)`.
#[macro_export]
macro_rules! gpu_tests {
    ($check:ident) => {
        $check!(small_limits_dot);
        $check!(small_limits_ranking);
        $check!(packed_dot);
        $check!(measured_dot);
        $check!(too_small_limits);
        $check!(batches);
        $check!(a_change_on_the_gpu_alone_is_noticed);
        $check!(a_device_lost_in_flight_is_survived);
    };
}
