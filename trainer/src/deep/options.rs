//! The flags of networks.

use clap::Args;
use serde::Serialize;

use super::architecture::DeepFamily;
use super::device::DeepDevice;
use super::weights::{BETA2, Step};
use crate::error::{CliError, Result};

/// As the authors of SASRec have it: the item of a step is a rare one, and is not to move by more than others.
const SEQUENCE_BETA2: f32 = 0.98;

/// Settings of networks; what a family does not have, it passes over.
#[derive(Debug, Clone, PartialEq, Args, Serialize)]
pub struct DeepOptions {
    /// How many of the latest items of a history are looked at [default: 50; of two-tower and mult-vae 200; of gmf,
    /// mlp and neumf all on the device and 512 in training]
    #[arg(long, value_name = "COUNT")]
    pub deep_length: Option<usize>,
    /// Histories in a batch [default: 128, of gmf, mlp and neumf 32]
    #[arg(long, value_name = "COUNT")]
    pub deep_batch: Option<usize>,
    /// Step of the descent in the first epoch; it falls to a tenth by half a wave of a cosine
    #[arg(long, value_name = "NUMBER", default_value_t = 0.002)]
    pub deep_learning_rate: f64,
    /// Decay of the mean of squared slopes, Adam's second beta: the nearer to 1, the further what is seldom seen moves when it is seen
    /// [default: 0.999, of gru4rec and sasrec 0.98]
    #[arg(long, value_name = "NUMBER")]
    pub deep_beta2: Option<f64>,
    /// Share of every weight that a step takes away, times the step
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    pub deep_weight_decay: f64,
    /// Share of the numbers between layers, of mult-vae of the history's items, left out at random while training [default: 0.2, of
    /// mult-vae 0.5]
    #[arg(long, value_name = "SHARE")]
    pub deep_dropout: Option<f64>,
    /// Items that each target is held against, drawn at random: for each batch, all where the catalogue has no more; of gmf, mlp and
    /// neumf for each target [default: 2048, of these 4]
    #[arg(long, value_name = "COUNT")]
    pub deep_negatives: Option<usize>,
    /// Width of hidden layers [default: twice that of the vectors; of mlp and neumf 64, of neumf's second layer half of it]
    #[arg(long, value_name = "WIDTH")]
    pub deep_hidden: Option<usize>,
    /// Blocks of self-attention
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub deep_blocks: usize,
    /// Heads of self-attention; they divide --dim
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub deep_heads: usize,
    /// Weight of the code's distance from a standard normal, at most; it grows from 0 over the first third of the epochs
    #[arg(long, value_name = "NUMBER", default_value_t = 0.2)]
    pub deep_kl: f64,
    /// Gmf, mlp and neumf: a second head over the same vectors and layers tells what was bought (events of full strength) from what was
    /// only looked at; its weight in the score [default: no such head]
    #[arg(long, value_name = "WEIGHT")]
    pub deep_purchases: Option<f64>,
    /// Where networks are trained; gpu in a trainer built with `--features gpu`
    #[arg(long, value_enum, value_name = "DEVICE", default_value = "cpu")]
    pub deep_device: DeepDevice,
}

impl DeepOptions {
    /// Share left out of a family.
    pub fn dropout(&self, family: DeepFamily) -> f64 {
        self.deep_dropout.unwrap_or(if family == DeepFamily::MultVae { 0.5 } else { 0.2 })
    }

    /// A step down in a network of this family, the machines being of none.
    pub fn step(&self, rate: f64, number: i32, family: Option<DeepFamily>) -> Step {
        let usual = match family {
            Some(DeepFamily::Gru4rec | DeepFamily::Sasrec) => SEQUENCE_BETA2,
            _ => BETA2,
        };
        let beta2 = self.deep_beta2.map_or(usual, |beta2| beta2 as f32);
        Step { rate: rate as f32, number, decay: self.deep_weight_decay as f32, beta2 }
    }

    /// What clap cannot say about the flags.
    ///
    /// # Errors
    /// [`CliError::Flag`].
    pub fn check(&self, dim: usize) -> Result<()> {
        self.deep_device.check()?;
        let whole = |flag, found: usize, most: usize| match (1..=most).contains(&found) {
            true => Ok(()),
            false => refused(flag, format!("a whole number from 1 to {most}"), found.to_string()),
        };
        let within = |flag, found: f64, least: f64, most: f64| match (least..=most).contains(&found) {
            true => Ok(()),
            false => refused(flag, format!("a number from {least} to {most}"), found.to_string()),
        };
        whole("--deep-length", self.deep_length.unwrap_or(1), 512)?;
        whole("--deep-batch", self.deep_batch.unwrap_or(1), 1 << 16)?;
        whole("--deep-negatives", self.deep_negatives.unwrap_or(1), 1 << 20)?;
        whole("--deep-hidden", self.deep_hidden.unwrap_or(1), 1024)?;
        whole("--deep-blocks", self.deep_blocks, 8)?;
        whole("--deep-heads", self.deep_heads, dim)?;
        if !dim.is_multiple_of(self.deep_heads) {
            return refused("--deep-heads", format!("a divisor of --dim {dim}"), self.deep_heads.to_string());
        }
        within("--deep-learning-rate", self.deep_learning_rate, 1e-6, 1.0)?;
        within("--deep-beta2", self.deep_beta2.unwrap_or(0.9), 0.9, 0.9999)?;
        within("--deep-weight-decay", self.deep_weight_decay, 0.0, 1.0)?;
        within("--deep-dropout", self.deep_dropout.unwrap_or(0.0), 0.0, 0.9)?;
        within("--deep-purchases", self.deep_purchases.unwrap_or(0.0), 0.0, 100.0)?;
        within("--deep-kl", self.deep_kl, 0.0, 10.0)
    }
}

fn refused(flag: &'static str, expected: String, found: String) -> Result<()> {
    Err(CliError::Flag { flag, expected, found })
}

#[cfg(test)]
pub mod fixture {
    use super::{DeepDevice, DeepOptions};

    /// A small network that learns quickly.
    pub const OPTIONS: DeepOptions = DeepOptions {
        deep_length: None,
        deep_batch: Some(16),
        deep_learning_rate: 0.01,
        deep_weight_decay: 0.0,
        deep_beta2: None,
        deep_dropout: Some(0.0),
        deep_negatives: None,
        deep_hidden: None,
        deep_blocks: 2,
        deep_heads: 2,
        deep_kl: 0.1,
        deep_purchases: None,
        deep_device: DeepDevice::Cpu,
    };
}
