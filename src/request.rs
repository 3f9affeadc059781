//! What a page asks for.

use crate::error::Result;
use crate::json::{Field, Json};
use crate::model::{Attributes, attributes_from_json};
use crate::rank::{Arrangement, Filter};

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
    /// What the shop asks of the list beside relevance.
    pub arrangement: Arrangement,
    /// What the page knows of the moment: fields the model was trained with, and `hour` and `weekday`. What is not told here counts as the
    /// latest event of the last half hour told it.
    pub context: Attributes,
    /// Also items the user already bought, put in the cart, rated, bookmarked or disliked. A model with a repurchase part then
    /// weighs own items against new ones: what is due comes first.
    pub include_seen: bool,
    /// The moment, in milliseconds since 1970; at least that of the profile's latest event is taken.
    pub now: f64,
    /// Whether what was learnt online from each event counts, where the model says how.
    pub learn: bool,
    /// Whether to say why.
    pub explain: bool,
}

impl Default for Request {
    fn default() -> Request {
        Request {
            count: 10,
            include: None,
            exclude: Vec::new(),
            filter: Filter::default(),
            arrangement: Arrangement::default(),
            context: Attributes::new(),
            include_seen: false,
            now: 0.0,
            learn: true,
            explain: true,
        }
    }
}

impl Request {
    /// The JSON form: `{ count?, include?, exclude?, filter?, context?, includeSeen?, learn?, explain? }` and the options of
    /// [`Arrangement`]; null is the default.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the option.
    pub fn from_json(value: &Json) -> Result<Request> {
        let mut request = Request::default();
        if *value == Json::Null {
            return Ok(request);
        }
        let options = Field::root(value, "options");
        let mut keys = vec!["count", "include", "exclude", "filter", "context", "includeSeen", "learn", "explain"];
        keys.extend(Arrangement::KEYS);
        options.only(&keys)?;
        request.arrangement = Arrangement::read(&options)?;
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
        for (key, flag) in [
            ("includeSeen", &mut request.include_seen),
            ("learn", &mut request.learn),
            ("explain", &mut request.explain),
        ] {
            if let Some(value) = options.optional(key) {
                *flag = value.boolean()?;
            }
        }
        if let Some(filter) = options.optional("filter") {
            request.filter = Filter::from_json(&filter)?;
        }
        if let Some(context) = options.optional("context") {
            request.context = attributes_from_json(&context)?;
        }
        Ok(request)
    }
}
