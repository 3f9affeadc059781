//! What `auto` promises: the CPU answers at once, the GPU is tried beside it, the reason tells the truth throughout.

use std::sync::Arc;
use std::time::Duration;

use futures_util::join;
use proclivity::model::Model;
use proclivity::score::{BackendChoice, Earlier, ItemMask, Query, Scorer, Stage, Trial};

use super::fixtures::{Random, model, random};

const PATIENT: Duration = Duration::from_secs(120);

async fn opened() -> (Arc<Model>, Scorer) {
    let model = model(&random(3000, 32, 1));
    let scorer = Scorer::open(model.clone(), BackendChoice::Auto).await.expect("opens");
    (model, scorer)
}

fn measuring(budget: Duration) -> Trial {
    Trial { budget, earlier: None }
}

fn earlier(adapter: Option<&str>) -> Trial {
    let earlier = Earlier { adapter: adapter.map(str::to_owned), reason: "measured before".to_owned() };
    Trial { budget: PATIENT, earlier: Some(earlier) }
}

/// The adapter of this machine, which the tests need.
async fn adapter(scorer: &Scorer) -> String {
    scorer.switch(BackendChoice::WebGpu).await.expect("switches");
    let info = scorer.info();
    info.adapter.unwrap_or_else(|| panic!("expected a GPU, found none: {}", info.reason))
}

/// Before a trial the CPU answers; after one the faster backend, and the reason holds both figures.
pub async fn measures_both() {
    let (_, scorer) = opened().await;
    assert_eq!((scorer.info().backend, scorer.info().reason.as_str()), ("cpu", "the GPU has not been tried yet"));
    assert_eq!(scorer.trial(&measuring(PATIENT)).await.expect("holds"), 30, "{}", scorer.info().reason);
    let info = scorer.info();
    for words in ["faster on this device", " ms on the CPU", "GPU"] {
        assert!(info.reason.contains(words), "{}", info.reason);
    }
    assert_eq!(info.adapter.is_some(), info.backend == "webgpu");
    assert!(info.golden.checked > 0);
}

/// A trial without time leaves the CPU in force, says so, and opens nothing; the next day there is another.
pub async fn keeps_to_its_budget() {
    let (_, scorer) = opened().await;
    assert_eq!(scorer.trial(&measuring(Duration::ZERO)).await.expect("holds"), 1);
    let info = scorer.info();
    assert_eq!((info.backend, info.adapter), ("cpu", None));
    assert_eq!(info.reason, "the GPU was not ready within 0 ms, all that a trial may take");
}

/// An earlier outcome is taken over without measuring, but not for another adapter than it was found with.
pub async fn takes_over_an_earlier_outcome() {
    let (_, scorer) = opened().await;
    let adapter = adapter(&scorer).await;

    assert_eq!(scorer.trial(&earlier(None)).await.expect("holds"), 0);
    assert_eq!((scorer.info().backend, scorer.info().reason.as_str()), ("cpu", "measured before"));

    assert_eq!(scorer.trial(&earlier(Some(&adapter))).await.expect("holds"), 0);
    assert_eq!((scorer.info().backend, scorer.info().reason.as_str()), ("webgpu", "measured before"));

    assert_eq!(scorer.trial(&earlier(Some("another adapter"))).await.expect("holds"), 30, "measured anew");
    assert!(scorer.info().reason.contains("faster on this device"), "{}", scorer.info().reason);
}

/// Queries during a trial get the answers they always get, and the reason says that the GPU is being tried.
pub async fn answers_meanwhile() {
    let (model, scorer) = opened().await;
    let user = Random(5).floats(model.dim(), 1.0);
    let mask = ItemMask::none(3000);
    let query = Query { user: &user, taste: None, offset: None, mask: &mask, k: 20, stage: Stage::Retrieval };
    let expected = scorer.score(&query).await.expect("scores");
    let questions = async {
        assert_eq!(scorer.info().reason, "the CPU answers while the GPU is tried");
        for _ in 0..50 {
            assert_eq!(scorer.score(&query).await.expect("scores"), expected);
        }
    };
    let trial = measuring(PATIENT);
    let (held, ()) = join!(scorer.trial(&trial), questions);
    assert_eq!(held.expect("holds"), 30, "{}", scorer.info().reason);
    assert_eq!(scorer.score(&query).await.expect("scores"), expected);
}

/// A choice made during a trial stands; an ended trial leaves the CPU.
pub async fn gives_way() {
    let (_, scorer) = opened().await;
    let trial = measuring(PATIENT);
    let (held, switched) = join!(scorer.trial(&trial), scorer.switch(BackendChoice::Cpu));
    switched.expect("switches");
    assert_eq!(held.expect("holds"), 0, "{}", scorer.info().reason);
    assert_eq!((scorer.info().backend, scorer.info().reason.as_str()), ("cpu", "asked for"));

    let (held, ()) = join!(scorer.trial(&trial), async { scorer.end_trial() });
    assert_eq!(held.expect("holds"), 0);
    assert_eq!(scorer.info().backend, "cpu");
}

/// Runs `$check` for every test of a trial: `$check!(name)`. Natively a trial waits for the GPU without giving way, so that
/// what happens meanwhile can be tested in browsers only.
#[macro_export]
macro_rules! trial_tests {
    ($check:ident) => {
        $check!(measures_both);
        $check!(keeps_to_its_budget);
        $check!(takes_over_an_earlier_outcome);
        #[cfg(target_arch = "wasm32")]
        $check!(answers_meanwhile);
        #[cfg(target_arch = "wasm32")]
        $check!(gives_way);
    };
}
