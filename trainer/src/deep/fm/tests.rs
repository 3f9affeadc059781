//! Machines on the device against those in training, what they learn, and that a stopped one goes on.

use proclivity::model::{Cell, ColumnData, Model, Precision, Repeats};
use proclivity::profile::{User, context_features};
use proclivity::score::{CpuScorer, ItemMask, Query, Stage};

use super::super::clock;
use super::super::options::fixture::OPTIONS;
use super::*;
use crate::dataset::fixture::interactions;
use crate::export::{Contents, Storage, export, load};
use crate::families::Trained;
use crate::families::fixture::resumes;

const ITEMS: usize = 24;

fn columns() -> Vec<Column> {
    let kinds = (0..ITEMS).map(|item| if item < 12 { "bread" } else { "milk" }.to_owned()).collect();
    let prices = (0..ITEMS).map(|item| if item == 5 { f32::NAN } else { (item % 7) as f32 }).collect();
    let titles = (0..ITEMS).map(|item| format!("item no {item}")).collect();
    [("kind", ColumnData::Category(kinds)), ("price", ColumnData::Number(prices)), ("title", ColumnData::Text(titles))]
        .map(|(name, data)| Column { name: name.to_owned(), data })
        .to_vec()
}

/// Users of two tastes take a third of the items of theirs, even ones in the morning, odd ones in the evening.
fn timed() -> (Interactions, Vec<Vec<f32>>) {
    let history = |user: u32| (0..4).map(move |n| (user * 5 + n * 3 + n * n * (user % 3)) % 12 + 12 * (user % 2));
    let histories = (0..120).map(|user| {
        let mut items: Vec<u32> = history(user).collect();
        items.sort_unstable();
        items.dedup();
        items
    });
    let mut data = interactions(ITEMS, histories.collect());
    let strengths = data.histories.iter().map(|history| vec![1.0; history.len()]).collect();
    data.has_time = true;
    for (day, event) in data.events.iter_mut().flatten().enumerate() {
        let hour = if event.item.is_multiple_of(2) { 8 } else { 20 };
        event.time = (day as i64 * 24 + hour) * 3_600_000;
    }
    (data, strengths)
}

/// What is known of the 120 users: their club says their taste, of every tenth nothing is known.
fn user_columns() -> Vec<Column> {
    let club = |user: usize| if user % 10 == 9 { "" } else { ["bakers", "dairy"][user % 2] };
    let clubs = (0..120).map(|user| club(user).to_owned()).collect();
    vec![Column { name: "club".into(), data: ColumnData::Category(clubs) }]
}

fn machine<'a>(
    deep: bool,
    (data, strengths): &'a (Interactions, Vec<Vec<f32>>),
    epochs: usize,
) -> FactorisationMachine<'a> {
    let training = Training { data, strengths, dim: 16, seed: 1 };
    FactorisationMachine::new(deep, training, [&columns(), &user_columns()], epochs, &OPTIONS)
}

fn model(machine: &FactorisationMachine<'_>, data: &Interactions) -> std::sync::Arc<Model> {
    let mut vectors = machine.vectors();
    let trained = Trained {
        family: machine.name().into(),
        ranker: vectors.ranker.take(),
        context: vectors.context.take(),
        vectors: Some(vectors),
        neighbours: None,
        content: None,
        prior: None,
        repurchase: None,
        popularity: vec![1.0; ITEMS],
        repeats: Repeats::Once,
        ratings: None,
        seed: 1,
    };
    let storage = Storage { items: Precision::F32, ranker: Precision::F32 };
    load(&export(&trained, data, storage, Contents::default()).unwrap()).unwrap()
}

/// Scores of all items on the device, by item.
fn on_device(model: &std::sync::Arc<Model>, history: &[(u32, f32)], told: &[(&str, Cell)]) -> Vec<f32> {
    let told = told.iter().map(|(name, told)| ((*name).to_owned(), told.clone())).collect();
    let user = User::new(model, history, &context_features(model, &told).unwrap()).unwrap();
    let everything = ItemMask::none(ITEMS);
    let found = CpuScorer::new(model.clone()).score(&Query::of(&user, &everything, ITEMS, Stage::Cascade)).unwrap();
    let mut scores = vec![0.0; ITEMS];
    found.iter().for_each(|scored| scores[scored.item as usize] = scored.score);
    scores
}

#[test]
fn the_device_has_the_scores_of_training() {
    let data = timed();
    for deep in [false, true] {
        let mut machine = machine(deep, &data, 3);
        machine.epoch(1).unwrap();
        let model = model(&machine, &data.0);
        let (hour, weekday) = (("hour", Cell::Number(8.0)), ("weekday", Cell::Number(3.0)));
        let (first, club) = (clock::first(2), ("club", Cell::Text("dairy".into())));
        let moments = [
            (vec![hour.clone(), weekday, club], vec![8, clock::first(1) + 3, first + 1]),
            (vec![hour], vec![8, clock::first(2) - 1, machine.request.missing(2)]),
        ];
        for (history, (told, moment)) in [vec![], vec![(4, 0.5), (17, 1.0), (2, 0.25)]]
            .into_iter()
            .flat_map(|h| moments.clone().map(|m| (h.clone(), m)))
        {
            let found = on_device(&model, &history, &told);
            let asked = (0..ITEMS as u32).map(|item| (item, 1.0, moment.clone())).collect();
            // An empty history has no row to be laid out with: one of no strength stands for it.
            let given = if history.is_empty() { vec![(0, 0.0)] } else { history.clone() };
            let batch = FmBatch::new(
                &[FmExample { history: given, asked }],
                (&machine.attributes, 3),
                (3, machine.request.count()),
            );
            let leaves = machine.weights.leaves(&machine.device);
            let device = machine.device.clone();
            let used = [&batch.items, &batch.features, &batch.given, &batch.requests];
            let rows: Vec<_> =
                machine.tables().into_iter().zip(used).map(|(table, rows)| table.leaf(rows, &device)).collect();
            let expected = super::super::weights::numbers(machine.scores(&batch, &leaves, &rows, None));
            // A machine's bias is the same for all; that of the layers is kept.
            let bias = machine.weights.values(BIAS)[0];
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found + bias - expected).abs() < 1e-5, "{history:?} {told:?}: {found} {bias} {expected}");
            }
        }
    }
}

#[test]
fn the_loss_falls_and_the_hour_tells() {
    let data = timed();
    for deep in [false, true] {
        let mut machine = machine(deep, &data, 30);
        let losses: Vec<f64> = (1..=30).map(|epoch| machine.epoch(epoch).unwrap()).collect();
        assert!(losses[29] < 0.8 * losses[0], "{losses:?}");
        let model = model(&machine, &data.0);
        let history = [(0, 1.0), (3, 1.0), (6, 1.0)];
        let [morning, evening] = [8.0, 20.0].map(|hour| on_device(&model, &history, &[("hour", Cell::Number(hour))]));
        let even_over_odd =
            |of: &[f32]| of.iter().enumerate().map(|(item, x)| if item % 2 == 0 { *x } else { -x }).sum::<f32>();
        let apart = (even_over_odd(&morning) - even_over_odd(&evening)) / ITEMS as f32;
        assert!(apart > 0.5, "{apart}");
        let tastes = |of: &[f32]| of[..12].iter().sum::<f32>() - of[12..].iter().sum::<f32>();
        assert!(tastes(&morning) > 0.0 && tastes(&evening) > 0.0);
        let [bakers, dairy] =
            ["bakers", "dairy"].map(|club| tastes(&on_device(&model, &[], &[("club", Cell::Text(club.into()))])));
        assert!(bakers > 3.0 && dairy < -3.0, "of a stranger the club tells the taste: {bakers} {dairy}");
    }
}

#[test]
fn an_hour_that_the_log_does_not_have_counts_as_not_told() {
    let (data, strengths) = timed();
    let untimed = Interactions { has_time: false, ..data.clone() };
    for (data, hours) in [(data, vec![3.0, 15.0]), (untimed, vec![3.0, 8.0, 20.0])] {
        let pair = (data, strengths.clone());
        let mut machine = machine(true, &pair, 2);
        machine.epoch(1).unwrap();
        let model = model(&machine, &pair.0);
        for hour in hours {
            assert_eq!(
                on_device(&model, &[(4, 1.0)], &[("hour", Cell::Number(hour))]),
                on_device(&model, &[(4, 1.0)], &[])
            );
        }
    }
}

#[test]
fn a_resumed_training_goes_on_as_if_never_stopped() {
    let data = timed();
    resumes(|| machine(true, &data, 4));
    resumes(|| machine(false, &data, 4));
}
