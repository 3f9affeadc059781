//! The models and the queries of the browser bench: `cargo run --release --example bench-models -- FOLDER`.
//!
//! A catalogue as implicit-feedback factorisation makes it: items crowd around tastes, some tastes are far more common
//! than others, and the norms have a long tail. Everything follows from one seed, so two machines time the same numbers.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, process};

use proclivity::export_model;
use proclivity::model::{DenseLayer, EmbeddingSpec, Model, ModelBuffer, ModelSpec, Precision, RankerSpec, UserTower};
use proclivity::profile::User;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const DIM: usize = 64;
/// Hidden layers over the 128 inputs of `concat(user, item)`.
const HIDDEN: [usize; 2] = [128, 64];
const TASTES: usize = 500;
/// Histories that the bench asks with, and as many others that the cascade is made with.
const USERS: usize = 64;
/// Histories that become golden queries: as many as the trainer writes, since each is answered at load.
const GOLDEN: usize = 6;
/// Histories are drawn from the first items, which every catalogue has.
const HISTORY_ITEMS: usize = 10_000;
/// Spread of the cascade's correction as a share of the spread of its retrieval score, among the best 2 % by retrieval: what
/// a ranker trained on the embedded data comes to on average (0.15 to 1.25 from user to user).
const CORRECTION: f32 = 0.4;
const BEST: f32 = 0.02;
/// Places of the full top 10 that the cascade's candidates must hold, on average. The bench asks for 0.95 on other users.
const AGREEMENT: f64 = 0.97;

fn main() {
    let Some(folder) = env::args().nth(1) else {
        eprintln!("expected a folder to write the models to");
        process::exit(2);
    };
    if let Err(error) = write_all(Path::new(&folder)) {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn write_all(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut catalogue = Catalogue::new(1, 1_000_000);
    let histories = Histories {
        asked: (0..USERS).map(|_| catalogue.history()).collect(),
        seen: (0..USERS).map(|_| catalogue.history()).collect(),
    };
    let write = |name: &str, spec: &ModelSpec| -> Result<Model> {
        let bytes = export_model(spec, &histories.seen[..GOLDEN])?;
        let model = Model::read(ModelBuffer::try_from(bytes.as_slice())?)?;
        let users = fold_in(&model, &histories.asked)?.concat();
        fs::write(folder.join(format!("{name}.safetensors")), bytes)?;
        fs::write(folder.join(format!("{name}.users.f32")), bytemuck::cast_slice(&users))?;
        Ok(model)
    };
    let table = |items: usize, precision| dot(catalogue.rows[..items * DIM].to_vec(), precision);
    write("dot-10k-int8", &table(10_000, Precision::Int8))?;
    write("dot-1m-int8", &table(1_000_000, Precision::Int8))?;
    write("dot-100k-f32", &table(100_000, Precision::F32))?;
    let retrieval = write("dot-100k-int8", &table(100_000, Precision::Int8))?;
    for (name, precision) in [("mlp-10k-f32", Precision::F32), ("mlp-10k-int8", Precision::Int8)] {
        let ranker = RankerSpec { layers: mlp_layers(2), skip: 0.0, candidates: None, precision };
        write(name, &ModelSpec { ranker: Some(ranker), ..table(10_000, precision) })?;
    }
    let ranker = cascade(&catalogue.rows[..100_000 * DIM], &fold_in(&retrieval, &histories.seen)?);
    write("cascade-100k", &ModelSpec { ranker: Some(ranker), ..table(100_000, Precision::Int8) })?;
    Ok(())
}

/// Item indices, a list a person.
struct Histories {
    asked: Vec<Vec<u32>>,
    seen: Vec<Vec<u32>>,
}

/// User vectors as the device computes them.
fn fold_in(model: &Model, histories: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
    let solve = |history: &Vec<u32>| -> Result<Vec<f32>> {
        let liked: Vec<(u32, f32)> = history.iter().map(|&item| (item, 1.0)).collect();
        Ok(User::of_history(model, &liked)?.vector)
    };
    histories.iter().map(solve).collect()
}

/// Scored by `user · item`.
fn dot(rows: Vec<f32>, precision: Precision) -> ModelSpec {
    let items = rows.len() / DIM;
    ModelSpec {
        family: "synthetic".to_owned(),
        item_ids: (0..items).map(|item| format!("i{item}")).collect(),
        embedding: EmbeddingSpec { rows, dim: DIM, precision },
        item_bias: None,
        removed: Vec::new(),
        popularity: (0..items).map(|item| (items - item) as f32).collect(),
        user_tower: UserTower::FoldIn { alpha: 1.0, regularization: 1.0, power: 0.0 },
        user_rows: None,
        network: None,
        content: None,
        context: None,
        repeats: Default::default(),
        neighbours: None,
        ranker: None,
        prior: None,
        online: None,
        timing: None,
        repurchase: None,
        columns: Vec::new(),
        event_weights: BTreeMap::new(),
        event_half_lives: Default::default(),
        card: serde_json::json!({ "made": "for the browser bench" }),
    }
}

/// He-initialised weights (He et al. 2015, eq. 10) and small biases.
fn mlp_layers(seed: u64) -> Vec<DenseLayer> {
    let mut random = Random(seed);
    let mut inputs = 2 * DIM;
    let layer = |outputs: usize| {
        let scale = (2.0 / inputs as f32).sqrt();
        let weight = (0..inputs * outputs).map(|_| random.normal() * scale).collect();
        let bias = (0..outputs).map(|_| random.normal() * 0.05).collect();
        let layer = DenseLayer { weight, bias, inputs, outputs };
        inputs = outputs;
        layer
    };
    HIDDEN.into_iter().chain([1]).map(layer).collect()
}

/// An MLP whose output corrects the retrieval score by [`CORRECTION`], and the fewest candidates (200, which
/// the trainer begins with, doubled) that hold [`AGREEMENT`] of the full top 10 of `users`, who are not the bench's.
fn cascade(rows: &[f32], users: &[Vec<f32>]) -> RankerSpec {
    let mut layers = mlp_layers(3);
    let items = item_half(&layers[0], rows);
    let scores: Vec<(Vec<f32>, Vec<f32>)> =
        users.iter().map(|user| (dots(user, rows), corrections(&layers, user, &items))).collect();
    let ratio = scores.iter().map(|(dot, mlp)| spread_ratio(dot, mlp)).sum::<f32>() / users.len() as f32;
    let gain = CORRECTION / ratio;
    let last = layers.last_mut().expect("HIDDEN and one more");
    last.weight.iter_mut().for_each(|w| *w *= gain);
    last.bias.iter_mut().for_each(|b| *b *= gain);

    // For each place of the full top 10, where retrieval puts its item.
    let mut places = Vec::new();
    for (dot, mlp) in &scores {
        let full: Vec<f32> = dot.iter().zip(mlp).map(|(dot, mlp)| dot + gain * mlp).collect();
        let mut order: Vec<usize> = (0..full.len()).collect();
        order.sort_by(|&a, &b| full[b].total_cmp(&full[a]));
        places.extend(order[..10].iter().map(|&item| dot.iter().filter(|&&other| other > dot[item]).count()));
    }
    let held = |n: usize| places.iter().filter(|&&place| place < n).count() as f64 / places.len() as f64;
    let candidates = (0..10).map(|power| 200 << power).find(|&n| held(n) >= AGREEMENT).unwrap_or(100_000);
    println!("cascade-100k: {candidates} candidates hold {:.3} of the full top 10", held(candidates));
    RankerSpec { layers, skip: 1.0, candidates: Some(candidates), precision: Precision::Int8 }
}

fn dots(user: &[f32], rows: &[f32]) -> Vec<f32> {
    rows.chunks_exact(DIM).map(|row| row.iter().zip(user).map(|(a, b)| a * b).sum()).collect()
}

/// `W_i item` of the first layer for all items, (n, outputs).
fn item_half(layer: &DenseLayer, rows: &[f32]) -> Vec<f32> {
    let half = |row: &[f32]| -> Vec<f32> {
        let weight = layer.weight.chunks_exact(layer.inputs);
        weight.map(|w| w[DIM..].iter().zip(row).map(|(a, b)| a * b).sum()).collect()
    };
    rows.chunks_exact(DIM).flat_map(half).collect()
}

/// `MLP(concat(user, item))` of all items, from [`item_half`].
fn corrections(layers: &[DenseLayer], user: &[f32], items: &[f32]) -> Vec<f32> {
    let [first, second, third] = layers else { unreachable!("two hidden layers and the output") };
    let user_half: Vec<f32> = (first.weight.chunks_exact(first.inputs).zip(&first.bias))
        .map(|(w, bias)| bias + w[..DIM].iter().zip(user).map(|(a, b)| a * b).sum::<f32>())
        .collect();
    // (inputs, outputs), so that the inner loop adds whole output vectors.
    let transposed: Vec<f32> = (0..second.inputs)
        .flat_map(|input| (0..second.outputs).map(move |output| second.weight[output * second.inputs + input]))
        .collect();
    let score = |item: &[f32]| {
        let mut hidden = second.bias.clone();
        for ((a, b), w) in item.iter().zip(&user_half).zip(transposed.chunks_exact(second.outputs)) {
            let x = (a + b).max(0.0);
            hidden.iter_mut().zip(w).for_each(|(h, w)| *h += x * w);
        }
        third.bias[0] + hidden.iter().zip(&third.weight).map(|(h, w)| h.max(0.0) * w).sum::<f32>()
    };
    items.chunks_exact(first.outputs).map(score).collect()
}

/// How far the corrections spread for each unit that the retrieval scores do, among the [`BEST`] by retrieval.
fn spread_ratio(dot: &[f32], mlp: &[f32]) -> f32 {
    let mut order: Vec<usize> = (0..dot.len()).collect();
    order.sort_by(|&a, &b| dot[b].total_cmp(&dot[a]));
    let best = &order[..(BEST * dot.len() as f32) as usize];
    let of = |values: &[f32]| spread(&best.iter().map(|&item| values[item]).collect::<Vec<f32>>());
    of(mlp) / of(dot)
}

fn spread(values: &[f32]) -> f32 {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / values.len() as f32).sqrt()
}

/// Items around common tastes.
struct Catalogue {
    random: Random,
    /// (n, DIM).
    rows: Vec<f32>,
    /// Which of the first [`HISTORY_ITEMS`] are near each taste.
    near: Vec<Vec<u32>>,
}

impl Catalogue {
    /// Each item is near one taste; norms are log-normal with median 0.4, as a factorisation of the embedded data has them.
    fn new(seed: u64, items: usize) -> Catalogue {
        let mut random = Random(seed);
        let tastes: Vec<Vec<f32>> = (0..TASTES).map(|_| unit((0..DIM).map(|_| random.normal()).collect())).collect();
        let mut rows = Vec::with_capacity(items * DIM);
        let mut near = vec![Vec::new(); TASTES];
        for item in 0..items {
            let taste = random.taste();
            let norm = 0.4 * (0.5 * random.normal()).exp();
            let noise = 1.0 / (DIM as f32).sqrt();
            let direction = unit(tastes[taste].iter().map(|x| x + noise * random.normal()).collect());
            rows.extend(direction.into_iter().map(|x| norm * x));
            if item < HISTORY_ITEMS {
                near[taste].push(item as u32);
            }
        }
        Catalogue { random, rows, near }
    }

    /// What a person of up to four tastes has bought: 4 to 60 items.
    fn history(&mut self) -> Vec<u32> {
        let random = &mut self.random;
        let tastes: Vec<usize> = (0..1 + random.below(4)).map(|_| random.taste()).collect();
        let mut items: Vec<u32> = (0..4 + random.below(57))
            .filter_map(|_| {
                let near = &self.near[tastes[random.below(tastes.len())]];
                near.get(random.below(near.len().max(1))).copied()
            })
            .collect();
        items.sort_unstable();
        items.dedup();
        if items.is_empty() { vec![0] } else { items }
    }
}

fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= norm);
    vector
}

/// SplitMix64 (Steele et al. 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In 0..1.
    fn uniform(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// The number of a taste; the first ones are drawn far more often: uniform in the logarithm.
    fn taste(&mut self) -> usize {
        ((TASTES as f32).powf(self.uniform()) as usize - 1).min(TASTES - 1)
    }

    /// Standard normal, near enough: twelve uniforms.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.uniform()).sum::<f32>() - 6.0
    }
}
