//! From candidates to a list: boosters, novelty, rotation, exploration and demotions change scores; diversity, caps, fairness and promotions
//! choose among them, one place after the other.

mod choose;
mod explore;
mod fairness;
mod options;

pub use fairness::least_of_group;
pub use options::{Arrangement, Booster, Effect, Explore, Fairness, Rule, Target};

use choose::{Candidate, Cap, Choice, Promotion, Share};
use explore::Exploring;

use crate::error::{Error, Result};
use crate::model::{ColumnView, Model, Scoring};
use crate::score::{ItemMask, Scored};

/// Candidates that are asked for at least, and for each place of the list.
const LEAST_CANDIDATES: usize = 200;
const CANDIDATES_A_PLACE: usize = 10;
/// Longest list that is arranged, and most rules.
const MOST_PLACES: usize = 500;
const MOST_RULES: usize = 1000;
/// Lists that are drawn to tell how likely an item is in one.
const DRAWS: u32 = 50;
/// What a `diversity` of 1 weighs likeness with, against relevance: half of it costs lists of twenty some 4 % of their NDCG.
const FULL_DIVERSITY: f32 = 0.56;

/// An arrangement of one model's items at one moment.
#[derive(Debug, Clone)]
pub struct Arranged {
    /// Added to scores, in spreads of the candidates' scores, (n).
    adjustments: Vec<(Stage, Vec<f32>)>,
    /// By place, then by rule.
    promoted: Vec<Promotion>,
    /// What rules hide, where any do.
    hidden: Option<ItemMask>,
    /// Where values of a column are tried at random.
    exploring: Option<Exploring>,
    diversity: f32,
    caps: Vec<(String, usize)>,
    /// Who is not of the group that is to have a share, the share, and the level of the test.
    fairness: Option<(ItemMask, f32, f32)>,
    trace: bool,
}

/// A stage of a list, in their order: the model's scores, what leaves items out, what changes scores, and what chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Scores,
    Include,
    Exclude,
    Filter,
    Hide,
    Seen,
    Boosters,
    Novelty,
    Rotation,
    Exploration,
    Demotions,
    Diversity,
    Caps,
    Fairness,
    Promotions,
}

impl Stage {
    /// The name in a trace.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Scores => "scores",
            Stage::Include => "include",
            Stage::Exclude => "exclude",
            Stage::Filter => "filter",
            Stage::Hide => "hide",
            Stage::Seen => "seen",
            Stage::Boosters => "boosters",
            Stage::Novelty => "novelty",
            Stage::Rotation => "rotation",
            Stage::Exploration => "explore",
            Stage::Demotions => "demotions",
            Stage::Diversity => "diversity",
            Stage::Caps => "maxPerCategory",
            Stage::Fairness => "fairness",
            Stage::Promotions => "promotions",
        }
    }
}

/// The list as it is after a stage: item indices.
pub type Trace = Vec<(Stage, Vec<u32>)>;

impl Arranged {
    /// What `arrangement` comes to at `now`, for a user to whom items were shown at these times, (item, milliseconds since 1970), and who dealt
    /// with those of `history`.
    ///
    /// # Errors
    /// [`Error::Argument`] for columns that the catalogue does not have. Rules for items that it does not have are passed over.
    pub fn new(
        model: &Model,
        arrangement: &Arrangement,
        now: f64,
        shown: &[(u32, f64)],
        history: &[u32],
    ) -> Result<Arranged> {
        if arrangement.rules.len() > MOST_RULES {
            return Err(Error::argument("rules", "at most 1000", arrangement.rules.len()));
        }
        let items = model.item_count();
        let mut adjustments = Vec::new();
        let mut boosts = vec![0.0; items];
        for booster in &arrangement.boosters {
            add(&mut boosts, &booster.filter.mask(model)?, booster.by);
        }
        if !arrangement.boosters.is_empty() {
            adjustments.push((Stage::Boosters, boosts));
        }
        if arrangement.novelty > 0.0 {
            // Logarithms of popularity, less their mean, in their own spread.
            let popular = model.log_popularity();
            let spread = (popular.iter().map(|x| x * x).sum::<f32>() / items as f32).sqrt().max(1e-6);
            adjustments.push((Stage::Novelty, popular.iter().map(|x| -arrangement.novelty * x / spread).collect()));
        }
        if arrangement.rotation > 0.0 {
            let mut exposure = vec![0.0f32; items];
            for &(item, time) in shown {
                let half_lives = (now - time).max(0.0) / 3_600_000.0 / f64::from(arrangement.rotation_hours);
                exposure[item as usize] += (-half_lives * std::f64::consts::LN_2).exp() as f32;
            }
            let against = exposure.into_iter().map(|shown| -arrangement.rotation * (1.0 + shown).ln()).collect();
            adjustments.push((Stage::Rotation, against));
        }
        let explore = arrangement.explore.as_ref().filter(|explore| explore.rate > 0.0);
        let exploring = explore.map(|explore| Exploring::new(model, explore, history)).transpose()?;
        if let Some(exploring) = &exploring {
            adjustments.push((Stage::Exploration, exploring.draw(0)));
        }
        let (mut demotions, mut promoted, mut hidden) = (vec![0.0; items], Vec::new(), None);
        let mut demoted = false;
        for (number, rule) in arrangement.rules.iter().enumerate().filter(|(_, rule)| rule.holds(now)) {
            let (subject, item) = match &rule.subject {
                Target::Items(filter) => (filter.mask(model)?, None),
                Target::Item(id) => {
                    // Rules outlive models: one for an item that is not, or no longer, there has nothing to say.
                    let Some(item) = model.item_index(id) else { continue };
                    let mut mask = ItemMask::all(items);
                    mask.include(item);
                    (mask, Some(item))
                }
            };
            match (rule.effect, item) {
                (Effect::Promote { position }, Some(item)) => {
                    let later = promoted.iter().take_while(|other: &&Promotion| other.place < position).count();
                    promoted.insert(later, Promotion { place: position - 1, item, rule: number });
                }
                (Effect::Promote { .. }, None) => {}
                (Effect::Hide, _) => {
                    hidden.get_or_insert_with(|| ItemMask::none(items)).exclude_all(&subject.inverted());
                }
                (Effect::Demote { by }, _) => {
                    add(&mut demotions, &subject, -by);
                    demoted = true;
                }
            }
        }
        if demoted {
            adjustments.push((Stage::Demotions, demotions));
        }
        for (column, _) in &arrangement.caps {
            if !matches!(model.column(column), Some(ColumnView::Category { .. })) {
                let argument = ["maxPerCategory.", column].concat();
                return Err(Error::argument(&argument, "a category column of the catalogue", "no such column"));
            }
        }
        let fairness = match &arrangement.fairness {
            Some(Fairness { group, share, significance }) => Some((group.mask(model)?, *share, *significance)),
            None => None,
        };
        Ok(Arranged {
            adjustments,
            promoted,
            hidden,
            exploring,
            diversity: arrangement.diversity,
            caps: arrangement.caps.clone(),
            fairness,
            trace: arrangement.trace,
        })
    }

    /// What rules hide, where any do.
    pub fn hidden(&self) -> Option<&ItemMask> {
        self.hidden.as_ref()
    }

    /// The number of the rule that puts `item` in its place.
    pub fn promoter(&self, item: u32) -> Option<usize> {
        self.promoted.iter().find(|promoted| promoted.item == item).map(|promoted| promoted.rule)
    }

    /// Candidates to ask a `model` for, for a list of `count`: a cascade's ranker sees no more of them than for any list.
    ///
    /// # Errors
    /// [`Error::Argument`] for a list that is too long to be arranged.
    pub fn candidates(&self, count: usize, model: &Model) -> Result<usize> {
        if count > MOST_PLACES {
            return Err(Error::argument(
                "count",
                "at most 500, where diversity, caps, rules and the like are asked for",
                count,
            ));
        }
        let most = match model.manifest().scoring {
            Scoring::Cascade { candidates, .. } => candidates.max(count),
            _ => model.item_count(),
        };
        Ok((count * CANDIDATES_A_PLACE).max(LEAST_CANDIDATES).min(most))
    }

    /// Those of `allowed` that are of the group that is to have its share.
    pub fn group(&self, allowed: &ItemMask) -> Option<ItemMask> {
        let (outside, ..) = self.fairness.as_ref()?;
        let mut group = allowed.clone();
        group.exclude_all(outside);
        Some(group)
    }

    /// The list of `count` out of the best `candidates` and, where a group has a share, its best: items that rules put in their place
    /// are among it though they are no candidates, if `allowed`.
    pub fn list(
        &self,
        model: &Model,
        candidates: &[Scored],
        group: &[Scored],
        allowed: &ItemMask,
        count: usize,
    ) -> (Vec<Scored>, Trace) {
        let mut pool = candidates.to_vec();
        pool.extend(group.iter().filter(|own| !candidates.iter().any(|other| other.item == own.item)));
        let mut stages = vec![Stage::Scores];
        stages.extend(self.adjustments.iter().map(|&(stage, _)| stage));
        let later = [
            (Stage::Diversity, self.diversity > 0.0),
            (Stage::Caps, !self.caps.is_empty()),
            (Stage::Fairness, self.fairness.is_some()),
            (Stage::Promotions, !self.promoted.is_empty()),
        ];
        stages.extend(later.iter().filter(|(_, active)| *active).map(|&(stage, _)| stage));
        let least = match &self.fairness {
            Some((_, share, significance)) => least_of_group(count, f64::from(*share), f64::from(*significance)),
            None => Vec::new(),
        };
        let mut trace = Trace::new();
        if self.trace {
            for end in 1..stages.len() {
                let list = self.choose(model, &pool, &stages[..end], allowed, (count, &least));
                trace.push((stages[end - 1], list.iter().map(|scored| scored.item).collect()));
            }
        }
        let list = self.choose(model, &pool, &stages, allowed, (count, &least));
        if let (true, Some(&last)) = (self.trace, stages.last()) {
            trace.push((last, list.iter().map(|scored| scored.item).collect()));
        }
        (list, trace)
    }

    /// How likely each of `shown` was to be in the list that [`Arranged::list`] gives, by as many draws as make it cheap: above 0 and at most
    /// 1. None where nothing is drawn.
    pub fn propensities(
        &self,
        model: &Model,
        candidates: &[Scored],
        group: &[Scored],
        allowed: &ItemMask,
        shown: &[Scored],
    ) -> Option<Vec<f32>> {
        let exploring = self.exploring.as_ref()?;
        let mut other = Arranged { trace: false, ..self.clone() };
        let mut hits = vec![1.0f32; shown.len()];
        for n in 1..DRAWS {
            let drawn = exploring.draw(n);
            let stages = other.adjustments.iter_mut().filter(|(stage, _)| *stage == Stage::Exploration);
            stages.for_each(|(_, adjustment)| adjustment.clone_from(&drawn));
            let (list, _) = other.list(model, candidates, group, allowed, shown.len());
            for (hits, item) in hits.iter_mut().zip(shown) {
                *hits += f32::from(list.iter().any(|scored| scored.item == item.item));
            }
        }
        Some(hits.into_iter().map(|hits| hits / DRAWS as f32).collect())
    }

    /// The list by these stages.
    fn choose(
        &self,
        model: &Model,
        pool: &[Scored],
        stages: &[Stage],
        allowed: &ItemMask,
        (count, least): (usize, &[usize]),
    ) -> Vec<Scored> {
        let on = |stage| stages.contains(&stage);
        let mut caps = Vec::new();
        for (column, most) in self.caps.iter().filter(|_| on(Stage::Caps)) {
            if let Some(ColumnView::Category { codes, value_count, .. }) = model.column(column) {
                caps.push(Cap { codes, most: *most, used: vec![0; value_count] });
            }
        }
        let share = self.fairness.as_ref().filter(|_| on(Stage::Fairness)).map(|(outside, ..)| Share {
            outside,
            least,
            used: 0,
        });
        let choice = Choice {
            model,
            allowed,
            left: self.adjusted(pool, stages),
            diversity: if on(Stage::Diversity) { FULL_DIVERSITY * self.diversity } else { 0.0 },
            caps,
            share,
            promoted: if on(Stage::Promotions) { &self.promoted } else { &[] },
        };
        choice.list(count)
    }

    /// The pool with what the stages add to its scores, and the relevance that comes to: 0 for the last to 1 for the first.
    fn adjusted(&self, pool: &[Scored], stages: &[Stage]) -> Vec<Candidate> {
        let count = pool.len().max(1) as f32;
        let mean = pool.iter().map(|scored| scored.score).sum::<f32>() / count;
        let spread =
            (pool.iter().map(|scored| (scored.score - mean) * (scored.score - mean)).sum::<f32>() / count).sqrt();
        let spread = if spread > 0.0 && spread.is_finite() { spread } else { 1.0 };
        let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
        let mut candidates = Vec::new();
        for &scored in pool {
            let added = self.adjustments.iter().filter(|(stage, _)| stages.contains(stage));
            let added: f32 = added.map(|(_, of_items)| of_items[scored.item as usize]).sum();
            let score = scored.score + spread * added;
            (least, most) = (least.min(score), most.max(score));
            candidates.push(Candidate::new(Scored { item: scored.item, score }));
        }
        let width = if most > least { most - least } else { 1.0 };
        candidates.iter_mut().for_each(|candidate| candidate.relevance = (candidate.scored.score - least) / width);
        candidates
    }
}

/// Adds `by` to the items that `mask` lets in.
fn add(sums: &mut [f32], mask: &ItemMask, by: f32) {
    for (item, sum) in sums.iter_mut().enumerate() {
        *sum += if mask.is_excluded(item as u32) { 0.0 } else { by };
    }
}
