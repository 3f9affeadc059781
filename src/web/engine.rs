//! The classes JavaScript sees: the buffer a model streams into, and the engine.

use core::arch::wasm32::memory_size;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Float32Array, JSON, Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::catalogue::{catalogue, set};
use super::options::{from_js, to_js};
use crate::error::Result;
use crate::extend::NewItem;
use crate::json::{Field, Json};
use crate::model::{Model, ModelBuffer};
use crate::profile::{BestTime, Event, EventSettings, Profile, Push, TimeRequest};
use crate::question::Subject;
use crate::rank::Reason;
use crate::recommender::{Item, Recommendation, Recommender, Traced};
use crate::request::Request;
use crate::score::{BackendChoice, Earlier, Trial};

/// Bytes of a page of WebAssembly memory.
const WASM_PAGE: usize = 1 << 16;

/// Where a model's bytes go as they arrive.
#[wasm_bindgen(js_name = ModelBuffer)]
pub struct WebModelBuffer(ModelBuffer);

#[wasm_bindgen(js_class = ModelBuffer)]
impl WebModelBuffer {
    /// Room for `expectedBytes` (0 when not known).
    #[wasm_bindgen(constructor)]
    pub fn new(expected_bytes: usize) -> Result<WebModelBuffer, JsValue> {
        Ok(WebModelBuffer(ModelBuffer::with_capacity(expected_bytes)?))
    }

    /// Appends a chunk, written to its place at once: a copy beside it would also keep the room from growing where it is.
    pub fn push(&mut self, chunk: &Uint8Array) -> Result<(), JsValue> {
        Ok(self.0.push_with(chunk.length() as usize, |place| chunk.copy_to(place))?)
    }

    /// Bytes so far.
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> usize {
        self.0.len()
    }
}

/// A loaded model, a backend and a profile.
#[wasm_bindgen]
pub struct Engine(Rc<Recommender>);

#[wasm_bindgen]
impl Engine {
    /// Checks the model, opens the backend, checks the golden queries on it. Consumes the buffer.
    pub fn load(buffer: WebModelBuffer, options: JsValue) -> Promise {
        promise(async move {
            let options = from_js(options, "options")?;
            let choice = match Field::root(&options, "options").optional("backend") {
                Some(backend) => BackendChoice::parse(backend.text()?)?,
                None => BackendChoice::Auto,
            };
            let events = EventSettings::from_json(&options)?;
            Ok(Engine(Rc::new(Recommender::counting(Model::read(buffer.0)?, events, choice).await?)).into())
        })
    }

    /// The engine with more items, `[{ id, attributes?: { column: text or number } }]`, its profile the one at hand.
    #[wasm_bindgen(js_name = withItems)]
    pub fn with_items(&self, items: JsValue) -> Promise {
        let engine = self.0.clone();
        promise(async move {
            let items = NewItem::list_from_json(&from_js(items, "items")?)?;
            Ok(Engine(Rc::new(engine.with_items(&items).await?)).into())
        })
    }

    /// The engine of the model that a delta makes of the file that was loaded, its profile the one at hand. Consumes the buffer.
    #[wasm_bindgen(js_name = withDelta)]
    pub fn with_delta(&self, delta: WebModelBuffer) -> Promise {
        let engine = self.0.clone();
        promise(async move { Ok(Engine(Rc::new(engine.with_delta(delta.0.as_bytes()).await?)).into()) })
    }

    /// Takes in one event.
    pub fn observe(&self, event: JsValue) -> Result<(), JsValue> {
        let event = from_js(event, "event")?;
        Ok(self.0.observe(Event::from_json(&Field::root(&event, "event"))?)?)
    }

    /// Takes back the latest event of this type and item and, where it is given, time; tells whether there was one.
    pub fn retract(&self, event: JsValue) -> Result<bool, JsValue> {
        let event = from_js(event, "event")?;
        Ok(self.0.retract(&Event::from_json(&Field::root(&event, "event"))?))
    }

    /// The events of the profile, oldest first.
    pub fn events(&self) -> Result<JsValue, JsValue> {
        Ok(to_js(&Json::List(self.0.events().iter().map(Event::to_json).collect()))?)
    }

    /// What the profile amounts to, `[{ itemId, strength, seen, strongest }]`: one line an item.
    pub fn history(&self) -> Result<JsValue, JsValue> {
        let mut lines = Vec::new();
        for line in self.0.history() {
            lines.push(Json::object([
                ("itemId", self.0.model().item_id(line.item).into()),
                ("strength", line.strength.into()),
                ("seen", Json::Bool(line.seen)),
                ("strongest", line.strongest.name().into()),
            ]));
        }
        Ok(to_js(&Json::List(lines))?)
    }

    /// Takes in that a message was sent, or what came of it.
    pub fn pushed(&self, push: JsValue) -> Result<(), JsValue> {
        let push = from_js(push, "push")?;
        Ok(self.0.pushed(Push::from_json(&Field::root(&push, "push"))?)?)
    }

    /// The best moment to send a message; null where none is allowed.
    #[wasm_bindgen(js_name = bestTime)]
    pub fn best_time(&self, options: JsValue) -> Result<JsValue, JsValue> {
        let request = TimeRequest::from_json(&from_js(options, "options")?)?;
        Ok(to_js(&self.0.best_time(&request).map_or(Json::Null, BestTime::to_json))?)
    }

    /// A list for each subject: `undefined` for the profile at hand, a `Float32Array` (d) for a user vector, a string for the
    /// items like this one, an object for an exported profile, `null` for what the user should be asked about.
    pub fn recommend(&self, subjects: Array, options: JsValue) -> Promise {
        let engine = self.0.clone();
        promise(async move {
            let mut request = Request::from_json(&from_js(options, "options")?)?;
            request.now = js_sys::Date::now();
            let subjects = subjects.iter().map(subject).collect::<Result<Vec<_>>>()?;
            let lists = engine.recommend_batch(&subjects, &request).await?;
            let lists: Array = lists.into_iter().map(present).collect::<Result<_, JsValue>>()?;
            Ok(lists.into())
        })
    }

    /// What runs, on what, and why.
    pub fn info(&self) -> Result<JsValue, JsValue> {
        let info = self.0.info();
        let golden = &info.backend.golden;
        let golden = [("checked", golden.checked.into()), ("worstError", golden.worst_error.into())];
        Ok(to_js(&Json::object([
            ("backend", info.backend.backend.into()),
            ("adapter", info.backend.adapter.map_or(Json::Null, Json::Text)),
            ("kernels", info.backend.kernels.into()),
            ("reason", Json::Text(info.backend.reason)),
            ("family", Json::Text(info.family)),
            ("items", info.items.into()),
            ("dim", info.dim.into()),
            ("bytes", info.bytes.into()),
            ("model", Json::Text(info.model)),
            ("golden", Json::object(golden)),
            ("memory", (memory_size::<0>() * WASM_PAGE).into()),
            ("version", env!("CARGO_PKG_VERSION").into()),
        ]))?)
    }

    /// Ids and columns of the whole catalogue.
    pub fn catalogue(&self) -> Object {
        catalogue(self.0.model())
    }

    /// Changes the backend.
    #[wasm_bindgen(js_name = useBackend)]
    pub fn use_backend(&self, name: String) -> Promise {
        let engine = self.0.clone();
        promise(async move {
            engine.scorer().switch(BackendChoice::parse(&name)?).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Tries the GPU for at most `budget` milliseconds while the CPU answers, and takes the faster one. `reason` and, where
    /// the GPU was faster, `adapter` are the outcome of an earlier trial, to be taken over. Resolves to the
    /// days that the outcome can be taken over, 0 where nothing was measured now.
    #[wasm_bindgen(js_name = tryGpu)]
    pub fn try_gpu(&self, budget: u32, reason: Option<String>, adapter: Option<String>) -> Promise {
        let engine = self.0.clone();
        let earlier = reason.map(|reason| Earlier { adapter, reason });
        let trial = Trial { budget: Duration::from_millis(budget.into()), earlier };
        promise(async move { Ok(engine.scorer().trial(&trial).await?.into()) })
    }

    /// Ends a trial under way at its next step.
    #[wasm_bindgen(js_name = endTrial)]
    pub fn end_trial(&self) {
        self.0.scorer().end_trial();
    }

    /// The profile as a plain object.
    #[wasm_bindgen(js_name = exportProfile)]
    pub fn export_profile(&self) -> Result<JsValue, JsValue> {
        Ok(to_js(&self.0.export_profile())?)
    }

    /// Replaces the profile.
    #[wasm_bindgen(js_name = importProfile)]
    pub fn import_profile(&self, state: JsValue) -> Result<(), JsValue> {
        Ok(self.0.import_profile(&from_js(state, "state")?)?)
    }

    /// Erases the profile.
    pub fn forget(&self) {
        self.0.forget();
    }
}

/// `work` as a promise. Exported `async fn`s would each bring a copy of all that drives one.
fn promise(work: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    fn driven(work: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>) -> Promise {
        future_to_promise(work)
    }
    driven(Box::pin(work))
}

fn subject(value: JsValue) -> Result<Subject> {
    if value.is_undefined() {
        return Ok(Subject::Own);
    }
    if value.is_null() {
        return Ok(Subject::Onboarding);
    }
    if let Some(id) = value.as_string() {
        return Ok(Subject::Item(id));
    }
    Ok(match value.dyn_ref::<Float32Array>() {
        Some(vector) => Subject::Vector(vector.to_vec()),
        None => Subject::Profile(Profile::import(&from_js(value, "users")?)?),
    })
}

/// `{ ids: string[], scores: Float32Array, propensities?: Float32Array, reasons: Reason[][], trace? }`; `reasons` is empty where no item
/// has any. Its texts cross the boundary as one, which is faster than each by itself.
fn present(list: Recommendation) -> Result<Object, JsValue> {
    let ids = |ids: &mut dyn Iterator<Item = &str>| Json::List(ids.map(Json::from).collect());
    let mut members = vec![("ids".to_owned(), ids(&mut list.items.iter().map(|item| item.id.as_str())))];
    let reasons = |item: &Item| Json::List(item.reasons.iter().map(Reason::to_json).collect());
    let explained = list.items.iter().any(|item| !item.reasons.is_empty());
    let reasons = list.items.iter().filter(|_| explained).map(reasons).collect();
    members.push(("reasons".to_owned(), Json::List(reasons)));
    if !list.trace.is_empty() {
        let stage = |after: &Traced| {
            let listed = ids(&mut after.ids.iter().map(String::as_str));
            Json::object([("stage", after.stage.name().into()), ("left", after.left.into()), ("ids", listed)])
        };
        members.push(("trace".to_owned(), Json::List(list.trace.iter().map(stage).collect())));
    }
    let result: Object = JSON::parse(&Json::Object(members).to_string())?.unchecked_into();
    let scores: Vec<f32> = list.items.iter().map(|item| item.score).collect();
    set(&result, "scores", &Float32Array::from(scores.as_slice()));
    let propensities: Vec<f32> = list.items.iter().filter_map(|item| item.propensity).collect();
    if !propensities.is_empty() {
        set(&result, "propensities", &Float32Array::from(propensities.as_slice()));
    }
    Ok(result)
}
