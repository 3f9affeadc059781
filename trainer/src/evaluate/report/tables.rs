//! Tables of the page.

use super::html::table;
use crate::evaluate::bootstrap::{Estimate, LEVEL};
use crate::evaluate::evaluation::{Entry, Evaluation};
use crate::evaluate::groups::{GroupFigures, gap};
use crate::evaluate::metrics::Metric;
use crate::output::grouped;

/// `0.1234 [0.1200, 0.1300]`.
pub fn shown(estimate: &Estimate) -> String {
    format!("{:.4} [{:.4}, {:.4}]", estimate.mean, estimate.low, estimate.high)
}

pub fn header(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Headline metrics of these entries.
pub fn headline(evaluation: &Evaluation) -> String {
    let names = Metric::HEADLINE.map(|metric| metric.to_string());
    let row = |entry: &Entry| {
        let name = if entry.ships { format!("{} (ships)", entry.label) } else { entry.label.clone() };
        let estimates = Metric::HEADLINE.iter().filter_map(|&metric| evaluation.estimate(entry, metric)).map(shown);
        [vec![name], estimates.collect()].concat()
    };
    let caption = format!("Means over {} users, {:.0} % intervals", grouped(evaluation.users), 100.0 * LEVEL);
    let rows: Vec<Vec<String>> = evaluation.entries.iter().map(row).collect();
    table(&caption, &[vec!["Ranking".to_owned()], names.to_vec()].concat(), &rows)
}

/// Differences to the first model.
pub fn comparisons(evaluation: &Evaluation) -> String {
    let names = Metric::HEADLINE.map(|metric| metric.to_string());
    let rows: Vec<Vec<String>> = evaluation
        .comparisons
        .iter()
        .map(|comparison| {
            let signed = |e: &Estimate| format!("{:+.4} [{:+.4}, {:+.4}]", e.mean, e.low, e.high);
            let name = evaluation.subjects[comparison.model].name.clone();
            [vec![name], comparison.differences.iter().map(signed).collect()].concat()
        })
        .collect();
    let caption = format!("Difference to {}, user by user (paired bootstrap)", evaluation.subjects[0].name);
    table(&caption, &[vec!["Model".to_owned()], names.to_vec()].concat(), &rows)
}

/// One metric at every cutoff; `at` places it in [`Metric::at`].
pub fn by_length(evaluation: &Evaluation, at: usize) -> String {
    let cutoffs = &evaluation.protocol.cutoffs;
    let metrics: Vec<Metric> = cutoffs.iter().map(|&k| Metric::at(k)[at]).collect();
    let row = |entry: &Entry| {
        let cells = metrics.iter().filter_map(|&metric| evaluation.estimate(entry, metric)).map(shown);
        [vec![entry.label.clone()], cells.collect()].concat()
    };
    let names = metrics.iter().map(ToString::to_string).collect();
    let rows: Vec<Vec<String>> = evaluation.entries.iter().map(row).collect();
    table("Means over users with intervals", &[vec!["Ranking".to_owned()], names].concat(), &rows)
}

/// Headline metrics by group, with the gap.
pub fn groups(name: &str, entry: &Entry, figures: &[GroupFigures]) -> String {
    let names = Metric::HEADLINE.map(|metric| metric.to_string());
    let mut rows: Vec<Vec<String>> = figures
        .iter()
        .map(|group| {
            let cells = vec![group.label.clone(), grouped(group.users)];
            [cells, group.estimates.iter().map(shown).collect()].concat()
        })
        .collect();
    let gaps: Vec<String> = (0..Metric::HEADLINE.len())
        .filter_map(|place| gap(figures, place))
        .map(|(best, worst, gap)| format!("{gap:.4} ({} against {})", best.label, worst.label))
        .collect();
    if !gaps.is_empty() {
        rows.push([header(&["gap, best to worst", ""]), gaps].concat());
    }
    let caption = format!("{}, by {name}", entry.label);
    table(&caption, &[header(&["Group", "Users"]), names.to_vec()].concat(), &rows)
}
