//! What is ranked for each user: everything, or the targets among sampled negatives.

use std::collections::HashSet;

use proclivity::score::ItemMask;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::engine::without;
use crate::dataset::{HeldOut, Negatives};
use crate::error::{CliError, Result};

/// Which items the targets compete with.
#[derive(Debug, Clone, PartialEq)]
pub enum Pool {
    /// Full ranking: every item.
    Everything,
    /// Sampled ranking: these item indices for each user, in the order of the users. Figures are not comparable with those of a
    /// full ranking (Krichene and Rendle 2020).
    Negatives { of_user: Vec<Vec<u32>>, source: Source },
}

/// Where negatives come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "source", rename_all = "lowercase")]
pub enum Source {
    File { path: String },
    Uniform { count: usize, seed: u64 },
}

/// How users are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Protocol {
    pub pool: Pool,
    /// Whether items of the history are ranked too: for shops where people buy again.
    pub include_seen: bool,
    /// List lengths k, ascending.
    pub cutoffs: Vec<usize>,
}

impl Protocol {
    /// What may be ranked for `user`, the `at`-th, of `items` items.
    pub fn mask(&self, at: usize, user: &HeldOut, items: usize) -> ItemMask {
        let seen: &[u32] = if self.include_seen { &[] } else { &user.fold_in };
        let Pool::Negatives { of_user, .. } = &self.pool else { return without(items, seen) };
        let mut mask = ItemMask::all(items);
        let known = user.targets.iter().filter(|&&target| (target as usize) < items);
        known.chain(&of_user[at]).for_each(|&item| mask.include(item));
        seen.iter().for_each(|&item| mask.exclude(item));
        mask
    }

    /// The same for the users at these `places` alone.
    pub fn of_users(&self, places: &[usize]) -> Protocol {
        let pool = match &self.pool {
            Pool::Everything => Pool::Everything,
            Pool::Negatives { of_user, source } => Pool::Negatives {
                of_user: places.iter().map(|&at| of_user[at].clone()).collect(),
                source: source.clone(),
            },
        };
        Protocol { pool, ..self.clone() }
    }

    /// In words, for the output.
    pub fn describe(&self) -> String {
        let ranked = match &self.pool {
            Pool::Everything => "full ranking of every item".to_owned(),
            Pool::Negatives { source: Source::File { path }, .. } => {
                format!("sampled ranking: targets among the negatives of {path}; not comparable with a full ranking")
            }
            Pool::Negatives { source: Source::Uniform { count, seed }, .. } => format!(
                "sampled ranking: targets among {count} uniform negatives a user (seed {seed}); not comparable with a full ranking"
            ),
        };
        let seen =
            if self.include_seen { "items of the history are ranked too" } else { "items of the history left out" };
        format!("{ranked}; {seen}; ties count against the model, in AUC half")
    }
}

/// `count` items for each user, uniform without replacement from those that are neither history nor target.
///
/// # Errors
/// [`CliError::Flag`] where a user does not have so many.
pub fn sample_negatives(users: &[HeldOut], items: usize, count: usize, seed: u64) -> Result<Vec<Vec<u32>>> {
    let draw = |(stream, user): (u64, &HeldOut)| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        negatives_of(user, items, count, &mut rng)
    };
    let drawn: Vec<Vec<u32>> = (0..).zip(users).map(draw).collect();
    match drawn.iter().map(Vec::len).min() {
        Some(least) if least < count => Err(CliError::Flag {
            flag: "--sampled-negatives",
            expected: format!(
                "at most {least}, what a user has neither had nor is to be recommended of {items} items; or none for a full ranking"
            ),
            found: count.to_string(),
        }),
        _ => Ok(drawn),
    }
}

fn negatives_of(user: &HeldOut, items: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut taken: HashSet<u32> = user.fold_in.iter().chain(&user.targets).copied().collect();
    let everything = Negatives::Uniform(items as u32);
    let mut draw = || {
        let item = everything.draw(|item| taken.contains(&item), rng)?;
        taken.insert(item);
        Some(item)
    };
    (0..count).map_while(|_| draw()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::user;
    use super::*;

    fn let_in(protocol: &Protocol, user: &HeldOut) -> Vec<u32> {
        let mask = protocol.mask(0, user, 6);
        (0..6).filter(|&item| !mask.is_excluded(item)).collect()
    }

    #[test]
    fn the_pool_and_the_history_decide_what_is_ranked() {
        let user = user(&[0, 1], &[1, 2, u32::MAX]);
        let full = Protocol { pool: Pool::Everything, include_seen: false, cutoffs: vec![10] };
        assert_eq!(let_in(&full, &user), [2, 3, 4, 5]);
        let again = Protocol { include_seen: true, ..full.clone() };
        assert_eq!(let_in(&again, &user), [0, 1, 2, 3, 4, 5]);
        let source = Source::File { path: "n.csv".into() };
        let sampled = Protocol { pool: Pool::Negatives { of_user: vec![vec![0, 4]], source }, ..full };
        assert_eq!(let_in(&sampled, &user), [2, 4]);
        assert_eq!(let_in(&Protocol { include_seen: true, ..sampled.clone() }, &user), [0, 1, 2, 4]);
        assert!(sampled.describe().contains("not comparable") && sampled.describe().contains("ties count against"));
    }

    #[test]
    fn negatives_are_distinct_and_never_the_users_own() {
        let users = vec![user(&[0, 1, 2], &[3, u32::MAX]), user(&[7], &[8])];
        let sample = |seed| sample_negatives(&users, 12, 5, seed).unwrap();
        let drawn = sample(9);
        assert_eq!(drawn, sample(9));
        assert_ne!(drawn, sample(10));
        for (user, drawn) in users.iter().zip(&drawn) {
            let distinct: HashSet<&u32> = drawn.iter().collect();
            assert_eq!(distinct.len(), 5);
            assert!(drawn.iter().all(|item| !user.fold_in.contains(item) && !user.targets.contains(item)));
        }
        assert_eq!(sample_negatives(&users[..1], 12, 8, 9).unwrap()[0].len(), 8);
        let refused = sample_negatives(&users, 12, 9, 9).unwrap_err().to_string();
        assert!(refused.contains("at most 8"), "{refused}");
    }

    #[test]
    fn negatives_are_uniform() {
        let users: Vec<HeldOut> = (0..4000).map(|_| user(&[0], &[1])).collect();
        let mut counts = [0usize; 10];
        sample_negatives(&users, 10, 2, 1).unwrap().iter().flatten().for_each(|&item| counts[item as usize] += 1);
        assert_eq!(counts[..2], [0, 0]);
        assert!(counts[2..].iter().all(|count| (880..1120).contains(count)), "about 1,000 each: {counts:?}");
    }
}
