//! The façade: load → observe → recommend.

use std::cell::RefCell;
use std::sync::Arc;

use crate::error::Result;
use crate::extend::{NewItem, with_items};
use crate::json::Json;
use crate::model::Model;
use crate::patch::apply_delta;
use crate::profile::{BestTime, Event, EventSettings, Interaction, Profile, Push, TimeRequest};
use crate::question::{Asker, Question, Subject, admitted};
use crate::rank::{Admitted, Buyer, Reason, Stage, Taste, because_of};
use crate::request::Request;
use crate::score::{BackendChoice, BackendInfo, Query, Scored, Scorer};

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

/// A list, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    pub items: Vec<Item>,
    /// What each stage made of the list; where it was asked for.
    pub trace: Vec<Traced>,
}

/// The list as it is after a stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    pub stage: Stage,
    /// Items of the catalogue that are still let in.
    pub left: usize,
    /// External ids, best first.
    pub ids: Vec<String>,
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
        let admitted = admitted(&self.model, request)?;
        let mut lists = Vec::with_capacity(subjects.len());
        for block in subjects.chunks(BATCH) {
            let questions = self.questions(block, request, &admitted)?;
            let mut queries: Vec<Query> = Vec::new();
            questions.iter().for_each(|question| question.add_queries(&mut queries));
            let mut answers = self.scorer.score_batch(&queries).await?.into_iter();
            for question in &questions {
                lists.push(self.present(question, &mut answers, request));
            }
        }
        Ok(lists)
    }

    /// What to ask for each of `subjects`.
    fn questions(&self, subjects: &[Subject], request: &Request, admitted: &Admitted) -> Result<Vec<Question>> {
        let asker = Asker { model: &self.model, own: &self.profile.borrow(), request };
        let mut questions = Vec::with_capacity(subjects.len());
        for subject in subjects {
            questions.push(asker.ask(subject, admitted.clone())?);
        }
        Ok(questions)
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

    /// The list of `question`, by the next of `answers`.
    fn present(
        &self,
        question: &Question,
        answers: &mut dyn Iterator<Item = Vec<Scored>>,
        request: &Request,
    ) -> Recommendation {
        let model = &*self.model;
        // A list that is arranged may want any own item.
        let weighed = |buyer: &Option<Buyer>, answer: Vec<Scored>| match (buyer, &question.because) {
            (Some(buyer), Some((user, _))) => {
                let all = buyer.own().len() + answer.len();
                buyer.rank(model, user, answer, if question.arranged.is_some() { all } else { request.count })
            }
            _ => answer,
        };
        let mut answer = weighed(&question.buyer, answers.next().unwrap_or_default());
        if let Some(chosen) = &question.chosen {
            answer.clone_from(chosen);
        }
        let mut group = Vec::new();
        if let Some([_, mask]) = &question.group {
            group = weighed(&question.buyer, answers.next().unwrap_or_default());
            group.retain(|scored| !mask.is_excluded(scored.item));
        }
        let id = |item: u32| model.item_id(item).to_owned();
        let traced =
            |stage, left, items: &mut dyn Iterator<Item = u32>| Traced { stage, left, ids: items.map(id).collect() };
        let (mut trace, mut propensities) = (Vec::new(), None);
        let last = question.gates.last();
        for gate in &question.gates[..question.gates.len().saturating_sub(1)] {
            let list = weighed(&gate.buyer, answers.next().unwrap_or_default());
            trace.push(traced(gate.stage, gate.left, &mut list.iter().take(request.count).map(|scored| scored.item)));
        }
        if let Some(arranged) = &question.arranged {
            let candidates = answer;
            let stages;
            (answer, stages) = arranged.list(model, &candidates, &group, &question.allowed, request.count);
            for (stage, items) in stages {
                // What the last gate lets in is what the arrangement begins with.
                let (gate, left) = last.map_or((stage, 0), |gate| (gate.stage, gate.left));
                let stage = if stage == Stage::Scores { gate } else { stage };
                trace.push(traced(stage, left, &mut items.into_iter()));
            }
            propensities = arranged.propensities(model, &candidates, &group, &question.allowed, &answer);
        }
        let explained = request.explain && question.because.is_some();
        let tastes = if explained { Taste::all(model) } else { Vec::new() };
        let item = |(place, scored): (usize, Scored)| Item {
            id: id(scored.item),
            score: scored.score,
            propensity: propensities.as_ref().map(|propensities| propensities[place]),
            reasons: if request.explain { self.reasons(question, &tastes, scored.item) } else { Vec::new() },
        };
        Recommendation { items: answer.into_iter().enumerate().map(item).collect(), trace }
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
