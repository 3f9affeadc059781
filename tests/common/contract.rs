//! What every backend promises. One body; each backend, native and in the browser, runs all of it.

use std::sync::Arc;

use futures_util::join;
use proclivity::model::{
    Cell, ContextShape, ContextSpec, FieldKind, FieldShape, Model, ModelSpec, NeighbourSpec, Precision, Prior,
    UserTower,
};
use proclivity::profile::{Event, EventKind, Feedback, Profile, User, context_features};
use proclivity::rank::{Condition, Filter, Reason};
use proclivity::score::{
    BackendChoice, CpuKernels, CpuScorer, ItemMask, Plan, Query, Scored, Scorer, Stage, Tolerance, reference,
};
use proclivity::{Recommender, Request, Subject};

use super::fixtures::{
    Random, biases_alone, checkerboard, in_f32, in_int8, learning, model, pooling_rows, random, ranking_all, spec,
    tied, with_neighbours, with_ranker, with_repurchase, without_vectors,
};

/// Opens the backend, and fails if another one answers.
pub async fn open(model: &Arc<Model>, choice: BackendChoice) -> Scorer {
    let scorer = Scorer::open(model.clone(), choice).await.expect("opens");
    let wanted = match choice {
        BackendChoice::WebGpu => "webgpu",
        BackendChoice::Cpu => "cpu",
        #[cfg(not(target_arch = "wasm32"))]
        BackendChoice::Reference => "reference",
        BackendChoice::Auto => panic!("the contract names its backend"),
    };
    let info = scorer.info();
    assert_eq!(info.backend, wanted, "{}", info.reason);
    scorer
}

/// The numbered cases. On WebGPU in a browser, where each opening compiles every shader anew, one of `every`: natively
/// the same shaders run them all.
fn cases<T>(choice: BackendChoice, every: usize, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = (usize, T)> {
    all.into_iter().enumerate().step_by(if is_thin(choice) { every } else { 1 })
}

/// The kinds of model that a case opens; where cases are thin, one of them, in turn.
fn kinds<const N: usize>(choice: BackendChoice, case: usize, all: [ModelSpec; N]) -> Vec<ModelSpec> {
    let turn = |(at, _): &(usize, ModelSpec)| !is_thin(choice) || *at == case % N;
    all.into_iter().enumerate().filter(turn).map(|(_, spec)| spec).collect()
}

fn is_thin(choice: BackendChoice) -> bool {
    cfg!(target_arch = "wasm32") && choice == BackendChoice::WebGpu
}

/// The scorer's answer; on the CPU also that of every other vector body of this build.
async fn answers(
    scorer: &Scorer,
    model: &Arc<Model>,
    choice: BackendChoice,
    query: &Query<'_>,
) -> Vec<(&'static str, Vec<Scored>)> {
    let mut answers = vec![("in force", scorer.score(query).await.expect("scores"))];
    if choice == BackendChoice::Cpu {
        for &kernels in CpuKernels::ALL {
            let body = CpuScorer::with_kernels(model.clone(), kernels);
            answers.push((kernels.name(), body.score(query).expect("scores")));
        }
    }
    answers
}

/// The share of the tolerance that the worst difference takes; above 1 the lists differ by more than ties.
pub fn disagreement(model: &Model, query: &Query<'_>, found: &[Scored], tolerance: Tolerance) -> f32 {
    let plan = Plan::new(model, query).expect("a valid query");
    let expected = reference::score(model, &plan);
    if expected.len() != found.len() {
        return f32::INFINITY;
    }
    let mut worst = 0.0f32;
    for (a, b) in expected.iter().zip(found) {
        worst = worst.max((a.score - b.score).abs() / tolerance.at(a.score));
    }
    let Some(last) = expected.last() else { return worst };
    for a in &expected {
        let clear = a.score - last.score > 2.0 * tolerance.at(a.score);
        if clear && !found.iter().any(|b| b.item == a.item) {
            return f32::INFINITY;
        }
    }
    worst
}

fn user(random: &mut Random, dim: usize) -> Vec<f32> {
    random.floats(dim, 2.0)
}

/// The checkerboard's provable answer.
pub async fn checkerboard_answer(choice: BackendChoice) {
    let model = model(&checkerboard(40));
    let scorer = open(&model, choice).await;
    let user = User::of_history(&model, &[(4, 1.0), (6, 1.0)]).expect("folds in").vector;
    let mut mask = ItemMask::none(40);
    mask.exclude(4);
    mask.exclude(6);
    let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 5, stage: Stage::Retrieval };
    let found: Vec<u32> = scorer.score(&query).await.expect("scores").iter().map(|s| s.item).collect();
    assert_eq!(found, [0, 2, 8, 10, 12]);
}

/// Dot shapes: bit-identical lists over sizes around block multiples, k from 1 past n, ties everywhere.
pub async fn dot_is_exact(choice: BackendChoice) {
    for (n, items) in cases(choice, 3, [1, 2, 3, 5, 31, 32, 33, 1023, 1024, 1025, 2049, 3000]) {
        let (tied, random) = (tied(items, 16, 7 + n as u64), random(items, 48, 70 + n as u64));
        for spec in kinds(choice, n, [tied.clone(), random.clone(), in_f32(tied), in_f32(random)]) {
            let model = model(&spec);
            let scorer = open(&model, choice).await;
            let mut random = Random(n as u64);
            let mut mask = ItemMask::none(items);
            (0..items / 3).for_each(|_| mask.exclude(random.below(items) as u32));
            for (k, stage) in [
                (1, Stage::Retrieval),
                (10, Stage::Retrieval),
                (100, Stage::Similarity),
                (600, Stage::Retrieval),
                (items + 5, Stage::Retrieval),
                (10, Stage::Popularity),
            ] {
                let user = user(&mut random, model.dim());
                let query = Query { user: &user, taste: None, offset: None, mask: &mask, k, stage };
                let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
                for (body, found) in answers(&scorer, &model, choice, &query).await {
                    assert_eq!(found, expected, "{body}: {items} items, k = {k}, {stage:?}");
                }
            }
        }
    }
}

/// Extreme scales and all-negative scores keep their order.
pub async fn extremes(choice: BackendChoice) {
    for (n, scale) in [1e-12f32, 1e3].into_iter().enumerate() {
        let mut random = Random(5);
        let rows: Vec<f32> = random.floats(300 * 16, scale).into_iter().map(|x| x.abs() + scale).collect();
        for spec in kinds(choice, n, [spec(rows.clone(), 16), in_f32(spec(rows, 16))]) {
            let model = model(&spec);
            let scorer = open(&model, choice).await;
            let mask = ItemMask::none(300);
            for sign in [-1.0f32, 1.0] {
                let user: Vec<f32> = random.floats(16, 1.0).into_iter().map(|x| sign * (x.abs() + 0.1)).collect();
                let query =
                    Query { user: &user, taste: None, offset: None, mask: &mask, k: 300, stage: Stage::Retrieval };
                let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
                for (body, found) in answers(&scorer, &model, choice, &query).await {
                    assert_eq!(found, expected, "{body}: scale {scale}, sign {sign}");
                }
            }
        }
    }
}

/// Every item ranked by an f32 MLP agrees with float64 within the stated tolerance; cascades of it do too.
pub async fn ranking_within_tolerance(choice: BackendChoice) {
    let widths = [(1, vec![16, 8]), (31, vec![128, 64]), (33, vec![5]), (1500, vec![]), (2100, vec![40, 12, 6])];
    for (n, (items, hidden)) in cases(choice, 2, widths) {
        let spec = with_ranker(random(items, 32, n as u64), &hidden, 50, 190 + n as u64);
        let floats = in_f32(spec.clone());
        let all = [ranking_all(spec.clone(), Precision::F32), spec, ranking_all(floats, Precision::F32)];
        for spec in kinds(choice, n, all) {
            let model = model(&spec);
            let scorer = open(&model, choice).await;
            let mut random = Random(n as u64 + 1);
            let mut mask = ItemMask::none(items);
            (0..items / 3).for_each(|_| mask.exclude(random.below(items) as u32));
            for (k, stage) in [(10, Stage::Ranking), (items + 1, Stage::Ranking), (10, Stage::Cascade)] {
                let user = user(&mut random, 32);
                let query = Query { user: &user, taste: None, offset: None, mask: &mask, k, stage };
                for (body, found) in answers(&scorer, &model, choice, &query).await {
                    let worst = disagreement(&model, &query, &found, Tolerance::MLP);
                    assert!(worst <= 1.0, "{body}: {items} items, {hidden:?}, k = {k}, {stage:?}: {worst}");
                }
            }
        }
    }
}

/// An MLP in int8 arithmetic gives the oracle's list to the last bit, whether it ranks all or candidates.
pub async fn int8_ranking_is_exact(choice: BackendChoice) {
    let widths = [(33, vec![128, 64]), (1, vec![16, 8]), (1500, vec![20, 9, 6]), (700, vec![7, 5])];
    for (n, (items, hidden)) in cases(choice, 3, widths) {
        let cascade = in_int8(with_ranker(random(items, 32, n as u64), &hidden, 50, 290 + n as u64));
        for spec in kinds(choice, n, [ranking_all(cascade.clone(), Precision::Int8), cascade]) {
            let model = model(&spec);
            let scorer = open(&model, choice).await;
            let mut random = Random(n as u64 + 1);
            let mut mask = ItemMask::none(items);
            (0..items / 3).for_each(|_| mask.exclude(random.below(items) as u32));
            for (k, stage, scale) in
                [(10, Stage::Ranking, 1.0), (items + 1, Stage::Cascade, 1.0), (10, Stage::Cascade, 40.0)]
            {
                let user = random.floats(32, scale);
                let query = Query { user: &user, taste: None, offset: None, mask: &mask, k, stage };
                let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
                for (body, found) in answers(&scorer, &model, choice, &query).await {
                    assert_eq!(found, expected, "{body}: {items} items, {hidden:?}, k = {k}, {stage:?}");
                }
            }
        }
    }
}

/// Neighbour lists are added to the dot, or stand alone, as item biases may, to the last bit: lists in int8 and int4,
/// pooled and folded-in users.
pub async fn neighbours_are_exact(choice: BackendChoice) {
    let cases_of = [(1, 3), (33, 5), (1025, 40), (2100, 9)];
    for (n, (items, most)) in cases(choice, 1, cases_of) {
        let seed = 400 + n as u64;
        let hybrid = with_neighbours(random(items, 32, seed), most, n % 2 == 0, seed);
        let pooled = ModelSpec { user_tower: UserTower::Pool { power: 0.5 }, ..hybrid.clone() };
        let rows = pooling_rows(hybrid.clone(), seed);
        let (lists, biases) = (without_vectors(hybrid.clone()), biases_alone(hybrid.clone()));
        for spec in kinds(choice, n, [hybrid, pooled, rows, lists, biases]) {
            let model = model(&spec);
            let scorer = open(&model, choice).await;
            let mut random = Random(seed);
            let history: Vec<(u32, f32)> = (0..6).map(|_| (random.below(items) as u32, random.unit().abs())).collect();
            let user = User::of_history(&model, &history).expect("a known history");
            let mut mask = ItemMask::none(items);
            (0..items / 3).for_each(|_| mask.exclude(random.below(items) as u32));
            for (k, stage) in [(10, Stage::Cascade), (items + 5, Stage::Retrieval), (10, Stage::Popularity)] {
                let offset = user.offset.as_deref().filter(|_| stage != Stage::Popularity);
                let query = Query { user: &user.vector, taste: user.taste.as_deref(), offset, mask: &mask, k, stage };
                let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
                for (body, found) in answers(&scorer, &model, choice, &query).await {
                    assert_eq!(found, expected, "{body}: {items} items, d = {}, k = {k}, {stage:?}", model.dim());
                }
            }
            let query = Query::of(&user, &mask, 1, Stage::Cascade);
            let best = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
            let parts: f32 = user.contributions(&model, best[0].item).iter().map(|&(_, part)| part).sum();
            let bias = model.bias().map_or(0.0, |bias| bias[best[0].item as usize]);
            // The scorers round the user vector to int8.
            assert!((parts + bias - best[0].score).abs() < 0.05 * (1.0 + parts.abs()), "{parts} and {best:?}");
        }
    }
}

/// What was learnt online moves retrieval by the user vector and an offset, while a ranker's layers see the vector as it was: to the last
/// bit where scores are whole sums, and its parts by event add up to what it moved.
pub async fn learnt_users_are_exact(choice: BackendChoice) {
    for (n, items) in cases(choice, 1, [40, 1025, 2100]) {
        let seed = 500 + n as u64;
        let plain = learning(with_neighbours(random(items, 32, seed), 6, false, seed));
        let ranked = learning(with_ranker(random(items, 32, seed), &[16, 8], 20, seed));
        for spec in
            [plain.clone(), in_int8(ranked.clone()), biases_alone(plain), ranking_all(in_f32(ranked), Precision::F32)]
        {
            let model = model(&spec);
            let scorer = open(&model, choice).await;
            let mut random = Random(seed);
            let feedback: Vec<Feedback> = (0..12)
                .map(|at| {
                    let item = (at * 37 + 5) % items as u32;
                    Feedback { item, strength: random.unit(), time: f64::from(at) * 8.64e7 }
                })
                .collect();
            let history: Vec<(u32, f32)> = feedback
                .iter()
                .filter(|event| event.strength > 0.0)
                .map(|event| (event.item, event.strength))
                .collect();
            let before = User::of_history(&model, &history).expect("a known history");
            let user = before.clone().learning(&model, &feedback, 1e9);
            assert_eq!(user.taste.as_ref(), Some(&before.vector));
            let mask = ItemMask::none(items);
            for (k, stage) in [(10, Stage::Cascade), (items + 5, Stage::Retrieval)] {
                let query = Query::of(&user, &mask, k, stage);
                let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
                let exact = stage == Stage::Retrieval || model.ranker().is_none_or(|ranker| !ranker.steps.is_empty());
                for (body, found) in answers(&scorer, &model, choice, &query).await {
                    let near = |(a, b): (&Scored, &Scored)| a.item == b.item && (a.score - b.score).abs() < 1e-3;
                    let same = if exact { found == expected } else { found.iter().zip(&expected).all(near) };
                    assert!(same, "{body}: {items} items, d = {}, k = {k}, {stage:?}", model.dim());
                }
            }
            // Of retrieval, everything the adapter added is of some event, disliked items aside.
            if model.ranker().is_none() {
                let liked = |item: u32| history.iter().any(|pair| pair.0 == item);
                let alone: Vec<Feedback> = feedback.iter().copied().filter(|event| liked(event.item)).collect();
                let user = before.clone().learning(&model, &alone, 1e9);
                let sum = |parts: Vec<(u32, f32)>| parts.iter().map(|part| part.1).sum::<f32>();
                for item in [0, items as u32 / 2, history[0].0] {
                    let [(a, b), (c, d)] = [before.scores(&model, item), user.scores(&model, item)];
                    let learnt = sum(user.contributions(&model, item)) - sum(before.contributions(&model, item));
                    assert!((learnt - (c + d - a - b)).abs() < 1e-3 * (1.0 + learnt.abs()), "{learnt} {item}");
                }
            }
        }
    }
}

/// A context moves strangers to what is popular then, and users it was learnt with by the sum of its rows: to the last bit, and through
/// the façade, where the clock is passed over by models that know none and other fields are refused.
pub async fn contexts_are_exact(choice: BackendChoice) {
    let told = |hour: f32| vec![("hour".to_owned(), Cell::Number(hour)), ("weekday".to_owned(), Cell::Number(2.0))];
    for (n, (items, always)) in cases(choice, 1, [(40, false), (1025, true), (2100, false)]) {
        let seed = 900 + n as u64;
        let plain = ModelSpec { user_tower: UserTower::Pool { power: 0.5 }, ..random(items, 32, seed) };
        let fields =
            vec![FieldShape { column: "hour".into(), kind: FieldKind::Number { edges: vec![6.0, 12.0, 18.0] } }];
        let rows = Random(seed).floats(5 * 32, 1.0);
        let context = ContextSpec { shape: ContextShape { fields, always }, rows: rows.clone() };
        for spec in kinds(choice, n, [plain.clone(), pooling_rows(plain, seed)]) {
            let without = model(&spec);
            let model = model(&ModelSpec { context: Some(context.clone()), ..spec });
            let scorer = open(&model, choice).await;
            let features = context_features(&model, &told(13.0)).expect("an hour");
            assert_eq!(features, [(2, 1.0)]);
            let history: &[(u32, f32)] = if always { &[(3, 1.0), (7, 0.5)] } else { &[] };
            let user = match always {
                true => User::new(&model, history, &features).expect("a known history"),
                false => User::stranger(&model, &features).expect("a context"),
            };
            let row: Vec<f32> = rows[64..96].to_vec();
            let pooled =
                if always { User::of_history(&without, history).expect("known").vector } else { vec![0.0; 32] };
            for ((found, row), pooled) in user.vector.iter().zip(row).zip(pooled) {
                assert!((found - row - pooled).abs() < 0.02, "{found} {row} {pooled}");
            }
            let mask = ItemMask::none(items);
            for k in [10, items + 5] {
                let query = Query::of(&user, &mask, k, Stage::Retrieval);
                let expected = reference::score(&model, &Plan::new(&model, &query).expect("valid"));
                for (body, found) in answers(&scorer, &model, choice, &query).await {
                    assert_eq!(found, expected, "{body}: {items} items, k = {k}");
                }
            }
            let recommender = Recommender::new(model, choice).await.expect("opens");
            let ask =
                async |context| recommender.recommend(&Request { count: 10, context, ..Request::default() }).await;
            let lists = [ask(told(3.0)).await.expect("a list"), ask(told(13.0)).await.expect("a list")];
            assert_ne!(lists[0], lists[1]);
            assert!(lists.iter().flat_map(|list| &list.items).all(|item| item.reasons == [Reason::Popular]));
            let refused = ask(vec![("place".to_owned(), Cell::Text("home".into()))]).await.expect_err("unknown");
            assert!(refused.code() == "argument" && refused.to_string().contains("hour"), "{refused}");
            let other = Recommender::new(without, choice).await.expect("opens");
            let unmoved =
                other.recommend(&Request { context: told(3.0), ..Request::default() }).await.expect("the clock");
            assert_eq!(unmoved, other.recommend(&Request::default()).await.expect("none"));
        }
    }
}

/// Cascades agree with float64 within the stated tolerance, over layer widths, candidates and k.
pub async fn cascade_within_tolerance(choice: BackendChoice) {
    let widths = [
        (vec![32, 16], 200, 10),
        (vec![128, 64], 200, 200),
        (vec![7], 1, 10),
        (vec![], 64, 20),
        (vec![300, 20, 5], 513, 600),
    ];
    for (n, (hidden, candidates, k)) in cases(choice, 2, widths) {
        let model = model(&with_ranker(random(1500, 32, n as u64), &hidden, candidates, 90 + n as u64));
        let scorer = open(&model, choice).await;
        let mut random = Random(n as u64 + 1);
        let mask = ItemMask::none(1500);
        let mut worst = 0.0f32;
        for _ in 0..4 {
            let user = user(&mut random, 32);
            let query = Query { user: &user, taste: None, offset: None, mask: &mask, k, stage: Stage::Cascade };
            let found = scorer.score(&query).await.expect("scores");
            worst = worst.max(disagreement(&model, &query, &found, Tolerance::MLP));
        }
        assert!(worst <= 1.0, "hidden {hidden:?}: worst error is {worst} of the tolerance");
    }
}

/// Everything left out gives an empty list; fewer left than asked for gives what is left.
pub async fn masks(choice: BackendChoice) {
    let model = model(&with_ranker(random(70, 16, 3), &[8], 20, 4));
    let scorer = open(&model, choice).await;
    let user = vec![0.5; 16];
    for stage in [Stage::Retrieval, Stage::Cascade] {
        let all = ItemMask::all(70);
        let mut two = all.clone();
        two.include(69);
        two.include(3);
        let query = |mask| Query { user: &user, taste: None, offset: None, mask, k: 10, stage };
        assert!(scorer.score(&query(&all)).await.expect("scores").is_empty());
        let mut found: Vec<u32> = scorer.score(&query(&two)).await.expect("scores").iter().map(|s| s.item).collect();
        found.sort_unstable();
        assert_eq!(found, [3, 69]);
    }
}

/// What cannot be asked is refused, not answered.
pub async fn refusals(choice: BackendChoice) {
    let model = model(&checkerboard(10));
    let scorer = open(&model, choice).await;
    let (mask, small) = (ItemMask::none(10), ItemMask::none(9));
    let (user, nan) = (vec![1.0; 16], vec![f32::NAN; 16]);
    let stage = Stage::Retrieval;
    for query in [
        Query { user: &user, taste: None, offset: None, mask: &mask, k: 0, stage },
        Query { user: &user[1..], taste: None, offset: None, mask: &mask, k: 1, stage },
        Query { user: &nan, taste: None, offset: None, mask: &mask, k: 1, stage },
        Query { user: &user, taste: None, offset: None, mask: &small, k: 1, stage },
    ] {
        assert_eq!(scorer.score(&query).await.expect_err("refused").code(), "argument");
    }
}

/// Queries that overlap do not mix.
pub async fn overlapping(choice: BackendChoice) {
    let model = model(&with_ranker(random(1200, 16, 8), &[8], 50, 9));
    let scorer = open(&model, choice).await;
    let mut random = Random(11);
    let (a, b) = (user(&mut random, 16), user(&mut random, 16));
    let mask = ItemMask::none(1200);
    let query = |user| Query { user, taste: None, offset: None, mask: &mask, k: 10, stage: Stage::Cascade };
    let (first, second) = (query(a.as_slice()), query(b.as_slice()));
    let (together_a, together_b) = join!(scorer.score(&first), scorer.score(&second));
    assert_eq!(together_a.expect("scores"), scorer.score(&first).await.expect("scores"));
    assert_eq!(together_b.expect("scores"), scorer.score(&second).await.expect("scores"));
}

/// The façade: cold start, observe, reasons, filters, seen items, similar, export and import.
pub async fn facade(choice: BackendChoice) {
    let model = model(&with_ranker(random(200, 16, 21), &[8], 50, 22));
    let recommender = Recommender::new(model.clone(), choice).await.expect("opens");
    let request = Request { count: 8, ..Request::default() };
    let cold = recommender.recommend(&request).await.expect("recommends");
    let ids = |list: &proclivity::Recommendation| list.items.iter().map(|i| i.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&cold)[0], "item-0", "the most popular comes first before the first event");
    assert_eq!(cold.items[0].reasons, [Reason::Popular]);

    for id in ["item-7", "item-9", "item-33"] {
        recommender.observe(Event::new(EventKind::Purchase, id)).expect("known");
    }
    recommender.observe(Event::new(EventKind::View, "item-50")).expect("known");
    assert_eq!(recommender.observe(Event::new(EventKind::View, "nope")).expect_err("unknown").code(), "unknown_item");
    let warm = recommender.recommend(&request).await.expect("recommends");
    assert_eq!(warm.items.len(), 8);
    assert_ne!(ids(&warm), ids(&cold));
    assert!(warm.items.iter().all(|i| !["item-7", "item-9", "item-33"].contains(&i.id.as_str())));
    assert!(warm.items.iter().any(|i| i.reasons.iter().any(|r| matches!(r, Reason::BecauseOf { .. }))));

    let filter = Filter::Column("parity".to_owned(), Condition::Equals("odd".to_owned()));
    let odd = recommender.recommend(&Request { filter, ..request.clone() }).await.expect("recommends");
    assert!(odd.items.iter().all(|i| i.id.trim_start_matches("item-").parse::<usize>().expect("a number") % 2 == 1));
    let none =
        recommender.recommend(&Request { include: Some(Vec::new()), ..request.clone() }).await.expect("recommends");
    assert!(none.items.is_empty());
    for count in [0, 201] {
        let refused = recommender.recommend(&Request { count, ..request.clone() }).await.expect_err("refused");
        assert_eq!(refused.code(), "argument");
    }

    let similar = recommender.similar("item-5", &request).await.expect("recommends");
    assert!(similar.items.iter().all(|i| i.id != "item-5" && i.score <= 1.0 + 1e-5));
    let state = recommender.export_profile();
    recommender.forget();
    assert_eq!(ids(&recommender.recommend(&request).await.expect("recommends")), ids(&cold));
    recommender.import_profile(&state).expect("just exported");
    assert_eq!(ids(&recommender.recommend(&request).await.expect("recommends")), ids(&warm));
}

/// What a stranger is asked about: of each taste the best known item, and nothing that the profile tells already.
pub async fn onboarding(choice: BackendChoice) {
    let request = Request { count: 2, ..Request::default() };
    let ids = |list: proclivity::Recommendation| list.items.into_iter().map(|item| item.id).collect::<Vec<_>>();
    let tastes = Recommender::new(model(&checkerboard(10)), choice).await.expect("opens");
    assert_eq!(ids(tastes.onboarding(&request).await.expect("asks")), ["item-0", "item-1"]);
    let exclude = vec!["item-1".to_owned()];
    let list = tastes.onboarding(&Request { exclude, ..request.clone() }).await.expect("asks");
    assert_eq!(ids(list), ["item-0", "item-3"]);
    tastes.observe(Event::new(EventKind::Purchase, "item-4")).expect("known");
    assert_eq!(ids(tastes.onboarding(&request).await.expect("asks"))[0], "item-1", "the other taste");
    let all = tastes.onboarding(&Request { count: 10, ..request.clone() }).await.expect("asks");
    assert_eq!(all.items.len(), 9, "each once, but what was bought");
    assert!(all.items.iter().all(|item| item.reasons.is_empty() && item.score >= 0.0));

    // Both axes are told by two items that lie askew: nothing is left to ask but what comes first.
    let mut askew = checkerboard(4);
    askew.embedding.rows = vec![1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.5];
    let askew = Recommender::new(model(&askew), choice).await.expect("opens");
    for id in ["item-0", "item-1"] {
        askew.observe(Event::new(EventKind::Purchase, id)).expect("known");
    }
    let asked = askew.onboarding(&request).await.expect("asks");
    assert!(asked.items.iter().all(|item| item.score < 1e-4), "{asked:?}");

    let mut lists = checkerboard(4);
    (lists.embedding.rows, lists.embedding.dim, lists.user_tower) = (Vec::new(), 0, UserTower::Pool { power: 0.0 });
    let (indptr, indices) = ((0..=4).collect(), vec![1, 0, 3, 2]);
    lists.neighbours = Some(NeighbourSpec { indptr, indices, weights: vec![1.0; 4], ..NeighbourSpec::default() });
    let pairs = Recommender::new(model(&lists), choice).await.expect("opens");
    assert_eq!(ids(pairs.onboarding(&request).await.expect("asks")), ["item-0", "item-2"], "one of each pair");
}

/// A user vector made elsewhere is scored as it is: the profile plays no part, the request's own conditions hold.
pub async fn given_user(choice: BackendChoice) {
    let model = model(&with_ranker(random(200, 16, 31), &[8], 50, 32));
    let recommender = Recommender::new(model.clone(), choice).await.expect("opens");
    let user = user(&mut Random(33), 16);
    let everything = ItemMask::none(200);
    let query = |mask| Query { user: &user, taste: None, offset: None, mask, k: 5, stage: Stage::Cascade };
    let best = recommender.scorer().score(&query(&everything)).await.expect("scores")[0].item;
    let best_id = model.item_id(best);
    recommender.observe(Event::new(EventKind::Purchase, best_id)).expect("known");
    let request = Request { count: 5, ..Request::default() };
    let list = recommender.recommend_for(&user, &request).await.expect("recommends");
    assert_eq!(list.items[0].id, best_id, "a bought item stays in");
    assert!(list.items.iter().all(|item| item.reasons.is_empty()));

    let mut without = everything.clone();
    without.exclude(best);
    let expected = recommender.scorer().score(&query(&without)).await.expect("scores");
    let request = Request { exclude: vec![best_id.to_owned()], ..request };
    let list = recommender.recommend_for(&user, &request).await.expect("recommends");
    let found: Vec<(&str, f32)> = list.items.iter().map(|item| (item.id.as_str(), item.score)).collect();
    assert_eq!(found, expected.iter().map(|s| (model.item_id(s.item), s.score)).collect::<Vec<_>>());
    let refused = recommender.recommend_for(&user[1..], &request).await.expect_err("refused");
    assert_eq!(refused.to_string(), "argument `user`: expected 16 values, found 15");
}

/// A batch gives each user the list that the user gets alone, whatever is in the batch beside it.
pub async fn batches(choice: BackendChoice) {
    let lists = without_vectors(with_neighbours(random(300, 16, 41), 9, false, 45));
    let ranked = with_ranker(random(300, 16, 42), &[8], 50, 43);
    for (_, spec) in cases(choice, 3, [ranked, random(300, 16, 41), lists.clone(), biases_alone(lists)]) {
        let model = model(&spec);
        let recommender = Recommender::new(model.clone(), choice).await.expect("opens");
        let request = Request { count: 7, exclude: vec!["item-3".to_owned()], ..Request::default() };
        let mut random = Random(44);
        let (mut users, mut expected) = (Vec::new(), Vec::new());
        // More than are scored together; every third user is a profile, the first one an empty one.
        for n in 0..40 {
            if n % 3 == 0 {
                recommender.forget();
                let mut profile = Profile::default();
                for _ in 0..n / 3 {
                    let event = Event::new(EventKind::Purchase, format!("item-{}", random.below(300)));
                    recommender.observe(event.clone()).expect("known");
                    profile.observe(&model, event).expect("known");
                }
                expected.push(recommender.recommend(&request).await.expect("recommends"));
                users.push(Subject::Profile(profile));
            } else {
                let vector = user(&mut random, model.dim());
                expected.push(recommender.recommend_for(&vector, &request).await.expect("recommends"));
                users.push(Subject::Vector(vector));
            }
        }
        expected.push(recommender.recommend(&request).await.expect("recommends"));
        users.push(Subject::Own);
        expected.push(recommender.similar("item-9", &request).await.expect("recommends"));
        users.push(Subject::Item("item-9".to_owned()));
        assert_eq!(recommender.recommend_batch(&users, &request).await.expect("recommends"), expected);
        assert_eq!(recommender.recommend_batch(&[], &request).await.expect("recommends"), []);
        users.push(Subject::Vector(vec![1.0; model.dim() + 1]));
        assert_eq!(recommender.recommend_batch(&users, &request).await.expect_err("refused").code(), "argument");
    }
}

/// Beside one event popularity counts as much as the model says, beside three nothing; what is similar is not what is popular.
pub async fn popularity_beside_a_short_history(choice: BackendChoice) {
    let kinds = [random(60, 16, 13), with_neighbours(random(60, 16, 13), 6, false, 14)];
    for (n, spec) in cases(choice, 1, kinds) {
        let with = |weight: f32| {
            let prior = Some(Prior { knots: vec![(1.0, weight), (3.0, 0.0)] });
            model(&ModelSpec {
                prior,
                popularity: (0..60).map(|item| ((item * 37) % 60) as f32).collect(),
                ..spec.clone()
            })
        };
        let open = async |model: &Arc<Model>| Recommender::new(model.clone(), choice).await.expect("opens");
        let (plain, prior, strong) = (with(0.0), with(0.5), with(100.0));
        let [bare, found, popular] = [open(&plain).await, open(&prior).await, open(&strong).await];
        let request = Request { count: 40, ..Request::default() };
        let each = [&bare, &found, &popular];
        for (count, id) in ["item-9", "item-21", "item-30"].into_iter().enumerate() {
            each.iter()
                .for_each(|recommender| recommender.observe(Event::new(EventKind::Purchase, id)).expect("known"));
            let all = Request { count: 59 - count, ..request.clone() };
            let [bare, found] =
                [bare.recommend(&all).await.expect("recommends"), found.recommend(&all).await.expect("recommends")];
            if count == 2 {
                assert_eq!(found, bare, "kind {n}: nothing beside three events");
                continue;
            }
            let mean = (0..60).map(|item| (1.0 + item as f32).ln()).sum::<f32>() / 60.0;
            let weight = [0.5, 0.25][count];
            for item in &found.items {
                let index = prior.require_item(&item.id).expect("known") as usize;
                let own = bare.items.iter().find(|other| other.id == item.id).expect("every item is listed").score;
                let expected = own + weight * ((1.0 + ((index * 37) % 60) as f32).ln() - mean);
                assert!((item.score - expected).abs() < 1e-4, "kind {n}: {} {expected}", item.score);
            }
            let first = &popular.recommend(&request).await.expect("recommends").items[0];
            assert_eq!(first.reasons[0], Reason::Popular, "kind {n}");
            let popular = found.items.iter().filter(|item| item.reasons.first() == Some(&Reason::Popular));
            let more = |item: &proclivity::Item| {
                let index = prior.require_item(&item.id).expect("known") as usize;
                (1.0 + ((index * 37) % 60) as f32).ln() > mean
            };
            assert!(
                popular.clone().count() > 0 && popular.into_iter().all(more),
                "kind {n}: popular is above the mean"
            );
        }
        let [similar, plain] = [found.similar("item-9", &request).await, bare.similar("item-9", &request).await];
        assert_eq!(similar.expect("recommends"), plain.expect("recommends"), "kind {n}");
    }
}

/// Where people buy again: own items by their count, new ones by score and trend, in one list under the request's conditions.
pub async fn buying_again(choice: BackendChoice) {
    const DAY: f64 = 86_400_000.0;
    let mut repeat_items = vec![0.0; 60];
    repeat_items[11] = -50.0; // never again
    let mut new_items = vec![-20.0; 60];
    (new_items[40], new_items[41]) = (30.0, 30.0);
    let spec = with_repurchase(random(60, 16, 31), repeat_items, new_items);
    let plain = model(&ModelSpec { repurchase: None, ..spec.clone() });
    let recommender = Recommender::new(model(&spec), choice).await.expect("opens");
    let bought: [(&str, &[f64]); 4] =
        [("item-9", &[50.0, 30.0, 8.0]), ("item-7", &[30.0]), ("item-3", &[30.0]), ("item-11", &[2.0, 1.0])];
    for (id, ages) in bought {
        for age in ages {
            let event = Event { timestamp: (100.0 - age) * DAY, ..Event::new(EventKind::Purchase, id) };
            recommender.observe(event).expect("known");
        }
    }
    let ids = |list: &proclivity::Recommendation| list.items.iter().map(|i| i.id.clone()).collect::<Vec<_>>();
    let again = Request { count: 60, include_seen: true, now: 100.0 * DAY, ..Request::default() };
    let list = recommender.recommend(&again).await.expect("recommends");
    assert_eq!(list.items.len(), 60, "everything is weighed");
    assert_eq!(ids(&list)[2..5], ["item-9", "item-3", "item-7"], "more often first, ties by the lower index");
    assert_eq!(ids(&list)[59], "item-11");
    assert!(["item-40", "item-41"].iter().all(|id| ids(&list)[..2].contains(&(*id).to_owned())), "the trend");
    let [Reason::BuyAgain { times: 3, days_since, rhythm_days: Some(rhythm) }] = list.items[2].reasons[..] else {
        panic!("{:?}", list.items[2].reasons)
    };
    assert!((days_since - 8.0).abs() < 1e-3 && (rhythm - 21.0).abs() < 1e-3, "{days_since} {rhythm}");
    assert!((list.items[2].score - 2.0 * 3f32.ln()).abs() < 1e-5);
    assert!(matches!(list.items[3].reasons[..], [Reason::BuyAgain { times: 1, rhythm_days: None, .. }]));
    assert!(!list.items[0].reasons.iter().any(|reason| matches!(reason, Reason::BuyAgain { .. })));

    let two = recommender.recommend(&Request { count: 4, ..again.clone() }).await.expect("recommends");
    assert_eq!(ids(&two), ids(&list)[..4], "the length of the list does not change it");
    let filter = Filter::Column("parity".to_owned(), Condition::Equals("odd".to_owned()));
    let request = Request { filter, exclude: vec!["item-9".to_owned()], ..again.clone() };
    let odd = recommender.recommend(&request).await.expect("recommends");
    assert_eq!(ids(&odd)[..3], ["item-41", "item-3", "item-7"], "conditions hold for own items too");
    assert!(!ids(&odd).iter().any(|id| id == "item-9" || id == "item-40"));

    let request = Request { include_seen: false, ..again.clone() };
    let new = recommender.recommend(&request).await.expect("recommends");
    assert_eq!(new.items.len(), 56);
    let before = Recommender::new(plain, choice).await.expect("opens");
    before.import_profile(&recommender.export_profile()).expect("just exported");
    let untouched = before.recommend(&request).await.expect("recommends");
    let others: Vec<String> = ids(&untouched).into_iter().filter(|id| id != "item-40" && id != "item-41").collect();
    assert_eq!(ids(&new)[2..], others, "the same order but for the trend");

    recommender.observe(Event::new(EventKind::Dislike, "item-9")).expect("known");
    let disliked = recommender.recommend(&again).await.expect("recommends");
    let nine = disliked.items.iter().find(|i| i.id == "item-9").expect("still let in");
    assert!(!nine.reasons.iter().any(|reason| matches!(reason, Reason::BuyAgain { .. })), "no longer an own item");
}

/// Runs `$check` for every test of the contract: `$check!(name)`.
#[macro_export]
macro_rules! contract_tests {
    ($check:ident) => {
        $check!(checkerboard_answer);
        $check!(dot_is_exact);
        $check!(extremes);
        $check!(cascade_within_tolerance);
        $check!(ranking_within_tolerance);
        $check!(int8_ranking_is_exact);
        $check!(neighbours_are_exact);
        $check!(contexts_are_exact);
        $check!(learnt_users_are_exact);
        $check!(masks);
        $check!(refusals);
        $check!(overlapping);
        $check!(facade);
        $check!(onboarding);
        $check!(given_user);
        $check!(batches);
        $check!(buying_again);
        $check!(popularity_beside_a_short_history);
    };
}
