//! `proclivity import SOURCE --item-ids IDS -o model.safetensors`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use proclivity::model::{Column, EmbeddingSpec, ModelSpec, NeighbourSpec, Repeats, UserTower};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::features::read_fields;
use crate::card::{date, hex_sha256, log_sha256, write_beside};
use crate::dataset::{ItemColumnFlags, TableOptions, read_catalogue};
use crate::error::{CliError, Result};
use crate::export::load;
use crate::families::{ListOptions, Vectors};
use crate::import::{
    ArrayFile, Factors, Network, NetworkFamily, NetworkOptions, holds_lists, is_spark, read_content, read_factors,
    read_ids, read_lists, read_network, read_popularity, read_spark,
};
use crate::output::{Output, check_writable, file_name, grouped, write_atomically};
use crate::stored::Stored;

/// Golden queries in a file, and the longest history of one.
const GOLDEN: usize = 6;
const GOLDEN_LENGTH: usize = 12;
/// Stands for an alpha of 0, which the fold-in does not take: too small to be seen in a score.
const LEAST_ALPHA: f64 = 1e-6;
/// Histories are averaged unless told otherwise.
const POWER: f32 = 1.0;

/// How the device makes a user vector of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tower {
    /// Solved as ALS solves its users
    FoldIn,
    /// Item vectors, added or averaged
    Pool,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A safetensors, .npy or .npz file, a model that `implicit` saved, or the folder of Spark's ALS model or its
    /// itemFactors
    source: PathBuf,
    /// Model file to write
    #[arg(short, long, value_name = "FILE", default_value = "model.safetensors")]
    output: PathBuf,

    /// Tensor with the item vectors, (items, factors) [default: the only one, or `item_factors`]
    #[arg(long, value_name = "NAME", help_heading = "Factors")]
    item_factors: Option<String>,
    /// Tensor with item biases, (items)
    #[arg(long, value_name = "NAME", help_heading = "Factors")]
    item_bias: Option<String>,
    /// How the device makes a user vector [default: fold-in where alpha and regularization are known, pool for BPR and
    /// logistic MF]
    #[arg(long, value_enum, help_heading = "Factors")]
    tower: Option<Tower>,
    /// Fold-in: confidence of a pair is 1 + ALPHA [default: as an ALS model of `implicit` says, its own alpha less 1]
    #[arg(long, help_heading = "Factors")]
    alpha: Option<f64>,
    /// Fold-in: weight of the squared vectors; for Spark, which multiplies it by each user's number of events, its
    /// regParam times a usual number [default: as an ALS model of `implicit` says]
    #[arg(long, help_heading = "Factors")]
    regularization: Option<f64>,
    /// Pool: the sum of the vectors is divided by the number of items to this power: 0, 0.5 or 1 [default: 1, of
    /// mult-vae 0.5]
    #[arg(long, value_name = "POWER", help_heading = "Factors")]
    pool_power: Option<f32>,

    /// The source is the state_dict of this network, its tensors named as in docs/PYTORCH.md
    #[arg(long, value_enum, value_name = "FAMILY", help_heading = "Networks", conflicts_with_all = ["item_factors", "item_bias", "tower", "alpha", "regularization", "neighbours", "int4_neighbours"])]
    network: Option<NetworkFamily>,
    /// Heads of self-attention, which a state does not tell: for sasrec
    #[arg(long, value_name = "COUNT", requires = "network", help_heading = "Networks")]
    heads: Option<usize>,
    /// Row of the tables that is no item, as `padding_idx` has it; a list of ids has a line for it too
    #[arg(long, value_name = "ROW", requires = "network", help_heading = "Networks")]
    padding_row: Option<usize>,

    /// Items that speak for each item, at most [default: all that the file has]
    #[arg(long, value_name = "COUNT", help_heading = "Neighbour lists")]
    neighbours: Option<usize>,
    /// Weights in four bits instead of eight
    #[arg(long, help_heading = "Neighbour lists")]
    int4_neighbours: bool,

    /// Item ids: one a line in the order of the rows, or columns of an id and a row [default: Spark's own ids]
    #[arg(long, value_name = "FILE", help_heading = "Items")]
    item_ids: Option<PathBuf>,
    /// Item table: id, and columns such as title, department, price
    #[arg(long, value_name = "FILE", help_heading = "Items")]
    items: Option<PathBuf>,
    /// Columns of an item id and a count: what strangers see first [default: the order of the rows]
    #[arg(long, value_name = "FILE", help_heading = "Items")]
    popularity: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Items")]
    item_columns: ItemColumnFlags,

    /// A content tower in PyTorch over the features that `proclivity features` gives, so that items can be added that nobody has taken
    /// yet: its state_dict, tensors named as in docs/PYTORCH.md
    #[arg(long, value_name = "FILE", requires = "content_fields", help_heading = "Content tower")]
    content: Option<PathBuf>,
    /// The fields that the features are of: fields.json of `proclivity features`
    #[arg(long, value_name = "FILE", requires = "content", help_heading = "Content tower")]
    content_fields: Option<PathBuf>,

    /// How the item vectors are stored
    #[arg(long, value_enum, default_value = "int8", help_heading = "Model file")]
    precision: Stored,
}

/// What the source holds.
struct Source {
    family: &'static str,
    factors: Option<Factors>,
    network: Option<Vectors>,
    neighbours: Option<NeighbourSpec>,
    /// What each row is called in the source, and how many it has.
    positions: Vec<u64>,
    rows: u64,
}

/// What is known of the items.
struct Items {
    ids: Vec<String>,
    popularity: Vec<f32>,
    columns: Vec<Column>,
}

pub fn run(args: &ImportArgs, tables: &TableOptions, output: Output) -> Result<()> {
    check(args)?;
    check_writable(&args.output)?;
    let source = read_source(args, output)?;
    let items = read_items(args, &source, tables, output)?;
    let spec = spec(args, source, items)?;
    let bytes = proclivity::export_model(&spec, &golden_histories(spec.item_ids.len()))?;
    write_atomically(&args.output, &bytes)?;
    write_beside(&args.output, &*load(&bytes)?, &bytes, &Value::Null)?;
    let (count, dim) = (spec.item_ids.len(), spec.embedding.dim);
    let weights = spec.neighbours.as_ref().map_or(0, |lists| lists.weights.len());
    let of = if weights > 0 { format!("{} neighbour weights", grouped(weights)) } else { format!("{dim} factors") };
    let text = format!(
        "wrote {}: {} bytes, {}: {} items, {of}",
        args.output.display(),
        grouped(bytes.len()),
        spec.family,
        grouped(count),
    );
    output.result(&text, || {
        json!({
            "model": args.output, "bytes": bytes.len(), "sha256": hex_sha256(&bytes), "family": spec.family,
            "items": count, "factors": dim, "neighbour_weights": weights, "card": spec.card,
        })
    });
    Ok(())
}

/// What clap cannot say about the flags.
fn check(args: &ImportArgs) -> Result<()> {
    let refused = |flag, expected: &str, found: String| Err(CliError::Flag { flag, expected: expected.into(), found });
    for (flag, number) in [("--alpha", args.alpha), ("--regularization", args.regularization)] {
        if let Some(number) = number.filter(|&number| !(number as f32 > 0.0 && number <= 1e6)) {
            return refused(flag, "a number above 0 (as a 32-bit float), at most 1e6", format!("{number:?}"));
        }
    }
    if let Some(power) = args.pool_power.filter(|power| ![0.0, 0.5, 1.0].contains(power)) {
        return refused("--pool-power", "0, 0.5 or 1", power.to_string());
    }
    match (args.network, args.heads) {
        (Some(NetworkFamily::Sasrec), None | Some(0)) => {
            return refused("--heads", "how many heads the self-attention has", args.heads.unwrap_or(0).to_string());
        }
        (Some(family), Some(heads)) if family != NetworkFamily::Sasrec => {
            return refused("--heads", "none but for sasrec", heads.to_string());
        }
        _ => {}
    }
    if args.network.is_some() && is_spark(&args.source) {
        return refused("--network", "a file of tensors (safetensors or .npz)", "a model of Spark".into());
    }
    if args.content.is_some() && args.items.is_none() {
        return refused("--content", "--items too: the columns that the tower reads", "none".into());
    }
    if args.neighbours == Some(0) {
        return refused("--neighbours", "at least 1", "0".into());
    }
    Ok(())
}

fn read_source(args: &ImportArgs, output: Output) -> Result<Source> {
    let of_factors = |factors: Factors| Source {
        family: factors.family,
        rows: factors.positions.iter().max().map_or(0, |last| last + 1),
        positions: factors.positions.clone(),
        factors: Some(factors),
        network: None,
        neighbours: None,
    };
    let source = if is_spark(&args.source) {
        of_factors(read_spark(&args.source)?)
    } else {
        let mut file = ArrayFile::open(&args.source)?;
        if let Some(family) = args.network {
            let usual = if family == NetworkFamily::MultVae { 0.5 } else { POWER };
            let (heads, padding) = (args.heads.unwrap_or(1), args.padding_row);
            let power = args.pool_power.unwrap_or(usual);
            let Network { vectors, positions, rows } =
                read_network(&mut file, NetworkOptions { family, heads, power, padding })?;
            Source { family: family.name(), factors: None, network: Some(vectors), neighbours: None, positions, rows }
        } else if holds_lists(&file) && args.item_factors.is_none() {
            let most = args.neighbours.unwrap_or(usize::MAX);
            let lists = ListOptions { neighbours: most, int4_neighbours: args.int4_neighbours };
            let neighbours = read_lists(&mut file, &lists)?;
            let rows = neighbours.indptr.len() as u64 - 1;
            let positions = (0..rows).collect();
            Source { family: "item-knn", factors: None, network: None, neighbours: Some(neighbours), positions, rows }
        } else {
            of_factors(read_factors(&mut file, args.item_factors.as_deref(), args.item_bias.as_deref())?)
        }
    };
    let path = args.source.display();
    let dim = source.factors.as_ref().map(|factors| factors.dim);
    output.note(match dim.or(source.network.as_ref().map(|vectors| vectors.dim)) {
        Some(dim) => {
            format!("read   {path}: {}, {} items of {dim} factors", source.family, grouped(source.positions.len()),)
        }
        None => format!("read   {path}: neighbour lists of {} items", grouped(source.positions.len())),
    });
    Ok(source)
}

fn read_items(args: &ImportArgs, source: &Source, tables: &TableOptions, output: Output) -> Result<Items> {
    let ids = match &args.item_ids {
        Some(path) => {
            let read = read_ids(path, &source.positions, source.rows, tables)?;
            output.note(format!(
                "read   {}: {} ids, {} more of no row",
                path.display(),
                grouped(read.ids.len()),
                grouped(read.unused)
            ));
            read.ids
        }
        None if is_spark(&args.source) => source.positions.iter().map(u64::to_string).collect(),
        None => {
            let expected = "a file of item ids, one a line in the order of the rows".into();
            return Err(CliError::Flag { flag: "--item-ids", expected, found: "none".into() });
        }
    };
    let columns = match &args.items {
        Some(path) => {
            let flags = args.content_fields.as_deref().map(read_fields).transpose()?;
            let flags = flags.iter().fold(args.item_columns.clone(), |flags, fields| flags.with_fields(fields));
            read_catalogue(path, &ids, &flags, tables)?.0
        }
        None => Vec::new(),
    };
    let popularity = match &args.popularity {
        Some(path) => {
            let (popularity, known) = read_popularity(path, &ids, tables)?;
            output.note(format!("read   {}: popularity of {} items", path.display(), grouped(known)));
            popularity
        }
        None => {
            output.note("no --popularity: strangers see items in the order of the rows");
            vec![0.0; ids.len()]
        }
    };
    Ok(Items { ids, popularity, columns })
}

fn spec(args: &ImportArgs, source: Source, items: Items) -> Result<ModelSpec> {
    let none = Vectors {
        rows: Vec::new(),
        dim: 0,
        bias: None,
        tower: UserTower::Pool { power: 0.0 },
        user_rows: None,
        network: None,
        ranker: None,
        context: None,
    };
    let content = match (&args.content, &args.content_fields) {
        (Some(content), Some(fields)) => Some((ArrayFile::open(content)?, read_fields(fields)?)),
        _ => None,
    };
    let vectors = match (source.network, source.factors) {
        (Some(network), _) => network,
        (None, Some(factors)) => vectors(args, factors)?,
        (None, None) => none,
    };
    let content = match content {
        Some(_) if vectors.dim == 0 => {
            let (expected, found) = ("a source with item vectors".into(), "neighbour lists".into());
            return Err(CliError::Flag { flag: "--content", expected, found });
        }
        Some((mut file, fields)) => Some(read_content(&mut file, fields, &vectors)?),
        None => None,
    };
    Ok(ModelSpec {
        family: source.family.into(),
        item_ids: items.ids,
        embedding: EmbeddingSpec { dim: vectors.dim, rows: vectors.rows, precision: args.precision.into() },
        item_bias: vectors.bias,
        removed: Vec::new(),
        popularity: items.popularity,
        user_tower: vectors.tower,
        user_rows: vectors.user_rows,
        network: vectors.network,
        content,
        context: vectors.context,
        repeats: Repeats::Once,
        neighbours: source.neighbours,
        ranker: vectors.ranker,
        prior: None,
        online: None,
        timing: None,
        repurchase: None,
        columns: items.columns,
        event_weights: Default::default(),
        event_half_lives: Default::default(),
        card: json!({
            "trainer": concat!("proclivity ", env!("CARGO_PKG_VERSION")),
            "date": date(),
            "imported": { "file": file_name(&args.source), "sha256": log_sha256(&args.source)?, "item_factors": args.item_factors, "item_bias": args.item_bias, "user": tower_card(vectors.tower) },
            "precision": { "items": args.precision },
        }),
    })
}

/// Factors, and how the device makes a user vector of a history.
fn vectors(args: &ImportArgs, factors: Factors) -> Result<Vectors> {
    Ok(Vectors {
        tower: tower(args, &factors)?,
        rows: factors.rows,
        dim: factors.dim,
        bias: factors.bias,
        user_rows: None,
        network: None,
        ranker: None,
        context: None,
    })
}

fn tower_card(tower: UserTower) -> Value {
    match tower {
        UserTower::FoldIn { alpha, regularization, .. } => json!({ "alpha": alpha, "regularization": regularization }),
        UserTower::Pool { power } => json!({ "pool_power": power }),
        UserTower::Network => json!("network"),
    }
}

/// How the device makes a user vector: as told, else as the source says.
fn tower(args: &ImportArgs, factors: &Factors) -> Result<UserTower> {
    let (alpha, regularization) = (args.alpha.or(factors.alpha), args.regularization.or(factors.regularization));
    let foreign = matches!(factors.family, "bpr" | "logistic-mf"); // of a loss that no fold-in minimises
    let pool = args.tower.map_or(foreign && alpha.and(regularization).is_none(), |tower| tower == Tower::Pool);
    if pool {
        return Ok(UserTower::Pool { power: args.pool_power.unwrap_or(POWER) });
    }
    let refused = |flag, expected: &str, found: String| Err(CliError::Flag { flag, expected: expected.into(), found });
    match (alpha, regularization) {
        (Some(alpha), Some(regularization)) if alpha >= 0.0 && regularization as f32 > 0.0 => Ok(UserTower::FoldIn {
            alpha: alpha.max(LEAST_ALPHA) as f32,
            regularization: regularization as f32,
            power: 0.0,
        }),
        (Some(alpha), Some(regularization)) => refused(
            "--alpha and --regularization",
            "numbers above 0, or --tower pool",
            format!("{alpha} (a confidence of {}) and {regularization} in {}", 1.0 + alpha, args.source.display()),
        ),
        (None, None) if args.tower.is_none() => refused(
            "--tower",
            "fold-in with --alpha and --regularization, or pool",
            "none, and a file that does not say how it was trained".into(),
        ),
        (None, _) => refused("--alpha", "the alpha that the factors were trained with, or --tower pool", "none".into()),
        (_, None) => refused("--regularization", "that of the factors' training, or --tower pool", "none".into()),
    }
}

/// Histories of growing length, items drawn at random.
fn golden_histories(items: usize) -> Vec<Vec<u32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let lengths = (1..=GOLDEN).map(|n| (n * n).div_ceil(3).min(GOLDEN_LENGTH).min(items));
    lengths
        .map(|length| rand::seq::index::sample(&mut rng, items, length).iter().map(|item| item as u32).collect())
        .collect()
}
