//! Lists for every user of a file.

use std::path::Path;
use std::sync::Arc;

use csv::Writer;
use proclivity::model::Model;
use rayon::prelude::*;
use serde_json::json;

use super::RecommendArgs;
use crate::cli::evaluate::moment;
use crate::dataset::{HeldOut, HeldOutFiles, LogColumnFlags, TableOptions, read_histories};
use crate::error::{CliError, Result};
use crate::evaluate::{Engine, ships, without};
use crate::output::{NewFile, Output, check_writable, grouped};

/// Writes the best `-k` items of every user of the file `fold_in` to `path`, as `evaluate` ranks them.
///
/// # Errors
/// A file that is not what it should be, no user of whom the model knows an item, or a file that cannot be written.
pub fn write_lists(
    args: &RecommendArgs,
    model: &Arc<Model>,
    [fold_in, path]: [&Path; 2],
    tables: &TableOptions,
    output: Output,
) -> Result<()> {
    let items = model.item_count();
    if !(1..=items).contains(&args.count) {
        let expected = format!("1 to {items}, the size of the catalogue");
        return Err(CliError::Flag { flag: "--count", expected, found: args.count.to_string() });
    }
    check_writable(path)?;
    let now = args.now.as_deref().map(|now| moment("--now", now)).transpose()?;
    let files = read_histories(fold_in, &LogColumnFlags::of_model(model), |id| model.item_index(id), now, tables)?;
    if files.users.is_empty() {
        return Err(no_users(args, model, fold_in, &files));
    }
    let lists = lists(model, &files, args.count)?;
    let rows = write(path, model, &files.users, &lists)?;
    if files.unknown_fold_in + files.skipped > 0 {
        let [unknown, skipped] = [files.unknown_fold_in, files.skipped].map(grouped);
        output.note(format!("left out: {unknown} items that the model does not know, {skipped} users with no other"));
    }
    let users = files.users.len();
    let text = format!("wrote {}: lists of {} users, {} rows", path.display(), grouped(users), grouped(rows));
    output.result(&text, || {
        json!({
            "lists": path, "users": users, "rows": rows, "skipped_users": files.skipped, "unknown_fold_in": files.unknown_fold_in,
        })
    });
    Ok(())
}

/// The best `count` items of each user with their scores, at the stage that ships.
fn lists(model: &Arc<Model>, files: &HeldOutFiles, count: usize) -> Result<Vec<Vec<(u32, f32)>>> {
    let engine = Engine::new(model, ships(model)).at(files.now);
    let list = |user: &HeldOut| {
        let mut list = engine.rank_whole(user, &without(model.item_count(), &user.fold_in))?.list;
        list.truncate(count);
        list.shrink_to_fit();
        Ok(list)
    };
    files.users.par_iter().map(list).collect()
}

/// Writes the lists; returns the number of rows.
fn write(path: &Path, model: &Model, users: &[HeldOut], lists: &[Vec<(u32, f32)>]) -> Result<usize> {
    let failed = |error: csv::Error| CliError::Write { path: path.into(), source: std::io::Error::other(error) };
    let mut writer = Writer::from_writer(NewFile::create(path)?);
    writer.write_record(["user", "item", "rank", "score"]).map_err(failed)?;
    for (user, list) in users.iter().zip(lists) {
        for (rank, (item, score)) in (1..).zip(list) {
            let (rank, score) = (usize::to_string(&rank), score.to_string());
            writer.write_record([&user.user, model.item_id(*item), &rank, &score]).map_err(failed)?;
        }
    }
    writer.into_inner().map_err(|error| failed(error.into_error().into()))?.keep()?;
    Ok(lists.iter().map(Vec::len).sum())
}

fn no_users(args: &RecommendArgs, model: &Model, fold_in: &Path, files: &HeldOutFiles) -> CliError {
    let before = if args.now.is_some() { " before --now" } else { "" };
    CliError::NoUsers {
        path: fold_in.into(),
        expected: "users with an item that the model knows",
        found: format!(
            "none among {} users{before}; items of the model have ids such as `{}`",
            grouped(files.skipped),
            model.item_id(0)
        ),
        remedy: "give item ids of the training log, not titles",
    }
}
