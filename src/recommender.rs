//! The façade: load → observe → recommend.

use std::cell::RefCell;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::json::{Field, Json};
use crate::model::Model;
use crate::profile::{Event, FoldIn, Interaction, Profile};
use crate::rank::{Filter, Reason, apply_filter, because_of, filter_from_json};
use crate::score::{BackendChoice, BackendInfo, ItemMask, Query, Scored, Scorer, Stage};

/// Most users whose masks are in memory at a time.
const BATCH: usize = 32;

/// One user, one model, one backend.
///
/// All calls take `&self` and none holds a lock while it waits for the GPU, so calls may overlap.
pub struct Recommender {
    model: Arc<Model>,
    fingerprint: String,
    scorer: Scorer,
    profile: RefCell<Profile>,
}

/// What a list should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// How many items, at least 1; fewer come back when fewer are left.
    pub count: usize,
    /// Only these items, when given; an empty list lets none in.
    pub include: Option<Vec<String>>,
    /// None of these items.
    pub exclude: Vec<String>,
    /// Conditions on catalogue columns.
    pub filter: Filter,
    /// Also items the user already bought, put in the cart, rated, bookmarked or disliked.
    pub include_seen: bool,
    /// Whether to say why.
    pub explain: bool,
}

impl Default for Request {
    fn default() -> Request {
        Request {
            count: 10,
            include: None,
            exclude: Vec::new(),
            filter: Filter::new(),
            include_seen: false,
            explain: true,
        }
    }
}

impl Request {
    /// The JSON form: `{ count?, include?, exclude?, filter?, includeSeen?, explain? }`; null is the default.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the option.
    pub fn from_json(value: &Json) -> Result<Request> {
        let mut request = Request::default();
        if *value == Json::Null {
            return Ok(request);
        }
        let options = Field::root(value, "options");
        options.only(&["count", "include", "exclude", "filter", "includeSeen", "explain"])?;
        if let Some(count) = options.optional("count") {
            request.count = count
                .whole()
                .ok()
                .filter(|&count| count > 0)
                .ok_or_else(|| count.refuse("a whole number of at least 1"))?;
        }
        if let Some(ids) = options.optional("include") {
            request.include = Some(ids.texts()?);
        }
        if let Some(ids) = options.optional("exclude") {
            request.exclude = ids.texts()?;
        }
        for (key, flag) in [("includeSeen", &mut request.include_seen), ("explain", &mut request.explain)] {
            if let Some(value) = options.optional(key) {
                *flag = value.boolean()?;
            }
        }
        if let Some(filter) = options.optional("filter") {
            request.filter = filter_from_json(&filter)?;
        }
        Ok(request)
    }
}

/// Whom a list of a batch is for.
#[derive(Debug, Clone)]
pub enum User {
    /// What a device knows of its user.
    Profile(Profile),
    /// A user vector made elsewhere, (d).
    Vector(Vec<f32>),
}

/// A list, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    pub items: Vec<Item>,
}

/// One recommended item.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// External id.
    pub id: String,
    /// Comparable within one list only.
    pub score: f32,
    /// Empty when the request did not ask.
    pub reasons: Vec<Reason>,
}

/// What runs, on what, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    pub backend: BackendInfo,
    pub family: String,
    /// Catalogue size.
    pub items: usize,
    /// Embedding width.
    pub dim: usize,
    /// Size of the model file.
    pub bytes: usize,
    /// Tells one model from another.
    pub model: String,
}

impl Recommender {
    /// Opens a backend for `model`, with an empty profile.
    ///
    /// # Errors
    /// As [`Scorer::open`].
    pub async fn new(model: Arc<Model>, choice: BackendChoice) -> Result<Recommender> {
        let scorer = Scorer::open(model.clone(), choice).await?;
        let fingerprint = model.fingerprint();
        Ok(Recommender { model, fingerprint, scorer, profile: RefCell::new(Profile::default()) })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The switch between backends.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// What runs, on what, and why.
    pub fn info(&self) -> Info {
        Info {
            backend: self.scorer.info(),
            family: self.model.manifest().family.clone(),
            items: self.model.item_count(),
            dim: self.model.dim(),
            bytes: self.model.byte_len(),
            model: self.fingerprint.clone(),
        }
    }

    /// Takes in one event.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] or [`Error::Argument`]; the profile is then unchanged.
    pub fn observe(&self, event: Event) -> Result<()> {
        self.profile.borrow_mut().observe(&self.model, event)
    }

    /// The best items for the user as the profile knows them; before the first event, the popular ones.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] or [`Error::Argument`] for a request that cannot be met.
    pub async fn recommend(&self, request: &Request) -> Result<Recommendation> {
        let question = self.ask(&self.profile.borrow(), request, self.allowed(request)?)?;
        self.answer(vec![question], request).await.map(only)
    }

    /// The best items for a user vector (d) made elsewhere, in place of the profile's: whatever the profile counts as seen
    /// stays in, and there are no reasons.
    ///
    /// # Errors
    /// As [`Recommender::recommend`], and [`Error::Argument`] for a vector of another width or of unusable values.
    pub async fn recommend_for(&self, user: &[f32], request: &Request) -> Result<Recommendation> {
        let question = Question::of_vector(user.to_vec(), self.allowed(request)?);
        self.answer(vec![question], request).await.map(only)
    }

    /// The list of each user, as [`Recommender::recommend`] and [`Recommender::recommend_for`] give it, several at once. The
    /// recommender's own profile plays no part.
    ///
    /// # Errors
    /// As these two; one user who cannot be answered refuses all.
    pub async fn recommend_batch(&self, users: &[User], request: &Request) -> Result<Vec<Recommendation>> {
        let allowed = self.allowed(request)?;
        let mut lists = Vec::with_capacity(users.len());
        for block in users.chunks(BATCH) {
            let question = |user: &User| match user {
                User::Profile(profile) => self.ask(profile, request, allowed.clone()),
                User::Vector(vector) => Ok(Question::of_vector(vector.clone(), allowed.clone())),
            };
            let questions = block.iter().map(question).collect::<Result<_>>()?;
            lists.extend(self.answer(questions, request).await?);
        }
        Ok(lists)
    }

    /// The items most like `item_id` by the cosine of their embeddings, itself left out.
    ///
    /// # Errors
    /// As [`Recommender::recommend`].
    pub async fn similar(&self, item_id: &str, request: &Request) -> Result<Recommendation> {
        let item = self.model.require_item(item_id)?;
        let mut mask = self.allowed(request)?;
        mask.exclude(item);
        let stage = Stage::Similarity;
        let question = Question { stage, ..Question::of_vector(self.model.embedding(item), mask) };
        self.answer(vec![question], request).await.map(only)
    }

    /// What the profile amounts to: one line an item.
    pub fn history(&self) -> Vec<Interaction> {
        self.profile.borrow().history(&self.model)
    }

    /// The profile, to be stored or carried.
    pub fn export_profile(&self) -> Json {
        self.profile.borrow().export()
    }

    /// Replaces the profile by an exported one.
    ///
    /// # Errors
    /// As [`Profile::import`]; the profile is then unchanged.
    pub fn import_profile(&self, state: &Json) -> Result<()> {
        *self.profile.borrow_mut() = Profile::import(state)?;
        Ok(())
    }

    /// Erases the profile.
    pub fn forget(&self) {
        *self.profile.borrow_mut() = Profile::default();
    }

    /// Items that the request's own conditions let in.
    fn allowed(&self, request: &Request) -> Result<ItemMask> {
        let items = self.model.item_count();
        if request.count == 0 || request.count > items {
            return Err(Error::argument("count", format!("1 to {items}, the size of the catalogue"), request.count));
        }
        let mut mask = if request.include.is_none() { ItemMask::none(items) } else { ItemMask::all(items) };
        for id in request.include.iter().flatten() {
            mask.include(self.model.require_item(id)?);
        }
        for id in &request.exclude {
            mask.exclude(self.model.require_item(id)?);
        }
        apply_filter(&request.filter, &self.model, &mut mask)?;
        Ok(mask)
    }

    /// What to ask for the user of `profile`, from the items of `allowed`.
    fn ask(&self, profile: &Profile, request: &Request, mut allowed: ItemMask) -> Result<Question> {
        let history = profile.history(&self.model);
        if !request.include_seen {
            history.iter().filter(|line| line.seen).for_each(|line| allowed.exclude(line.item));
        }
        let liked: Vec<(u32, f32)> =
            history.iter().filter(|line| line.strength > 0.0).map(|line| (line.item, line.strength)).collect();
        if liked.is_empty() {
            let cold = Question::of_vector(vec![0.0; self.model.dim()], allowed);
            return Ok(Question { stage: Stage::Popularity, ..cold });
        }
        let solved = FoldIn::solve(&self.model, &liked)?;
        let question = Question::of_vector(solved.user.clone(), allowed);
        Ok(Question { because: Some((solved, history)), ..question })
    }

    /// A list for each question.
    async fn answer(&self, questions: Vec<Question>, request: &Request) -> Result<Vec<Recommendation>> {
        let queries: Vec<Query> = questions.iter().map(|question| question.query(request.count)).collect();
        let lists = self.scorer.score_batch(&queries).await?;
        let present = |(list, question): (Vec<Scored>, &Question)| {
            let item = |scored: Scored| Item {
                id: self.model.item_id(scored.item).to_owned(),
                score: scored.score,
                reasons: if request.explain { self.reasons(question, scored.item) } else { Vec::new() },
            };
            Recommendation { items: list.into_iter().map(item).collect() }
        };
        Ok(lists.into_iter().zip(&questions).map(present).collect())
    }

    fn reasons(&self, question: &Question, item: u32) -> Vec<Reason> {
        match &question.because {
            Some((solved, history)) => because_of(&self.model, solved, history, item),
            None if question.stage == Stage::Popularity => vec![Reason::Popular],
            None => Vec::new(),
        }
    }
}

/// One user's question to the catalogue, and what its answer is explained by.
struct Question {
    user: Vec<f32>,
    mask: ItemMask,
    stage: Stage,
    because: Option<(FoldIn, Vec<Interaction>)>,
}

impl Question {
    fn of_vector(user: Vec<f32>, mask: ItemMask) -> Question {
        Question { user, mask, stage: Stage::Cascade, because: None }
    }

    fn query(&self, k: usize) -> Query<'_> {
        Query { user: &self.user, mask: &self.mask, k, stage: self.stage }
    }
}

/// The answer to a single question.
fn only(mut lists: Vec<Recommendation>) -> Recommendation {
    lists.pop().expect("one list a question")
}
