//! `proclivity inspect MODEL`

use std::fs;
use std::path::PathBuf;

use clap::Args;
use proclivity::model::{MlpShape, Scoring, UserTower};
use serde_json::{Value, json};

use super::open_model;
use crate::card::{hex_sha256, path_beside};
use crate::error::{CliError, Result};
use crate::output::{Output, grouped, table};
use crate::stored::Stored;

#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Model file
    model: PathBuf,
}

pub fn run(args: &InspectArgs, output: Output) -> Result<()> {
    let model = open_model(&args.model)?;
    let bytes = fs::read(&args.model).map_err(|source| CliError::Open { path: args.model.clone(), source })?;
    let sha256 = hex_sha256(&bytes);
    let (manifest, tensors) = (model.manifest(), model.tensors());

    let mut rows = vec![["tensor", "type", "shape", "bytes", "sha256"].map(str::to_owned).to_vec()];
    for tensor in &tensors {
        let digest = tensor.sha256.chars().take(12).collect();
        rows.push(vec![
            tensor.name.clone(),
            tensor.dtype.clone(),
            format!("{:?}", tensor.shape),
            grouped(tensor.bytes),
            digest,
        ]);
    }
    let scoring = match &manifest.scoring {
        Scoring::Dot => "dot".to_owned(),
        Scoring::Mlp(mlp) => format!("{} over every item", mlp_text(mlp)),
        Scoring::Cascade { candidates, mlp } => format!("dot for {candidates} candidates, then {}", mlp_text(mlp)),
    };
    let stored = model.precision().map_or("(no vectors)".into(), |precision| Stored::from(precision).to_string());
    let columns: Vec<String> = manifest.columns.iter().map(|(name, kind)| format!("{name} ({kind})")).collect();
    let facts = [
        ("family", manifest.family.clone()),
        ("items", format!("{} x {} {}", grouped(manifest.items), manifest.dim, stored)),
        ("scoring", scoring),
        ("user", tower_text(manifest.user)),
        ("columns", columns.join(", ")),
        ("golden", format!("{} queries", model.golden().len())),
        ("bytes", grouped(bytes.len())),
        ("sha256", sha256.clone()),
    ];
    let beside = Some(path_beside(&args.model)).filter(|path| path.is_file());
    let beside = beside.map(|path| ("card", path.display().to_string()));
    let facts: Vec<String> = facts.iter().chain(&beside).map(|(name, value)| format!("{name:<8} {value}")).collect();
    let text = format!(
        "{}\n\n{}\n\ncard {:#}",
        facts.join("\n"),
        table(&rows),
        serde_json::to_value(&manifest.card).unwrap_or_default()
    );
    output.result(&text, || {
        let tensors: Vec<_> = tensors
            .iter()
            .map(|t| json!({ "name": t.name, "dtype": t.dtype, "shape": t.shape, "bytes": t.bytes, "sha256": t.sha256 }))
            .collect();
        json!({ "bytes": bytes.len(), "sha256": sha256, "manifest": manifest_json(&bytes), "tensors": tensors, "golden": model.golden().len() })
    });
    Ok(())
}

/// The manifest as it stands in the file: under `model` in the safetensors metadata. The file was read as a model before, so
/// it is there; null otherwise.
fn manifest_json(bytes: &[u8]) -> Value {
    let length = bytes.first_chunk::<8>().map_or(0, |length| u64::from_le_bytes(*length) as usize);
    let header: Option<Value> = bytes.get(8..8 + length).and_then(|header| serde_json::from_slice(header).ok());
    let manifest = header.as_ref().and_then(|header| header.pointer("/__metadata__/model")?.as_str());
    manifest.and_then(|manifest| serde_json::from_str(manifest).ok()).unwrap_or(Value::Null)
}

/// As the manifest's JSON names it.
fn tower_text(tower: UserTower) -> String {
    match tower {
        UserTower::FoldIn { alpha, regularization, power } => {
            format!("fold-in, alpha {alpha}, regularization {regularization}, power {power}")
        }
        UserTower::Pool { power } => format!("pool, power {power}"),
        UserTower::Network => "network".into(),
    }
}

fn mlp_text(mlp: &MlpShape) -> String {
    let widths: Vec<String> = mlp.layers.iter().map(|layer| layer.inputs.to_string()).chain(["1".into()]).collect();
    let arithmetic = if mlp.steps.is_empty() { "f32" } else { "int8" };
    format!("{arithmetic} MLP {} + {} * dot", widths.join("-"), mlp.skip)
}
