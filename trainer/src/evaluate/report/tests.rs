//! The page is well formed, needs nothing else, and says in words and tables what it draws.

use super::*;
use crate::evaluate::beyond::Beyond;
use crate::evaluate::bootstrap::{Bootstrap, Estimate};
use crate::evaluate::evaluation::{Beginnings, Comparison, Entry, Origin, Subject};
use crate::evaluate::groups::GroupFigures;
use crate::evaluate::metrics::Metric;
use crate::evaluate::protocol::{Pool, Protocol};
use crate::evaluate::ratings::{Errors, RatingErrors};

fn estimate(mean: f64) -> Estimate {
    Estimate { mean, low: mean - 0.01, high: mean + 0.01 }
}

fn evaluation(models: usize) -> Evaluation {
    let metrics = Metric::all(&[10, 20]);
    let beyond = |k| Beyond {
        k,
        coverage: 0.5,
        gini: 0.6,
        novelty: 9.0,
        popularity: 40.0,
        popularity_lift: 0.25,
        diversity: Some(0.7),
        category_diversity: None,
        calibration: None,
    };
    let group = |label: &str| GroupFigures { label: label.into(), users: 10, estimates: vec![estimate(0.2); 3] };
    let errors = Errors { rmse: 0.9, mae: 0.7 };
    let entry = |model: Option<usize>| Entry {
        model,
        stage: if model.is_some() { "retrieval" } else { "popular" },
        label: model.map_or("most popular".into(), |model| format!("m{model} <retrieval>")),
        ships: model.is_some(),
        estimates: vec![estimate(0.1); metrics.len()],
        beyond: vec![beyond(10), beyond(20)],
        groups: vec![vec![group("1 to 5"), GroupFigures { estimates: vec![estimate(0.3); 3], ..group("6 & more") }]],
        after: vec![vec![estimate(0.05); 3], vec![estimate(0.08); 3]],
        exposure: vec![0, 4, 9, 1],
        ratings: model.map(|_| RatingErrors { model: errors, ratings: 12, mean: errors, user_mean: Some(errors) }),
        fair: None,
    };
    let subject = |model: usize| Subject {
        name: format!("m{model}"),
        path: format!("folder/m{model}.safetensors"),
        family: "als".into(),
        sha256: format!("{model}").repeat(64),
        bytes: 1_000_000 * (model + 1),
        items: 4,
    };
    let origin = Origin { date: "2026-11-21".into(), fold_in: "known.csv".into(), targets: "wanted.csv".into() };
    Evaluation {
        origin,
        subjects: (0..models).map(subject).collect(),
        users: 6,
        protocol: Protocol { pool: Pool::Everything, include_seen: false, cutoffs: vec![10, 20] },
        metrics: metrics.clone(),
        bootstrap: Bootstrap { resamples: 100, seed: 1 },
        groupings: vec!["history length".into()],
        calibration_column: None,
        entries: [None].into_iter().chain((0..models).map(Some)).map(entry).collect(),
        comparisons: (1..models).map(|model| Comparison { model, differences: vec![estimate(0.0); 3] }).collect(),
        without_ratings: None,
        beginnings: Beginnings { events: vec![1, 10], users: vec![0, 2] },
    }
}

/// Every element is closed in order, void ones aside.
fn well_formed(html: &str) {
    let mut open: Vec<&str> = Vec::new();
    let tags = html.match_indices('<').map(|(at, _)| &html[at + 1..at + html[at..].find('>').expect("a closed tag")]);
    for tag in tags.filter(|tag| !tag.starts_with('!') && !tag.ends_with('/')) {
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        match tag.starts_with('/') {
            true => assert_eq!(open.pop(), Some(name)),
            false if name != "meta" => open.push(name),
            false => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_else() {
    for models in [1, 2, 9] {
        let html = page(&evaluation(models), &["a note with <angles> & \"quotes\"".into()]);
        well_formed(&html);
        for outside in ["<script", "src=", "href=", "url(", "@import", "NaN", "\"inf\"", "-inf"] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert!(html.contains("prefers-color-scheme: dark") && html.contains("@media print"));
        assert!(html.contains("a note with &lt;angles&gt; &amp; &quot;quotes&quot;") && !html.contains("<retrieval>"));
    }
}

#[test]
fn every_plot_has_words_and_a_table() {
    let html = page(&evaluation(2), &[]);
    let plots = html.matches("<svg").count();
    assert_eq!(plots, 1 + 1 + 4 + 1 + 1 + 1, "headline, size, four curves, a few events, one grouping, exposure");
    assert_eq!(html.matches("role=\"img\"").count(), plots);
    assert_eq!(html.matches("<desc>").count(), plots);
    assert_eq!(html.matches("<details>").count(), plots - 1, "the headline's table is in the open");
    assert!(html.contains("that mean and the user&#39;s own level"));
    assert!(html.contains("full ranking of every item") && html.contains("ties count against the model"));
}

#[test]
fn the_page_says_what_it_is_of_and_between_whom_the_gap_is() {
    let html = page(&evaluation(2), &[]);
    let version = concat!("made on 2026-11-21 by proclivity ", env!("CARGO_PKG_VERSION"));
    let sha256 = "1".repeat(64);
    for expected in [version, "fold-in known.csv, targets wanted.csv", ">m1.safetensors<", &sha256] {
        assert!(html.contains(expected), "{expected}");
    }
    assert!(!html.contains("folder/"), "of files the names alone");
    assert!(html.contains("0.1000 (6 &amp; more against 1 to 5)"));
}

#[test]
fn one_model_is_not_plotted_against_its_size() {
    assert!(!page(&evaluation(1), &[]).contains("Quality against size"));
    let mut sampled = evaluation(1);
    for entry in &mut sampled.entries {
        entry.beyond.clear();
        entry.exposure.clear();
        entry.after.clear();
    }
    let html = page(&sampled, &[]);
    well_formed(&html);
    assert!(!html.contains("Distribution of exposure") && !html.contains("Beyond accuracy"));
    assert!(!html.contains("After a few events"));
}

#[test]
fn lists_with_options_are_weighed_against_diversity() {
    let mut evaluation = evaluation(1);
    assert!(!page(&evaluation, &[]).contains("Quality against diversity"), "by score alone there is nothing to weigh");
    let shipped = evaluation.entries.iter().find(|entry| entry.ships).expect("a model").clone();
    for (label, diversity, ndcg) in [("varied", 0.9, 0.08), ("worse", 0.6, 0.07)] {
        let mut entry = Entry { stage: "list", label: label.into(), ships: false, fair: Some(0.5), ..shipped.clone() };
        entry.beyond.iter_mut().for_each(|beyond| beyond.diversity = Some(diversity));
        entry.estimates.iter_mut().for_each(|of| *of = estimate(ndcg));
        evaluation.entries.push(entry);
    }
    let page = page(&evaluation, &[]);
    let section = page.split("Quality against diversity").nth(1).and_then(|rest| rest.split("</section>").next());
    let section = section.expect("a section");
    assert_eq!((section.matches("on the front").count(), section.matches("another is above it").count()), (2, 1));
    assert!(section.contains("50.0 %") && section.contains("varied"));
}
