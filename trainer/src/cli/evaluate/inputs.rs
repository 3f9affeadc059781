//! What `evaluate` reads: models, the users all of them can be asked about, and what is to be ranked for each.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use proclivity::model::Model;

use super::EvaluateArgs;
use crate::card::file_sha256;
use crate::cli::open_model;
use crate::dataset::{
    ByUser, HeldOut, HeldOutFiles, LogColumnFlags, TableOptions, read_held_out, read_user_attributes, read_user_items,
    read_user_ratings, to_iso,
};
use crate::error::{CliError, Result};
use crate::evaluate::{Grouping, Pool, Protocol, RatingScale, Source, Subject, sample_negatives};
use crate::output::{file_name, grouped};

/// A model with the users as it sees them: item indices are its own.
pub struct Contender {
    pub subject: Subject,
    pub model: Arc<Model>,
    pub users: Vec<HeldOut>,
    pub protocol: Protocol,
    /// Each user's target ratings (item index, rating); empty for a model that predicts none.
    pub ratings: Vec<Vec<(u32, f64)>>,
    /// What the held-out files hold that this model cannot use.
    pub held: HeldOutFiles,
    /// Negatives that this model does not know.
    pub unknown_negatives: usize,
}

/// Everything read. Users are the same, in the same order, for every contender.
pub struct Inputs {
    pub contenders: Vec<Contender>,
    pub groupings: Vec<Grouping>,
    pub without_ratings: Option<String>,
    /// Users left out because one of several models knows no item of their history.
    pub not_in_all: usize,
    /// Targets that are in the history too, and so are never ranked.
    pub seen_targets: usize,
}

/// Reads all inputs.
///
/// # Errors
/// Files that are not what they should be, users without negatives, or no user that every model knows.
pub fn read_inputs(args: &EvaluateArgs, tables: &TableOptions) -> Result<Inputs> {
    let mut contenders = args.models.iter().map(|path| contender(path, args, tables)).collect::<Result<Vec<_>>>()?;
    name_apart(&mut contenders);
    let not_in_all = keep_common_users(&mut contenders, &args.targets)?;
    add_pools(&mut contenders, args, tables)?;
    let without_ratings = add_ratings(&mut contenders, args, tables)?;
    let users = &contenders[0].users;
    let seen_targets = match args.include_seen {
        true => 0,
        false => users.iter().map(|user| user.targets.iter().filter(|item| user.fold_in.contains(item)).count()).sum(),
    };
    let groupings = groupings(users, args, tables)?;
    Ok(Inputs { contenders, groupings, without_ratings, not_in_all, seen_targets })
}

impl Inputs {
    /// What the reader of the figures should know of the data.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for contender in &self.contenders {
            let held = &contender.held;
            if held.unknown_fold_in + held.unknown_targets + held.skipped > 0 {
                notes.push(format!(
                    "not in {}: {} fold-in rows (ignored), {} targets (counted as missed); users without both parts: {}",
                    contender.subject.name,
                    grouped(held.unknown_fold_in),
                    grouped(held.unknown_targets),
                    grouped(held.skipped)
                ));
            }
            if contender.model.repurchase().is_some() {
                let name = &contender.subject.name;
                notes.push(match held.now {
                    Some(now) => format!("{name} weighs what is bought again, as of {}", to_iso(now)),
                    None => format!("{name} could weigh what is bought again, but the fold-in file has no times"),
                });
            }
            if contender.unknown_negatives > 0 {
                let (count, name) = (grouped(contender.unknown_negatives), &contender.subject.name);
                notes.push(format!("not in {name}: {count} negatives (left out: targets have fewer to beat)"));
            }
        }
        if self.not_in_all > 0 {
            notes.push(format!("left out: {} users of whom one of the models knows no item", grouped(self.not_in_all)));
        }
        if self.seen_targets > 0 {
            notes.push(format!(
                "{} targets are in the history too and count as missed; rank them with --include-seen",
                grouped(self.seen_targets)
            ));
        }
        notes
    }

    /// The name of one stage of a model, for people: `retrieval (als)`, with the model's name before it where there are several.
    pub fn label(&self, place: usize, stage: &str) -> String {
        let subject = &self.contenders[place].subject;
        let retrieval = subject.family.strip_suffix("+ncf").unwrap_or(&subject.family);
        let family = if stage == "retrieval" { retrieval } else { subject.family.as_str() };
        match self.contenders.len() {
            1 => format!("{stage} ({family})"),
            _ => format!("{}: {stage} ({family})", subject.name),
        }
    }
}

fn contender(path: &Path, args: &EvaluateArgs, tables: &TableOptions) -> Result<Contender> {
    let model = open_model(path)?;
    let now = args.now()?;
    let columns = LogColumnFlags::of_model(&model);
    let mut held = read_held_out([&args.fold_in, &args.targets], &columns, |id| model.item_index(id), now, tables)?;
    let mut cutoffs = args.at.clone();
    cutoffs.sort_unstable();
    cutoffs.dedup();
    let subject = Subject {
        name: path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        path: path.display().to_string(),
        family: model.manifest().family.clone(),
        sha256: file_sha256(path)?,
        bytes: model.byte_len(),
        items: model.item_count(),
    };
    let users = std::mem::take(&mut held.users);
    let protocol = Protocol { pool: Pool::Everything, include_seen: args.include_seen, cutoffs };
    Ok(Contender { subject, model, users, protocol, ratings: Vec::new(), held, unknown_negatives: 0 })
}

/// Models of the same file name are told apart by their paths.
fn name_apart(contenders: &mut [Contender]) {
    let names: Vec<String> = contenders.iter().map(|contender| contender.subject.name.clone()).collect();
    for contender in contenders {
        if names.iter().filter(|&name| *name == contender.subject.name).count() > 1 {
            contender.subject.name = contender.subject.path.clone();
        }
    }
}

/// Keeps the users that every model can be asked about; returns how many went.
fn keep_common_users(contenders: &mut [Contender], targets: &Path) -> Result<usize> {
    let names = |contender: &Contender| contender.users.iter().map(|user| user.user.clone()).collect::<HashSet<_>>();
    let known: Vec<HashSet<String>> = contenders.iter().map(names).collect();
    let all: HashSet<&String> = known.iter().flatten().collect();
    let common = |user: &HeldOut| known.iter().all(|known| known.contains(&user.user));
    contenders.iter_mut().for_each(|contender| contender.users.retain(common));
    let kept = contenders[0].users.len();
    match kept {
        0 => Err(CliError::NoUsers {
            path: targets.into(),
            expected: "a user of whom every model knows an item of the history",
            found: format!("none among the {} users that any of them knows", all.len()),
            remedy: "compare models of the same shop",
        }),
        _ => Ok(all.len() - kept),
    }
}

/// Gives each model its negatives, the same items for all.
fn add_pools(contenders: &mut [Contender], args: &EvaluateArgs, tables: &TableOptions) -> Result<()> {
    let (negatives, source): (ByUser<Vec<String>>, Source) = match (&args.negatives, args.sampled_negatives) {
        (Some(path), _) => {
            let negatives = read_user_items(path, tables)?;
            (negatives, Source::File { path: file_name(path).unwrap_or_default() })
        }
        (None, Some(count)) => (drawn(&contenders[0], count, args.seed)?, Source::Uniform { count, seed: args.seed }),
        (None, None) => return Ok(()),
    };
    for contender in contenders {
        let (mut of_user, mut unknown) = (Vec::new(), 0);
        for user in &contender.users {
            let ids = negatives.get(&user.user).ok_or_else(|| without_negatives(args, &user.user))?;
            let known: Vec<u32> = ids.iter().filter_map(|id| contender.model.item_index(id)).collect();
            unknown += ids.len() - known.len();
            of_user.push(known);
        }
        contender.unknown_negatives = unknown;
        contender.protocol.pool = Pool::Negatives { of_user, source: source.clone() };
    }
    Ok(())
}

fn drawn(contender: &Contender, count: usize, seed: u64) -> Result<ByUser<Vec<String>>> {
    let drawn = sample_negatives(&contender.users, contender.model.item_count(), count, seed)?;
    let ids = |items: &Vec<u32>| items.iter().map(|&item| contender.model.item_id(item).to_owned()).collect();
    Ok(contender.users.iter().zip(&drawn).map(|(user, items)| (user.user.clone(), ids(items))).collect())
}

fn without_negatives(args: &EvaluateArgs, user: &str) -> CliError {
    CliError::Flag {
        flag: "--negatives",
        expected: format!("items for every user of {}", args.targets.display()),
        found: format!("none for user `{user}`"),
    }
}

/// Gives models that predict ratings the targets' ratings; returns why there are none, if so.
fn add_ratings(contenders: &mut [Contender], args: &EvaluateArgs, tables: &TableOptions) -> Result<Option<String>> {
    let given = read_user_ratings(&args.targets, tables)?;
    let predict = |contender: &Contender| RatingScale::of_card(&contender.model.manifest().card).is_some();
    let what = if given.is_some() { "the targets have a value column" } else { "the targets have no value column" };
    if !contenders.iter().any(predict) {
        return Ok(Some(format!("scores of this family order items, they are not ratings; {what}")));
    }
    let Some(ratings) = given else { return Ok(Some(what.into())) };
    for contender in contenders.iter_mut().filter(|contender| predict(contender)) {
        let known = |user: &HeldOut| -> Vec<(u32, f64)> {
            let given = ratings.get(&user.user).map_or(&[][..], Vec::as_slice);
            given.iter().filter_map(|(id, rating)| Some((contender.model.item_index(id)?, *rating))).collect()
        };
        contender.ratings = contender.users.iter().map(known).collect();
    }
    Ok(None)
}

/// By length of history, then by each attribute asked for.
fn groupings(users: &[HeldOut], args: &EvaluateArgs, tables: &TableOptions) -> Result<Vec<Grouping>> {
    let lengths: Vec<f64> = users.iter().map(|user| user.fold_in.len() as f64).collect();
    let mut groupings = vec![Grouping::by_quartile("history length", &lengths)];
    let Some(path) = &args.users else { return Ok(groupings) };
    let attributes: HashMap<String, Vec<String>> = read_user_attributes(path, &args.group_by, tables)?;
    for (column, name) in args.group_by.iter().enumerate() {
        let value = |user: &HeldOut| attributes.get(&user.user).map(|values| values[column].clone());
        groupings.push(Grouping::by_value(name, &users.iter().map(value).collect::<Vec<_>>()));
    }
    Ok(groupings)
}
