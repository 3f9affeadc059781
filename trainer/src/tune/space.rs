//! What is drawn for each family, as the flags of `proclivity train`.

use rand::RngExt;

use super::trials::Trials;
use crate::families::{Family, epoch_rng};

/// Families that `--family auto` tries; vectors and lists are tried together at the last rung.
pub const AUTO: [&str; 5] = ["als", "ease", "slim", "item-knn", "elsa"];

/// Turns of every family, before those far behind drop out.
const ROUNDS: usize = 3;
/// How near the best a family must be to go on: on a ninth of the users, those that need many look worse than they are.
const NEAR: f64 = 0.5;

/// Where the values of a flag come from.
#[derive(Debug, Clone, Copy)]
enum Range {
    /// Evenly between two bounds.
    Even(f64, f64),
    /// Evenly between the logarithms of two bounds.
    Log(f64, f64),
    /// One of these.
    Of(&'static [&'static str]),
}

use Range::{Even, Log, Of};

/// Flags of every family.
const ANY: &[(&str, Range)] = &[("--confidence", Of(&["binary", "log-count"]))];
const ALS: &[(&str, Range)] = &[
    ("--als-alpha", Log(0.5, 200.0)),
    ("--als-regularization", Log(0.003, 0.03)),
    ("--als-regularization-power", Of(&["1"])),
];
const BPR: &[(&str, Range)] = &[
    ("--bpr-learning-rate", Log(0.01, 0.2)),
    ("--bpr-regularization", Log(0.001, 0.05)),
    ("--bpr-negatives", Of(&["1", "2", "4"])),
    ("--bpr-negative-sampling", Of(&["uniform", "popularity"])),
];
const LOGISTIC_MF: &[(&str, Range)] = &[
    ("--logistic-mf-learning-rate", Log(0.005, 0.1)),
    ("--logistic-mf-regularization", Log(0.001, 0.02)),
    ("--logistic-mf-negatives", Of(&["4", "8", "16"])),
];
const ITEM2VEC: &[(&str, Range)] = &[
    ("--item2vec-sets", Of(&["baskets", "histories"])),
    ("--item2vec-window", Of(&["2", "5", "10"])),
    ("--item2vec-learning-rate", Log(0.01, 0.1)),
    ("--item2vec-subsample", Log(0.0001, 0.1)),
];
const ELSA: &[(&str, Range)] =
    &[("--elsa-learning-rate", Log(0.01, 0.3)), ("--elsa-batch", Of(&["64", "128", "256", "512"]))];
const DEEP: &[(&str, Range)] = &[("--deep-learning-rate", Log(0.0005, 0.01)), ("--deep-dropout", Even(0.0, 0.6))];
const HIDDEN: &[(&str, Range)] = &[("--deep-hidden", Of(&["64", "128", "256"]))];
const BLOCKS: &[(&str, Range)] = &[("--deep-blocks", Of(&["1", "2"])), ("--deep-heads", Of(&["1", "2"]))];
const EASE: &[(&str, Range)] = &[
    ("--ease-lambda", Log(30.0, 1500.0)),
    ("--ease-dropout", Of(&["0", "0.25", "0.5", "1"])),
    ("--ease-user-power", Even(0.0, 0.8)),
];
const SLIM: &[(&str, Range)] =
    &[("--slim-l1", Log(0.5, 50.0)), ("--slim-l2", Log(5.0, 500.0)), ("--slim-user-power", Even(0.0, 0.8))];
const ITEM_KNN: &[(&str, Range)] =
    &[("--item-knn-weighting", Of(&["cosine", "tf-idf", "bm25"])), ("--item-knn-shrinkage", Of(&["0", "2", "10"]))];
const LISTS: &[(&str, Range)] = &[("--neighbours", Of(&["10", "20", "40"]))];

/// The flags that the parts of `family` are searched over.
fn space(family: Family) -> Vec<(&'static str, Range)> {
    use crate::families::{ListFamily, VectorFamily};
    let mut flags = ANY.to_vec();
    match family.vectors {
        Some(VectorFamily::Als) => flags.extend(ALS),
        Some(VectorFamily::Bpr) => flags.extend(BPR),
        Some(VectorFamily::LogisticMf) => flags.extend(LOGISTIC_MF),
        Some(VectorFamily::Item2vec) => flags.extend(ITEM2VEC),
        Some(VectorFamily::Elsa) => flags.extend(ELSA),
        Some(
            VectorFamily::TwoTower
            | VectorFamily::MultVae
            | VectorFamily::Mlp
            | VectorFamily::NeuMf
            | VectorFamily::DeepFm,
        ) => flags.extend(DEEP.iter().chain(HIDDEN)),
        Some(VectorFamily::Gru4rec | VectorFamily::Gmf | VectorFamily::Fm) => flags.extend(DEEP),
        Some(VectorFamily::Sasrec) => flags.extend(DEEP.iter().chain(HIDDEN).chain(BLOCKS)),
        // Ratings are not searched: trials are judged by a ranking.
        Some(VectorFamily::Svdpp) | None => {}
    }
    match family.lists {
        Some(ListFamily::Ease) => flags.extend(EASE.iter().chain(LISTS)),
        Some(ListFamily::Slim) => flags.extend(SLIM.iter().chain(LISTS)),
        Some(ListFamily::ItemKnn) => flags.extend(ITEM_KNN.iter().chain(LISTS)),
        None => {}
    }
    flags
}

/// Draws recipes, the same ones for a seed: points of an additive recurrence (Roberts 2018, "The Unreasonable Effectiveness of
/// Quasirandom Sequences"), begun where the seed says. A few of them already lie on all sides of a space, where as many random
/// ones crowd in a corner of it (Bousquet et al. 2017, "Critical Hyper-Parameters: No Random, No Cry").
pub struct Draw {
    families: Vec<Family>,
    /// Flags that every trial has, and that are not drawn.
    fixed: Vec<String>,
    seed: u64,
}

impl Draw {
    pub fn new(families: Vec<Family>, fixed: Vec<String>, seed: u64) -> Draw {
        Draw { families, fixed, seed }
    }

    /// The flags of trial `number`: families take turns, each begins with its defaults; after [`ROUNDS`] only those go on that
    /// are not far behind others of their kind. A number that was tried keeps its flags.
    pub fn flags(&self, number: usize, trials: &Trials) -> Vec<String> {
        if let Some(trial) = trials.at(number, 0) {
            return trial.flags.clone();
        }
        let families =
            if number < ROUNDS * self.families.len() { self.families.clone() } else { self.promising(trials) };
        let family = families[number % families.len()];
        if number < self.families.len() {
            return defaults(family, &self.fixed);
        }
        let mut rng = epoch_rng(self.seed, 0);
        let mut flags = named(family);
        let space = space(family);
        let steps = steps(space.len());
        for ((flag, range), step) in space.into_iter().zip(steps) {
            let point = (rng.random::<f64>() + step * (number / families.len()) as f64).fract();
            if !self.is_fixed(flag) {
                flags.extend([flag.to_owned(), value(range, point)]);
            }
        }
        flags.extend_from_slice(&self.fixed);
        flags
    }

    /// Families whose best trial of the first rounds is at least [`NEAR`] of the best of all, of those with vectors and of lists
    /// alone; those not measured stay.
    fn promising(&self, trials: &Trials) -> Vec<Family> {
        let count = self.families.len();
        let best = |at: usize| {
            let measured = (0..ROUNDS).filter_map(|round| trials.at(at + round * count, 0)?.ndcg);
            measured.max_by(f64::total_cmp)
        };
        let of_each: Vec<Option<f64>> = (0..count).map(best).collect();
        let bound = |vectors: bool| {
            let alike = self.families.iter().zip(&of_each).filter(|(family, _)| family.vectors.is_some() == vectors);
            NEAR * alike.filter_map(|(_, best)| *best).fold(0.0, f64::max)
        };
        let bounds = [bound(false), bound(true)];
        let near = |family: &Family, best: Option<f64>| {
            best.is_none_or(|ndcg| ndcg >= bounds[usize::from(family.vectors.is_some())])
        };
        let near = self.families.iter().zip(&of_each).filter(|(family, best)| near(family, **best));
        near.map(|(family, _)| *family).collect()
    }

    fn is_fixed(&self, flag: &str) -> bool {
        self.fixed
            .iter()
            .any(|given| given == flag || given.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=')))
    }
}

/// The flags of `family` as it comes, with the `fixed` ones.
pub fn defaults(family: Family, fixed: &[String]) -> Vec<String> {
    [&named(family), fixed].concat()
}

fn named(family: Family) -> Vec<String> {
    vec!["--family".to_owned(), family.to_string()]
}

/// Steps of the recurrence in each dimension: the powers of `1 / x`, with `x^(dimensions + 1) = x + 1`.
fn steps(dimensions: usize) -> impl Iterator<Item = f64> {
    let mut x = 2.0f64;
    for _ in 0..50 {
        x = (1.0 + x).powf(1.0 / (dimensions + 1) as f64);
    }
    (1..=dimensions as i32).map(move |power| x.powi(-power))
}

/// The value at `point` of a range, 0 its beginning and 1 its end. Three digits say enough, and make flags that people can read.
fn value(range: Range, point: f64) -> String {
    match range {
        Even(low, high) => rounded(low + (high - low) * point),
        Log(low, high) => rounded((low.ln() + (high / low).ln() * point).exp()),
        Of(values) => values[(point * values.len() as f64) as usize].to_owned(),
    }
}

fn rounded(number: f64) -> String {
    let scale = 10f64.powf(2.0 - number.abs().max(1e-9).log10().floor());
    ((number * scale).round() / scale).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::trials::Trial;
    use super::*;

    #[test]
    fn families_take_turns_and_begin_with_their_defaults() {
        let families: Vec<Family> = ["als", "ease"].map(|name| name.parse().expect(name)).into();
        let draw = Draw::new(families, vec!["--dim".into(), "8".into(), "--ease-dropout=0".into()], 1);
        let flags = |number| draw.flags(number, &Trials::default());
        assert_eq!(flags(0), ["--family", "als", "--dim", "8", "--ease-dropout=0"]);
        assert_eq!(flags(1)[1], "ease");
        let drawn = flags(3);
        assert!(
            drawn.contains(&"--ease-lambda".to_owned()) && !drawn.contains(&"--ease-dropout".to_owned()),
            "{drawn:?}"
        );
        assert_eq!(drawn, flags(3));
        assert_ne!(drawn, flags(5));
    }

    #[test]
    fn families_far_behind_drop_out_and_what_was_tried_keeps_its_flags() {
        let families: Vec<Family> = ["als", "elsa", "bpr", "ease"].map(|name| name.parse().expect(name)).into();
        let draw = Draw::new(families, Vec::new(), 1);
        let mut trials = Trials::default();
        let first = [Some(0.2), Some(0.08), None, Some(0.01), Some(0.1), Some(0.09), None, Some(0.02)];
        for (number, ndcg) in first.into_iter().chain([Some(0.1), None, None, None]).enumerate() {
            trials.add(Trial::of(number, 0, draw.flags(number, &trials), ndcg)).expect("no file");
        }
        let drawn: Vec<String> = (12..18).map(|number| draw.flags(number, &trials)[1].clone()).collect();
        assert_eq!(drawn, ["als", "bpr", "ease", "als", "bpr", "ease"], "lists are held against lists");
        trials.add(Trial::of(20, 0, vec!["--family".into(), "slim".into()], None)).expect("no file");
        assert_eq!(draw.flags(20, &trials), ["--family", "slim"]);
    }

    #[test]
    fn a_few_draws_lie_on_all_sides_of_a_space() {
        for seed in 0..20 {
            let draw = Draw::new(vec!["ease".parse().expect("a family")], Vec::new(), seed);
            let place = |number| -> f64 {
                let flags = draw.flags(number, &Trials::default());
                let lambda: f64 = flags[5].parse().expect("a number");
                (lambda / 30.0).ln() / 50f64.ln()
            };
            let places: Vec<f64> = (1..=8).map(place).collect();
            let hit = |quarter: usize| places.iter().any(|place| (place * 4.0) as usize == quarter);
            assert!((0..4).all(hit), "{seed}: {places:?}");
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.012_345, 123.456, 1_234.5, 0.5].map(rounded), ["0.0123", "123", "1230", "0.5"]);
    }
}
