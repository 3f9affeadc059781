//! Writing a model: what a trainer knows becomes one safetensors file, golden answers and hashes included.

use std::collections::BTreeMap;

use super::buffer::ModelBuffer;
use super::catalogue::{Column, ColumnData};
use super::content::{ContentSpec, FEATURES};
use super::context::{CONTEXT, ContextSpec};
use super::golden::GoldenQuery;
use super::header::Dtype;
use super::limits::{DIM_MULTIPLE, MIN_SCALE};
use super::manifest::{LayerShape, Manifest, MlpShape, Repeats, Scoring, UserTower};
use super::neighbours::{NeighbourSpec, add_neighbours};
use super::network::{NetworkSpec, add_tensors};
use super::nibbles::pack_nibbles;
use super::online::Online;
use super::prior::Prior;
use super::quantise::{Grid, quantise_table};
use super::read::{Model, REMOVED};
use super::repurchase::{RepurchaseSpec, add_items};
use super::scale::add_bf16;
use super::tensor_writer::TensorWriter;
use super::tensors::check_finite;
use super::timing::Timing;
use crate::error::{Error, Result};

/// How a table or the ranker's weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Two values to a byte, for the item table; the device unpacks them to int8.
    Int4,
    Int8,
    F16,
    F32,
}

/// The item table: `rows` (n, dim) row-major; none with `dim` 0, for neighbour lists or item biases alone.
#[derive(Debug, Clone)]
pub struct EmbeddingSpec {
    pub rows: Vec<f32>,
    pub dim: usize,
    pub precision: Precision,
}

/// A dense layer `y = W x + b`: `weight` (outputs, inputs) row-major, `bias` (outputs).
#[derive(Debug, Clone, PartialEq)]
pub struct DenseLayer {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub inputs: usize,
    pub outputs: usize,
}

/// `MLP(concat(u, i)) + skip * dot(u, i)`; the first layer has `2 * dim` inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct RankerSpec {
    pub layers: Vec<DenseLayer>,
    pub skip: f32,
    /// How many of the best by dot are ranked; `None` ranks every item.
    pub candidates: Option<usize>,
    /// F32, or Int8 for integer arithmetic in the hidden layers; Int8 needs an Int8 or Int4 table and two hidden layers or more.
    pub precision: Precision,
}

/// Everything a model file is made of.
#[derive(Debug, Clone)]
pub struct ModelSpec {
    pub family: String,
    /// (n), unique.
    pub item_ids: Vec<String>,
    pub embedding: EmbeddingSpec,
    /// (n).
    pub item_bias: Option<Vec<f32>>,
    /// (n), for example distinct users in training.
    pub popularity: Vec<f32>,
    /// Items that are no longer offered, (n); empty for none.
    pub removed: Vec<bool>,
    /// For a fold-in the Gram matrix is made from the stored rows.
    pub user_tower: UserTower,
    /// What a pooled history is pooled of, (n, dim), where not of the items' own rows: SVD++. Stored as the item table is.
    pub user_rows: Option<Vec<f32>>,
    /// The user tower, where it is a network; `user_rows` are then (n, width).
    pub network: Option<NetworkSpec>,
    /// What turns attributes of items into vectors; its rows are stored as the item table is.
    pub content: Option<ContentSpec>,
    /// What a request tells beside the history.
    pub context: Option<ContextSpec>,
    pub repeats: Repeats,
    /// Neighbour lists, whose sums are added to the dot.
    pub neighbours: Option<NeighbourSpec>,
    pub ranker: Option<RankerSpec>,
    /// What is popular, beside what little a history says.
    pub prior: Option<Prior>,
    /// How the device learns from each event.
    pub online: Option<Online>,
    /// When people come.
    pub timing: Option<Timing>,
    /// For shops where people buy again.
    pub repurchase: Option<RepurchaseSpec>,
    pub columns: Vec<Column>,
    /// Strength of each event type; empty for the defaults.
    pub event_weights: BTreeMap<String, f32>,
    /// Days after which an event of a type counts half; missing ones always count alike.
    pub event_half_lives: BTreeMap<String, f32>,
    pub card: serde_json::Value,
}

/// Makes the file of a spec whose ranker, if any, is F32: pads the width to a multiple of 16, quantises, computes the Gram matrix, adds the golden queries and
/// hashes each tensor. The same spec gives the same bytes. [`crate::export_model`] answers the golden queries too.
///
/// # Errors
/// Whatever [`Model::read`] would refuse is refused here, before a byte is handed out.
pub fn write_model(spec: &ModelSpec, golden: &[GoldenQuery]) -> Result<Vec<u8>> {
    write_calibrated(spec, &[], golden)
}

/// As [`write_model`], for a ranker in int8 arithmetic too: `steps` are those of [`MlpShape::steps`], empty for F32.
pub(crate) fn write_calibrated(spec: &ModelSpec, steps: &[f32], golden: &[GoldenQuery]) -> Result<Vec<u8>> {
    let mut file = TensorWriter::default();
    let manifest = lay_out(spec, steps, &mut file)?;
    add_golden(golden, &mut file)?;
    let bytes = file.serialize(&manifest)?;
    Model::read(ModelBuffer::try_from(bytes.as_slice())?)?;
    Ok(bytes)
}

fn lay_out(spec: &ModelSpec, steps: &[f32], file: &mut TensorWriter) -> Result<Manifest> {
    let items = spec.item_ids.len();
    let dim = spec.embedding.dim.next_multiple_of(DIM_MULTIPLE);
    expect_len("item.embedding", spec.embedding.rows.len(), items * spec.embedding.dim)?;
    if items == 0 || (dim == 0 && spec.neighbours.is_none() && spec.item_bias.is_none()) {
        return Err(Error::tensor("item.embedding", "expected at least one item and one column, found none"));
    }
    check_finite(&spec.embedding.rows, "item.embedding")?;
    let mut stored = Vec::new();
    if dim > 0 {
        let rows = pad_rows(&spec.embedding.rows, spec.embedding.dim, dim);
        stored = add_rows(file, "item.embedding", &rows, dim, items, spec.embedding.precision);
    }
    if let Some(neighbours) = &spec.neighbours {
        add_neighbours(file, neighbours, items)?;
    }
    if let Some(repurchase) = &spec.repurchase {
        add_items(file, repurchase, items)?;
    }
    if let Some(bias) = &spec.item_bias {
        expect_len("item.bias", bias.len(), items)?;
        file.add_f32("item.bias", &[items], bias);
    }
    expect_len("item.popularity", spec.popularity.len(), items)?;
    file.add_f32("item.popularity", &[items], &spec.popularity);
    if spec.removed.contains(&true) {
        expect_len(REMOVED, spec.removed.len(), items)?;
        file.add(REMOVED, Dtype::U8, &[items], spec.removed.iter().map(|&removed| u8::from(removed)).collect());
    }
    if matches!(spec.user_tower, UserTower::FoldIn { .. }) {
        file.add_f32("user.gram", &[dim, dim], &gram(&stored, dim));
    }
    if let Some(rows) = &spec.user_rows {
        let (from, to) = match &spec.network {
            Some(network) => (network.shape.width, network.shape.width),
            None => (spec.embedding.dim, dim),
        };
        expect_len("user.rows", rows.len(), items * from)?;
        check_finite(rows, "user.rows")?;
        if dim == 0 {
            return Err(Error::tensor("user.rows", "expected item vectors beside them, found none"));
        }
        add_rows(file, "user.rows", &pad_rows(rows, from, to), to, items, spec.embedding.precision);
    }
    if let Some(network) = &spec.network {
        network.add(file)?;
    }
    if let Some(content) = &spec.content {
        let (features, width) = (content.features(), content.shape.width);
        expect_len(FEATURES, content.rows.len(), features * width)?;
        check_finite(&content.rows, FEATURES)?;
        add_rows(file, FEATURES, &content.rows, width, features, spec.embedding.precision);
        add_tensors(file, &content.tensors())?;
    }
    if let Some(context) = &spec.context {
        // As wide as the items, or as a network's body.
        let features = context.shape.features();
        let from = context.rows.len() / features.max(1);
        let to = if from == spec.embedding.dim { dim } else { from };
        expect_len(CONTEXT, context.rows.len(), features * from)?;
        check_finite(&context.rows, CONTEXT)?;
        if from == 0 {
            return Err(Error::tensor(CONTEXT, "expected rows of a width, found none"));
        }
        add_rows(file, CONTEXT, &pad_rows(&context.rows, from, to), to, features, spec.embedding.precision);
    }
    file.add_strings("item.id", &spec.item_ids);
    for column in &spec.columns {
        add_column(file, column, items)?;
    }
    let scoring = match &spec.ranker {
        None => Scoring::Dot,
        Some(ranker) => {
            let mlp = add_ranker(file, ranker, steps, spec.embedding.dim, dim)?;
            ranker.candidates.map_or(Scoring::Mlp(mlp.clone()), |candidates| Scoring::Cascade { candidates, mlp })
        }
    };
    Ok(Manifest {
        family: spec.family.clone(),
        items,
        dim,
        scoring,
        user: spec.user_tower,
        network: spec.network.as_ref().map(|network| network.shape.clone()),
        content: spec.content.as_ref().map(|content| content.shape.clone()),
        context: spec.context.as_ref().map(|context| context.shape.clone()),
        repeats: spec.repeats,
        prior: spec.prior.clone(),
        online: spec.online.clone(),
        timing: spec.timing.clone(),
        repurchase: spec.repurchase.as_ref().map(|part| part.weights.clone()),
        columns: spec.columns.iter().filter_map(|c| Some((c.name.clone(), kind(&c.data)?.to_owned()))).collect(),
        event_weights: spec.event_weights.iter().map(|(name, &weight)| (name.clone(), weight)).collect(),
        event_half_lives: spec.event_half_lives.iter().map(|(name, &days)| (name.clone(), days)).collect(),
        sha256: Vec::new(),
        card: spec.card.clone().into(),
    })
}

/// Adds a table and returns it as floats, the very numbers the device will score with.
fn add_rows(
    file: &mut TensorWriter,
    name: &str,
    rows: &[f32],
    dim: usize,
    items: usize,
    precision: Precision,
) -> Vec<f32> {
    let shape = [items, dim];
    match precision {
        Precision::Int8 => {
            let table = quantise_table(rows, dim, Grid::Int8);
            file.add(name, Dtype::I8, &shape, bytemuck::cast_slice(&table.values).to_vec());
            file.add_f32(&format!("{name}.scale"), &[items], &table.scale);
            table.dequantise()
        }
        Precision::Int4 => {
            let table = quantise_table(rows, dim, Grid::Int4);
            file.add(name, Dtype::U8, &[items, dim / 2], pack_nibbles(&table.values));
            add_bf16(file, &format!("{name}.scale"), &table.scale);
            table.dequantise()
        }
        Precision::F16 => {
            let halves: Vec<u16> = rows.iter().map(|&x| half::f16::from_f32(x).to_bits()).collect();
            file.add(name, Dtype::F16, &shape, bytemuck::cast_slice(&halves).to_vec());
            halves.iter().map(|&bits| half::f16::from_bits(bits).to_f32()).collect()
        }
        Precision::F32 => {
            // Products of smaller values would be subnormal numbers, which GPUs may flush to zero.
            let stored: Vec<f32> = rows.iter().map(|&x| if x.abs() < MIN_SCALE { 0.0 } else { x }).collect();
            file.add_f32(name, &shape, &stored);
            stored
        }
    }
}

fn add_ranker(file: &mut TensorWriter, ranker: &RankerSpec, steps: &[f32], from: usize, to: usize) -> Result<MlpShape> {
    if ranker.precision == Precision::Int8 && ranker.layers.len() < 3 {
        return Err(Error::tensor("mlp", "expected two hidden layers or more for int8 arithmetic, found fewer"));
    }
    let known = matches!(ranker.precision, Precision::F32 | Precision::Int8);
    if (ranker.precision == Precision::F32) != steps.is_empty() || !known {
        return Err(Error::tensor("mlp", "expected F32, or Int8 calibrated by `export_model`, found otherwise"));
    }
    let mut layers = Vec::new();
    for (n, layer) in ranker.layers.iter().enumerate() {
        let (weight_name, bias_name) = (format!("mlp.{n}.weight"), format!("mlp.{n}.bias"));
        expect_len(&weight_name, layer.weight.len(), layer.inputs * layer.outputs)?;
        expect_len(&bias_name, layer.bias.len(), layer.outputs)?;
        let (weight, inputs) = if n == 0 {
            expect_len(&weight_name, layer.inputs, 2 * from)?;
            (pad_rows(&layer.weight, from, to), 2 * to)
        } else {
            (layer.weight.clone(), layer.inputs)
        };
        let shape = [layer.outputs, inputs];
        if steps.is_empty() || n + 1 == ranker.layers.len() {
            file.add_f32(&weight_name, &shape, &weight);
        } else {
            check_finite(&weight, &weight_name)?;
            let table = quantise_table(&weight, inputs, if n == 0 { Grid::Int8 } else { Grid::Hidden });
            file.add(&weight_name, Dtype::I8, &shape, bytemuck::cast_slice(&table.values).to_vec());
            file.add_f32(&format!("{weight_name}.scale"), &[layer.outputs], &table.scale);
        }
        file.add_f32(&bias_name, &[layer.outputs], &layer.bias);
        layers.push(LayerShape { inputs, outputs: layer.outputs });
    }
    Ok(MlpShape { skip: ranker.skip, layers, steps: steps.to_vec() })
}

fn add_column(file: &mut TensorWriter, column: &Column, items: usize) -> Result<()> {
    let name = format!("column.{}", column.name);
    let length = match &column.data {
        ColumnData::Text(values) | ColumnData::Category(values) => values.len(),
        ColumnData::Number(values) => values.len(),
        ColumnData::Vector { .. } => return Ok(()),
    };
    expect_len(&name, length, items)?;
    match &column.data {
        ColumnData::Text(values) => file.add_strings(&name, values),
        ColumnData::Number(values) => file.add_f32(&name, &[items], values),
        ColumnData::Vector { .. } => {}
        ColumnData::Category(values) => {
            let mut dictionary: Vec<String> = values.clone();
            dictionary.sort_unstable();
            dictionary.dedup();
            let code = |value: &String| dictionary.binary_search(value).expect("made from these values") as u32;
            let codes: Vec<u32> = values.iter().map(code).collect();
            file.add_u32(&format!("{name}.codes"), &[items], &codes);
            file.add_strings(&name, &dictionary);
        }
    }
    Ok(())
}

fn add_golden(golden: &[GoldenQuery], file: &mut TensorWriter) -> Result<()> {
    let Some(first) = golden.first() else { return Ok(()) };
    let k = first.items.len();
    let (mut indptr, mut history, mut items, mut scores) = (vec![0u32], Vec::new(), Vec::new(), Vec::new());
    for query in golden {
        expect_len("golden.item", query.items.len(), k)?;
        expect_len("golden.score", query.scores.len(), k)?;
        history.extend_from_slice(&query.history);
        indptr.push(history.len() as u32);
        items.extend_from_slice(&query.items);
        scores.extend_from_slice(&query.scores);
    }
    file.add_u32("golden.history.indptr", &[indptr.len()], &indptr);
    file.add_u32("golden.history.indices", &[history.len()], &history);
    file.add_u32("golden.item", &[golden.len(), k], &items);
    file.add_f32("golden.score", &[golden.len(), k], &scores);
    Ok(())
}

/// (n, from) → (n, to), zeros to the right.
fn pad_rows(rows: &[f32], from: usize, to: usize) -> Vec<f32> {
    let mut padded = vec![0.0; rows.len() / from * to];
    for (target, row) in padded.chunks_exact_mut(to).zip(rows.chunks_exact(from)) {
        target[..from].copy_from_slice(row);
    }
    padded
}

/// `Y^T Y` of `rows` (n, dim), summed in f64.
fn gram(rows: &[f32], dim: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64; dim * dim];
    for row in rows.chunks_exact(dim.max(1)) {
        for (i, &a) in row.iter().enumerate() {
            for (sum, &b) in sums[i * dim..][..dim].iter_mut().zip(row) {
                *sum += f64::from(a) * f64::from(b);
            }
        }
    }
    sums.into_iter().map(|x| x as f32).collect()
}

/// What the manifest calls a column that is written.
fn kind(data: &ColumnData) -> Option<&'static str> {
    match data {
        ColumnData::Text(_) => Some("text"),
        ColumnData::Category(_) => Some("category"),
        ColumnData::Number(_) => Some("number"),
        ColumnData::Vector { .. } => None,
    }
}

fn expect_len(tensor: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::tensor(tensor, format_args!("expected {expected} values, found {found}")))
}
