//! The profile: what it keeps, what it forgets, what it amounts to, and that no stored state can hurt it.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use std::sync::Arc;

use common::fixtures::{Random, model, random};
use common::json::{of_serde, to_serde};
use proclivity::model::{
    Attributes, Cell, ContextShape, ContextSpec, FieldKind, FieldShape, Model, ModelSpec, Repeats, UserTower,
};
use proclivity::profile::{Event, EventKind, Interaction, Profile, Push, TimeRequest};
use proclivity::score::BackendChoice;
use proclivity::{Recommender, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2024-01-01 in milliseconds.
const START: f64 = 1_704_067_200_000.0;

fn catalogue(items: usize) -> Arc<Model> {
    model(&random(items, 8, 3))
}

fn event(kind: EventKind, item: usize, seconds: f64) -> Event {
    Event { timestamp: START + 1000.0 * seconds, ..Event::new(kind, format!("item-{item}")) }
}

fn observed(model: &Model, events: impl IntoIterator<Item = Event>) -> Profile {
    let mut profile = Profile::default();
    events.into_iter().for_each(|event| profile.observe(model, event).expect("known"));
    profile
}

fn strengths(history: &[Interaction]) -> Vec<(u32, f32)> {
    history.iter().map(|line| (line.item, line.strength)).collect()
}

#[test]
fn ten_thousand_events_are_under_64_kb_and_come_back_as_they_were() {
    for prefix in ["", "a-rather-long-identifier-of-an-item-in-a-shop-"] {
        let mut spec: ModelSpec = random(4_000, 8, 3);
        spec.item_ids = (0..4_000).map(|item| format!("{prefix}{item}")).collect();
        let model = model(&spec);
        let mut draw = Random(1);
        let mut profile = Profile::default();
        let mut seconds = 0.0;
        for _ in 0..10_000 {
            seconds += draw.below(40_000) as f64;
            let kind = EventKind::ALL[draw.below(EventKind::ALL.len())];
            let value = match kind {
                EventKind::Rating => Some(1.0 + draw.below(9) as f32 / 2.0),
                EventKind::Portion => Some(draw.below(100) as f32 / 100.0),
                _ => None,
            };
            let item_id = format!("{prefix}{}", draw.below(4_000));
            let place = Cell::Text(format!("{prefix}place {}", draw.below(40)));
            let context = if draw.below(3) == 0 { vec![("placement".to_owned(), place)] } else { Vec::new() };
            let event = Event { kind, item_id, value, timestamp: START + 1000.0 * seconds, context };
            profile.observe(&model, event).expect("known");
        }
        for week in 0..300 {
            let timestamp = START + f64::from(week) * 6.048e8;
            profile
                .pushed(Push { channel: "newsletter".into(), timestamp, opened: Some(week % 3 == 0) })
                .expect("fits");
        }
        let state = profile.export();
        let text = to_serde(&state).to_string();
        assert!(text.len() < 64_000, "{} bytes", text.len());
        assert!(profile.events().count() > 500, "{} events", profile.events().count());
        let back = Profile::import(&of_serde(&serde_json::from_str(&text).expect("JSON"))).expect("just exported");
        assert_eq!(back.history(&model), profile.history(&model));
        assert!(back.events().eq(profile.events()));
        assert_eq!(back.pushes(), profile.pushes());
        assert_eq!(to_serde(&back.export()).to_string(), text);
    }
}

#[test]
fn what_was_merely_shown_goes_first() {
    let model = catalogue(50);
    let purchases = (0..40).map(|item| event(EventKind::Purchase, item, item as f64));
    let shown = (0..3_000).map(|n| event(EventKind::Impression, n % 50, 100.0 + n as f64));
    let profile = observed(&model, purchases.chain(shown));
    assert_eq!(profile.events().filter(|event| event.kind == EventKind::Purchase).count(), 40);
    assert_eq!(profile.events().count(), 2_000);
}

#[test]
fn what_is_told_twice_and_bursts_count_once() {
    let model = catalogue(50);
    let once = observed(&model, [event(EventKind::View, 3, 0.0)]);
    let burst = observed(&model, (0..300).map(|n| event(EventKind::View, 3, n as f64 / 6.0)));
    assert_eq!(strengths(&burst.history(&model)), strengths(&once.history(&model)));
    let later = observed(&model, [0.0, 61.0].map(|seconds| event(EventKind::View, 3, seconds)));
    assert!(later.history(&model)[0].strength > once.history(&model)[0].strength);
    let kinds = observed(&model, [EventKind::View, EventKind::Cart].map(|kind| event(kind, 3, 0.0)));
    assert!(kinds.history(&model)[0].strength > once.history(&model)[0].strength);
    let untimed = [0, 1].map(|_| Event::new(EventKind::View, "item-3"));
    assert!(observed(&model, untimed).history(&model)[0].strength > once.history(&model)[0].strength);
}

#[test]
fn the_largest_portion_counts() {
    let model = catalogue(50);
    let portions = |portions: &[f32]| {
        let told = portions.iter().map(|&portion| Event { value: Some(portion), ..event(EventKind::Portion, 3, 0.0) });
        observed(&model, told).history(&model)[0]
    };
    let (part, whole) = (portions(&[0.25, 0.5, 0.4]), portions(&[0.25, 0.5, 0.95]));
    assert!((part.strength - 0.5).abs() < 1e-6 && !part.seen, "{part:?}");
    assert!((whole.strength - 0.95).abs() < 1e-6 && whole.seen, "{whole:?}");
    for (kind, value) in [(EventKind::Portion, Some(1.5)), (EventKind::Portion, None), (EventKind::Rating, Some(0.0))] {
        let refused = Profile::default().observe(&model, Event { value, ..event(kind, 3, 0.0) });
        assert_eq!(refused.expect_err("refused").code(), "argument");
    }
}

#[test]
fn what_is_taken_back_never_was() {
    let model = catalogue(50);
    let events = [(EventKind::View, 1), (EventKind::Purchase, 2), (EventKind::View, 1), (EventKind::Dislike, 4)];
    let events = events.iter().enumerate().map(|(at, &(kind, item))| event(kind, item, 100.0 * at as f64));
    let mut profile = observed(&model, events.clone());
    assert!(profile.retract(&Event { timestamp: 0.0, ..event(EventKind::View, 1, 0.0) }), "the latest");
    assert!(!profile.retract(&event(EventKind::View, 1, 200.0)), "taken back already");
    assert!(profile.retract(&event(EventKind::Dislike, 4, 300.0)));
    assert!(!profile.retract(&Event::new(EventKind::Cart, "item-1")));
    let without = observed(&model, events.take(2));
    assert_eq!(profile.history(&model), without.history(&model));
    assert_eq!(to_serde(&profile.export()), to_serde(&without.export()));
}

#[test]
fn a_profile_of_the_first_version_is_read() {
    let model = catalogue(50);
    let state = json!({ "version": 1, "events": [
        { "type": "purchase", "itemId": "item-7", "timestamp": START },
        { "type": "rating", "itemId": "item-9", "value": 4.5, "timestamp": START + 5000.0 },
        { "type": "view", "itemId": "no longer sold", "timestamp": 0 },
    ] });
    let profile = Profile::import(&of_serde(&state)).expect("version 1");
    assert_eq!(strengths(&profile.history(&model)), [(7, 1.0), (9, 0.75)]);
    assert_eq!(profile.events().last().expect("three").item_id, "no longer sold");
    let again = Profile::import(&profile.export()).expect("just exported");
    assert!(again.events().eq(profile.events()));
}

#[test]
fn states_that_cannot_be_are_refused_by_name() {
    let mut profile = observed(&catalogue(50), (0..3).map(|item| event(EventKind::View, item, item as f64)));
    profile.pushed(Push { channel: "mail".into(), timestamp: START, opened: None }).expect("fits");
    let good = to_serde(&profile.export());
    for (pointer, wrong, named) in [
        ("/version", json!(4), "version"),
        ("/ids", json!("a"), "ids"),
        ("/kinds", json!("00"), "kinds"),
        ("/kinds", json!("0x0"), "kinds"),
        ("/items/1", json!(3), "items"),
        ("/items/1", json!(0.5), "items"),
        ("/times/0", json!(-1e12), "timestamp"),
        ("/times/0", json!(null), "times"),
        ("/values", json!([9, 1.0]), "values"),
        ("/values", json!([0]), "values"),
        ("/pushes/0", json!({ "channel": "", "timestamp": 0 }), "channel"),
        ("/pushes/0", json!({ "channel": "x", "timestamp": -1 }), "timestamp"),
    ] {
        let mut state = good.clone();
        *state.pointer_mut(pointer).expect("there") = wrong.clone();
        let error = Profile::import(&of_serde(&state)).expect_err(pointer);
        assert_eq!(error.code(), "argument");
        assert!(error.to_string().contains(named), "{pointer} {wrong}: {error}");
    }
}

#[test]
fn a_recommender_tells_and_takes_back_events_and_times_messages() {
    let model = catalogue(50);
    let recommender =
        pollster::block_on(proclivity::Recommender::new(model, proclivity::score::BackendChoice::Cpu)).expect("opens");
    let list = || {
        let list = pollster::block_on(recommender.recommend(&Request::default())).expect("recommends");
        list.items.into_iter().map(|item| (item.id, item.score.to_bits())).collect::<Vec<_>>()
    };
    let ask = TimeRequest { now: START + 9e8, ..TimeRequest::default() };
    let (before, time) = (list(), recommender.best_time(&ask).expect("allowed"));
    recommender.observe(event(EventKind::Purchase, 3, 7_200.0)).expect("known");
    assert_ne!(list(), before);
    let known = recommender.best_time(&ask).expect("allowed");
    assert!(known.confidence > time.confidence);
    assert_eq!(recommender.events(), [event(EventKind::Purchase, 3, 7_200.0)]);
    recommender.pushed(Push { channel: "push".into(), timestamp: known.at, opened: None }).expect("fits");
    assert_ne!(recommender.best_time(&ask).map(|best| best.at), Some(known.at));
    assert!(recommender.retract(&event(EventKind::Purchase, 3, 7_200.0)));
    assert_eq!(list(), before);
}

/// Any JSON that is somewhat like a state.
fn somehow() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![
            any::<f64>().prop_filter_map("finite", |x| serde_json::Number::from_f64(x).map(Value::Number)),
            (-5i64..2_000).prop_map(Value::from)
        ],
        "[0-9a-z]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(
                "version|ids|kinds|items|times|values|pushes|contexts|situations|events|type|itemId",
                inner,
                0..7
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Events as a page may tell them, at times of any order and size.
fn told() -> impl Strategy<Value = Vec<Event>> {
    let time = prop_oneof![Just(0.0), Just(8.64e15), 0.0..8.64e15, START..START + 1e9];
    let cell = prop_oneof![
        (-1e6..1e6f32).prop_map(Cell::Number),
        prop::sample::select(vec!["mail", "\"", "search\n"]).prop_map(|text| Cell::Text(text.into())),
    ];
    let context = prop::collection::btree_map(prop::sample::select(vec!["placement", "referrer", "ä"]), cell, 0..3)
        .prop_map(|cells| cells.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect::<Vec<_>>());
    let event = (0..EventKind::ALL.len(), 0..8usize, time, prop::option::of(1.0..5.0f32), context).prop_map(
        |(kind, item, timestamp, value, context)| {
            let kind = EventKind::ALL[kind];
            let value = match kind {
                EventKind::Rating => Some(value.unwrap_or(3.0)),
                EventKind::Portion => Some(value.unwrap_or(1.0) / 5.0),
                _ => value,
            };
            Event { kind, item_id: format!("item-{item}"), value, timestamp, context }
        },
    );
    prop::collection::vec(event, 0..12)
}

#[test]
fn a_profile_of_values_alone_is_under_64_kb_too() {
    let model = catalogue(50);
    let told = (0..3_000).map(|n| {
        let value = Some(0.37 + 0.6 * (n as f32 / 3_001.0));
        Event { value, ..event(EventKind::Portion, n % 50, 40.0 * n as f64) }
    });
    let text = to_serde(&observed(&model, told).export()).to_string();
    assert!(text.len() < 64_000, "{} bytes", text.len());
}

#[test]
fn a_rating_corrects_the_one_before_it() {
    let model = catalogue(50);
    let rate = |value: f32, seconds: f64| Event { value: Some(value), ..event(EventKind::Rating, 3, seconds) };
    for (ratings, expected) in [
        (vec![(2.0, 0.0), (5.0, 5.0)], 1.0),
        (vec![(5.0, 0.0), (4.0, 5.0)], 0.5),
        (vec![(5.0, 0.0), (4.0, 500.0)], 0.5),
        (vec![(4.0, 0.0), (5.0, 500.0), (4.0, 1000.0)], 0.5),
        ((0..300).map(|n| (5.0, n as f64 * 61.0)).collect(), 1.0),
    ] {
        let corrected = observed(&model, ratings.iter().map(|&(value, seconds)| rate(value, seconds)));
        assert_eq!(strengths(&corrected.history(&model)), [(3, expected)], "{ratings:?}");
    }
    // A purchase, and years later a rating that is then taken for a lower one.
    let bought = [event(EventKind::Purchase, 3, 0.0), rate(5.0, 5e6), rate(4.0, 6e6)];
    assert!(observed(&adding_up(50), bought).history(&adding_up(50))[0].strength > 1.3);
}

/// A model whose events add up.
fn adding_up(items: usize) -> Arc<Model> {
    let mut spec = random(items, 8, 1);
    spec.repeats = Repeats::Logarithm;
    model(&spec)
}

#[test]
fn a_burst_of_all_kinds_counts_no_more_than_the_strongest_of_it() {
    let model = adding_up(50);
    let strength = |events: Vec<Event>| observed(&model, events).history(&model)[0].strength;
    let value = |kind| match kind {
        EventKind::Rating => Some(5.0),
        EventKind::Portion => Some(1.0),
        _ => None,
    };
    let kinds = EventKind::ALL.into_iter().filter(|kind| *kind != EventKind::Dislike);
    let all =
        kinds.flat_map(|kind| (0..60).map(move |n| Event { value: value(kind), ..event(kind, 3, n as f64 / 2.0) }));
    assert_eq!(strength(all.collect()), strength(vec![event(EventKind::Purchase, 3, 0.0)]));
    let apart = [0.0, 61.0].map(|seconds| event(EventKind::Purchase, 3, seconds)).to_vec();
    assert!(strength(apart) > 1.6);
}

#[test]
fn a_burst_pushes_nothing_else_out() {
    let model = catalogue(3000);
    let before: Vec<Event> = (0..1500).map(|n| event(EventKind::Purchase, n, n as f64 * 100.0)).collect();
    let burst = (0..600).map(|n| event(EventKind::Click, 2999, 300_000.0 + n as f64 / 10.0));
    let profile = observed(&model, before.iter().cloned().chain(burst));
    assert!(profile.events().take(before.len()).eq(before.iter().cloned()), "every purchase is still there");
    assert!(profile.events().count() <= 2000);
    // Nor do corrections of one rating, and what is turned round is not taken for told twice.
    let rate =
        |n: usize| Event { value: Some(4.0 + (n % 2) as f32), ..event(EventKind::Rating, 2999, 3e5 + 90.0 * n as f64) };
    let rated = observed(&model, before.iter().cloned().chain((0..600).map(rate)));
    assert!(rated.events().take(before.len()).eq(before.iter().cloned()));
    assert_eq!(rated.history(&model).last().map(|line| line.strength), Some(1.0));
    for kinds in [
        [EventKind::Dislike, EventKind::Purchase, EventKind::Dislike],
        [EventKind::Purchase, EventKind::Dislike, EventKind::Purchase],
    ] {
        let turned = (0..3).map(|n| event(kinds[n], 2999, n as f64));
        let full = observed(&model, turned.chain((0..2000).map(|n| event(EventKind::Click, 1, 1e3 + 90.0 * n as f64))));
        let kept: Vec<EventKind> =
            full.events().filter(|event| event.item_id == "item-2999").map(|event| event.kind).collect();
        assert_eq!(kept, kinds[3 - kept.len()..], "the oldest go first");
    }
    // Nor do low ratings, a mind that is made up again and again, or portions that shrink.
    let second = |n: usize| 300_000.0 + n as f64 / 20.0;
    let low = |n: usize| Event { value: Some(2.0), ..event(EventKind::Rating, 2999, second(n)) };
    let unsure = |n: usize| event([EventKind::Purchase, EventKind::Dislike][n % 2], 2999, second(n));
    let less = |n: usize| Event { value: Some(0.9 - n as f32 / 1e3), ..event(EventKind::Portion, 2999, second(n)) };
    let bursts: [&dyn Fn(usize) -> Event; 3] = [&low, &unsure, &less];
    for burst in bursts {
        let profile = observed(&model, before.iter().cloned().chain((0..600).map(burst)));
        assert!(profile.events().take(before.len()).eq(before.iter().cloned()), "{:?}", burst(0));
        let alone = observed(&model, (0..600).map(burst));
        let line = |profile: &Profile| profile.history(&model).last().map(|line| (line.item, line.strength, line.seen));
        assert_eq!(line(&profile), line(&alone));
    }
    let portion =
        |n: usize| Event { value: Some(0.1 + 0.3 * n as f32), ..event(EventKind::Portion, 2999, 20.0 * n as f64) };
    let clicks = (0..1998).map(|n| event(EventKind::Click, 1, 1e3 + 90.0 * n as f64));
    let viewed = observed(&model, (0..4).map(portion).chain(clicks));
    assert!(viewed.history(&model)[0].seen, "the largest portion is still there");
}

#[test]
fn more_events_than_are_ever_kept_are_refused() {
    let events = vec![json!({ "type": "view", "itemId": "item-1" }); 10_001];
    let state = of_serde(&json!({ "version": 1, "events": events }));
    assert!(Profile::import(&state).expect_err("too many").to_string().contains("10000"));
    let zeros = vec![0; 10_001];
    let state = json!({ "version": 2, "ids": ["a"], "kinds": "0".repeat(10_001), "items": zeros, "times": zeros, "values": [], "pushes": [] });
    assert!(Profile::import(&of_serde(&state)).expect_err("too many").to_string().contains("10000"));
}

#[test]
fn contexts_of_events_are_kept_and_refused_by_what_is_wrong() {
    let model = catalogue(50);
    let place =
        |name: &str| vec![("depth".to_owned(), Cell::Number(2.5)), ("placement".to_owned(), Cell::Text(name.into()))];
    let told = (0..9)
        .map(|n| Event { context: place(["cart", "home"][n % 2]), ..event(EventKind::Click, n, 100.0 * n as f64) });
    let mut profile = observed(&model, told.clone());
    assert!(profile.events().eq(told));
    let state = to_serde(&profile.export());
    assert_eq!(
        state["contexts"],
        json!([{ "placement": "cart", "depth": 2.5 }, { "placement": "home", "depth": 2.5 }])
    );
    // What no event has any more is not kept either.
    (0..9).step_by(2).for_each(|n| assert!(profile.retract(&event(EventKind::Click, n, 100.0 * n as f64))));
    let state = to_serde(&profile.export());
    assert_eq!(
        (&state["contexts"], &state["situations"]),
        (&json!([{ "placement": "home", "depth": 2.5 }]), &json!([0, 0, 1, 0, 2, 0, 3, 0]))
    );

    let mut before = state.clone();
    before["version"] = json!(2);
    before.as_object_mut().expect("an object").retain(|key, _| !["contexts", "situations"].contains(&key.as_str()));
    let old = Profile::import(&of_serde(&before)).expect("of a version before");
    assert!(old.events().all(|event| event.context.is_empty()) && old.events().count() == 4);
    for (key, value, words) in [
        ("situations", json!([0, 1]), "context"),
        ("situations", json!([1, 0, 0, 0]), "situations"),
        ("situations", json!([0]), "situations"),
        ("situations", json!([9, 0]), "situations"),
        ("contexts", json!([{ "placement": ["home"] }]), "placement"),
        ("contexts", json!([{ "placement": "h".repeat(65) }]), "64 bytes"),
    ] {
        let mut state = state.clone();
        state[key] = value;
        let message = Profile::import(&of_serde(&state)).expect_err("refused").to_string();
        assert!(message.contains(words), "{message}");
    }
    let many = (0..9).map(|n| (n.to_string(), Cell::Number(0.0))).collect();
    let twice = vec![("a".to_owned(), Cell::Number(0.0)), ("a".to_owned(), Cell::Number(1.0))];
    for context in
        [many, twice, vec![("a".to_owned(), Cell::Vector(vec![1.0]))], vec![("a".to_owned(), Cell::Number(f32::NAN))]]
    {
        let refused =
            profile.observe(&model, Event { context, ..event(EventKind::View, 1, 0.0) }).expect_err("refused");
        assert!(refused.to_string().contains("at most 8 fields"), "{refused}");
        assert_eq!(profile.events().count(), 4);
    }
}

#[test]
fn what_a_page_tells_with_an_event_holds_for_the_visit() {
    for always in [false, true] {
        let referrer = FieldShape {
            column: "referrer".into(),
            kind: FieldKind::Category { values: vec!["mail".into(), "search".into()] },
        };
        let shape = ContextShape { fields: vec![referrer], always };
        let context = ContextSpec { shape, rows: Random(7).floats(3 * 8, 1.0) };
        let spec = ModelSpec { user_tower: UserTower::Pool { power: 0.5 }, context: Some(context), ..random(50, 8, 1) };
        let open = || pollster::block_on(Recommender::new(model(&spec), BackendChoice::Cpu)).expect("opens");
        let from = |name: &str| vec![("referrer".to_owned(), Cell::Text(name.into()))];
        let minutes = |minutes: f64, context| Event { context, ..event(EventKind::Impression, 3, 60.0 * minutes) };
        let list = |events: &[Event], context: Attributes, minutes: f64| {
            let recommender = open();
            events.iter().for_each(|event| recommender.observe(event.clone()).expect("known"));
            let request = Request { now: START + 60_000.0 * minutes, context, ..Request::default() };
            pollster::block_on(recommender.recommend(&request)).expect("a list").items
        };
        let seen = [minutes(0.0, Vec::new())];
        let [plain, mail, search] = [Vec::new(), from("mail"), from("search")].map(|context| list(&seen, context, 1.0));
        assert!(plain != mail && mail != search);
        let told = [minutes(0.0, from("search")), minutes(5.0, from("mail")), minutes(6.0, Vec::new())];
        assert_eq!(list(&told, Vec::new(), 8.0), mail, "the latest that was told");
        assert_eq!(list(&told, from("search"), 8.0), search, "a request is heard first");
        assert_eq!(list(&told, Vec::new(), 37.0), plain, "half an hour later");
        let behind = [minutes(5.0, from("mail")), minutes(0.0, from("search"))];
        assert_eq!(list(&behind, Vec::new(), 8.0), mail, "the latest by its time");
        // What the model does not know, or not so, is kept for one that does.
        let other =
            vec![("placement".to_owned(), Cell::Text("cart".into())), ("referrer".to_owned(), Cell::Number(1.0))];
        assert_eq!(list(&[minutes(0.0, other)], Vec::new(), 1.0), plain);
    }
}

proptest! {
    #[test]
    fn whatever_was_told_is_read_again(events in told(), retracted in 0..8usize) {
        let model = catalogue(8);
        let mut profile = observed(&model, events);
        profile.retract(&Event::new(EventKind::View, format!("item-{retracted}")));
        let state = to_serde(&profile.export()).to_string();
        let back = Profile::import(&of_serde(&serde_json::from_str(&state).expect("JSON"))).expect("just exported");
        prop_assert!(back.events().eq(profile.events()));
        prop_assert_eq!(back.history(&model), profile.history(&model));
        let best = |profile: &Profile| profile.best_time(&Default::default(), &TimeRequest { now: START, ..TimeRequest::default() });
        let (own, read) = (best(&profile).expect("allowed"), best(&back).expect("allowed"));
        prop_assert_eq!(own, read);
        prop_assert!((0.0..=1.0).contains(&own.probability));
    }

    #[test]
    fn no_state_can_hurt(
        parts in prop::collection::vec(somehow(), 8),
        version in prop_oneof![Just(1), Just(2), Just(3)],
        whole in somehow(),
    ) {
        let model = catalogue(5);
        let state = json!({
            "version": version, "ids": parts[0], "kinds": parts[1], "items": parts[2], "times": parts[3], "values": parts[4], "pushes": parts[5],
            "contexts": parts[6], "situations": parts[7],
        });
        let valid = json!({
            "version": 3, "ids": ["item-1", "item-2"], "kinds": "03", "items": [0, 1], "times": [5, 5], "values": [], "pushes": [],
            "contexts": parts[6], "situations": parts[7],
        });
        let first = json!({ "version": 1, "events": parts[0] });
        for state in [state, valid, first, whole] {
            if let Ok(profile) = Profile::import(&of_serde(&state)) {
                profile.history(&model);
                profile.best_time(&Default::default(), &TimeRequest { now: START, ..TimeRequest::default() });
                let back = Profile::import(&profile.export()).expect("just exported");
                prop_assert!(back.events().eq(profile.events()));
            }
        }
    }
}
