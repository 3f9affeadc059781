//! The sections of the page, each from the evaluation alone.

use std::path::Path;

use super::charts::{Bars, Point, Series, bars, curves as curves_plot, decimal, points};
use super::frame::Axis;
use super::html::{escape, figure, list, paragraph, section, table};
use super::tables::{self, header, shown};
use crate::evaluate::beyond::Beyond;
use crate::evaluate::bootstrap::Estimate;
use crate::evaluate::evaluation::{Entry, Evaluation, Subject, exposure_k};
use crate::evaluate::metrics::{DEPTH, Metric};
use crate::evaluate::ratings::Errors;
use crate::output::{file_name, grouped};

/// Sizes further apart than this are shown by their ratio.
const WIDE: f64 = 20.0;

/// Places in [`Metric::at`] whose curves are drawn.
const DRAWN: [usize; 4] = [0, 4, 1, 3];

/// What the page is of.
pub fn origin(evaluation: &Evaluation) -> String {
    let origin = &evaluation.origin;
    let lines = [
        format!("made on {} by proclivity {}", origin.date, env!("CARGO_PKG_VERSION")),
        format!("held-out users: fold-in {}, targets {}", origin.fold_in, origin.targets),
    ];
    let file = |subject: &Subject| {
        let name = file_name(Path::new(&subject.path)).unwrap_or_default();
        vec![name, subject.family.clone(), subject.sha256.clone()]
    };
    let rows: Vec<Vec<String>> = evaluation.subjects.iter().map(file).collect();
    section("Made of", &(list(&lines) + &table("Model files", &header(&["File", "Family", "sha256"]), &rows)))
}

pub fn models(evaluation: &Evaluation) -> String {
    let rows: Vec<Vec<String>> = evaluation
        .subjects
        .iter()
        .map(|subject| {
            vec![subject.name.clone(), subject.family.clone(), grouped(subject.items), grouped(subject.bytes)]
        })
        .collect();
    section("Models", &table("Files as they ship", &header(&["Model", "Family", "Items", "Bytes"]), &rows))
}

pub fn headline(evaluation: &Evaluation) -> String {
    let labels = Metric::HEADLINE.map(|metric| metric.to_string());
    let bar = |(style, entry): (usize, &Entry)| Bars {
        style,
        name: entry.label.clone(),
        estimates: entry.estimates[..labels.len()].to_vec(),
    };
    let series: Vec<Bars> = evaluation.entries.iter().enumerate().map(bar).collect();
    let text = format!("Bars of {} for {}.", labels.join(", "), names(evaluation.entries.iter()));
    let plot = bars("Headline metrics", &text, "", &labels, &series);
    let mut body = format!("<figure>{plot}</figure>{}", tables::headline(evaluation));
    if !evaluation.comparisons.is_empty() {
        body += &tables::comparisons(evaluation);
    }
    section("Headline", &body)
}

/// Quality against size, for several models.
pub fn size(evaluation: &Evaluation) -> String {
    let metric = Metric::Ndcg(DEPTH);
    let point = |(style, entry): (usize, &Entry)| {
        let subject = &evaluation.subjects[entry.model?];
        let estimate = *evaluation.estimate(entry, metric)?;
        Some(Point { style, name: subject.name.clone(), x: subject.bytes as f64, estimate })
    };
    let shipped = evaluation.entries.iter().enumerate().filter(|entry| entry.1.ships);
    let series: Vec<Point> = shipped.filter_map(point).collect();
    if series.len() < 2 {
        return String::new();
    }
    let sizes: Vec<f64> = series.iter().map(|point| point.x).collect();
    let (least, most) = (sizes.iter().copied().fold(f64::MAX, f64::min), sizes.iter().copied().fold(0.0, f64::max));
    let x = match most / least > WIDE {
        true => Axis::over("bytes of the model file", &sizes, bytes),
        false => Axis::from_zero("bytes of the model file", most, bytes),
    };
    let title = format!("{metric} against size");
    let rows: Vec<Vec<String>> = series
        .iter()
        .map(|point| vec![point.name.clone(), grouped(point.x as usize), shown(&point.estimate)])
        .collect();
    let plot =
        points(&title, "One point a model: the size of its file, and its quality with the interval.", x, &series);
    let table = table("Quality and size", &header(&["Model", "Bytes", &metric.to_string()]), &rows);
    section("Quality against size", &figure(&plot, &table))
}

/// Quality against diversity, of lists by score and of lists with options, and whether groups have their shares: what one costs the other.
/// Lists that another one is above in all of these are marked as such.
pub fn trade_off(evaluation: &Evaluation) -> String {
    let Some(longest) = evaluation.protocol.cutoffs.last().copied() else { return String::new() };
    let metric = Metric::Ndcg(longest);
    let figures = |entry: &Entry| {
        let beyond = entry.beyond.iter().find(|beyond| beyond.k == longest)?;
        Some((beyond.category_diversity.or(beyond.diversity)?, *evaluation.estimate(entry, metric)?))
    };
    let shown_lists = evaluation.entries.iter().filter(|entry| entry.ships || entry.stage == "list");
    let lists: Vec<(&Entry, (f64, Estimate))> =
        shown_lists.filter_map(|entry| Some((entry, figures(entry)?))).collect();
    if !lists.iter().any(|(entry, _)| entry.stage == "list") {
        return String::new();
    }
    let merits = |(entry, of): &(&Entry, (f64, Estimate))| [of.0, of.1.mean, entry.fair.unwrap_or(0.0)];
    let beaten = |of: [f64; 3]| {
        let above = |other: [f64; 3]| other != of && other.iter().zip(of).all(|(other, of)| *other >= of);
        lists.iter().any(|other| above(merits(other)))
    };
    let series: Vec<Point> = (lists.iter().enumerate())
        .map(|(style, (entry, of))| Point { style, name: entry.label.clone(), x: of.0, estimate: of.1 })
        .collect();
    let most = lists.iter().map(|(_, of)| of.0).fold(0.0, f64::max);
    let label = "diversity of a list (1 - Jaccard of categories, or 1 - cosine)";
    let title = format!("{metric} against diversity");
    let description = "One point a kind of list: how unlike its items are, and its quality with the interval.";
    let plot = points(&title, description, Axis::from_zero(label, most, decimal), &series);
    let row = |row: &(&Entry, (f64, Estimate))| {
        let (entry, of) = row;
        let fair = entry.fair.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        let front = if beaten(merits(row)) { "another is above it" } else { "on the front" };
        vec![entry.label.clone(), decimal(of.0), shown(&of.1), fair, front.to_owned()]
    };
    let rows: Vec<Vec<String>> = lists.iter().map(row).collect();
    let names = header(&["Lists", "Diversity", &metric.to_string(), "Share that is fair", "Pareto front"]);
    section("Quality against diversity", &figure(&plot, &table("Quality, diversity and fairness", &names, &rows)))
}

/// Metrics over the length of the list.
pub fn curves(evaluation: &Evaluation) -> String {
    let cutoffs: Vec<f64> = evaluation.protocol.cutoffs.iter().map(|&k| k as f64).collect();
    let one = |place: usize| {
        let kind = Metric::at(1)[place].to_string();
        let kind = kind.trim_end_matches("@1");
        let point = |entry: &Entry, k: usize| Some((k as f64, evaluation.estimate(entry, Metric::at(k)[place])?.mean));
        let series: Vec<Series> = evaluation
            .entries
            .iter()
            .map(|entry| Series {
                name: entry.label.clone(),
                points: evaluation.protocol.cutoffs.iter().filter_map(|&k| point(entry, k)).collect(),
            })
            .collect();
        let highest = series.iter().flat_map(|series| &series.points).map(|point| point.1).fold(0.0, f64::max);
        let (x, y) = (Axis::over("length of the list, k", &cutoffs, decimal), Axis::from_zero("", highest, decimal));
        let text = format!("{kind} over list lengths for {}.", names(evaluation.entries.iter()));
        let plot = curves_plot(&format!("{kind}@k"), &text, x, y, &series, true);
        figure(&plot, &tables::by_length(evaluation, place))
    };
    let plots: String = DRAWN.iter().map(|&place| one(place)).collect();
    let others = (0..Metric::at(1).len()).filter(|place| !DRAWN.contains(place));
    let others: String = others.map(|place| tables::by_length(evaluation, place)).collect();
    let auc = evaluation
        .entries
        .iter()
        .filter_map(|entry| Some(vec![entry.label.clone(), shown(evaluation.estimate(entry, Metric::Auc)?)]));
    let auc = table("AUC, over all that is ranked", &header(&["Ranking", "AUC"]), &auc.collect::<Vec<_>>());
    section("By length of the list", &format!("<div class=\"plots\">{plots}</div>{others}{auc}"))
}

/// NDCG after a few events of a history.
pub fn beginnings(evaluation: &Evaluation) -> String {
    let entries: Vec<&Entry> = evaluation.entries.iter().filter(|entry| !entry.after.is_empty()).collect();
    if entries.is_empty() {
        return String::new();
    }
    let metric = Metric::Ndcg(DEPTH);
    let place = Metric::HEADLINE.iter().position(|&known| known == metric).unwrap_or_default();
    let events: Vec<f64> = evaluation.beginnings.events.iter().map(|&count| count as f64).collect();
    let series: Vec<Series> = entries
        .iter()
        .map(|entry| Series {
            name: entry.label.clone(),
            points: events.iter().zip(&entry.after).map(|(&x, after)| (x, after[place].mean)).collect(),
        })
        .collect();
    let highest = series.iter().flat_map(|series| &series.points).map(|point| point.1).fold(0.0, f64::max);
    let (x, y) = (Axis::over("events known of a user", &events, decimal), Axis::from_zero("", highest, decimal));
    let users = grouped(evaluation.beginnings.users.len());
    let text = format!(
        "{metric} of {users} users when only their first events are known, for {}.",
        names(entries.iter().copied())
    );
    let plot = curves_plot(&format!("{metric} after a few events"), &text, x, y, &series, true);
    let row = |entry: &&Entry| {
        [vec![entry.label.clone()], entry.after.iter().map(|after| shown(&after[place])).collect()].concat()
    };
    let counts = evaluation.beginnings.events.iter().map(|&count| grouped(count)).collect();
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    let table = table(&format!("{metric} by events known"), &[header(&["Ranking"]), counts].concat(), &rows);
    section("After a few events", &figure(&plot, &table))
}

/// NDCG by group for what ships.
pub fn groups(evaluation: &Evaluation) -> String {
    let metric = Metric::Ndcg(DEPTH);
    let place = Metric::HEADLINE.iter().position(|&known| known == metric).unwrap_or_default();
    let shipped: Vec<(usize, &Entry)> = evaluation.entries.iter().enumerate().filter(|entry| entry.1.ships).collect();
    let one = |(at, name): (usize, &String)| {
        let labels: Vec<String> = shipped[0].1.groups[at].iter().map(|group| group.label.clone()).collect();
        let bar = |&(style, entry): &(usize, &Entry)| Bars {
            style,
            name: entry.label.clone(),
            estimates: entry.groups[at].iter().map(|group| group.estimates[place]).collect(),
        };
        let series: Vec<Bars> = shipped.iter().map(bar).collect();
        let text = format!("Bars of {metric} with intervals for the groups {}.", labels.join(", "));
        let plot = bars(&format!("{metric} by {name}"), &text, name, &labels, &series);
        let tables: String = shipped.iter().map(|(_, entry)| tables::groups(name, entry, &entry.groups[at])).collect();
        figure(&plot, &tables)
    };
    let plots: String = evaluation.groupings.iter().enumerate().map(one).collect();
    section("By group of users", &format!("<div class=\"plots\">{plots}</div>"))
}

/// How evenly items are shown: the share of all places that the most shown 1, 2, ..., n items take.
pub fn exposure(evaluation: &Evaluation) -> String {
    let entries: Vec<&Entry> = evaluation.entries.iter().filter(|entry| !entry.exposure.is_empty()).collect();
    if entries.is_empty() {
        return String::new();
    }
    let items = entries.iter().map(|entry| entry.exposure.len()).max().unwrap_or(1);
    let counts = log_spaced(items);
    let curve = |entry: &&Entry| {
        let taken = concentration(&entry.exposure);
        let at = |&count: &usize| (count as f64, taken[count.min(taken.len()) - 1]);
        Series { name: entry.label.clone(), points: counts.iter().map(at).collect() }
    };
    let mut series: Vec<Series> = entries.iter().map(curve).collect();
    let even = counts.iter().map(|&count| (count as f64, count as f64 / items as f64)).collect();
    series.push(Series { name: "all items alike".into(), points: even });

    let marks: Vec<usize> =
        (0..).map(|power| 10usize.pow(power)).take_while(|&mark| mark < items).chain([items]).collect();
    let ticks: Vec<f64> = marks.iter().map(|&mark| mark as f64).collect();
    let title = format!("Share of places taken, lists of {}", exposure_k(&evaluation.protocol.cutoffs));
    let text = "Curves over the number of most shown items: the sooner one rises, the fewer items take all the places.";
    let x = Axis::over("most shown items", &ticks, |value| grouped(value as usize));
    let plot = curves_plot(&title, text, x, Axis::from_zero("", 1.0, decimal), &series, false);
    let row = |entry: &&Entry| {
        let taken = concentration(&entry.exposure);
        let cells = marks.iter().map(|&mark| format!("{:.1} %", 100.0 * taken[mark.min(taken.len()) - 1]));
        [vec![entry.label.clone()], cells.collect()].concat()
    };
    let names: Vec<String> = marks.iter().map(|&mark| format!("top {}", grouped(mark))).collect();
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    let table = table("Share of places that the most shown items take", &[header(&["Ranking"]), names].concat(), &rows);
    section("Distribution of exposure", &figure(&plot, &table))
}

/// Share of all exposure that the most shown 1, 2, ..., n items have.
fn concentration(counts: &[u32]) -> Vec<f64> {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let all: f64 = sorted.iter().map(|&count| f64::from(count)).sum();
    let running = |sum: &mut f64, &count: &u32| {
        *sum += f64::from(count);
        Some(*sum / all.max(1.0))
    };
    sorted.iter().scan(0.0, running).collect()
}

/// Whole numbers from 1 to `last`, equal ratios apart where that is more than 1.
fn log_spaced(last: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..=80).map(|n| (last as f64).powf(f64::from(n) / 80.0).round() as usize).collect();
    numbers.dedup();
    numbers
}

pub fn beyond(evaluation: &Evaluation) -> String {
    let one = |entry: &Entry| {
        let row = |(name, of): &(&str, fn(&Beyond) -> Option<f64>)| {
            let values: Vec<Option<f64>> = entry.beyond.iter().map(of).collect();
            let cells = values.iter().map(|value| value.map_or_else(|| "-".into(), |value| format!("{value:.4}")));
            values.iter().any(Option::is_some).then(|| [vec![(*name).to_owned()], cells.collect()].concat())
        };
        let names = entry.beyond.iter().map(|beyond| format!("@{}", beyond.k)).collect();
        let rows: Vec<Vec<String>> = Beyond::ROWS.iter().filter_map(row).collect();
        table(&entry.label, &[header(&["Figure"]), names].concat(), &rows)
    };
    let entries = evaluation.entries.iter().filter(|entry| !entry.beyond.is_empty());
    section("Beyond accuracy", &entries.map(one).collect::<String>())
}

pub fn ratings(evaluation: &Evaluation) -> String {
    let rows_of = |entry: &Entry| {
        let errors = entry.ratings?;
        let row = move |(name, of): (String, Errors)| {
            vec![name, format!("{:.4}", of.rmse), format!("{:.4}", of.mae), grouped(errors.ratings)]
        };
        Some(errors.rows(&entry.label).into_iter().map(row))
    };
    let rows: Vec<Vec<String>> = evaluation.entries.iter().filter_map(rows_of).flatten().collect();
    let body = match &evaluation.without_ratings {
        Some(why) => paragraph(&format!("RMSE and MAE do not apply: {why}.")),
        None => table("Errors of predicted ratings", &header(&["Predicted by", "RMSE", "MAE", "Ratings"]), &rows),
    };
    section("Ratings", &body)
}

pub fn definitions() -> String {
    let terms = [
        ("T, h(k)", "The targets of a user, and how many of them are among the best k. Figures are means over users."),
        ("Recall@k", "h(k) / min(k, T)."),
        ("Precision@k, F1@k", "h(k) / k; and 2 h(k) / (k + T)."),
        ("HR@k, MRR@k", "Share of users with a target among the best k; 1 / rank of the first of them."),
        (
            "NDCG@k, MAP@k",
            "Rank-weighted hits by 1 / log2(rank + 1), and by precision at each hit, against the best possible list.",
        ),
        (
            "AUC",
            "Share of pairs of a target and another item that are in order. A cascade ranks what its ranker does not see by retrieval.",
        ),
        ("Ties", "Among items of equal score the targets are taken to come last."),
        ("Coverage, Gini", "Share of the catalogue in any list; how unevenly items are shown, 0 alike to 1."),
        ("Novelty", "Mean of -log2 of an item's share of the training interactions."),
        ("Popularity lift", "Mean popularity of lists relative to that of histories: 0 for the same, 1 for twice."),
        (
            "Diversity",
            "Mean over the pairs of a list of 1 - cosine of the model's vectors, or 1 - Jaccard of category columns.",
        ),
        (
            "Calibration",
            "Kullback-Leibler divergence of the list's categories from the history's; 0 mirrors the history.",
        ),
    ];
    let terms: String =
        terms.iter().map(|(term, text)| format!("<dt>{}</dt><dd>{}</dd>", escape(term), escape(text))).collect();
    section("How to read it", &format!("<dl>{terms}</dl>"))
}

fn names<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    entries.map(|entry| entry.label.as_str()).collect::<Vec<_>>().join(", ")
}

/// `1.5 MB`.
fn bytes(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{} MB", decimal((v / 1e4).round() / 1e2)),
        v if v >= 1e3 => format!("{} kB", decimal((v / 1e1).round() / 1e2)),
        v => decimal(v),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_shown_items_come_first() {
        assert_eq!(concentration(&[0, 3, 1, 0]), [0.75, 1.0, 1.0, 1.0]);
        assert_eq!(concentration(&[0, 0]), [0.0, 0.0]);
        let spaced = log_spaced(10_000);
        assert!(spaced[0] == 1 && spaced[spaced.len() - 1] == 10_000 && spaced.is_sorted());
        assert_eq!(log_spaced(1), [1]);
    }

    #[test]
    fn bytes_are_written_short() {
        assert_eq!([1.5e6, 2500.0, 12.0].map(bytes), ["1.5 MB", "2.5 kB", "12"]);
    }
}
