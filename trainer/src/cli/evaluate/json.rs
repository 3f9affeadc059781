//! The result for machines.

use serde_json::{Map, Value, json};

use super::inputs::Inputs;
use crate::evaluate::{Entry, Estimate, Evaluation, GroupFigures, LEVEL, Metric, Pool, gap};

/// One object: how it was measured; `popular`, and the first model's stages, as metric to mean; then every model in full.
pub fn object(evaluation: &Evaluation, inputs: &Inputs) -> Value {
    let first = &inputs.contenders[0];
    let stage = |name: &str| {
        let entry = evaluation.entries.iter().find(|entry| entry.stage == name && entry.model.unwrap_or(0) == 0);
        entry.map(|entry| means(evaluation, entry))
    };
    let notes = [inputs.notes(), evaluation.conditions()].concat();
    json!({
        "users": evaluation.users,
        "items": first.subject.items,
        "skipped_users": first.held.skipped,
        "unknown_fold_in": first.held.unknown_fold_in,
        "unknown_targets": first.held.unknown_targets,
        "not_in_all_models": inputs.not_in_all,
        "seen_targets": inputs.seen_targets,
        "protocol": protocol(evaluation),
        "notes": notes,
        "popular": stage("popular"),
        "retrieval": stage("retrieval"),
        "cascade": stage("cascade"),
        "ranking": stage("ranking"),
        "baseline": evaluation.entries.iter().find(|entry| entry.model.is_none()).map(|baseline| entry(evaluation, baseline)),
        "models": (0..evaluation.subjects.len()).map(|place| model(evaluation, inputs, place)).collect::<Vec<_>>(),
        "comparisons": evaluation.comparisons.iter().map(|comparison| json!({
            "model": evaluation.subjects[comparison.model].name,
            "against": evaluation.subjects[0].name,
            "differences": keyed(Metric::HEADLINE.iter().zip(&comparison.differences)),
        })).collect::<Vec<_>>(),
    })
}

fn protocol(evaluation: &Evaluation) -> Value {
    let protocol = &evaluation.protocol;
    let negatives = match &protocol.pool {
        Pool::Everything => None,
        Pool::Negatives { source, of_user } => {
            let mean = of_user.iter().map(Vec::len).sum::<usize>() as f64 / of_user.len().max(1) as f64;
            Some(json!({ "from": source, "mean_per_user": mean }))
        }
    };
    json!({
        "ranking": if negatives.is_none() { "full" } else { "sampled" },
        "negatives": negatives,
        "seen_items": if protocol.include_seen { "ranked" } else { "left out" },
        "ties": "against the model",
        "at": protocol.cutoffs,
        "intervals": { "level": LEVEL, "resamples": evaluation.bootstrap.resamples, "seed": evaluation.bootstrap.seed },
        "calibration_column": evaluation.calibration_column,
        "text": protocol.describe(),
    })
}

fn model(evaluation: &Evaluation, inputs: &Inputs, place: usize) -> Value {
    let (subject, contender) = (&evaluation.subjects[place], &inputs.contenders[place]);
    let entries = evaluation.entries.iter().filter(|entry| entry.model == Some(place));
    json!({
        "name": subject.name,
        "path": subject.path,
        "family": subject.family,
        "sha256": subject.sha256,
        "bytes": subject.bytes,
        "items": subject.items,
        "unknown_fold_in": contender.held.unknown_fold_in,
        "unknown_targets": contender.held.unknown_targets,
        "unknown_negatives": contender.unknown_negatives,
        "stages": entries.map(|stage| entry(evaluation, stage)).collect::<Vec<_>>(),
    })
}

fn entry(evaluation: &Evaluation, entry: &Entry) -> Value {
    let groups = evaluation.groupings.iter().zip(&entry.groups).map(|(name, figures)| {
        json!({ "by": name, "groups": figures.iter().map(group).collect::<Vec<_>>(), "gap": gaps(figures) })
    });
    json!({
        "stage": entry.stage,
        "label": entry.label,
        "fair": entry.fair,
        "ships": entry.ships,
        "metrics": means(evaluation, entry),
        "intervals": keyed(evaluation.metrics.iter().zip(&entry.estimates)),
        "beyond_accuracy": entry.beyond,
        "after": evaluation.beginnings.events.iter().zip(&entry.after).map(|(events, estimates)| json!({
            "events": events,
            "users": evaluation.beginnings.users.len(),
            "metrics": keyed(Metric::HEADLINE.iter().zip(estimates)),
        })).collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "ratings": entry.ratings,
    })
}

fn group(figures: &GroupFigures) -> Value {
    json!({ "group": figures.label, "users": figures.users, "metrics": keyed(Metric::HEADLINE.iter().zip(&figures.estimates)) })
}

fn gaps(figures: &[GroupFigures]) -> Value {
    let one = |(place, metric): (usize, &Metric)| {
        let (best, worst, gap) = gap(figures, place)?;
        Some((metric.key(), json!({ "gap": gap, "best": best.label, "worst": worst.label })))
    };
    Value::Object(Metric::HEADLINE.iter().enumerate().filter_map(one).collect())
}

fn means(evaluation: &Evaluation, entry: &Entry) -> Value {
    let pairs = evaluation.metrics.iter().zip(&entry.estimates);
    Value::Object(pairs.map(|(metric, estimate)| (metric.key(), json!(estimate.mean))).collect::<Map<_, _>>())
}

fn keyed<'a>(pairs: impl Iterator<Item = (&'a Metric, &'a Estimate)>) -> Value {
    Value::Object(pairs.map(|(metric, estimate)| (metric.key(), json!(estimate))).collect::<Map<_, _>>())
}
