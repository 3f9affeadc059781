//! What the tensors are: one JSON object in the safetensors `__metadata__`, under the key `model`.

use serde_json::{Value, json};

use super::content::ContentShape;
use super::context::ContextShape;
use super::network::NetworkShape;
use super::online::Online;
use super::prior::Prior;
use super::repurchase::RepurchaseWeights;
use super::timing::Timing;
use crate::error::{Error, Result};
use crate::json::{Field, Json};

/// The value of `__metadata__.format`.
pub const FORMAT: &str = "proclivity";
/// The value of `__metadata__.version` that this build reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// The manifest of a model: everything about its tensors that their own headers do not say.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// What trained it, for people: `als`, `als+ncf`, ...
    pub family: String,
    /// Catalogue size n.
    pub items: usize,
    /// Embedding width d as stored (padded to a multiple of 16); 0 for neighbour lists or item biases alone.
    pub dim: usize,
    /// How a user vector and an item row become a score.
    pub scoring: Scoring,
    /// How a history becomes a user vector.
    pub user: UserTower,
    /// The shape of a user tower that is a network.
    pub network: Option<NetworkShape>,
    /// What turns attributes into a vector, if the model has it.
    pub content: Option<ContentShape>,
    /// What a request tells beside the history.
    pub context: Option<ContextShape>,
    /// What several events of one item amount to.
    pub repeats: Repeats,
    /// What is popular, beside what little a history says.
    pub prior: Option<Prior>,
    /// How the device learns from each event.
    pub online: Option<Online>,
    /// When people come.
    pub timing: Option<Timing>,
    /// What own and new items are weighed with, where people buy again.
    pub repurchase: Option<RepurchaseWeights>,
    /// Catalogue columns in display order: name and type (`text`, `category`, `number`).
    pub columns: Vec<(String, String)>,
    /// Strength of each event type in 0..=1; negative strengths are dislikes. Missing types take the defaults.
    pub event_weights: Vec<(String, f32)>,
    /// Days, before a profile's latest event, after which an event of a type counts half; types that are missing always count alike.
    pub event_half_lives: Vec<(String, f32)>,
    /// sha256 of each tensor's bytes, in lower-case hex.
    pub sha256: Vec<(String, String)>,
    /// Model card: data, parameters, metrics, date; free-form.
    pub card: Json,
}

/// The scoring shape: `score(u, i) = head(combine(u, i))`.
#[derive(Debug, Clone, PartialEq)]
pub enum Scoring {
    /// `u . i + b_i`.
    Dot,
    /// `MLP(concat(u, i)) + skip * (u . i + b_i)` over every item.
    Mlp(MlpShape),
    /// The same over the best `candidates` by dot.
    Cascade { candidates: usize, mlp: MlpShape },
}

/// The MLP that ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct MlpShape {
    /// Weight of the retrieval score in the final one.
    pub skip: f32,
    /// Dense layers, first to last; ReLU between them, none after the last.
    pub layers: Vec<LayerShape>,
    /// Empty for f32 arithmetic. For int8 arithmetic the quantisation step of the activations after each hidden layer but the
    /// last hidden one: `activation = step * (0..=90)`.
    pub steps: Vec<f32>,
}

/// Shape of one dense layer `y = W x + b`, W of shape (outputs, inputs).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerShape {
    pub inputs: usize,
    pub outputs: usize,
}

/// How the device turns what it saw into a user vector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum UserTower {
    /// Closed-form fold-in of implicit ALS (Hu, Koren and Volinsky 2008, eq. 4), with confidence `1 + alpha * r` and
    /// `regularization * (n + alpha sum_h r_h)^power` on the squared vector, power 0, 1/2 or 1 (Rendle et al. 2022, section 3.3).
    FoldIn { alpha: f32, regularization: f32, power: f32 },
    /// Pooled history, `u = sum_h r_h y_h / (sum_h r_h)^power`, power 0, 1/2 or 1: linear autoencoders of low rank (Vancura
    /// et al. 2022). Rows y are those of the items, or of the tensor `user.rows` (n, d) where there is one: SVD++ (Koren 2008).
    Pool { power: f32 },
    /// A network over the latest items of the history: [`Manifest::network`].
    Network,
}

/// What several events of one item amount to, their strengths (full strength 1) summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeats {
    /// No more than one event of full strength.
    #[default]
    Once,
    /// Beyond that, `1 + ln(sum)`.
    Logarithm,
}

impl Repeats {
    /// The strength r of a pair whose events' strengths sum up to `total`.
    pub fn strength(self, total: f32) -> f32 {
        match self {
            _ if total <= 1.0 => total,
            Repeats::Once => 1.0,
            Repeats::Logarithm => 1.0 + total.ln(),
        }
    }
}

/// `base` to a power of 0, 1/2 or 1: the ones a file may name, without what any power takes to compute.
pub(crate) fn to_power(base: f64, power: f32) -> f64 {
    match power {
        0.0 => 1.0,
        0.5 => base.sqrt(),
        _ => base,
    }
}

impl Manifest {
    /// The manifest in its JSON form.
    ///
    /// # Errors
    /// [`Error::Argument`] that names the member, what it should be and what it is.
    pub(crate) fn from_json(mut value: Json) -> Result<Manifest> {
        let card = value.take("card");
        let root = Field::root(&value, "model");
        let (mut columns, mut event_weights, mut sha256) = (Vec::new(), Vec::new(), Vec::new());
        for column in root.required("columns")?.list()? {
            columns.push((column.required("name")?.text()?.to_owned(), column.required("type")?.text()?.to_owned()));
        }
        for (name, weight) in root.required("event_weights")?.members()? {
            event_weights.push((name.to_owned(), weight.float()?));
        }
        let mut event_half_lives = Vec::new();
        if let Some(half_lives) = root.optional("event_half_lives") {
            event_half_lives = half_lives_from_json(&half_lives)?;
        }
        for (name, hash) in root.required("sha256")?.members()? {
            sha256.push((name.to_owned(), hash.text()?.to_owned()));
        }
        let user = root.required("user")?;
        Ok(Manifest {
            family: root.required("family")?.text()?.to_owned(),
            items: root.required("items")?.whole()?,
            dim: root.required("dim")?.whole()?,
            scoring: Scoring::from_json(&root.required("scoring")?)?,
            user: UserTower::from_json(&user)?,
            network: match user.required("tower")?.text()? {
                "network" => Some(NetworkShape::from_json(&user)?),
                _ => None,
            },
            content: root.optional("content").map(|content| ContentShape::from_json(&content)).transpose()?,
            context: root.optional("context").map(|context| ContextShape::from_json(&context)).transpose()?,
            repeats: match root.optional("repeats").map(|repeats| repeats.text()).transpose()? {
                None | Some("once") => Repeats::Once,
                Some("logarithm") => Repeats::Logarithm,
                Some(other) => return Err(Error::argument("model.repeats", "once or logarithm", other)),
            },
            prior: root.optional("prior").map(|prior| Prior::from_json(&prior)).transpose()?,
            online: root.optional("online").map(|online| Online::from_json(&online)).transpose()?,
            timing: root.optional("timing").map(|timing| Timing::from_json(&timing)).transpose()?,
            repurchase: root.optional("repurchase").map(|part| RepurchaseWeights::from_json(&part)).transpose()?,
            columns,
            event_weights,
            event_half_lives,
            sha256,
            card,
        })
    }

    /// The JSON form.
    pub fn to_json(&self) -> Value {
        let columns = self.columns.iter().map(|(name, kind)| json!({ "name": name, "type": kind }));
        let weights = self.event_weights.iter().map(|(name, weight)| (name.clone(), json!(weight)));
        let hashes = self.sha256.iter().map(|(name, hash)| (name.clone(), json!(hash)));
        let mut object = json!({
            "family": self.family,
            "items": self.items,
            "dim": self.dim,
            "scoring": self.scoring.to_json(),
            "user": self.network.as_ref().map_or_else(|| self.user.to_json(), NetworkShape::to_json),
            "repeats": match self.repeats {
                Repeats::Once => "once",
                Repeats::Logarithm => "logarithm",
            },
            "columns": columns.collect::<Vec<_>>(),
            "event_weights": weights.collect::<serde_json::Map<_, _>>(),
            "sha256": hashes.collect::<serde_json::Map<_, _>>(),
            "card": self.card,
        });
        if !self.event_half_lives.is_empty() {
            let half_lives = self.event_half_lives.iter().map(|(name, days)| (name.clone(), json!(days)));
            object["event_half_lives"] = json!(half_lives.collect::<serde_json::Map<_, _>>());
        }
        if let Some(content) = &self.content {
            object["content"] = content.to_json();
        }
        if let Some(context) = &self.context {
            object["context"] = context.to_json();
        }
        if let Some(prior) = &self.prior {
            object["prior"] = prior.to_json();
        }
        if let Some(online) = &self.online {
            object["online"] = online.to_json();
        }
        if let Some(timing) = &self.timing {
            object["timing"] = timing.to_json();
        }
        if let Some(repurchase) = &self.repurchase {
            object["repurchase"] = repurchase.to_json();
        }
        object
    }
}

/// Days by type of event.
fn half_lives_from_json(field: &Field) -> Result<Vec<(String, f32)>> {
    let mut half_lives = Vec::new();
    for (name, days) in field.members()? {
        half_lives.push((name.to_owned(), days.within(1e-3, 1e6, "days above 0, at most 1e6")? as f32));
    }
    Ok(half_lives)
}

impl Scoring {
    fn from_json(field: &Field) -> Result<Scoring> {
        match field.required("shape")?.text()? {
            "dot" => Ok(Scoring::Dot),
            "mlp" => Ok(Scoring::Mlp(MlpShape::from_json(field)?)),
            "cascade" => Ok(Scoring::Cascade {
                candidates: field.required("candidates")?.whole()?,
                mlp: MlpShape::from_json(field)?,
            }),
            other => Err(Error::argument("model.scoring.shape", "dot, mlp or cascade", other)),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Scoring::Dot => json!({ "shape": "dot" }),
            Scoring::Mlp(mlp) => mlp.to_json(json!({ "shape": "mlp" })),
            Scoring::Cascade { candidates, mlp } => {
                mlp.to_json(json!({ "shape": "cascade", "candidates": candidates }))
            }
        }
    }

    /// The MLP, if there is one.
    pub fn mlp(&self) -> Option<&MlpShape> {
        match self {
            Scoring::Dot => None,
            Scoring::Mlp(mlp) | Scoring::Cascade { mlp, .. } => Some(mlp),
        }
    }
}

impl MlpShape {
    fn from_json(field: &Field) -> Result<MlpShape> {
        let (mut layers, mut steps) = (Vec::new(), Vec::new());
        for layer in field.required("layers")?.list()? {
            let (inputs, outputs) = (layer.required("inputs")?.whole()?, layer.required("outputs")?.whole()?);
            layers.push(LayerShape { inputs, outputs });
        }
        if let Some(list) = field.optional("steps") {
            for step in list.list()? {
                steps.push(step.float()?);
            }
        }
        Ok(MlpShape { skip: field.required("skip")?.float()?, layers, steps })
    }

    /// Adds its members to an object.
    fn to_json(&self, mut object: Value) -> Value {
        let layers = self.layers.iter().map(|layer| json!({ "inputs": layer.inputs, "outputs": layer.outputs }));
        object["skip"] = json!(self.skip);
        object["layers"] = json!(layers.collect::<Vec<_>>());
        if !self.steps.is_empty() {
            object["steps"] = json!(self.steps);
        }
        object
    }
}

impl UserTower {
    fn from_json(field: &Field) -> Result<UserTower> {
        match field.required("tower")?.text()? {
            "fold-in" => Ok(UserTower::FoldIn {
                alpha: field.required("alpha")?.float()?,
                regularization: field.required("regularization")?.float()?,
                power: field.optional("power").map_or(Ok(0.0), |power| power.float())?,
            }),
            "pool" => Ok(UserTower::Pool { power: field.required("power")?.float()? }),
            "network" => Ok(UserTower::Network),
            other => Err(Error::argument("model.user.tower", "fold-in, pool or network", other)),
        }
    }

    fn to_json(self) -> Value {
        match self {
            UserTower::FoldIn { alpha, regularization, power } => {
                json!({ "tower": "fold-in", "alpha": alpha, "regularization": regularization, "power": power })
            }
            UserTower::Pool { power } => json!({ "tower": "pool", "power": power }),
            UserTower::Network => json!({ "tower": "network" }),
        }
    }
}
