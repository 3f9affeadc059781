//! The façade: load → observe → recommend.

use std::cell::RefCell;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::extend::{NewItem, with_items};
use crate::json::Json;
use crate::model::Model;
use crate::patch::apply_delta;
use crate::profile::{
    BestTime, Event, EventSettings, Interaction, Profile, Push, TimeRequest, User, context_features, listed,
};
use crate::rank::{Arranged, Buyer, CANDIDATES, Reason, Taste, Trace, because_of, to_ask};
use crate::request::Request;
use crate::score::{BackendChoice, BackendInfo, ItemMask, Query, Scored, Scorer, Stage};

/// Most subjects whose masks are in memory at a time.
const BATCH: usize = 32;

/// One user, one model, one backend.
///
/// All calls take `&self` and none holds a lock while it waits for the GPU, so calls may overlap.
pub struct Recommender {
    model: Arc<Model>,
    fingerprint: String,
    scorer: Scorer,
    profile: RefCell<Profile>,
    /// In place of what model files say.
    events: EventSettings,
}

/// Whom, or what, a list is for.
#[derive(Debug, Clone)]
pub enum Subject {
    /// The recommender's own profile.
    Own,
    /// What another device knows of its user.
    Profile(Profile),
    /// A user vector made elsewhere, (d): nothing counts as seen, and there are no reasons.
    Vector(Vec<f32>),
    /// The item of this id: those most like it, by the cosine of their embeddings, itself left out.
    Item(String),
    /// What the recommender's own user should be asked about.
    Onboarding,
}

/// A list, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    pub items: Vec<Item>,
    /// What each stage made of the list, by external ids; where it was asked for.
    pub trace: Vec<(&'static str, Vec<String>)>,
}

/// One recommended item.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// External id.
    pub id: String,
    /// Comparable within one list only.
    pub score: f32,
    /// How likely it was to be in the list, where something was tried at random: what came of it can be weighed by that.
    pub propensity: Option<f32>,
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
        let (fingerprint, events) = (model.fingerprint(), EventSettings::default());
        Ok(Recommender { model, fingerprint, scorer, profile: RefCell::new(Profile::default()), events })
    }

    /// The same, of a model whose types of events count as `events` says rather than as the file does.
    ///
    /// # Errors
    /// As [`Recommender::new`].
    pub async fn counting(mut model: Model, events: EventSettings, choice: BackendChoice) -> Result<Recommender> {
        model.override_events(&events.weights, &events.half_lives);
        Ok(Recommender { events, ..Recommender::new(Arc::new(model), choice).await? })
    }

    /// A recommender for the same user, on the same backend, with more items; see [`crate::with_items`].
    ///
    /// # Errors
    /// As [`crate::with_items`] and [`Scorer::open`].
    pub async fn with_items(&self, items: &[NewItem]) -> Result<Recommender> {
        self.with_model(with_items(&self.model, items)?).await
    }

    /// A recommender for the same user, on the same backend, with the model that a delta makes of the file that was loaded; items
    /// that were added since are not in it.
    ///
    /// # Errors
    /// As [`crate::apply_delta`], [`Model::read`] and [`Scorer::open`].
    pub async fn with_delta(&self, delta: &[u8]) -> Result<Recommender> {
        self.with_model(Model::read(apply_delta(&self.model.original(), delta)?)?).await
    }

    /// The user's profile goes with it as it is once the backend is open.
    async fn with_model(&self, mut model: Model) -> Result<Recommender> {
        model.override_events(&self.events.weights, &self.events.half_lives);
        let model = Arc::new(model);
        let scorer = self.scorer.for_model(model.clone()).await?;
        Ok(Recommender {
            fingerprint: model.fingerprint(),
            model,
            scorer,
            profile: self.profile.clone(),
            events: self.events.clone(),
        })
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

    /// Takes back the latest event of this kind and item and, unless it is 0, this time; tells whether there was one.
    pub fn retract(&self, event: &Event) -> bool {
        self.profile.borrow_mut().retract(event)
    }

    /// The events of the profile, oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.profile.borrow().events().collect()
    }

    /// Takes in that a message was sent to the user, or what came of it.
    ///
    /// # Errors
    /// [`Error::Argument`]; the profile is then unchanged.
    pub fn pushed(&self, push: Push) -> Result<()> {
        self.profile.borrow_mut().pushed(push)
    }

    /// The best moment to send the user a message, none where the request allows none; by the user's own visits alone where the model was
    /// trained without times.
    pub fn best_time(&self, request: &TimeRequest) -> Option<BestTime> {
        let timing = self.model.manifest().timing.clone().unwrap_or_default();
        self.profile.borrow().best_time(&timing, request)
    }

    /// The best items for the user as the profile knows them; before the first event, the popular ones.
    ///
    /// # Errors
    /// [`Error::UnknownItem`] or [`Error::Argument`] for a request that cannot be met.
    pub async fn recommend(&self, request: &Request) -> Result<Recommendation> {
        self.recommend_to(Subject::Own, request).await
    }

    /// The best items for a user vector (d) made elsewhere, in place of the profile's.
    ///
    /// # Errors
    /// As [`Recommender::recommend`], and [`Error::Argument`] for a vector of another width or of unusable values.
    pub async fn recommend_for(&self, user: &[f32], request: &Request) -> Result<Recommendation> {
        self.recommend_to(Subject::Vector(user.to_vec()), request).await
    }

    /// The items most like `item_id` by the cosine of their embeddings (by its neighbour list, in a model without), itself left
    /// out.
    ///
    /// # Errors
    /// As [`Recommender::recommend`].
    pub async fn similar(&self, item_id: &str, request: &Request) -> Result<Recommendation> {
        self.recommend_to(Subject::Item(item_id.to_owned()), request).await
    }

    /// Items to ask the user about, the most telling first: popular ones, each of which tells what the profile and those before it do
    /// not. Who picks some of them is known better than by as many of the most popular.
    ///
    /// # Errors
    /// As [`Recommender::recommend`].
    pub async fn onboarding(&self, request: &Request) -> Result<Recommendation> {
        self.recommend_to(Subject::Onboarding, request).await
    }

    async fn recommend_to(&self, subject: Subject, request: &Request) -> Result<Recommendation> {
        let mut lists = self.recommend_batch(&[subject], request).await?;
        Ok(lists.pop().expect("one list a subject"))
    }

    /// A list for each subject, several at once: the item table is read once for all.
    ///
    /// # Errors
    /// As for one; a subject that cannot be answered refuses all.
    pub async fn recommend_batch(&self, subjects: &[Subject], request: &Request) -> Result<Vec<Recommendation>> {
        let allowed = self.allowed(request)?;
        let mut lists = Vec::with_capacity(subjects.len());
        for block in subjects.chunks(BATCH) {
            let questions =
                block.iter().map(|subject| self.ask(subject, request, allowed.clone())).collect::<Result<Vec<_>>>()?;
            let queries: Vec<Query> = questions.iter().flat_map(Question::queries).collect();
            let mut answers = self.scorer.score_batch(&queries).await?.into_iter();
            for question in &questions {
                let best = answers.next().unwrap_or_default();
                let group = question.group.as_ref().and_then(|_| answers.next()).unwrap_or_default();
                lists.push(self.present(question, best, group, request));
            }
        }
        Ok(lists)
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
            return Err(Error::argument(
                "count",
                format_args!("1 to {items}, the size of the catalogue"),
                request.count,
            ));
        }
        let mut mask = if request.include.is_none() { ItemMask::none(items) } else { ItemMask::all(items) };
        for id in request.include.iter().flatten() {
            mask.include(self.model.require_item(id)?);
        }
        (0..items as u32).filter(|&item| self.model.is_removed(item)).for_each(|item| mask.exclude(item));
        for id in &request.exclude {
            mask.exclude(self.model.require_item(id)?);
        }
        mask.exclude_all(&request.filter.mask(&self.model)?);
        Ok(mask)
    }

    /// What to ask for `subject`, from the items of `allowed`, so that its list can be arranged.
    fn ask(&self, subject: &Subject, request: &Request, mut allowed: ItemMask) -> Result<Question> {
        if request.arrangement.is_plain() {
            return self.ask_plain(subject, request, allowed);
        }
        let shown = match subject {
            Subject::Own => self.profile.borrow().shown(&self.model),
            Subject::Profile(profile) => profile.shown(&self.model),
            _ => Vec::new(),
        };
        let history: Vec<u32> = match subject {
            Subject::Own => dealt_with(&self.history()),
            Subject::Profile(profile) => dealt_with(&profile.history(&self.model)),
            _ => Vec::new(),
        };
        let arranged = Arranged::new(&self.model, &request.arrangement, request.now, &shown, &history)?;
        arranged.hide(&mut allowed);
        if matches!(subject, Subject::Onboarding) {
            return self.ask_plain(subject, request, allowed);
        }
        let mut question = self.ask_plain(subject, request, allowed)?;
        question.k = question.k.max(arranged.candidates(request.count, &self.model)?);
        question.group = arranged.group(&question.mask);
        question.arranged = Some(arranged);
        Ok(question)
    }

    fn ask_plain(&self, subject: &Subject, request: &Request, mut allowed: ItemMask) -> Result<Question> {
        let question = |user, mask, stage| Question {
            user,
            taste: None,
            offset: None,
            mask,
            stage,
            k: request.count,
            because: None,
            buyer: None,
            popular: false,
            chosen: None,
            arranged: None,
            group: None,
        };
        let profile = match subject {
            Subject::Own | Subject::Onboarding => &self.profile.borrow(),
            Subject::Profile(profile) => profile,
            Subject::Vector(user) => return Ok(question(user.clone(), allowed, Stage::Cascade)),
            Subject::Item(id) => {
                let item = self.model.require_item(id)?;
                allowed.exclude(item);
                return Ok(match self.model.neighbours().filter(|_| self.model.dim() == 0) {
                    None => question(self.model.embedding(item), allowed, Stage::Similarity),
                    Some(_) => Question {
                        offset: listed(&self.model, &[(item, 1.0)]),
                        ..question(Vec::new(), allowed, Stage::Retrieval)
                    },
                });
            }
        };
        let history = profile.history(&self.model);
        if !request.include_seen {
            history.iter().filter(|line| line.seen).for_each(|line| allowed.exclude(line.item));
        }
        let liked: Vec<(u32, f32)> =
            history.iter().filter(|line| line.strength > 0.0).map(|line| (line.item, line.strength)).collect();
        if matches!(subject, Subject::Onboarding) {
            let chosen = to_ask(&self.model, &allowed, &liked, request.count);
            let nothing = question(vec![0.0; self.model.dim()], allowed, Stage::Popularity);
            return Ok(Question { chosen: Some(chosen), ..nothing });
        }
        let context = context_features(&self.model, &request.context)?;
        let always = self.model.context().is_some_and(|context| context.shape.always);
        if liked.is_empty() && !always {
            // Of those who tell nothing of the moment there is nothing to know but what is popular.
            let stranger = User::stranger(&self.model, &context).filter(|_| !request.context.is_empty());
            let asked = match stranger {
                Some(user) => Question { offset: user.offset, ..question(user.vector, allowed, Stage::Retrieval) },
                None => question(vec![0.0; self.model.dim()], allowed, Stage::Popularity),
            };
            return Ok(Question { popular: true, ..asked });
        }
        let user = User::new(&self.model, &liked, &context)?;
        if liked.is_empty() {
            let offset = user.offset.clone();
            return Ok(Question { popular: true, offset, ..question(user.vector, allowed, Stage::Cascade) });
        }
        let mut buyer = self.buyer(profile, request.now);
        buyer.iter_mut().for_each(|buyer| buyer.claim(&mut allowed));
        // What is bought again is weighed with scores of the model alone, as the trainer did.
        let learns = request.learn && buyer.is_none();
        let user = match learns {
            true => user.learning(&self.model, &profile.feedback(&self.model), request.now.max(profile.latest())),
            false => user,
        };
        let question = Question { taste: user.taste.clone(), ..question(user.vector.clone(), allowed, Stage::Cascade) };
        let k = if buyer.is_some() { request.count.max(CANDIDATES) } else { request.count };
        Ok(Question { offset: user.offset.clone(), because: Some((user, history)), buyer, k, ..question })
    }

    /// Whom a model for people who buy again sees in `profile`.
    fn buyer(&self, profile: &Profile, now: f64) -> Option<Buyer> {
        let part = self.model.repurchase()?;
        Buyer::new(&profile.purchases(&self.model), now.max(profile.latest()), part.weights.span)
    }

    fn present(
        &self,
        question: &Question,
        mut answer: Vec<Scored>,
        mut group: Vec<Scored>,
        request: &Request,
    ) -> Recommendation {
        if let Some(chosen) = &question.chosen {
            answer.clone_from(chosen);
        }
        if let (Some(buyer), Some((user, _))) = (&question.buyer, &question.because) {
            let count = if question.arranged.is_some() { question.k } else { request.count };
            answer = buyer.rank(&self.model, user, answer, count);
            let own = |scored: &Scored| question.group.as_ref().is_some_and(|group| !group.is_excluded(scored.item));
            group = buyer.rank(&self.model, user, group, count).into_iter().filter(own).collect();
        }
        let (mut trace, mut propensities) = (Trace::new(), None);
        if let Some(arranged) = &question.arranged {
            let candidates = answer;
            (answer, trace) = arranged.list(&self.model, &candidates, &group, &question.mask, request.count);
            propensities = arranged.propensities(&self.model, &candidates, &group, &question.mask, &answer);
        }
        let id = |item: u32| self.model.item_id(item).to_owned();
        let explained = request.explain && question.because.is_some();
        let tastes = if explained { Taste::all(&self.model) } else { Vec::new() };
        let item = |(place, scored): (usize, Scored)| Item {
            id: id(scored.item),
            score: scored.score,
            propensity: propensities.as_ref().map(|propensities| propensities[place]),
            reasons: if request.explain { self.reasons(question, &tastes, scored.item) } else { Vec::new() },
        };
        let ids = |items: Vec<u32>| items.into_iter().map(id).collect();
        Recommendation {
            items: answer.into_iter().enumerate().map(item).collect(),
            trace: trace.into_iter().map(|(stage, items)| (stage.name(), ids(items))).collect(),
        }
    }

    fn reasons(&self, question: &Question, tastes: &[Taste<'_>], item: u32) -> Vec<Reason> {
        if let Some(rule) = question.arranged.as_ref().and_then(|arranged| arranged.promoter(item)) {
            return vec![Reason::Promoted { rule }];
        }
        if let Some(own) = question.buyer.as_ref().and_then(|buyer| buyer.find(item)) {
            return vec![own.reason()];
        }
        match &question.because {
            Some((user, history)) => because_of(&self.model, tastes, user, history, item),
            None if question.popular => vec![Reason::Popular],
            None => Vec::new(),
        }
    }
}

/// The items that more happened to than being shown.
fn dealt_with(history: &[Interaction]) -> Vec<u32> {
    history.iter().filter(|line| line.strength > 0.0 || line.seen).map(|line| line.item).collect()
}

/// A question to the catalogue, and what its answer is explained by.
struct Question {
    user: Vec<f32>,
    taste: Option<Vec<f32>>,
    offset: Option<Vec<f32>>,
    mask: ItemMask,
    stage: Stage,
    /// How many candidates there should be.
    k: usize,
    because: Option<(User, Vec<Interaction>)>,
    /// Where own and new items are weighed against each other.
    buyer: Option<Buyer>,
    /// For someone of whom nothing is known yet.
    popular: bool,
    /// The list, where no score decides.
    chosen: Option<Vec<Scored>>,
    /// What becomes of the candidates.
    arranged: Option<Arranged>,
    /// Those of a group that is to have its share, to be asked for too.
    group: Option<ItemMask>,
}

impl Question {
    fn queries(&self) -> impl Iterator<Item = Query<'_>> {
        let (user, taste, offset) = (&self.user, self.taste.as_deref(), self.offset.as_deref());
        let masks = std::iter::once(&self.mask).chain(&self.group);
        masks.map(move |mask| Query { user, taste, offset, mask, k: self.k, stage: self.stage })
    }
}
