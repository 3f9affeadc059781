//! Online learning on the device: at once, bounded, the same every time, and undone by a dislike.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::fixtures::{Random, checkerboard, learning, model, random, with_neighbours, without_vectors};
use proclivity::export_model;
use proclivity::model::{Model, ModelBuffer, ModelSpec, OnlineColumn, UserTower};
use proclivity::profile::{Adapter, Event, EventKind, Feedback, Profile};
use proclivity::score::BackendChoice;
use proclivity::{Recommendation, Recommender, Request};

/// 2024-01-01 in milliseconds.
const START: f64 = 1_704_067_200_000.0;
const HOUR: f64 = 3_600_000.0;

fn open(spec: &ModelSpec) -> Recommender {
    pollster::block_on(Recommender::new(model(spec), BackendChoice::Cpu)).expect("opens")
}

fn event(kind: EventKind, item: usize, hours: f64) -> Event {
    Event { timestamp: START + hours * HOUR, ..Event::new(kind, format!("item-{item}")) }
}

fn tell(recommender: &Recommender, events: impl IntoIterator<Item = Event>) {
    events.into_iter().for_each(|event| recommender.observe(event).expect("known"));
}

fn list(recommender: &Recommender, count: usize) -> Recommendation {
    let request = Request { count, explain: false, ..Request::default() };
    pollster::block_on(recommender.recommend(&request)).expect("recommends")
}

fn ids(list: &Recommendation) -> Vec<&str> {
    list.items.iter().map(|item| item.id.as_str()).collect()
}

/// Twelve purchases, an hour each.
fn usual() -> Vec<Event> {
    (0..12).map(|n| event(EventKind::Purchase, (n * 17 + 3) % 200, n as f64)).collect()
}

#[test]
fn what_is_learnt_counts_at_once_and_can_be_left_out() {
    let spec = learning(random(60, 8, 4));
    let (learns, plain) = (open(&spec), open(&ModelSpec { online: None, ..spec.clone() }));
    for recommender in [&learns, &plain] {
        tell(recommender, [event(EventKind::Purchase, 2, 0.0), event(EventKind::Purchase, 14, 1.0)]);
    }
    assert_ne!(list(&learns, 20), list(&plain, 20));
    let without = Request { count: 20, learn: false, explain: false, ..Request::default() };
    let found = pollster::block_on(learns.recommend(&without)).expect("recommends");
    assert_eq!(found, list(&plain, 20), "the model alone");
    // Purchases of even items alone: even ones gain on odd ones.
    let even = |list: &Recommendation| {
        list.items
            .iter()
            .filter(|item| item.id.trim_start_matches("item-").parse::<u32>().expect("a number") % 2 == 0)
            .count()
    };
    assert!(even(&list(&learns, 20)) > even(&list(&plain, 20)));
}

#[test]
fn the_same_events_give_the_same_lists() {
    let spec = learning(random(200, 16, 5));
    let (one, two) = (open(&spec), open(&spec));
    tell(&one, usual());
    // Told one by one with lists in between, or all at once from a stored profile.
    for event in usual() {
        tell(&two, [event]);
        list(&two, 5);
    }
    let three = open(&spec);
    three.import_profile(&one.export_profile()).expect("its own");
    assert_eq!(list(&one, 50), list(&two, 50));
    assert_eq!(list(&one, 50), list(&three, 50));
    tell(&one, [event(EventKind::View, 77, 50.0)]);
    assert!(one.retract(&event(EventKind::View, 77, 50.0)));
    assert_eq!(list(&one, 50), list(&two, 50), "what is taken back leaves nothing");
}

#[test]
fn lists_that_were_shown_do_not_wash_out_what_was_done() {
    let mut spec = learning(random(200, 16, 5));
    spec.online.as_mut().expect("learns").events = 14.0;
    let (one, two) = (open(&spec), open(&spec));
    tell(&one, usual());
    tell(&two, usual());
    // Thirty lists of twenty, of items that nothing is done with.
    let shown = |n: usize| event(EventKind::Impression, (n % 20) * 10 + 8, 13.0 + n as f64 / 10.0);
    tell(&two, (0..600).map(shown).filter(|event| !usual().iter().any(|usual| usual.item_id == event.item_id)));
    let model = model(&spec);
    let own = |recommender: &Recommender| {
        let profile = Profile::import(&recommender.export_profile()).expect("its own");
        let online = model.manifest().online.as_ref().expect("learns");
        let adapter = Adapter::learn(&model, online, &profile.feedback(&model), 0.0, vec![1.0; 4]);
        usual()
            .iter()
            .map(|event| adapter.parts(&model, online, model.item_index(&event.item_id).expect("known"))[1])
            .sum::<f32>()
    };
    assert!(own(&two) > 0.5 * own(&one) && own(&one) > 0.0, "{} {}", own(&one), own(&two));
}

#[test]
fn a_dislike_removes_the_like_and_lowers_what_is_like_it() {
    // Nothing but parity tells items apart.
    let mut spec = learning(checkerboard(60));
    let online = spec.online.as_mut().expect("learns");
    online.columns.truncate(1);
    online.weights.iter_mut().for_each(|weights| weights.truncate(3));
    let recommender = open(&spec);
    tell(&recommender, [event(EventKind::Purchase, 1, 0.0), event(EventKind::View, 6, 1.0)]);
    // How far an even item stands above an odd one.
    let lead = |recommender: &Recommender| {
        let list = list(recommender, 57);
        let score = |id: &str| list.items.iter().find(|item| item.id == id).expect("listed").score;
        score("item-20") - score("item-21")
    };
    let before = lead(&recommender);
    tell(&recommender, [event(EventKind::Bookmark, 8, 2.0)]);
    let liked = lead(&recommender);
    tell(&recommender, [event(EventKind::Dislike, 8, 3.0)]);
    let disliked = lead(&recommender);
    assert!(liked > before + 0.1, "{before} {liked}");
    assert!(disliked < before - 0.01, "lower than if nothing had been told: {before} {disliked}");
    let events: Vec<Feedback> = feedback(&recommender.events());
    assert!(events.iter().filter(|event| event.item == 8).all(|event| event.strength < 0.0), "{events:?}");
}

fn feedback(events: &[Event]) -> Vec<Feedback> {
    let model = catalogue();
    let mut profile = Profile::default();
    events.iter().for_each(|event| profile.observe(&model, event.clone()).expect("known"));
    profile.feedback(&model)
}

fn catalogue() -> std::sync::Arc<Model> {
    model(&learning(random(200, 16, 5)))
}

#[test]
fn what_is_shown_and_left_alone_counts_a_little_against_it() {
    let shown = |item, hours| event(EventKind::Impression, item, hours);
    let found =
        feedback(&[shown(1, 0.0), shown(2, 0.0), event(EventKind::Click, 2, 0.1), shown(1, 0.001), shown(1, 9.0)]);
    let of = |item: u32| -> Vec<f32> {
        found.iter().filter(|event| event.item == item).map(|event| event.strength).collect()
    };
    assert_eq!(of(1), [-0.05, -0.05], "once for each time it was shown, twice within a minute is once");
    assert_eq!(of(2), [0.25], "what was clicked was not left alone");
    // Viewed long ago, shown, and clicked at once: the click counts as what it is, and when it was.
    let later = feedback(&[event(EventKind::View, 3, 0.0), shown(3, 900.0), event(EventKind::Click, 3, 900.001)]);
    let counted: Vec<(f32, f64)> = later.iter().map(|event| (event.strength, event.time)).collect();
    assert_eq!(counted[0].0, 0.15);
    assert!(counted.len() == 2 && counted[1].0 == 0.25 && counted[1].1 > START + 800.0 * HOUR, "{counted:?}");
}

#[test]
fn the_latest_rating_is_learnt_and_a_burst_as_its_strongest() {
    let rate = |value: f32, hours: f64| Event { value: Some(value), ..event(EventKind::Rating, 3, hours) };
    let strengths = |events: &[Event]| feedback(events).iter().map(|event| event.strength).collect::<Vec<_>>();
    assert_eq!(strengths(&[rate(5.0, 0.0), rate(4.0, 9.0)]), [0.5]);
    assert_eq!(strengths(&[event(EventKind::Purchase, 3, 0.0), rate(5.0, 0.0), rate(4.0, 9.0)]), [1.0, 0.5]);
    assert_eq!(strengths(&[rate(5.0, 0.0), rate(2.0, 9.0)]), [-1.0]);
    assert_eq!(strengths(&[rate(2.0, 0.0), rate(5.0, 0.001)]), [1.0]);
    // The page is opened, then the rating corrected.
    assert_eq!(strengths(&[rate(5.0, 0.0), event(EventKind::Click, 3, 9.0), rate(4.0, 9.001)]), [0.5]);
    // Of a time that is not known each is by itself.
    let untimed = |event: Event| Event { timestamp: 0.0, ..event };
    let told = [rate(5.0, 0.0), event(EventKind::View, 3, 0.0), rate(4.0, 0.0)].map(untimed);
    assert_eq!(strengths(&told), [0.15, 0.5]);
    // What is shown meanwhile changes nothing.
    let shown = [(EventKind::View, 0.0), (EventKind::Impression, 0.003), (EventKind::Purchase, 0.006)];
    assert_eq!(strengths(&shown.map(|(kind, hours)| event(kind, 3, hours))), [1.0]);
    assert_eq!(strengths(&[rate(5.0, 0.0), event(EventKind::Impression, 3, 0.0), rate(4.0, 0.2)]), [0.5]);
    let kinds = [EventKind::View, EventKind::Purchase, EventKind::Cart].map(|kind| event(kind, 3, 1.0));
    assert_eq!(strengths(&kinds), [1.0]);
}

/// The bound that the documentation states: a burst counts no more than its strongest event.
#[test]
fn a_burst_on_one_item_moves_a_list_no_more_than_one_purchase() {
    let kinds = [EventKind::View, EventKind::Click, EventKind::Cart, EventKind::Bookmark, EventKind::Purchase];
    let mut draw = Random(9);
    for target in (0..200).step_by(7) {
        let spec = learning(random(200, 16, 5));
        let [once, burst, spread] = [(); 3].map(|()| open(&spec));
        [&once, &burst, &spread].into_iter().for_each(|recommender| tell(recommender, usual()));
        tell(&once, [event(EventKind::Purchase, target, 20.0)]);
        let any: Vec<EventKind> = (0..600).map(|n| kinds[if n < 5 { n } else { draw.below(5) }]).collect();
        let after = |every: f64| {
            let timed = any.iter().zip(0..).map(move |(&kind, n)| event(kind, target, 20.0 + f64::from(n) * every));
            timed.collect::<Vec<Event>>()
        };
        tell(&burst, after(1.0 / 601.0 / 60.0));
        tell(&spread, after(1.0));
        let [once, burst, spread] = [list(&once, 30), list(&burst, 30), list(&spread, 30)];
        assert_eq!(ids(&once), ids(&burst), "six hundred events within a minute are one");
        assert_ne!(scores(&once), scores(&spread), "an event an hour is more");
    }
}

fn scores(list: &Recommendation) -> Vec<f32> {
    list.items.iter().map(|item| item.score).collect()
}

/// However often, an item's own bias and a category's move towards what was told, each step by no more than the rate.
#[test]
fn parts_that_count_nothing_are_as_good_as_not_there() {
    let spec = learning(checkerboard(60));
    let weighing = |weights: [f32; 4]| {
        let mut spec = spec.clone();
        spec.online.as_mut().expect("learns").weights = vec![weights.to_vec(); 2];
        spec
    };
    let listed = |spec: &ModelSpec| {
        let recommender = open(spec);
        tell(&recommender, (0..12).map(|n| event(EventKind::Purchase, n * 7 % 60, n as f64)));
        let request = Request { count: 40, include_seen: true, ..Request::default() };
        pollster::block_on(recommender.recommend(&request)).expect("recommends")
    };
    for (left_out, at) in [(0, 2), (1, 3)] {
        let mut weights = [0.5, 1.0, 1.0, 0.5];
        weights[at] = 0.0;
        let mut without = weighing(weights);
        let online = without.online.as_mut().expect("learns");
        online.columns.remove(left_out);
        online.weights.iter_mut().for_each(|row| {
            row.remove(at);
        });
        let found = listed(&weighing(weights));
        assert_eq!(found, listed(&without), "column {left_out}");
        assert_ne!(found, listed(&weighing([0.5, 1.0, 1.0, 0.5])));
    }
    let alone = listed(&weighing([0.0, 1.0, 0.0, 0.0]));
    assert!(alone.items.iter().all(|item| item.score.is_finite()) && alone != listed(&weighing([0.0; 4])));
}

#[test]
fn steps_are_bounded() {
    let model = catalogue();
    let online = model.manifest().online.clone().expect("learns");
    let feedback = |times: usize| -> Vec<Feedback> {
        (0..times).map(|_| Feedback { item: 30, strength: 1.0, time: 0.0 }).collect()
    };
    let parts =
        |times: usize| Adapter::learn(&model, &online, &feedback(times), 0.0, vec![1.0; 4]).parts(&model, &online, 30);
    let most = online.rate * online.samples as f32;
    assert!(parts(1)[1..].iter().all(|part| (0.0..=most).contains(part)), "{:?}", parts(1));
    // Each step is smaller than the one before, since what is told is foreseen the better.
    let [ten, hundred, more] = [10, 100, 200].map(parts);
    for n in 1..4 {
        assert!(ten[n] < hundred[n] && hundred[n] < more[n], "{ten:?} {hundred:?} {more:?}");
        assert!(more[n] - hundred[n] < hundred[n] - ten[n] && hundred[n] < 0.2 * 100.0 * most, "{hundred:?} {more:?}");
    }
}

#[test]
fn what_was_learnt_fades() {
    let mut spec = learning(random(60, 8, 4));
    spec.online.as_mut().expect("learns").days = 10.0;
    let (recommender, plain) = (open(&spec), open(&ModelSpec { online: None, ..spec.clone() }));
    for recommender in [&recommender, &plain] {
        tell(recommender, [event(EventKind::Purchase, 2, 0.0), event(EventKind::Purchase, 14, 1.0)]);
    }
    let by_id = |recommender: &Recommender, days: f64| -> Vec<(String, f32)> {
        let request = Request { count: 58, now: START + days * 24.0 * HOUR, explain: false, ..Request::default() };
        let list = pollster::block_on(recommender.recommend(&request)).expect("recommends");
        let mut scores: Vec<(String, f32)> = list.items.into_iter().map(|item| (item.id, item.score)).collect();
        scores.sort_by(|a, b| a.0.cmp(&b.0));
        scores
    };
    let apart = |days: f64| -> f32 {
        by_id(&recommender, days).iter().zip(by_id(&plain, days)).map(|(a, b)| (a.1 - b.1).abs()).sum()
    };
    let (now, later, long_after) = (apart(0.1), apart(10.1), apart(400.0));
    assert!((later / now - 0.5).abs() < 0.05, "half of {now} after ten days, found {later}");
    assert!(long_after < 0.01 * now, "{long_after}");
}

#[test]
fn no_model_file_can_hurt() {
    // Columns named twice, or that are none.
    for columns in [vec!["parity", "parity"], vec!["title"], vec!["no such"]] {
        let mut spec = learning(random(60, 8, 4));
        let online = spec.online.as_mut().expect("learns");
        online.columns =
            columns.iter().map(|name| OnlineColumn { column: (*name).to_owned(), edges: Vec::new() }).collect();
        online.weights.iter_mut().for_each(|weights| weights.resize(2 + columns.len(), 1.0));
        let refused = export_model(&spec, &[]).expect_err("refused").to_string();
        assert!(refused.contains("model.online.columns"), "{refused}");
    }
    // No vectors to learn from, whatever the tower.
    for tower in [UserTower::Pool { power: 0.0 }, UserTower::FoldIn { alpha: 1.0, regularization: 1.0, power: 0.0 }] {
        let spec = learning(without_vectors(with_neighbours(random(60, 8, 4), 6, false, 2)));
        let Ok(bytes) = export_model(&ModelSpec { user_tower: tower, ..spec }, &[]) else { continue };
        let model = Model::read(ModelBuffer::try_from(bytes.as_slice()).expect("small")).expect("just written");
        let recommender =
            pollster::block_on(Recommender::new(std::sync::Arc::new(model), BackendChoice::Cpu)).expect("opens");
        tell(&recommender, [event(EventKind::Purchase, 2, 0.0), event(EventKind::Dislike, 5, 1.0)]);
        let list = pollster::block_on(recommender.recommend(&Request { count: 20, ..Request::default() }));
        assert!(list.expect("recommends").items.iter().any(|item| !item.reasons.is_empty()));
    }
}
