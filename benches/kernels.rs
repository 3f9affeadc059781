//! The kernels, natively: `cargo bench --bench kernels`. The CPU runs its scalar bodies here, which the compiler vectorises;
//! the browser's bodies are timed by `make bench`. The GPU is whatever adapter there is; without one its lines are left out.
//!
//! Every answer is compared with the oracle's before it is timed.

#[path = "../tests/common/fixtures.rs"]
#[allow(dead_code)]
mod fixtures;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fixtures::{Random, in_f32, in_int8, model, random, ranking_all, with_ranker};
use pollster::block_on;
use proclivity::model::{Model, ModelSpec, Precision};
use proclivity::score::{CpuScorer, GpuScorer, ItemMask, Plan, Query, Scored, Stage, Tolerance, reference};

const DIM: usize = 64;
const HIDDEN: [usize; 2] = [128, 64];
const K: usize = 10;

/// Name, items and spec of each work.
fn works() -> Vec<(&'static str, usize, ModelSpec)> {
    let dot = |items| lean(random(items, DIM, 1));
    let mlp = |items, candidates| lean(with_ranker(random(items, DIM, 2), &HIDDEN, candidates, 3));
    vec![
        ("dot int8", 10_000, dot(10_000)),
        ("dot int8", 100_000, dot(100_000)),
        ("dot int8", 1_000_000, dot(1_000_000)),
        ("dot f32", 100_000, in_f32(dot(100_000))),
        ("mlp f32", 10_000, ranking_all(mlp(10_000, 1), Precision::F32)),
        ("mlp int8", 10_000, ranking_all(mlp(10_000, 1), Precision::Int8)),
        ("cascade f32", 100_000, mlp(100_000, 200)),
        ("cascade int8", 100_000, in_int8(mlp(100_000, 200))),
    ]
}

/// Without catalogue columns, which no kernel reads.
fn lean(mut spec: ModelSpec) -> ModelSpec {
    spec.columns.clear();
    spec
}

fn kernels(criterion: &mut Criterion) {
    for (name, items, spec) in works() {
        let model = model(&spec);
        let user = Random(7).floats(DIM, 1.0);
        let mask = ItemMask::none(items);
        let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: K, stage: Stage::Cascade };
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20).measurement_time(Duration::from_secs(3)).throughput(Throughput::Elements(items as u64));

        let cpu = CpuScorer::new(Arc::clone(&model));
        check(&model, &query, &cpu.score(&query).expect("a valid query"));
        group.bench_function(BenchmarkId::new("cpu", items), |bencher| {
            bencher.iter(|| cpu.score(black_box(&query)).expect("a valid query"));
        });

        match block_on(GpuScorer::open(Arc::clone(&model))) {
            Ok(gpu) => {
                check(&model, &query, &block_on(gpu.score(&query)).expect("a valid query"));
                group.bench_function(BenchmarkId::new(gpu.adapter(), items), |bencher| {
                    bencher.iter(|| block_on(gpu.score(black_box(&query))).expect("a valid query"));
                });
            }
            Err(error) => eprintln!("{name}, {items} items: no GPU line: {error}"),
        }
        group.finish();
    }
}

/// Refuses to time a wrong answer: exact lists for dots and int8 MLPs, the stated tolerance for f32 MLPs.
fn check(model: &Model, query: &Query, found: &[Scored]) {
    let expected = reference::score(model, &Plan::new(model, query).expect("a valid query"));
    assert_eq!(found.len(), expected.len());
    let tolerance = match model.ranker() {
        Some(ranker) if ranker.steps.is_empty() => Tolerance::MLP,
        _ => Tolerance(0.0),
    };
    for (found, expected) in found.iter().zip(&expected) {
        let error = (found.score - expected.score).abs();
        assert!(error <= tolerance.at(expected.score), "expected {expected:?}, found {found:?}");
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
