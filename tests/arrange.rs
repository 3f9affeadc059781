//! From scores to a list: filters, boosters, novelty, rotation, rules, diversity, caps and fairness, each by what it must do.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::fixtures::{Random, checkerboard, model, random, with_ranker, with_repurchase};
use common::json::of_serde;
use proclivity::model::{Model, ModelSpec};
use proclivity::profile::{Event, EventKind};
use proclivity::rank::{Reason, least_of_group};
use proclivity::score::BackendChoice;
use proclivity::{Recommendation, Recommender, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

/// 2024-01-01 in milliseconds, and an hour.
const NOW: f64 = 1_704_067_200_000.0;
const HOUR: f64 = 3_600_000.0;

fn open(spec: &ModelSpec) -> Recommender {
    let recommender = pollster::block_on(Recommender::new(model(spec), BackendChoice::Cpu)).expect("opens");
    for item in [1, 4, 9] {
        let event = Event { timestamp: NOW - 100.0 * HOUR, ..Event::new(EventKind::Purchase, format!("item-{item}")) };
        recommender.observe(event).expect("known");
    }
    recommender
}

fn request(options: &Value) -> Request {
    Request { now: NOW, ..Request::from_json(&of_serde(options)).expect("options") }
}

fn list(recommender: &Recommender, options: &Value) -> Recommendation {
    pollster::block_on(recommender.recommend(&request(options))).expect("recommends")
}

fn indices(list: &Recommendation) -> Vec<usize> {
    list.items.iter().map(|item| index(&item.id)).collect()
}

fn stages(list: &Recommendation) -> Vec<&'static str> {
    list.trace.iter().map(|traced| traced.stage.name()).collect()
}

fn index(id: &str) -> usize {
    id.trim_start_matches("item-").parse().expect("a number")
}

fn ask(recommender: &Recommender, options: &Value) -> Vec<usize> {
    indices(&list(recommender, options))
}

fn refusal(options: &Value) -> String {
    let recommender = open(&random(60, 8, 1));
    match Request::from_json(&of_serde(options)) {
        Err(error) => error.to_string(),
        Ok(request) => pollster::block_on(recommender.recommend(&request)).expect_err("refused").to_string(),
    }
}

/// A filter, and whether it lets an item of the fixtures in: parity is even or odd, price half the index.
fn filters() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop_oneof![Just("even"), Just("odd")].prop_map(|parity| json!({ "parity": parity })),
        prop::collection::vec(prop_oneof![Just("even"), Just("odd"), Just("neither")], 0..3)
            .prop_map(|list| json!({ "parity": list })),
        (0..40, 0..40).prop_map(|(low, high)| json!({ "price": { "gte": low, "lt": high } })),
        (0..40).prop_map(|low| json!({ "price": { "gt": low }, "parity": "odd" })),
        (0..40).prop_map(|price| json!({ "price": f64::from(price) / 2.0 })),
        prop::collection::vec(0..40, 0..4).prop_map(|prices| json!({ "price": prices })),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!({ "$and": list })),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!({ "$or": list })),
            inner.clone().prop_map(|filter| json!({ "$not": filter })),
            (inner, 0..40).prop_map(|(filter, low)| json!({ "$not": filter, "price": { "lte": low } })),
        ]
    })
}

fn lets_in(filter: &Value, item: usize) -> bool {
    let price = item as f64 / 2.0;
    let parity = ["even", "odd"][item % 2];
    filter.as_object().expect("a filter").iter().all(|(name, condition)| match (name.as_str(), condition) {
        ("$and", Value::Array(filters)) => filters.iter().all(|filter| lets_in(filter, item)),
        ("$or", Value::Array(filters)) => filters.iter().any(|filter| lets_in(filter, item)),
        ("$not", filter) => !lets_in(filter, item),
        ("parity", Value::String(value)) => value == parity,
        ("parity", Value::Array(values)) => values.iter().any(|value| value == parity),
        ("price", Value::Number(value)) => value.as_f64() == Some(price),
        ("price", Value::Array(values)) => values.iter().any(|value| value.as_f64() == Some(price)),
        ("price", bounds) => bounds.as_object().expect("bounds").iter().all(|(bound, at)| {
            let at = at.as_f64().expect("a number");
            match bound.as_str() {
                "gte" => price >= at,
                "lte" => price <= at,
                "gt" => price > at,
                _ => price < at,
            }
        }),
        _ => false,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn filters_let_in_what_they_say(filter in filters()) {
        let recommender = open(&random(60, 8, 1));
        let all = ask(&recommender, &json!({ "count": 60 }));
        let expected: Vec<usize> = all.into_iter().filter(|&item| lets_in(&filter, item)).collect();
        prop_assert_eq!(ask(&recommender, &json!({ "count": 60, "filter": filter })), expected);
    }

    #[test]
    fn whatever_is_asked_the_list_is_in_order_without_repeats(
        diversity in 0.0..1.0f32, novelty in 0.0..1.0f32, share in 0.0..1.0f32, cap in 0usize..12, at in 1usize..12, promoted in 0usize..60,
    ) {
        let recommender = open(&random(60, 8, 1));
        let options = json!({
            "count": 12, "diversity": diversity, "novelty": novelty, "maxPerCategory": { "parity": cap },
            "fairness": { "group": { "parity": "odd" }, "share": share }, "trace": true,
            "rules": [{ "type": "promote", "itemId": format!("item-{promoted}"), "position": at }],
        });
        let found = list(&recommender, &options);
        let items = indices(&found);
        let mut distinct = items.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), items.len());
        prop_assert!(items.len() <= 12 && items.iter().all(|item| ![1, 4, 9].contains(item)));
        prop_assert_eq!(&found.trace.last().expect("asked for").ids, &found.items.iter().map(|item| item.id.clone()).collect::<Vec<_>>());
    }
}

#[test]
fn nothing_asked_is_nothing_done() {
    let recommender = open(&random(60, 8, 1));
    let plain = list(&recommender, &json!({}));
    let zeros = json!({ "diversity": 0, "novelty": 0, "rotationRate": 0, "rotationHours": 3, "rules": [], "boosters": [], "maxPerCategory": {} });
    assert_eq!(list(&recommender, &zeros), plain);
    // Asked for, but without an effect: the same items and scores by way of the stages.
    let idle = list(&recommender, &json!({ "maxPerCategory": { "parity": 60 }, "trace": true }));
    assert_eq!(idle.items, plain.items);
    assert_eq!(stages(&idle), ["scores", "seen", "maxPerCategory"]);
}

#[test]
fn boosters_move_groups_up_and_down() {
    let recommender = open(&random(60, 8, 1));
    let odd = |by: f32| ask(&recommender, &json!({ "boosters": [{ "filter": { "parity": "odd" }, "by": by }] }));
    assert!(odd(50.0).iter().all(|item| item % 2 == 1));
    assert!(odd(-50.0).iter().all(|item| item % 2 == 0));
    let some = |list: Vec<usize>| list.into_iter().filter(|item| item % 2 == 1).count();
    assert!(some(odd(0.5)) >= some(odd(0.0)) && some(odd(0.0)) >= some(odd(-0.5)));
    let scores = list(&recommender, &json!({ "boosters": [{ "filter": {}, "by": 1 }] }));
    assert_eq!(indices(&scores), ask(&recommender, &json!({})), "all alike changes nothing");
}

#[test]
fn novelty_prefers_what_is_less_known() {
    let recommender = open(&random(200, 8, 1)); // more popular by index
    let mean = |novelty: f32| {
        let list = ask(&recommender, &json!({ "novelty": novelty }));
        list.iter().sum::<usize>() as f32 / list.len() as f32
    };
    assert!(mean(0.5) > mean(0.0) && mean(1.0) > mean(0.5), "{} {} {}", mean(0.0), mean(0.5), mean(1.0));
}

#[test]
fn what_was_shown_rotates_away_and_comes_back() {
    let recommender = open(&random(60, 8, 1));
    let first = ask(&recommender, &json!({}));
    for item in &first[..3] {
        for minute in 0..5 {
            let timestamp = NOW - HOUR + f64::from(minute) * HOUR / 10.0;
            let shown = Event { timestamp, ..Event::new(EventKind::Impression, format!("item-{item}")) };
            recommender.observe(shown).expect("known");
        }
    }
    assert_eq!(ask(&recommender, &json!({})), first, "only where it is asked for");
    let rotated = ask(&recommender, &json!({ "rotationRate": 1, "rotationHours": 24 }));
    let place = |list: &[usize], item: usize| list.iter().position(|&other| other == item).unwrap_or(99);
    assert!(first[..3].iter().all(|&item| place(&rotated, item) > place(&first, item)), "{first:?} {rotated:?}");
    assert_eq!(ask(&recommender, &json!({ "rotationRate": 1, "rotationHours": 0.05 })), first, "long forgotten");
}

#[test]
fn rules_hold_in_their_time() {
    let recommender = open(&random(300, 8, 1));
    let plain = ask(&recommender, &json!({}));
    let all = ask(&recommender, &json!({ "count": 300 }));
    let (last, second) = (*all.last().expect("many"), plain[1]);
    let promote = |item: usize, position: usize| json!({ "type": "promote", "itemId": format!("item-{item}"), "position": position });
    let with = |rules: Value| ask(&recommender, &json!({ "rules": rules }));
    assert_eq!(with(json!([promote(last, 3)]))[2], last, "though it is the last of all");
    assert_eq!(with(json!([promote(second, 7)]))[6], second);
    assert_eq!(with(json!([promote(last, 1), promote(second, 1)]))[..2], [last, second], "one after the other");
    assert_eq!(with(json!([promote(1, 1)])), plain, "bought already");
    assert_eq!(
        with(json!([promote(second, 50)]))[..],
        [&plain[..1], &all[2..11]].concat()[..],
        "its place is not in the list"
    );
    let reasons = list(&recommender, &json!({ "rules": [promote(last, 3)] }));
    assert_eq!(reasons.items[2].reasons, [Reason::Promoted { rule: 0 }]);
    assert!(reasons.items[2].score <= reasons.items[1].score);
    // Rules outlive models: what is no longer in the catalogue is passed over, and the others keep their numbers.
    let gone = [
        json!({ "type": "promote", "itemId": "gone" }),
        json!({ "type": "hide", "itemId": "gone" }),
        json!({ "type": "demote", "itemId": "gone", "by": 1 }),
    ];
    assert_eq!(with(json!(gone)), plain);
    let after = list(&recommender, &json!({ "rules": [gone[0], promote(last, 3)] }));
    assert_eq!(after.items[2].reasons, [Reason::Promoted { rule: 1 }]);

    let hidden = with(json!([{ "type": "hide", "itemId": format!("item-{}", plain[0]) }]));
    assert_eq!(hidden[..9], plain[1..]);
    assert!(with(json!([{ "type": "hide", "filter": { "parity": "odd" } }])).iter().all(|item| item % 2 == 0));
    // Wherever a list is shown.
    let hiding = request(&json!({ "rules": [{ "type": "hide", "filter": { "parity": "odd" } }] }));
    let similar = pollster::block_on(recommender.similar("item-2", &hiding)).expect("similar");
    let onboarding = pollster::block_on(recommender.onboarding(&hiding)).expect("asks");
    for other in [indices(&similar), indices(&onboarding)] {
        assert!(!other.is_empty() && other.iter().all(|item| item % 2 == 0), "{other:?}");
    }
    let both = with(json!([{ "type": "hide", "itemId": format!("item-{last}") }, promote(last, 1)]));
    assert_eq!(both, plain, "what is hidden is not promoted");
    let demoted = with(json!([{ "type": "demote", "itemId": format!("item-{}", plain[0]), "by": 100 }]));
    assert_eq!(demoted[..9], plain[1..]);

    let timed = |from: Value, until: Value| {
        with(json!([{ "type": "hide", "itemId": format!("item-{}", plain[0]), "from": from, "until": until }]))
    };
    for (from, until, holds) in [
        (json!(NOW), json!(null), true),
        (json!(NOW + 1.0), json!(null), false),
        (json!(null), json!(NOW), false),
        (json!(NOW - 1.0), json!(NOW + 1.0), true),
    ] {
        assert_eq!(timed(from.clone(), until.clone()) != plain, holds, "{from} to {until}");
    }
}

#[test]
fn what_is_promoted_is_never_lost() {
    // Its place is past the end of what is let in.
    let recommender = open(&random(300, 8, 1));
    let few = json!({ "filter": { "price": { "gte": 100, "lt": 102.5 } } });
    let plain = ask(&recommender, &few);
    assert_eq!(plain.len(), 5);
    let rules = json!([{ "type": "promote", "itemId": format!("item-{}", plain[0]), "position": 8 }]);
    let late = ask(&recommender, &json!({ "filter": { "price": { "gte": 100, "lt": 102.5 } }, "rules": rules }));
    assert_eq!(late, [&plain[1..], &plain[..1]].concat());

    // Bought before, where people buy again.
    let again = open(&with_repurchase(random(60, 8, 1), vec![0.1; 60], vec![-0.1; 60]));
    let rules = json!([{ "type": "promote", "itemId": "item-4", "position": 6 }]);
    assert_eq!(ask(&again, &json!({ "includeSeen": true, "rules": rules }))[5], 4);
    // One of hundreds that were, the least due of them.
    let many = open(&with_repurchase(random(900, 8, 1), vec![0.1; 900], vec![-0.1; 900]));
    for item in 100..700 {
        for time in 0..if item == 650 { 1 } else { 2 } {
            let timestamp = NOW - (300.0 - f64::from(time)) * 24.0 * HOUR;
            many.observe(Event { timestamp, ..Event::new(EventKind::Purchase, format!("item-{item}")) })
                .expect("known");
        }
    }
    let least = json!([{ "type": "promote", "itemId": "item-650", "position": 2 }]);
    assert!(!ask(&many, &json!({ "includeSeen": true, "count": 400 })).contains(&650), "far down");
    assert_eq!(ask(&many, &json!({ "includeSeen": true, "rules": least }))[1], 650);
    let shared = json!({ "includeSeen": true, "fairness": { "group": { "price": { "gte": 325, "lt": 325.5 } }, "share": 0.3 }, "count": 20 });
    assert!(ask(&many, &shared).contains(&650), "the one own item of its group");
    let lowest = json!([
        { "type": "promote", "itemId": "item-50", "position": 3 }, { "type": "promote", "itemId": "item-51", "position": 1 },
    ]);
    let list = ask(&again, &json!({ "rules": lowest }));
    assert_eq!([list[0], list[2]], [51, 50], "in the order of their places");
}

#[test]
fn a_cascade_ranks_as_many_candidates_as_ever() {
    let recommender = open(&with_ranker(random(300, 8, 1), &[8, 4], 20, 2));
    let plain = ask(&recommender, &json!({}));
    let traced = list(&recommender, &json!({ "trace": true }));
    assert_eq!(indices(&traced), plain);
}

#[test]
fn caps_hold_and_end_the_list_where_nothing_is_left() {
    let recommender = open(&random(60, 8, 1));
    let capped = ask(&recommender, &json!({ "count": 10, "maxPerCategory": { "parity": 3 } }));
    assert_eq!(capped.len(), 6);
    assert_eq!(capped.iter().filter(|item| *item % 2 == 1).count(), 3);
    let best_of = |parity: usize| -> Vec<usize> {
        ask(&recommender, &json!({ "count": 57 })).into_iter().filter(|item| item % 2 == parity).take(3).collect()
    };
    assert!(best_of(0).iter().chain(&best_of(1)).all(|item| capped.contains(item)), "the best of each");
}

#[test]
fn diversity_makes_lists_less_alike() {
    let recommender = open(&random(300, 8, 1));
    let rows: Vec<Vec<f32>> = (0..300).map(|item| recommender.model().embedding(item)).collect();
    let cosine = |a: usize, b: usize| {
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        dot(&rows[a], &rows[b]) / (dot(&rows[a], &rows[a]) * dot(&rows[b], &rows[b])).sqrt()
    };
    let likeness = |diversity: f32| {
        let list = ask(&recommender, &json!({ "diversity": diversity }));
        let pairs: Vec<f32> =
            (0..10).flat_map(|a| (0..a).map(|b| cosine(list[a], list[b])).collect::<Vec<_>>()).collect();
        pairs.iter().sum::<f32>() / pairs.len() as f32
    };
    assert!(likeness(0.5) < likeness(0.0) && likeness(1.0) < likeness(0.5));
    assert_eq!(ask(&recommender, &json!({ "diversity": 1 }))[0], ask(&recommender, &json!({}))[0], "the best stays");
    // Of two tastes of which one was bought, the other one gets a say.
    let tastes = open(&checkerboard(40));
    assert!(ask(&tastes, &json!({ "diversity": 1, "count": 4 })).iter().any(|item| item % 2 == 0));
}

#[test]
fn a_group_has_its_share_in_every_list() {
    let spec = random(600, 8, 1);
    let model: std::sync::Arc<Model> = model(&spec);
    let mut draw = Random(5);
    for turn in 0..60 {
        let recommender = pollster::block_on(Recommender::new(model.clone(), BackendChoice::Cpu)).expect("opens");
        for _ in 0..1 + draw.below(5) {
            let id = format!("item-{}", draw.below(600));
            recommender.observe(Event::new(EventKind::Purchase, id)).expect("known");
        }
        let share = [0.2, 0.5, 0.8][turn % 3];
        // The group is a twentieth of the catalogue: most candidates are none of it.
        let group = json!({ "price": { "lt": 15 } });
        let list = ask(&recommender, &json!({ "count": 20, "fairness": { "group": group, "share": share } }));
        let mut of_group = 0;
        for (at, least) in least_of_group(20, share, 0.1).into_iter().enumerate() {
            of_group += usize::from(list[at] < 30);
            assert!(of_group >= least, "{of_group} of {least} among the first {}", at + 1);
        }
    }
}

#[test]
fn a_trace_tells_each_stage_in_its_order() {
    let recommender = open(&random(300, 8, 1));
    let options = json!({
        "boosters": [{ "filter": { "parity": "odd" }, "by": 0.5 }], "novelty": 0.2, "rotationRate": 0.5, "diversity": 0.5,
        "maxPerCategory": { "parity": 6 }, "fairness": { "group": { "parity": "even" }, "share": 0.5 }, "trace": true,
        "rules": [{ "type": "demote", "filter": { "price": { "lt": 20 } } }, { "type": "promote", "itemId": "item-77", "position": 2 }],
    });
    let found = list(&recommender, &options);
    let expected = [
        "scores",
        "seen",
        "boosters",
        "novelty",
        "rotation",
        "demotions",
        "diversity",
        "maxPerCategory",
        "fairness",
        "promotions",
    ];
    assert_eq!(stages(&found), expected);
    let plain: Vec<usize> = found.trace[1].ids.iter().map(|id| index(id)).collect();
    assert_eq!(plain, ask(&recommender, &json!({})));
    assert!(found.trace.windows(2).any(|pair| pair[0].ids != pair[1].ids));
    assert!(list(&recommender, &json!({ "diversity": 0.5 })).trace.is_empty(), "only where it is asked for");
}

#[test]
fn a_trace_tells_what_leaves_items_out_too() {
    let again = with_repurchase(random(300, 8, 1), vec![0.1; 300], vec![-0.1; 300]);
    for (spec, seen) in [(random(300, 8, 1), false), (again, true)] {
        let recommender = open(&spec);
        let include: Vec<String> = (0..250).map(|item| format!("item-{item}")).collect();
        let exclude: Vec<String> =
            ask(&recommender, &json!({ "count": 3 })).iter().map(|item| format!("item-{item}")).collect();
        // Each stage, by what it is asked for with, in the order of the trace.
        let parts = [
            ("include", "include", json!(include)),
            ("exclude", "exclude", json!(exclude)),
            ("filter", "filter", json!({ "parity": "odd" })),
            ("hide", "rules", json!([{ "type": "hide", "filter": { "price": { "lt": 25 } } }])),
        ];
        let whole = |parts: &[(&str, &str, Value)], also: Value| {
            let mut options = also;
            parts.iter().for_each(|(_, key, value)| options[*key] = value.clone());
            options
        };
        let found = list(&recommender, &whole(&parts, json!({ "trace": true, "diversity": 0.5, "includeSeen": seen })));
        let names = stages(&found);
        let gates = if seen { &names[..5] } else { &names[..6] };
        assert_eq!(gates[..5], ["scores", "include", "exclude", "filter", "hide"]);
        assert_eq!(names.last(), Some(&"diversity"), "{names:?}");
        assert_eq!(names.contains(&"seen"), !seen);
        for (at, traced) in found.trace[..5].iter().enumerate() {
            let alone = list(&recommender, &whole(&parts[..at], json!({ "includeSeen": true })));
            assert_eq!(traced.ids, alone.items.iter().map(|item| item.id.clone()).collect::<Vec<_>>(), "{}", names[at]);
        }
        if !seen {
            assert_eq!(found.trace[5].ids.len(), 10);
            assert_eq!(
                found.trace[5].ids.iter().map(|id| index(id)).collect::<Vec<_>>(),
                ask(&recommender, &whole(&parts, json!({})))
            );
        }
        let left: Vec<usize> = found.trace.iter().map(|traced| traced.left).collect();
        let let_in = |item: &usize| exclude.iter().all(|id| index(id) != *item);
        let three = (0..250).filter(let_in).count();
        let odd = (0..250).filter(let_in).filter(|item| item % 2 == 1).count();
        let dear = (50..250).filter(let_in).filter(|item| item % 2 == 1);
        assert_eq!(left[..4], [300, 250, three, odd]);
        assert_eq!(left[4], dear.clone().count());
        let new = dear.filter(|item| ![1, 4, 9].contains(item)).count();
        assert_eq!(left[left.len() - 1], if seen { left[4] } else { new });
    }
    let recommender = open(&random(60, 8, 1));
    let similar = pollster::block_on(
        recommender.similar("item-3", &request(&json!({ "trace": true, "filter": { "parity": "odd" } }))),
    );
    let similar = similar.expect("known");
    assert_eq!(stages(&similar), ["scores", "filter"]);
    assert_eq!([similar.trace[0].left, similar.trace[1].left], [59, 29], "itself is not counted");
    assert!(similar.trace.iter().all(|traced| !traced.ids.contains(&"item-3".to_owned())));
}

#[test]
fn it_goes_with_what_is_bought_again_and_with_any_subject() {
    let spec = with_repurchase(random(60, 8, 1), vec![0.1; 60], vec![-0.1; 60]);
    let recommender = open(&spec);
    let options = json!({ "includeSeen": true, "maxPerCategory": { "parity": 4 }, "fairness": { "group": { "parity": "odd" }, "share": 0.4 } });
    let plain = ask(&recommender, &json!({ "includeSeen": true }));
    let arranged = ask(&recommender, &options);
    assert_eq!(arranged.len(), 8);
    assert_eq!(arranged[0], plain[0], "own items stay on top");
    let similar =
        pollster::block_on(recommender.similar("item-5", &request(&json!({ "maxPerCategory": { "parity": 2 } }))));
    assert_eq!(similar.expect("recommends").items.len(), 4);
    recommender.forget();
    assert_eq!(ask(&recommender, &json!({ "maxPerCategory": { "parity": 1 } })).len(), 2, "for strangers");
}

#[test]
fn options_that_cannot_be_are_refused_by_name() {
    let mut deep = json!({ "parity": "odd" });
    for _ in 0..20 {
        deep = json!({ "$not": deep });
    }
    for (options, named) in [
        (json!({ "diversity": 1.5 }), "diversity"),
        (json!({ "novelty": -1 }), "novelty"),
        (json!({ "rotationRate": "x" }), "rotationRate"),
        (json!({ "rotationHours": 0 }), "rotationHours"),
        (json!({ "boosters": [{ "filter": {} }] }), "by"),
        (json!({ "boosters": [{ "filter": {}, "by": 1e9 }] }), "by"),
        (json!({ "boosters": [{ "filter": { "colour": "red" }, "by": 1 }] }), "colour"),
        (json!({ "filter": { "$or": "x" } }), "$or"),
        (json!({ "filter": { "$nor": [] } }), "$nor"),
        (json!({ "filter": deep }), "16"),
        (json!({ "rules": [{ "type": "pin", "itemId": "item-1" }] }), "type"),
        (json!({ "rules": [{ "type": "hide" }] }), "itemId"),
        (json!({ "rules": [{ "type": "promote", "filter": {} }] }), "itemId"),
        (json!({ "rules": [{ "type": "hide", "itemId": "item-1", "at": 1 }] }), "at"),
        (json!({ "maxPerCategory": { "price": 3 } }), "maxPerCategory.price"),
        (json!({ "maxPerCategory": { "parity": -1 } }), "parity"),
        (json!({ "fairness": { "share": 0.5 } }), "group"),
        (json!({ "fairness": { "group": {}, "share": 2 } }), "share"),
        (json!({ "fairness": { "group": {}, "share": 0.5, "significance": 0 } }), "significance"),
        (json!({ "trace": 1 }), "trace"),
        (json!({ "rules": vec![json!({ "type": "hide", "itemId": "item-1" }); 1001] }), "rules"),
        (json!({ "divers": 1 }), "divers"),
    ] {
        let message = refusal(&options);
        assert!(message.contains(named), "{options}: {message}");
    }
}

#[test]
fn what_is_tried_tells_how_likely_it_was() {
    let recommender = open(&random(60, 8, 1));
    let explored = |rate: f64, seed: u32| {
        list(&recommender, &json!({ "count": 8, "explore": { "column": "parity", "rate": rate, "seed": seed } }))
    };
    let plain = list(&recommender, &json!({ "count": 8 }));
    assert_eq!(indices(&explored(0.0, 3)), indices(&plain));
    assert!(plain.items.iter().all(|item| item.propensity.is_none()));
    assert_eq!(explored(1.0, 3), explored(1.0, 3), "a seed is a draw");
    // Over many draws an item is in the list about as often as it is said to be.
    let mut shown = [0.0f32; 60];
    let mut told = [0.0f32; 60];
    const DRAWS: u32 = 1200;
    for seed in 0..DRAWS {
        for item in &explored(1.0, seed * 7919).items {
            let propensity = item.propensity.expect("told");
            assert!(propensity > 0.0 && propensity <= 1.0, "{propensity}");
            shown[index(&item.id)] += 1.0;
            told[index(&item.id)] += propensity;
        }
    }
    for (item, (&shown, &told)) in shown.iter().zip(&told).enumerate().filter(|(_, (shown, _))| **shown > 60.0) {
        let (often, said) = (shown / DRAWS as f32, told / shown);
        assert!((often - said).abs() < 0.1, "item {item} was in {often} of the lists, and said to be in {said}");
    }
    assert!(shown.iter().filter(|&&shown| shown > 0.0).count() > plain.items.len(), "others are tried");
    for wrong in [
        json!({ "explore": { "column": "price", "rate": 1, "seed": 1 } }),
        json!({ "explore": { "column": "parity", "rate": 11, "seed": 1 } }),
        json!({ "explore": { "column": "parity", "rate": 1 } }),
    ] {
        refusal(&wrong);
    }
}
