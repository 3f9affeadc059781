//! What to train, as flags: which vectors, which neighbour lists, which ranker, and the settings of each.

use clap::Args;
use proclivity::model::{Column, DIM_MULTIPLE};
use serde::Serialize;
use serde_json::{Value, json};

use super::als::{Als, AlsOptions};
use super::bpr::{Bpr, BprOptions};
use super::ease::{EaseOptions, ease};
use super::elsa::{Elsa, ElsaOptions};
use super::family::{Family, ListFamily, RANKER, VectorFamily};
use super::fit::{Diary, Epoch, Fit};
use super::footprint::training_bytes;
use super::item_knn::{ItemKnnOptions, item_knn};
use super::item2vec::{self, Item2vec, Item2vecOptions};
use super::learner::{Learner, Training};
use super::lists::ListOptions;
use super::logistic_mf::{LogisticMf, LogisticMfOptions};
use super::ncf::NcfOptions;
use super::popular;
use super::repurchase::{self, RepurchaseOptions, fit_repurchase};
use super::slim::{SlimOptions, slim};
use super::svdpp::{self, Svdpp, SvdppOptions};
use super::trained::Trained;
use crate::dataset::{Confidence, Interactions, Memory, columns_of};
use crate::deep::{Deep, DeepFamily, DeepOptions, FactorisationMachine};
use crate::error::{CliError, Result};
use crate::output::grouped;

/// Epochs at most, where `--epochs` does not say.
const ALS_EPOCHS: usize = 15;
const BPR_EPOCHS: usize = 60;
const LOGISTIC_MF_EPOCHS: usize = 40;
const SVDPP_EPOCHS: usize = 30;
const ITEM2VEC_EPOCHS: usize = 20;
const ELSA_EPOCHS: usize = 30;
const DEEP_EPOCHS: usize = 20;

/// What to train.
#[derive(Debug, Clone, PartialEq, Args, Serialize)]
pub struct Recipe {
    /// What to train: VECTORS, LISTS or VECTORS+LISTS, and +ncf after vectors for a neural ranker on top. VECTORS: als, bpr,
    /// logistic-mf, svd++ (ratings), item2vec, elsa, and the networks two-tower, mult-vae, gmf, mlp, neumf, fm, deepfm, gru4rec and sasrec. LISTS: ease, slim or item-knn. Or popular: what is popular with everyone
    #[arg(long, value_name = "NAME", default_value = "als+ease")]
    pub family: Family,
    /// The same seed and data give the same file
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Width of the vectors
    #[arg(long, default_value_t = 64)]
    pub dim: usize,
    /// Epochs of the vectors at most [default: 15 of als, 60 of bpr, 40 of logistic-mf, 30 of svd++ and elsa, 20 of others]
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Stop after this many epochs without a better NDCG@100 of the held-out users
    #[arg(long, value_name = "EPOCHS", default_value_t = 4)]
    pub patience: usize,
    /// What the strength of a pair of user and item follows
    #[arg(long, value_enum, default_value = "binary")]
    pub confidence: Confidence,
    /// Weight of the dot beside neighbour lists [default: the one of a few that ranks the held-out users best]
    #[arg(long, value_name = "NUMBER")]
    pub dot_weight: Option<f32>,
    /// What strangers see first, and all that `popular` knows: users of an item count half after this many days [default: they
    /// count the same for ever]
    #[arg(long, value_name = "DAYS")]
    pub half_life: Option<f64>,
    /// Order by what a history says alone, however short it is [default: popularity counts beside it by a weight that falls with the
    /// number of events, fitted on the held-out users]
    #[arg(long)]
    pub no_prior: bool,
    /// Learn the vectors from the catalogue too (--items), so that items can be added that nobody has taken yet
    #[arg(long)]
    pub content: bool,
    /// Learn what is popular when and where too, for those of whom nothing else is known: by hour, weekday, every --context-column and what
    /// --users tells; `fm` and `deepfm` know it anyway. Hours are those of the log: pages tell local ones, so its times should be local
    /// and name no zone
    #[arg(long)]
    pub context: bool,
    #[command(flatten, next_help_heading = "ALS")]
    pub als: AlsOptions,
    #[command(flatten, next_help_heading = "BPR")]
    pub bpr: BprOptions,
    #[command(flatten, next_help_heading = "Logistic MF")]
    pub logistic_mf: LogisticMfOptions,
    #[command(flatten, next_help_heading = "SVD++")]
    pub svdpp: SvdppOptions,
    #[command(flatten, next_help_heading = "item2vec")]
    pub item2vec: Item2vecOptions,
    #[command(flatten, next_help_heading = "ELSA")]
    pub elsa: ElsaOptions,
    #[command(flatten, next_help_heading = "Networks")]
    pub deep: DeepOptions,
    #[command(flatten, next_help_heading = "EASE")]
    pub ease: EaseOptions,
    #[command(flatten, next_help_heading = "SLIM")]
    pub slim: SlimOptions,
    #[command(flatten, next_help_heading = "Item-kNN")]
    pub item_knn: ItemKnnOptions,
    #[command(flatten, next_help_heading = "Neighbour lists")]
    pub lists: ListOptions,
    #[command(flatten, next_help_heading = "Ranker")]
    pub ncf: NcfOptions,
    #[command(flatten, next_help_heading = "Buying again")]
    pub again: RepurchaseOptions,
}

impl Recipe {
    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self) -> Result<()> {
        let refused =
            |flag, expected: &str, found: String| Err(CliError::Flag { flag, expected: expected.into(), found });
        if !(1..=1024).contains(&self.dim) {
            return refused("--dim", "a width from 1 to 1024", self.dim.to_string());
        }
        if self.epochs == Some(0) || self.patience == 0 {
            return refused("--epochs and --patience", "at least 1", "0".into());
        }
        let network = matches!(
            self.family.vectors,
            Some(VectorFamily::TwoTower | VectorFamily::MultVae | VectorFamily::Gru4rec | VectorFamily::Sasrec)
        );
        if network && !self.dim.is_multiple_of(DIM_MULTIPLE) {
            let expected = format!("a multiple of {DIM_MULTIPLE} for {}", self.family);
            return refused("--dim", &expected, self.dim.to_string());
        }
        if self.family.vectors == Some(VectorFamily::DeepFm) && self.dim < 4 {
            return refused("--dim", "at least 4 for deepfm", self.dim.to_string());
        }
        if network && self.deep.deep_hidden.is_none() && self.dim > 512 {
            let expected = "at most 512 for networks whose layers are twice as wide; or --deep-hidden";
            return refused("--dim", expected, self.dim.to_string());
        }
        if self.content && self.family.vectors.is_none() {
            return refused("--content", "a family with vectors, such as als", self.family.to_string());
        }
        let knows = matches!(self.family.vectors, None | Some(VectorFamily::Fm | VectorFamily::DeepFm));
        if self.context && knows {
            return refused(
                "--context",
                "a family with vectors but fm and deepfm, such as als",
                self.family.to_string(),
            );
        }
        if self.dot_weight.is_some_and(|weight| !(1e-3..=1e3).contains(&weight)) {
            return refused("--dot-weight", "a number from 0.001 to 1000", format!("{:?}", self.dot_weight));
        }
        self.als.check()?;
        self.bpr.check()?;
        self.logistic_mf.check()?;
        self.svdpp.check()?;
        self.item2vec.check()?;
        self.elsa.check()?;
        self.deep.check(self.dim)?;
        self.ease.check()?;
        self.slim.check()?;
        self.item_knn.check()?;
        self.lists.check()?;
        popular::check(self.half_life)?;
        self.ncf.check()?;
        self.again.check()
    }

    /// What the log must be, before anything is trained on it.
    ///
    /// # Errors
    /// [`CliError::Flag`], [`CliError::TrainingMemory`].
    pub fn check_log(&self, data: &Interactions, memory: Memory) -> Result<()> {
        memory.check_training(&self.family.to_string(), training_bytes(self.family, self.dim, data))?;
        popular::check_log(data, self.half_life)?;
        match self.family.vectors {
            Some(VectorFamily::Svdpp) => svdpp::check_log(data)?,
            Some(VectorFamily::Item2vec) => item2vec::check_log(data, &self.item2vec)?,
            _ => {}
        }
        match self.again.repurchase {
            true => repurchase::check_log(data, &self.again),
            false => Ok(()),
        }
    }

    /// Trains all parts, one after the other.
    ///
    /// # Errors
    /// [`CliError::Diverged`], [`CliError::Interrupted`], or what the engine refuses.
    pub fn train(&self, data: &Interactions, fit: &Fit<'_>) -> Result<(Trained, Diary)> {
        let strengths = data.strengths(self.confidence);
        let training = Training { data, strengths: &strengths, dim: self.dim, seed: self.seed };
        let mut diary = Diary::default();
        let popularity = popular::popularity(data, self.half_life)?;
        let mut trained = Trained {
            family: Family { ranker: false, ..self.family }.to_string(),
            vectors: self.family.is_popular().then(|| popular::vectors(&popularity)),
            neighbours: None,
            ranker: None,
            content: None,
            context: None,
            prior: None,
            repurchase: None,
            popularity,
            repeats: self.confidence.repeats(),
            ratings: None,
            seed: self.seed,
        };
        if let Some(family) = self.family.vectors {
            let (mut learner, epochs) = self.learner(family, training, fit.columns, fit.user_columns)?;
            trained =
                fit.vectors(trained, learner.as_mut(), (self.epochs.unwrap_or(epochs), self.patience), &mut diary)?;
        }
        if let Some(family) = self.family.lists {
            fit.output.note(format!("{}   weights of {} items", family.name(), grouped(data.items.len())));
            let lists = match family {
                ListFamily::Ease => ease(data, &strengths, &self.ease, &self.lists)?,
                ListFamily::Slim => slim(data, &strengths, &self.slim, &self.lists),
                ListFamily::ItemKnn => item_knn(data, &strengths, &self.item_knn, &self.lists),
            };
            trained = fit.lists(trained, lists, self.dot_weight, &mut diary)?;
        }
        if self.family.ranker {
            let options = NcfOptions { seed: self.seed, ..self.ncf.clone() };
            trained = fit.ncf(trained, &options, self.patience, &mut diary)?;
        }
        Ok((trained, diary))
    }

    /// Adds the repurchase part to what [`Recipe::train`] made of `data`, if it is asked for.
    ///
    /// # Errors
    /// As [`Recipe::train`], and a log that does not have what the part is learnt from.
    pub fn add_repurchase(&self, made: &mut Trained, diary: &Diary, fit: &Fit<'_>) -> Result<()> {
        if self.again.repurchase {
            let train = |past: &Interactions| self.train_again(past, made, diary, fit);
            made.repurchase = Some(fit_repurchase(fit.data, &self.again, train, fit.output)?);
        }
        Ok(())
    }

    /// Trains on another log as `made` was trained: what held-out users settled then stays.
    fn train_again(&self, data: &Interactions, made: &Trained, diary: &Diary, fit: &Fit<'_>) -> Result<Trained> {
        let kept = |epochs: &[Epoch]| epochs.iter().find(|epoch| epoch.kept).map(|epoch| epoch.epoch);
        let mut recipe = Recipe { epochs: kept(&diary.vectors), dot_weight: diary.dot_weight, ..self.clone() };
        recipe.family.ranker = made.ranker.is_some();
        recipe.ncf.epochs = kept(&diary.ncf).unwrap_or(recipe.ncf.epochs);
        let columns = &columns_of(fit.columns, &fit.data.items, &data.items);
        let user_columns = &columns_of(fit.user_columns, &fit.data.users, &data.users);
        let past = Fit { data, held: &[], columns, user_columns, checkpoint: None, curves: None, ..*fit };
        let (mut trained, _) = recipe.train(data, &past)?;
        trained.prior.clone_from(&made.prior);
        if let (Some(vectors), Some(settled)) = (&mut trained.vectors, &made.vectors) {
            vectors.tower = settled.tower;
        }
        if let (Some(ranker), Some(boost)) = (&mut trained.ranker, diary.skip_boost) {
            ranker.skip *= boost;
        }
        Ok(trained)
    }

    /// The same recipe for a share of the users. A ridge stays, since it is held against a sum over users by how noisy one of them is;
    /// the bound below which SLIM drops a weight follows the noise of that sum, the root of their number.
    #[must_use]
    pub fn on_share(mut self, share: f64) -> Recipe {
        self.slim.slim_l1 *= share.sqrt();
        self
    }

    /// The learner of a family, and how many epochs it takes at most.
    fn learner<'a>(
        &self,
        family: VectorFamily,
        training: Training<'a>,
        columns: &[Column],
        user_columns: &[Column],
    ) -> Result<(Box<dyn Learner + 'a>, usize)> {
        // The step falls towards the last epoch.
        let epochs = self.epochs.unwrap_or(DEEP_EPOCHS);
        let deep = |family| -> Result<(Box<dyn Learner + 'a>, usize)> {
            Ok((Box::new(Deep::new(family, training, epochs, &self.deep)), epochs))
        };
        match family {
            VectorFamily::Als => Ok((Box::new(Als::new(training, &self.als)), ALS_EPOCHS)),
            VectorFamily::Bpr => Ok((Box::new(Bpr::new(training, &self.bpr)), BPR_EPOCHS)),
            VectorFamily::LogisticMf => {
                Ok((Box::new(LogisticMf::new(training, &self.logistic_mf)), LOGISTIC_MF_EPOCHS))
            }
            VectorFamily::Svdpp => Ok((Box::new(Svdpp::new(training, &self.svdpp)?), SVDPP_EPOCHS)),
            VectorFamily::Item2vec => Ok((Box::new(Item2vec::new(training, &self.item2vec)?), ITEM2VEC_EPOCHS)),
            VectorFamily::Elsa => Ok((Box::new(Elsa::new(training, &self.elsa)), ELSA_EPOCHS)),
            VectorFamily::TwoTower => deep(DeepFamily::TwoTower),
            VectorFamily::MultVae => deep(DeepFamily::MultVae),
            VectorFamily::Gmf => deep(DeepFamily::Gmf),
            VectorFamily::Mlp => deep(DeepFamily::Mlp),
            VectorFamily::NeuMf => deep(DeepFamily::NeuMf),
            VectorFamily::Fm | VectorFamily::DeepFm => {
                let deep = family == VectorFamily::DeepFm;
                let columns = [columns, user_columns];
                Ok((Box::new(FactorisationMachine::new(deep, training, columns, epochs, &self.deep)), epochs))
            }
            VectorFamily::Gru4rec => deep(DeepFamily::Gru4rec),
            VectorFamily::Sasrec => deep(DeepFamily::Sasrec),
        }
    }

    /// The settings that took effect, for the model card.
    pub fn card(&self) -> Value {
        let Family { vectors, lists, ranker } = self.family;
        let mut card = json!({ "family": self.family, "seed": self.seed, "confidence": self.confidence, "half_life": self.half_life });
        if vectors.is_some() {
            card["dim"] = json!(self.dim);
        }
        match vectors {
            Some(VectorFamily::Als) => card["als"] = json!(self.als),
            Some(VectorFamily::Bpr) => card["bpr"] = json!(self.bpr),
            Some(VectorFamily::LogisticMf) => card["logistic-mf"] = json!(self.logistic_mf),
            Some(VectorFamily::Svdpp) => card["svd++"] = json!(self.svdpp),
            Some(VectorFamily::Item2vec) => card["item2vec"] = json!(self.item2vec),
            Some(VectorFamily::Elsa) => card["elsa"] = json!(self.elsa),
            Some(
                VectorFamily::TwoTower
                | VectorFamily::MultVae
                | VectorFamily::Gmf
                | VectorFamily::Mlp
                | VectorFamily::NeuMf
                | VectorFamily::Fm
                | VectorFamily::DeepFm
                | VectorFamily::Gru4rec
                | VectorFamily::Sasrec,
            ) => card["deep"] = json!(self.deep),
            None => {}
        }
        match lists {
            Some(ListFamily::Ease) => card["ease"] = json!(self.ease),
            Some(ListFamily::Slim) => card["slim"] = json!(self.slim),
            Some(ListFamily::ItemKnn) => card["item_knn"] = json!(self.item_knn),
            None => {}
        }
        if lists.is_some() {
            card["lists"] = json!(self.lists);
        }
        if ranker {
            card[RANKER] = json!(self.ncf);
        }
        if self.again.repurchase {
            card["repurchase"] = json!({ "window": self.again.repurchase_window });
        }
        card
    }
}
