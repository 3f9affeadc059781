//! A model file taken apart again: what it was written from, as far as the file knows it.

use super::catalogue::{Column, ColumnData};
use super::content::{Content, ContentSpec};
use super::context::{Context, ContextSpec};
use super::fields::FieldShape;
use super::manifest::Scoring;
use super::neighbours::NeighbourSpec;
use super::network::NetworkSpec;
use super::ranker::{Ranker, Weights};
use super::read::Model;
use super::repurchase::RepurchaseSpec;
use super::view::ColumnView;
use super::write::{DenseLayer, EmbeddingSpec, ModelSpec, Precision, RankerSpec};

impl ModelSpec {
    /// The spec of a model that was read, rows and weights as the device uses them: written again with the steps of
    /// [`Ranker::steps`] and the histories of the golden queries, it gives the same file.
    pub fn of(model: &Model) -> ModelSpec {
        let manifest = model.manifest();
        let items = model.item_count();
        ModelSpec {
            family: manifest.family.clone(),
            item_ids: (0..items as u32).map(|item| model.item_id(item).to_owned()).collect(),
            embedding: EmbeddingSpec {
                rows: (0..items as u32).flat_map(|item| model.embedding(item)).collect(),
                dim: model.dim(),
                precision: model.precision().unwrap_or(Precision::Int8),
            },
            item_bias: model.bias().map(<[f32]>::to_vec),
            popularity: model.popularity().map_or_else(|| vec![0.0; items], <[f32]>::to_vec),
            removed: (0..items as u32).map(|item| model.is_removed(item)).collect(),
            user_tower: manifest.user,
            user_rows: model
                .has_history_rows()
                .then(|| (0..items as u32).flat_map(|item| model.history_row(item)).collect()),
            network: model.network().map(NetworkSpec::of),
            context: model.context().map(|context| context_spec(context, model)),
            content: model.content().map(|content| content_spec(content, model)),
            repeats: manifest.repeats,
            neighbours: neighbours(model),
            ranker: model.ranker().map(|ranker| spec_of_ranker(ranker, model)),
            prior: manifest.prior.clone(),
            online: manifest.online.clone(),
            timing: manifest.timing.clone(),
            repurchase: model.repurchase().map(|part| RepurchaseSpec {
                weights: part.weights.clone(),
                items: [part.repeat_items, part.new_items].concat(),
            }),
            columns: model.column_names().filter_map(|name| column(model, name)).collect(),
            event_weights: manifest.event_weights.iter().cloned().collect(),
            event_half_lives: manifest.event_half_lives.iter().cloned().collect(),
            card: serde_json::to_value(&manifest.card).unwrap_or_default(),
        }
    }
}

fn content_spec(content: &Content, model: &Model) -> ContentSpec {
    let features = content.shape.fields.iter().map(FieldShape::count).sum::<usize>() as u32;
    let rows = (0..features).flat_map(|feature| model.content_row(content, feature)).collect();
    ContentSpec { shape: content.shape.clone(), rows, layers: content.layers.clone() }
}

fn context_spec(context: &Context, model: &Model) -> ContextSpec {
    let features = context.shape.features() as u32;
    let rows = (0..features).flat_map(|feature| model.context_row(context, feature)).collect();
    ContextSpec { shape: context.shape.clone(), rows }
}

fn neighbours(model: &Model) -> Option<NeighbourSpec> {
    let lists = model.neighbours()?;
    let mut spec = NeighbourSpec { indptr: vec![0], int4: lists.is_int4(), ..NeighbourSpec::default() };
    for item in 0..model.item_count() as u32 {
        lists.each(item, &mut |other, weight| {
            spec.indices.push(other);
            spec.weights.push(weight);
        });
        spec.indptr.push(spec.indices.len() as u32);
    }
    Some(spec)
}

/// The ranker with both halves of its first layer, (outputs, inputs) row-major.
fn spec_of_ranker(ranker: &Ranker, model: &Model) -> RankerSpec {
    let mut layers = Vec::with_capacity(ranker.layers.len());
    for (n, layer) in ranker.layers.iter().enumerate() {
        let mut weight = if n == 0 { ranker.user_half.clone() } else { Vec::new() };
        weight.extend(layer.weight.to_f32());
        let (outputs, inputs) = (layer.shape.outputs, weight.len() / layer.shape.outputs);
        let weight = (0..outputs).flat_map(|output| weight[output..].iter().step_by(outputs).copied()).collect();
        layers.push(DenseLayer { weight, bias: layer.bias.clone(), inputs, outputs });
    }
    let int8 = ranker.layers.iter().any(|layer| matches!(layer.weight, Weights::Int8 { .. }));
    RankerSpec {
        layers,
        skip: ranker.skip,
        candidates: match &model.manifest().scoring {
            Scoring::Cascade { candidates, .. } => Some(*candidates),
            Scoring::Dot | Scoring::Mlp(_) => None,
        },
        precision: if int8 { Precision::Int8 } else { Precision::F32 },
    }
}

fn column(model: &Model, name: &str) -> Option<Column> {
    let items = 0..model.item_count();
    let data = match model.column(name)? {
        ColumnView::Text(values) => ColumnData::Text(items.map(|item| values.get(item).to_owned()).collect()),
        ColumnView::Category { codes, values, .. } => {
            ColumnData::Category(codes.iter().map(|&code| values.get(code as usize).to_owned()).collect())
        }
        ColumnView::Number(values) => ColumnData::Number(values.to_vec()),
    };
    Some(Column { name: name.to_owned(), data })
}
