//! Reading a model: every check happens here, once, so that scoring can trust what it is given.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::buffer::ModelBuffer;
use super::catalogue::{Catalogue, ColumnSlot};
use super::content::Content;
use super::context::Context;
use super::draws::Draws;
use super::golden::{GoldenQuery, read_golden};
use super::header::Dtype;
use super::limits::{DIM_MULTIPLE, MAX_ABS, MAX_DIM};
use super::manifest::{FORMAT, FORMAT_VERSION, Manifest, Scoring, UserTower, to_power};
use super::neighbours::{NeighbourSlot, Neighbours};
use super::network::Network;
use super::quantise::inverse_norm;
use super::ranker::Ranker;
use super::repurchase::{Repurchase, read_items};
use super::table::{HISTORY, ITEMS, ItemTable, TableSlot};
use super::tensors::{TensorSummary, TensorTable, check_magnitude, sha256_hex, typed};
use super::view::ColumnView;
use super::write::Precision;
use crate::cholesky::Cholesky;
use crate::error::{Error, Result, show};
use crate::json::parse;
use crate::simd::scaled;

/// 1 for each item that is no longer offered, (n) U8.
pub(crate) const REMOVED: &str = "item.removed";

/// A checked model and views into its bytes. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Model {
    buffer: ModelBuffer,
    table: TensorTable,
    manifest: Arc<Manifest>,
    /// Items of the file and those that were added, n.
    count: usize,
    catalogue: Catalogue,
    items: TableSlot,
    /// What a history is pooled of, if not of the items' rows.
    history: Option<TableSlot>,
    /// The user tower, if it is a network.
    network: Option<Network>,
    content: Option<Content>,
    context: Option<Context>,
    bias: Option<Range<usize>>,
    popularity: Option<Range<usize>>,
    /// For a fold-in.
    gram: Option<Range<usize>>,
    neighbours: Option<NeighbourSlot>,
    /// `ln(1 + popularity)` less its mean, (n), made when it is asked for.
    log_popularity: OnceLock<Vec<f32>>,
    /// See [`Model::draw_by_popularity`].
    pub(super) draws: OnceLock<Draws>,
    /// In place of the manifest's.
    event_weights: Vec<(String, f32)>,
    event_half_lives: Vec<(String, f32)>,
    /// The items' terms of the repurchase part, (2, n).
    repurchase: Option<Range<usize>>,
    inverse_norm: Vec<f32>,
    ranker: Option<Ranker>,
    /// Items that are no longer offered, (n), 1 for each.
    removed: Option<Range<usize>>,
    golden: Vec<GoldenQuery>,
    /// What is not of the file: see [`super::growth`].
    inserted: Vec<Range<usize>>,
}

impl Model {
    /// Reads and checks a whole model file. No input can make it panic, loop, or take more than a small multiple of the
    /// file's own size.
    ///
    /// # Errors
    /// [`Error::ModelFormat`], [`Error::ModelVersion`], [`Error::Tensor`] or [`Error::Integrity`], naming the tensor.
    pub fn read(buffer: ModelBuffer) -> Result<Model> {
        let file = buffer.as_bytes();
        let (table, metadata) = TensorTable::parse(file)?;
        let manifest = read_manifest(&metadata)?;
        table.verify(file, &manifest.sha256)?;
        check_sizes(&manifest)?;
        let items = manifest.items;
        Model::assemble(buffer, table, Arc::new(manifest), items, Vec::new())
    }

    /// The model of these bytes, after checking what the tensors hold.
    pub(crate) fn assemble(
        buffer: ModelBuffer,
        table: TensorTable,
        manifest: Arc<Manifest>,
        items: usize,
        inserted: Vec<Range<usize>>,
    ) -> Result<Model> {
        let (file, dim) = (buffer.as_bytes(), manifest.dim);
        let rows = TableSlot::read(&table, file, ITEMS, items, dim)?;
        let history_dim = manifest.network.as_ref().map_or(dim, |network| network.width);
        let history = match table.find(HISTORY) {
            Some(_) => Some(TableSlot::read(&table, file, HISTORY, items, history_dim)?),
            None if history_dim != dim => {
                return Err(Error::tensor(HISTORY, "expected rows for a network of another width than the items'"));
            }
            None => None,
        };
        let network = manifest.network.as_ref().map(|shape| Network::read(&table, file, shape, dim)).transpose()?;
        let content = manifest.content.as_ref().map(|shape| Content::read(&table, file, shape, dim)).transpose()?;
        let body = network.as_ref().map_or(dim, |network| network.shape.body_width());
        let context = match &manifest.context {
            Some(shape) => {
                Some(Context::read(&table, file, shape, if shape.always { body } else { dim }, manifest.user)?)
            }
            None => None,
        };
        let optional = |name: &str| match table.find(name) {
            Some(_) => table.expect(name, Dtype::F32, &[items]).map(Some),
            None => Ok(None),
        };
        let (bias, popularity) = (optional("item.bias")?, optional("item.popularity")?);
        for (range, name) in [(&bias, "item.bias"), (&popularity, "item.popularity")] {
            if let Some(range) = range {
                check_magnitude(typed(file, range, name)?, name, if name == "item.bias" { MAX_ABS } else { 1e9 })?;
            }
        }
        let gram = read_gram(&table, file, (manifest.items, dim), manifest.user)?;
        let neighbours = NeighbourSlot::read(&table, file, items)?;
        if dim == 0 && ((neighbours.is_none() && bias.is_none()) || manifest.scoring != Scoring::Dot) {
            return Err(Error::tensor("item.embedding", "expected vectors, or neighbour lists or item biases alone"));
        }
        let ranker = match &manifest.scoring {
            Scoring::Dot => None,
            Scoring::Mlp(mlp) => Some(Ranker::read(&table, file, dim, mlp, items, rows.is_int8())?),
            Scoring::Cascade { candidates, mlp } => {
                Some(Ranker::read(&table, file, dim, mlp, *candidates, rows.is_int8())?)
            }
        };
        let repurchase = manifest.repurchase.as_ref().map(|_| read_items(&table, file, items)).transpose()?;
        let removed = table.find(REMOVED).map(|_| table.expect(REMOVED, Dtype::U8, &[items])).transpose()?;
        let catalogue = Catalogue::read(&table, file, items, &manifest.columns)?;
        let golden = read_golden(&table, file, manifest.items)?;
        let mut model = Model {
            table,
            manifest,
            count: items,
            catalogue,
            items: rows,
            history,
            network,
            content,
            context,
            bias,
            popularity,
            gram,
            neighbours,
            log_popularity: OnceLock::new(),
            draws: OnceLock::new(),
            event_weights: Vec::new(),
            event_half_lives: Vec::new(),
            repurchase,
            inverse_norm: Vec::new(),
            ranker,
            removed,
            golden,
            inserted,
            buffer,
        };
        model.inverse_norm = model.inverse_norms()?;
        if let Some(online) = &model.manifest.online {
            online.check(&model)?;
        }
        Ok(model)
    }

    /// What the exporter said of the model.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Counts types of events as told rather than as the manifest says, type by type.
    pub(crate) fn override_events(&mut self, weights: &[(String, f32)], half_lives: &[(String, f32)]) {
        (self.event_weights, self.event_half_lives) = (weights.to_vec(), half_lives.to_vec());
    }

    /// How strongly a type of event counts, where that is told.
    pub(crate) fn event_weight(&self, name: &str) -> Option<f32> {
        of_name(&self.event_weights, name).or_else(|| of_name(&self.manifest.event_weights, name))
    }

    /// Days after which an event of a type counts half, where it does.
    pub(crate) fn event_half_life(&self, name: &str) -> Option<f32> {
        of_name(&self.event_half_lives, name).or_else(|| of_name(&self.manifest.event_half_lives, name))
    }

    pub(crate) fn shared_manifest(&self) -> Arc<Manifest> {
        self.manifest.clone()
    }

    /// Catalogue size n.
    pub fn item_count(&self) -> usize {
        self.count
    }

    /// Embedding width d, a multiple of 16; 0 for neighbour lists or item biases alone.
    pub fn dim(&self) -> usize {
        self.manifest.dim
    }

    /// Size of the file in bytes.
    pub fn byte_len(&self) -> usize {
        self.buffer.len()
    }

    /// External id of item `item` (an index below [`Model::item_count`]).
    pub fn item_id(&self, item: u32) -> &str {
        self.catalogue.id(self.buffer.as_bytes(), item as usize)
    }

    /// Index of the item with this external id.
    pub fn item_index(&self, id: &str) -> Option<u32> {
        self.catalogue.index(self.buffer.as_bytes(), id)
    }

    /// As [`Model::item_index`], with the error a caller should see.
    ///
    /// # Errors
    /// [`Error::UnknownItem`].
    pub fn require_item(&self, id: &str) -> Result<u32> {
        self.item_index(id).ok_or_else(|| Error::UnknownItem { id: id.into(), items: self.item_count() }.into())
    }

    /// The item table, (n, d).
    pub fn table(&self) -> ItemTable<'_> {
        self.items.view(self.buffer.as_bytes())
    }

    /// Item biases, (n), if the family has them.
    pub fn bias(&self) -> Option<&[f32]> {
        self.bias.as_ref().map(|range| self.floats(range))
    }

    /// Popularity of each item, (n), in any monotone unit; ranks the catalogue before a user's first event.
    pub fn popularity(&self) -> Option<&[f32]> {
        self.popularity.as_ref().map(|range| self.floats(range))
    }

    /// `ln(1 + popularity)` of each item, less its mean over the catalogue, (n); zeros where the file has no popularity.
    pub fn log_popularity(&self) -> &[f32] {
        self.log_popularity.get_or_init(|| {
            let mut logs = vec![0.0f32; self.item_count()];
            let mut sum = 0.0;
            for (log, count) in logs.iter_mut().zip(self.popularity().unwrap_or_default()) {
                *log = (1.0 + count.max(0.0)).ln();
                sum += *log;
            }
            let mean = sum / logs.len() as f32;
            logs.iter_mut().for_each(|log| *log -= mean);
            logs
        })
    }

    /// `1 / |row|` of the rows as stored, (n), 0 for a zero row: turns a dot into a cosine.
    pub fn inverse_norm(&self) -> &[f32] {
        &self.inverse_norm
    }

    /// Gram matrix of the item table, (d, d): sum over items of `y y^T`; empty where users are not folded in.
    pub fn gram(&self) -> &[f32] {
        self.gram.as_ref().map_or(&[], |range| self.floats(range))
    }

    /// Neighbour lists, if the family has them.
    pub fn neighbours(&self) -> Option<Neighbours<'_>> {
        self.neighbours.as_ref().map(|slot| slot.view(self.buffer.as_bytes()))
    }

    /// What own and new items are weighed with, if the model is for a shop where people buy again.
    pub fn repurchase(&self) -> Option<Repurchase<'_>> {
        let weights = self.manifest.repurchase.as_ref()?;
        let (repeat_items, new_items) = self.floats(self.repurchase.as_ref()?).split_at(self.item_count());
        Some(Repurchase { weights, repeat_items, new_items })
    }

    /// The ranker of a cascade.
    pub fn ranker(&self) -> Option<&Ranker> {
        self.ranker.as_ref()
    }

    /// Whether the item is no longer offered: what a user did with it still tells of the user, and no list has it.
    pub fn is_removed(&self, item: u32) -> bool {
        self.removed.as_ref().is_some_and(|range| self.bytes()[range.clone()][item as usize] != 0)
    }

    /// Golden queries with their answers.
    pub fn golden(&self) -> &[GoldenQuery] {
        &self.golden
    }

    /// Items of the file, before more were added: those that golden answers speak of and a Gram matrix is of.
    pub(crate) fn golden_items(&self) -> usize {
        self.manifest.items
    }

    pub(crate) fn tensor_table(&self) -> &TensorTable {
        &self.table
    }

    pub(crate) fn columns(&self) -> &[(String, ColumnSlot)] {
        &self.catalogue.columns
    }

    /// The file, and what was put into it.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.as_bytes()
    }

    /// Where what was put into the file lies.
    pub(crate) fn inserted(&self) -> &[Range<usize>] {
        &self.inserted
    }

    /// The item's embedding as floats, (d).
    pub fn embedding(&self, item: u32) -> Vec<f32> {
        self.row(&self.items, item, self.dim())
    }

    /// The user tower that is a network.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// What turns attributes into a vector.
    pub fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// The row of a feature of `content`, (its width).
    pub(crate) fn content_row(&self, content: &Content, feature: u32) -> Vec<f32> {
        self.row(&content.rows, feature, content.shape.width)
    }

    /// What a request tells beside the history.
    pub fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// The row of a feature of `context`, (its width).
    pub(crate) fn context_row(&self, context: &Context, feature: u32) -> Vec<f32> {
        self.row(&context.rows, feature, context.width)
    }

    /// Whether a history is pooled of rows of its own, `user.rows`.
    pub fn has_history_rows(&self) -> bool {
        self.history.is_some()
    }

    /// What the item adds to a history, (d) or the width of the network: a row of `user.rows` where the file has them, else the item's embedding.
    pub fn history_row(&self, item: u32) -> Vec<f32> {
        let dim = self.manifest.network.as_ref().map_or(self.dim(), |network| network.width);
        self.row(self.history.as_ref().unwrap_or(&self.items), item, dim)
    }

    fn row(&self, table: &TableSlot, item: u32, dim: usize) -> Vec<f32> {
        let row = item as usize * dim..(item as usize + 1) * dim;
        match table.view(self.buffer.as_bytes()) {
            ItemTable::Int8 { values, scale } => scaled(&values[row], scale[item as usize]),
            ItemTable::F32 { values } => values[row].to_vec(),
        }
    }

    /// How the item table is stored; `None` where there is none.
    pub fn precision(&self) -> Option<Precision> {
        self.items.precision()
    }

    /// The catalogue column of this name.
    pub fn column(&self, name: &str) -> Option<ColumnView<'_>> {
        let slot = self.catalogue.columns.iter().find(|(column, _)| column == name)?;
        Some(ColumnView::new(&slot.1, self.buffer.as_bytes()))
    }

    /// Names of the catalogue columns, in display order.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.catalogue.columns.iter().map(|(name, _): &(String, ColumnSlot)| name.as_str())
    }

    /// 16 hex digits that tell one model from another: of the sha256 over the sha256 of every tensor.
    pub fn fingerprint(&self) -> String {
        let hashes: String = self.manifest.sha256.iter().map(|(_, hash)| hash.as_str()).collect();
        sha256_hex(hashes.as_bytes())[..16].to_owned()
    }

    /// Name, type, shape, size and hash of every tensor.
    pub fn tensors(&self) -> Vec<TensorSummary> {
        self.table.summaries(self.buffer.as_bytes())
    }

    fn inverse_norms(&self) -> Result<Vec<f32>> {
        let mut norms = Vec::new();
        let refused = |_| Error::out_of_memory(self.item_count() * 4, "the rows' norms");
        norms.try_reserve_exact(self.item_count()).map_err(refused)?;
        match self.table() {
            _ if self.dim() == 0 => norms.resize(self.item_count(), 0.0),
            ItemTable::Int8 { values, .. } => norms.extend(values.chunks_exact(self.dim()).map(inverse_norm)),
            ItemTable::F32 { values } => norms.extend(values.chunks_exact(self.dim()).map(inverse_norm)),
        }
        Ok(norms)
    }

    fn floats(&self, range: &Range<usize>) -> &[f32] {
        bytemuck::cast_slice(&self.buffer.as_bytes()[range.clone()])
    }
}

fn of_name(list: &[(String, f32)], name: &str) -> Option<f32> {
    list.iter().find(|(other, _)| other == name).map(|&(_, value)| value)
}

fn read_manifest(metadata: &[(String, String)]) -> Result<Manifest> {
    let metadata = |key: &str| metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let found = metadata("format").unwrap_or("none");
    if found != FORMAT {
        return Err(Error::format(format_args!("expected metadata format `{FORMAT}`, found `{found}`")));
    }
    let version = metadata("version").unwrap_or("none");
    if version != FORMAT_VERSION.to_string() {
        return Err(Error::ModelVersion { expected: FORMAT_VERSION, found: version.to_owned() }.into());
    }
    let refused = |e: &dyn std::fmt::Display| Error::format(format_args!("its manifest cannot be used ({e})"));
    let json = metadata("model").unwrap_or("");
    let value = parse(json.as_bytes()).map_err(|e| refused(&e))?;
    Manifest::from_json(value).map_err(|e| refused(&e))
}

fn check_sizes(manifest: &Manifest) -> Result<()> {
    if manifest.items == 0 {
        return Err(Error::tensor("item.embedding", "expected at least one item, found none"));
    }
    if manifest.dim > MAX_DIM || !manifest.dim.is_multiple_of(DIM_MULTIPLE) {
        return Err(Error::tensor(
            "item.embedding",
            format_args!(
                "expected a width that is a multiple of {DIM_MULTIPLE} up to {MAX_DIM}, found {}",
                manifest.dim
            ),
        ));
    }
    match manifest.event_weights.iter().find(|(_, weight)| !(-1.0..=1.0).contains(weight)) {
        Some((event, weight)) => {
            Err(Error::format(format_args!("expected event weights in -1..=1, found {} for `{event}`", show(*weight))))
        }
        None => Ok(()),
    }
}

/// The Gram matrix that a fold-in needs, after checking the tower.
fn read_gram(
    table: &TensorTable,
    file: &[u8],
    (items, dim): (usize, usize),
    user: UserTower,
) -> Result<Option<Range<usize>>> {
    const NAME: &str = "user.gram";
    let (alpha, regularization, power) = match user {
        UserTower::FoldIn { alpha, regularization, power } => (alpha, regularization, power),
        UserTower::Pool { power: 0.0 | 0.5 | 1.0 } | UserTower::Network => return Ok(None),
        UserTower::Pool { power } => {
            return Err(Error::format(format_args!(
                "expected a power of 0, 0.5 or 1 of a pooled history, found {}",
                show(power)
            )));
        }
    };
    let range = table.expect(NAME, Dtype::F32, &[dim, dim])?;
    let gram: &[f32] = typed(file, &range, NAME)?;
    let usable = alpha > 0.0 && alpha <= 1e6 && regularization > 0.0 && regularization <= 1e9;
    if !usable || ![0.0, 0.5, 1.0].contains(&power) {
        return Err(Error::tensor(
            NAME,
            format_args!(
                "expected positive alpha and regularization and a power of 0, 0.5 or 1, found {}, {} and {}",
                show(alpha),
                show(regularization),
                show(power)
            ),
        ));
    }
    check_magnitude(gram, NAME, 1e15)?;
    let ridge = f64::from(regularization) * to_power(items as f64, power);
    let matrix = gram.iter().enumerate().map(|(i, &g)| f64::from(g) + if i % (dim + 1) == 0 { ridge } else { 0.0 });
    Cholesky::factor(matrix.collect(), dim).map(|_| Some(range)).ok_or_else(|| {
        Error::tensor(NAME, "expected a positive semi-definite matrix, found one that the fold-in cannot solve with")
    })
}
