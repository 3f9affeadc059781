//! What a shop asks of a list beside relevance.

use crate::error::Result;
use crate::json::Field;
use crate::rank::Filter;

/// What becomes of scores before they are a list: the stages in their order. Without any, the list is the best by score.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrangement {
    /// Groups that are moved up or down.
    pub boosters: Vec<Booster>,
    /// How much popularity is held against an item, 0..=1.
    pub novelty: f32,
    /// How much it is held against an item that it was shown before, 0..=1, and hours after which half of that is forgotten.
    pub rotation: f32,
    pub rotation_hours: f32,
    /// What is tried that is not known to be liked.
    pub explore: Option<Explore>,
    /// The shop's own rules.
    pub rules: Vec<Rule>,
    /// How much likeness to what stands above is held against an item, 0..=1 (maximal marginal relevance).
    pub diversity: f32,
    /// Most items of one value of a category column.
    pub caps: Vec<(String, usize)>,
    /// A least share for a group.
    pub fairness: Option<Fairness>,
    /// Whether to tell what each stage did.
    pub trace: bool,
}

/// Thompson sampling over the values of a category column.
#[derive(Debug, Clone, PartialEq)]
pub struct Explore {
    pub column: String,
    /// How far a value that the user never dealt with is drawn from its mean, in spreads of the candidates' scores: the standard deviation;
    /// one of n items dealt with `sqrt(1 + n)` times less.
    pub rate: f32,
    /// Makes the draw repeatable.
    pub seed: u32,
}

/// Items that are moved up, or down where `by` is negative: by so many times the spread of the candidates' scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Booster {
    pub filter: Filter,
    pub by: f32,
}

/// A group that has, at every place, no fewer items than chance would give it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fairness {
    pub group: Filter,
    /// Share of the group, 0..=1.
    pub share: f32,
    /// How often a list drawn at random with that share would be refused.
    pub significance: f32,
}

/// A rule, and when it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub effect: Effect,
    pub subject: Target,
    /// Milliseconds since 1970: from, and up to but not at.
    pub from: f64,
    pub until: f64,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Puts the item at this place, 1 for the first.
    Promote { position: usize },
    /// Leaves it out.
    Hide,
    /// Moves it down by so many times the spread of the candidates' scores.
    Demote { by: f32 },
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Item(String),
    Items(Filter),
}

impl Default for Arrangement {
    fn default() -> Arrangement {
        Arrangement {
            boosters: Vec::new(),
            novelty: 0.0,
            rotation: 0.0,
            rotation_hours: 24.0,
            explore: None,
            rules: Vec::new(),
            diversity: 0.0,
            caps: Vec::new(),
            fairness: None,
            trace: false,
        }
    }
}

impl Arrangement {
    /// Names of the options that [`Arrangement::read`] reads.
    pub(crate) const KEYS: [&'static str; 10] = [
        "boosters",
        "novelty",
        "rotationRate",
        "rotationHours",
        "explore",
        "rules",
        "diversity",
        "maxPerCategory",
        "fairness",
        "trace",
    ];

    /// Reads its options among those of a request.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the option.
    pub(crate) fn read(options: &Field) -> Result<Arrangement> {
        let mut read = Arrangement::default();
        if let Some(boosters) = options.optional("boosters") {
            for booster in boosters.list()? {
                booster.only(&["filter", "by"])?;
                let by = booster.required("by")?.within(-100.0, 100.0, "a number from -100 to 100")? as f32;
                read.boosters.push(Booster { filter: Filter::from_json(&booster.required("filter")?)?, by });
            }
        }
        for (key, share) in
            [("novelty", &mut read.novelty), ("rotationRate", &mut read.rotation), ("diversity", &mut read.diversity)]
        {
            if let Some(value) = options.optional(key) {
                *share = value.within(0.0, 1.0, "a number from 0 to 1")? as f32;
            }
        }
        if let Some(hours) = options.optional("rotationHours") {
            read.rotation_hours = hours.within(0.01, 10_000.0, "hours from 0.01 to 10000")? as f32;
        }
        if let Some(explore) = options.optional("explore") {
            explore.only(&["column", "rate", "seed"])?;
            read.explore = Some(Explore {
                column: explore.required("column")?.text()?.to_owned(),
                rate: explore.required("rate")?.within(0.0, 10.0, "a number from 0 to 10")? as f32,
                seed: explore.required("seed")?.within(0.0, f64::from(u32::MAX), "a whole number below 2^32")? as u32,
            });
        }
        if let Some(rules) = options.optional("rules") {
            for rule in rules.list()? {
                read.rules.push(Rule::read(&rule)?);
            }
        }
        if let Some(caps) = options.optional("maxPerCategory") {
            for (column, most) in caps.members()? {
                read.caps.push((column.to_owned(), most.whole()?));
            }
        }
        if let Some(fairness) = options.optional("fairness") {
            fairness.only(&["group", "share", "significance"])?;
            let significance = fairness.optional("significance");
            read.fairness = Some(Fairness {
                group: Filter::from_json(&fairness.required("group")?)?,
                share: fairness.required("share")?.within(0.0, 1.0, "a share from 0 to 1")? as f32,
                significance: significance
                    .map_or(Ok(0.1), |level| level.within(0.0001, 0.9, "a level from 0.0001 to 0.9"))?
                    as f32,
            });
        }
        read.trace = options.optional("trace").map_or(Ok(false), |trace| trace.boolean())?;
        Ok(read)
    }

    /// Whether the list is the best by score, as it stands.
    pub fn is_plain(&self) -> bool {
        let lists = self.boosters.len() + self.rules.len() + self.caps.len();
        lists == 0
            && self.novelty == 0.0
            && self.rotation == 0.0
            && self.explore.is_none()
            && self.diversity == 0.0
            && self.fairness.is_none()
            && !self.trace
    }
}

impl Rule {
    fn read(rule: &Field) -> Result<Rule> {
        rule.only(&["type", "itemId", "filter", "position", "by", "from", "until"])?;
        let kind = rule.required("type")?;
        let effect = match kind.text()? {
            "promote" => Effect::Promote {
                position: match rule.optional("position") {
                    Some(position) => position.whole()?.max(1),
                    None => 1,
                },
            },
            "hide" => Effect::Hide,
            "demote" => Effect::Demote {
                by: rule.optional("by").map_or(Ok(1.0), |by| by.within(0.0, 100.0, "a number from 0 to 100"))? as f32,
            },
            _ => return Err(kind.refuse("promote, hide or demote")),
        };
        let subject = match (rule.optional("itemId"), rule.optional("filter")) {
            (Some(id), None) => Target::Item(id.text()?.to_owned()),
            (None, Some(filter)) if !matches!(effect, Effect::Promote { .. }) => {
                Target::Items(Filter::from_json(&filter)?)
            }
            _ => return Err(rule.refuse("an itemId, or a filter for what is hidden or demoted")),
        };
        let time = |key, unless: f64| rule.optional(key).map_or(Ok(unless), |time| time.number());
        Ok(Rule { effect, subject, from: time("from", f64::NEG_INFINITY)?, until: time("until", f64::INFINITY)? })
    }

    /// Whether it holds at `now`, milliseconds since 1970.
    pub(crate) fn holds(&self, now: f64) -> bool {
        self.from <= now && now < self.until
    }
}
