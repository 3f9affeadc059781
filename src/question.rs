//! What a request asks of the catalogue, for whom it is.

use crate::error::{Error, Result};
use crate::model::Model;
use crate::profile::{Interaction, Profile, User, context_features, listed, with_told};
use crate::rank::{self, Admitted, Arranged, Buyer, CANDIDATES, to_ask};
use crate::request::Request;
use crate::score::{ItemMask, Query, Scored, Stage};

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

/// A question to the catalogue, and what its answer is explained by.
pub(crate) struct Question {
    user: Vec<f32>,
    taste: Option<Vec<f32>>,
    offset: Option<Vec<f32>>,
    /// The items that are asked for.
    mask: ItemMask,
    /// The items that may be in the list: those, and the own ones of a buyer.
    pub allowed: ItemMask,
    stage: Stage,
    /// How many candidates there should be.
    pub k: usize,
    pub because: Option<(User, Vec<Interaction>)>,
    /// Where own and new items are weighed against each other.
    pub buyer: Option<Buyer>,
    /// For someone of whom nothing is known yet.
    pub popular: bool,
    /// The list, where no score decides.
    pub chosen: Option<Vec<Scored>>,
    /// What becomes of the candidates.
    pub arranged: Option<Arranged>,
    /// Those of a group that is to have its share: to be asked for too, and own ones of a buyer with them.
    pub group: Option<[ItemMask; 2]>,
    /// What left items out, where that is to be told; the last of them leaves `mask`.
    pub gates: Vec<Gate>,
}

/// The items that are let in up to a stage that leaves some out.
pub(crate) struct Gate {
    pub stage: rank::Stage,
    /// How many they are, own ones included.
    pub left: usize,
    pub mask: ItemMask,
    pub buyer: Option<Buyer>,
}

impl Question {
    /// Adds what the scorer is asked: for the items of `mask`, of `group`, and of all gates but the last.
    pub fn add_queries<'q>(&'q self, queries: &mut Vec<Query<'q>>) {
        let (user, taste, offset) = (&self.user, self.taste.as_deref(), self.offset.as_deref());
        let mut ask = |mask| queries.push(Query { user, taste, offset, mask, k: self.k, stage: self.stage });
        ask(&self.mask);
        if let Some([group, _]) = &self.group {
            ask(group);
        }
        for gate in &self.gates[..self.gates.len().saturating_sub(1)] {
            ask(&gate.mask);
        }
    }
}

/// Items that the request's own conditions let in.
pub(crate) fn admitted(model: &Model, request: &Request) -> Result<Admitted> {
    let items = model.item_count();
    if request.count == 0 || request.count > items {
        return Err(Error::argument("count", format_args!("1 to {items}, the size of the catalogue"), request.count));
    }
    let mut whole = ItemMask::none(items);
    (0..items as u32).filter(|&item| model.is_removed(item)).for_each(|item| whole.exclude(item));
    let mut admitted = Admitted::all(whole, request.arrangement.trace);
    if let Some(ids) = &request.include {
        let mut out = ItemMask::all(items);
        for id in ids {
            out.include(model.require_item(id)?);
        }
        admitted.leave_out(rank::Stage::Include, &out);
    }
    if !request.exclude.is_empty() {
        let mut out = ItemMask::none(items);
        for id in &request.exclude {
            out.exclude(model.require_item(id)?);
        }
        admitted.leave_out(rank::Stage::Exclude, &out);
    }
    if !request.filter.is_empty() {
        admitted.leave_out(rank::Stage::Filter, &request.filter.mask(model)?);
    }
    Ok(admitted)
}

/// Who asks for lists of one kind.
pub(crate) struct Asker<'a> {
    pub model: &'a Model,
    /// What is known of the recommender's own user.
    pub own: &'a Profile,
    pub request: &'a Request,
}

impl Asker<'_> {
    /// What to ask for `subject`, from the items of `admitted`, so that its list can be arranged.
    pub fn ask(&self, subject: &Subject, mut admitted: Admitted) -> Result<Question> {
        let Asker { model, request, .. } = self;
        if request.arrangement.is_plain() {
            return self.ask_plain(subject, admitted);
        }
        // Only what is asked for is looked up.
        let (rotates, explores) = (request.arrangement.rotation > 0.0, request.arrangement.explore.is_some());
        let profile = self.profile(subject);
        let shown = profile.filter(|_| rotates).map(|profile| profile.shown(model)).unwrap_or_default();
        let history =
            profile.filter(|_| explores).map(|profile| dealt_with(&profile.history(model))).unwrap_or_default();
        let arranged = Arranged::new(model, &request.arrangement, request.now, &shown, &history)?;
        if let Some(hidden) = arranged.hidden() {
            admitted.leave_out(rank::Stage::Hide, hidden);
        }
        let mut question = self.ask_plain(subject, admitted)?;
        if matches!(subject, Subject::Onboarding) {
            return Ok(question);
        }
        question.k = question.k.max(arranged.candidates(request.count, model)?);
        question.group =
            arranged.group(&question.mask).zip(arranged.group(&question.allowed)).map(<[ItemMask; 2]>::from);
        question.arranged = Some(arranged);
        Ok(question)
    }

    /// The profile that lists for `subject` go by.
    fn profile<'s>(&'s self, subject: &'s Subject) -> Option<&'s Profile> {
        match subject {
            Subject::Own => Some(self.own),
            Subject::Profile(profile) => Some(profile),
            _ => None,
        }
    }

    fn ask_plain(&self, subject: &Subject, mut admitted: Admitted) -> Result<Question> {
        let Asker { model, request, .. } = self;
        let profile = match subject {
            Subject::Own | Subject::Onboarding => self.own,
            Subject::Profile(profile) => profile,
            Subject::Vector(user) => return Ok(self.question(user.clone(), admitted, Stage::Cascade)),
            Subject::Item(id) => {
                let item = model.require_item(id)?;
                admitted.never(item);
                return Ok(match model.neighbours().filter(|_| model.dim() == 0) {
                    None => self.question(model.embedding(item), admitted, Stage::Similarity),
                    Some(_) => Question {
                        offset: listed(model, &[(item, 1.0)]),
                        ..self.question(Vec::new(), admitted, Stage::Retrieval)
                    },
                });
            }
        };
        let history = profile.history(model);
        if !request.include_seen && history.iter().any(|line| line.seen) {
            let mut seen = ItemMask::none(model.item_count());
            history.iter().filter(|line| line.seen).for_each(|line| seen.exclude(line.item));
            admitted.leave_out(rank::Stage::Seen, &seen);
        }
        let liked: Vec<(u32, f32)> =
            history.iter().filter(|line| line.strength > 0.0).map(|line| (line.item, line.strength)).collect();
        if matches!(subject, Subject::Onboarding) {
            let chosen = to_ask(model, admitted.mask(), &liked, request.count);
            let nothing = self.question(vec![0.0; model.dim()], admitted, Stage::Popularity);
            return Ok(Question { chosen: Some(chosen), gates: Vec::new(), ..nothing });
        }
        let given = match model.context() {
            Some(_) => with_told(model, &request.context, profile.told(request.now.max(profile.latest()))),
            None => request.context.clone(),
        };
        let context = context_features(model, &given)?;
        let always = model.context().is_some_and(|context| context.shape.always);
        if liked.is_empty() && !always {
            // Of those who tell nothing of the moment there is nothing to know but what is popular.
            let stranger = User::stranger(model, &context).filter(|_| !given.is_empty());
            let asked = match stranger {
                Some(user) => {
                    Question { offset: user.offset, ..self.question(user.vector, admitted, Stage::Retrieval) }
                }
                None => self.question(vec![0.0; model.dim()], admitted, Stage::Popularity),
            };
            return Ok(Question { popular: true, ..asked });
        }
        let user = User::new(model, &liked, &context)?;
        if liked.is_empty() {
            let offset = user.offset.clone();
            return Ok(Question { popular: true, offset, ..self.question(user.vector, admitted, Stage::Cascade) });
        }
        let mut buyer = self.buyer(profile);
        // What is bought again is weighed with scores of the model alone, as the trainer did.
        let learns = request.learn && buyer.is_none();
        let user = match learns {
            true => user.learning(model, &profile.feedback(model), request.now.max(profile.latest())),
            false => user,
        };
        let mut question = self.question(user.vector.clone(), admitted, Stage::Cascade);
        if let Some(buyer) = &mut buyer {
            for gate in &mut question.gates {
                let mut own = buyer.clone();
                own.claim(&mut gate.mask);
                gate.buyer = Some(own);
            }
            buyer.claim(&mut question.mask);
            question.k = request.count.max(CANDIDATES);
        }
        (question.taste, question.offset) = (user.taste.clone(), user.offset.clone());
        Ok(Question { because: Some((user, history)), buyer, ..question })
    }

    /// A question by `user` alone, (d).
    fn question(&self, user: Vec<f32>, admitted: Admitted, stage: Stage) -> Question {
        let (mask, stages) = admitted.into_parts();
        let gate = |(stage, mask): (rank::Stage, ItemMask)| Gate { stage, left: mask.left(), mask, buyer: None };
        Question {
            user,
            taste: None,
            offset: None,
            allowed: mask.clone(),
            mask,
            stage,
            k: self.request.count,
            because: None,
            buyer: None,
            popular: false,
            chosen: None,
            arranged: None,
            group: None,
            gates: stages.into_iter().map(gate).collect(),
        }
    }

    /// Whom a model for people who buy again sees in `profile`.
    fn buyer(&self, profile: &Profile) -> Option<Buyer> {
        let part = self.model.repurchase()?;
        Buyer::new(&profile.purchases(self.model), self.request.now.max(profile.latest()), part.weights.span)
    }
}

/// The items that more happened to than being shown.
fn dealt_with(history: &[Interaction]) -> Vec<u32> {
    history.iter().filter(|line| line.strength > 0.0 || line.seen).map(|line| line.item).collect()
}
