//! The result for people: aligned tables.

use crate::evaluate::{
    Beginnings, Beyond, Entry, Errors, Estimate, Evaluation, GroupFigures, LEVEL, Metric, Metrics, RatingErrors, gap,
};
use crate::output::{grouped, table};

/// Metrics for people, one row a ranking.
pub fn metrics_table(title: &str, rows: &[(impl std::fmt::Display, Metrics)]) -> String {
    let mut cells = vec![[title, "Recall@20", "Recall@50", "NDCG@100"].map(str::to_owned).to_vec()];
    for (name, metrics) in rows {
        let numbers = [metrics.recall_20, metrics.recall_50, metrics.ndcg_100].map(|value| format!("{value:.4}"));
        cells.push([vec![format!("  {name}")], numbers.to_vec()].concat());
    }
    table(&cells)
}

/// Every table, and the conditions they hold under.
pub fn text(evaluation: &Evaluation) -> String {
    let mut parts = vec![evaluation.conditions().join("\n"), headline(evaluation)];
    if !evaluation.comparisons.is_empty() {
        parts.push(comparisons(evaluation));
    }
    if !evaluation.beginnings.events.is_empty() {
        parts.push(beginnings(evaluation));
    }
    parts.extend(lists(evaluation));
    for entry in evaluation.shipped() {
        parts.push(by_length(evaluation, entry));
        parts.extend((!entry.beyond.is_empty()).then(|| beyond(entry)));
        let groups = evaluation.groupings.iter().zip(&entry.groups);
        parts.extend(groups.map(|(name, figures)| by_group(&format!("{}, by {name}", entry.label), figures)));
        parts.extend(entry.ratings.map(|errors| ratings(&entry.label, &errors)));
    }
    parts.join("\n\n")
}

fn headline(evaluation: &Evaluation) -> String {
    let items: Vec<String> = evaluation.subjects.iter().map(|subject| grouped(subject.items)).collect();
    let title = format!("{} users, {} items", grouped(evaluation.users), items.join(" / "));
    let mut rows = vec![header(&title, &Metric::HEADLINE.map(|metric| metric.to_string()))];
    for entry in &evaluation.entries {
        let estimates =
            Metric::HEADLINE.map(|metric| evaluation.estimate(entry, metric).map_or_else(String::new, shown));
        rows.push([vec![format!("  {}", entry.label)], estimates.to_vec()].concat());
    }
    table(&rows)
}

fn comparisons(evaluation: &Evaluation) -> String {
    let title = format!("difference to {}, {:.0} % paired", evaluation.subjects[0].name, 100.0 * LEVEL);
    let mut rows = vec![header(&title, &Metric::HEADLINE.map(|metric| metric.to_string()))];
    for comparison in &evaluation.comparisons {
        let name = format!("  {}", evaluation.subjects[comparison.model].name);
        rows.push([vec![name], comparison.differences.iter().map(signed).collect()].concat());
    }
    table(&rows)
}

/// What lists cost and give: accuracy and what they are like, at each length.
fn lists(evaluation: &Evaluation) -> Option<String> {
    evaluation.entries.iter().find(|entry| entry.stage == "list")?;
    let names = ["NDCG", "1 - cosine", "1 - Jaccard", "novelty", "coverage", "fair"];
    let mut parts = Vec::new();
    for (place, &k) in evaluation.protocol.cutoffs.iter().enumerate() {
        let mut rows = vec![header(&format!("lists of {k}"), &names.map(str::to_owned))];
        for entry in evaluation.entries.iter().filter(|entry| entry.ships || entry.stage == "list") {
            let beyond = entry.beyond.get(place);
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}"));
            rows.push(vec![
                format!("  {}", entry.label),
                mean(evaluation, entry, Metric::Ndcg(k)),
                number(beyond.and_then(|beyond| beyond.diversity)),
                number(beyond.and_then(|beyond| beyond.category_diversity)),
                number(beyond.map(|beyond| beyond.novelty)),
                number(beyond.map(|beyond| beyond.coverage)),
                number(entry.fair),
            ]);
        }
        parts.push(table(&rows));
    }
    Some(parts.join("\n\n"))
}

/// NDCG after a few events, one column a number of them.
fn beginnings(evaluation: &Evaluation) -> String {
    let (last, Beginnings { events, users }) = (Metric::HEADLINE.len() - 1, &evaluation.beginnings);
    let title = format!("{} of {} users after so many events", Metric::HEADLINE[last], grouped(users.len()));
    let mut rows = vec![header(&title, &events.iter().map(usize::to_string).collect::<Vec<_>>())];
    for entry in evaluation.entries.iter().filter(|entry| !entry.after.is_empty()) {
        let cells = entry.after.iter().map(|estimates| shown(&estimates[last])).collect();
        rows.push([vec![format!("  {}", entry.label)], cells].concat());
    }
    table(&rows)
}

/// Every metric, one column a list length.
fn by_length(evaluation: &Evaluation, entry: &Entry) -> String {
    let cutoffs = &evaluation.protocol.cutoffs;
    let mut rows = vec![header(&entry.label, &cutoffs.iter().map(|k| format!("@{k}")).collect::<Vec<_>>())];
    let columns: Vec<[Metric; 7]> = cutoffs.iter().map(|&k| Metric::at(k)).collect();
    for (place, kind) in Metric::at(1).iter().enumerate() {
        let name = kind.to_string();
        let mut row = vec![format!("  {}", name.trim_end_matches("@1"))];
        row.extend(columns.iter().map(|metrics| mean(evaluation, entry, metrics[place])));
        rows.push(row);
    }
    rows.push(vec!["  AUC, all that is ranked".into(), mean(evaluation, entry, Metric::Auc)]);
    table(&rows)
}

fn beyond(entry: &Entry) -> String {
    let lengths: Vec<String> = entry.beyond.iter().map(|beyond| format!("@{}", beyond.k)).collect();
    let mut rows = vec![header(&format!("{}, beyond accuracy", entry.label), &lengths)];
    for (name, of) in Beyond::ROWS {
        let values: Vec<Option<f64>> = entry.beyond.iter().map(of).collect();
        if values.iter().any(Option::is_some) {
            let cells = values.iter().map(|value| value.map_or_else(|| "-".into(), |value| format!("{value:.4}")));
            rows.push([vec![format!("  {name}")], cells.collect()].concat());
        }
    }
    table(&rows)
}

fn by_group(title: &str, figures: &[GroupFigures]) -> String {
    let mut names = vec!["users".to_owned()];
    names.extend(Metric::HEADLINE.map(|metric| metric.to_string()));
    let mut rows = vec![header(title, &names)];
    for group in figures {
        let mut row = vec![format!("  {}", group.label), grouped(group.users)];
        row.extend(group.estimates.iter().map(shown));
        rows.push(row);
    }
    let gaps = (0..Metric::HEADLINE.len()).filter_map(|place| gap(figures, place));
    let gaps: Vec<String> = gaps.map(|(_, _, gap)| format!("{gap:.4}")).collect();
    if !gaps.is_empty() {
        rows.push([vec!["  gap, best to worst".into(), String::new()], gaps].concat());
    }
    table(&rows)
}

/// Errors of predicted ratings, of the baselines too.
fn ratings(label: &str, errors: &RatingErrors) -> String {
    let title = format!("{} ratings, predicted by", grouped(errors.ratings));
    let mut rows = vec![header(&title, &["RMSE", "MAE"].map(str::to_owned))];
    let row = |(name, errors): (String, Errors)| {
        vec![format!("  {name}"), format!("{:.4}", errors.rmse), format!("{:.4}", errors.mae)]
    };
    rows.extend(errors.rows(label).into_iter().map(row));
    table(&rows)
}

fn header(title: &str, names: &[String]) -> Vec<String> {
    [vec![title.to_owned()], names.to_vec()].concat()
}

fn mean(evaluation: &Evaluation, entry: &Entry, metric: Metric) -> String {
    evaluation.estimate(entry, metric).map_or_else(String::new, |estimate| format!("{:.4}", estimate.mean))
}

fn shown(estimate: &Estimate) -> String {
    format!("{:.4} [{:.4}, {:.4}]", estimate.mean, estimate.low, estimate.high)
}

fn signed(estimate: &Estimate) -> String {
    format!("{:+.4} [{:+.4}, {:+.4}]", estimate.mean, estimate.low, estimate.high)
}
