//! Chooses a list out of candidates, one place after the other: the best of what may stand there.

use crate::model::{ColumnView, Model};
use crate::score::{ItemMask, Scored};

/// A candidate for the places that are left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub scored: Scored,
    /// 0, the last of the candidates, to 1, the first.
    pub relevance: f32,
    /// Sum of its likeness to each item that stands in the list.
    likeness: f32,
    /// Its place among the directions.
    row: usize,
    /// A rule has a place for it.
    reserved: bool,
}

impl Candidate {
    pub fn new(scored: Scored) -> Candidate {
        Candidate { scored, relevance: 0.0, likeness: 0.0, row: 0, reserved: false }
    }
}

/// Most items of one value of a column: the values of all items, how many, and how many there are of each.
pub(super) struct Cap<'a> {
    pub codes: &'a [u32],
    pub most: usize,
    pub used: Vec<usize>,
}

/// A group's least share: who is not of it, how many there must be at each place, and how many there are.
pub(super) struct Share<'a> {
    pub outside: &'a ItemMask,
    pub least: &'a [usize],
    pub used: usize,
}

/// An item that a rule puts at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promotion {
    /// From 0.
    pub place: usize,
    pub item: u32,
    /// Number of the rule.
    pub rule: usize,
}

/// A list on its way.
pub(super) struct Choice<'a> {
    pub model: &'a Model,
    /// Items that may stand in the list though they are no candidates.
    pub allowed: &'a ItemMask,
    pub left: Vec<Candidate>,
    /// What likeness to the list weighs, against relevance.
    pub diversity: f32,
    pub caps: Vec<Cap<'a>>,
    pub share: Option<Share<'a>>,
    /// By place.
    pub promoted: &'a [Promotion],
}

impl Choice<'_> {
    /// The list of at most `count`; shorter where caps or candidates leave no more.
    pub fn list(mut self, count: usize) -> Vec<Scored> {
        let diverse = self.diversity > 0.0;
        for candidate in &mut self.left {
            candidate.reserved = self.promoted.iter().any(|promoted| promoted.item == candidate.scored.item);
        }
        let mut looks = Looks::of(self.model);
        for (row, candidate) in self.left.iter_mut().enumerate().filter(|_| diverse) {
            candidate.row = row;
            looks.rows.push(direction(self.model, candidate.scored.item));
        }
        let mut list: Vec<Scored> = Vec::new();
        while list.len() < count {
            // Where nothing else is left, what a rule puts further down comes now.
            let next = self.promoted(&list, list.len()).or_else(|| self.best(list.len()));
            let Some(next) = next.or_else(|| self.promoted(&list, usize::MAX)) else { break };
            for cap in &mut self.caps {
                cap.used[cap.codes[next.item as usize] as usize] += 1;
            }
            if let Some(share) = &mut self.share {
                share.used += usize::from(!share.outside.is_excluded(next.item));
            }
            if diverse {
                let row = direction(self.model, next.item);
                for candidate in &mut self.left {
                    let own = (looks.rows[candidate.row].as_slice(), candidate.scored.item);
                    candidate.likeness += looks.likeness(own, (&row, next.item));
                }
            }
            list.push(next);
        }
        list
    }

    /// The first item that a rule puts at `place` or before and that is not in the list yet.
    fn promoted(&mut self, list: &[Scored], place: usize) -> Option<Scored> {
        let due = |&&Promotion { place: at, item, .. }: &&Promotion| {
            at <= place
                && !list.iter().any(|scored| scored.item == item)
                && (!self.allowed.is_excluded(item) || self.left.iter().any(|candidate| candidate.scored.item == item))
        };
        let &Promotion { item, .. } = self.promoted.iter().find(due)?;
        match self.left.iter().position(|candidate| candidate.scored.item == item) {
            Some(at) => Some(self.left.swap_remove(at).scored),
            // Whoever is no candidate has no score but that of whom it stands before.
            None => {
                let next = self.left.iter().map(|candidate| candidate.scored.score).fold(f32::NEG_INFINITY, f32::max);
                Some(Scored { item, score: if next.is_finite() { next } else { 0.0 } })
            }
        }
    }

    /// The best candidate for the next place, `place` from 0: one of the group where it would fall short otherwise and there is one.
    fn best(&mut self, place: usize) -> Option<Scored> {
        let short = self.share.as_ref().filter(|share| share.used < share.least[place]);
        let found =
            short.and_then(|share| self.best_of(place, Some(share.outside))).or_else(|| self.best_of(place, None));
        found.map(|at| self.left.swap_remove(at).scored)
    }

    /// The place among the candidates of the best one, ties by the lower item index; none that `outside` leaves out.
    ///
    /// Maximal marginal relevance (Carbonell and Goldstein 1998), with the mean likeness to the list rather than the largest, which is what
    /// intra-list diversity is the mean of, and relevance squared: what stands apart at the top of the scores stays there.
    fn best_of(&self, place: usize, outside: Option<&ItemMask>) -> Option<usize> {
        let weight = self.diversity / place.max(1) as f32;
        let mut best: Option<(usize, f32)> = None;
        for (at, candidate) in self.left.iter().enumerate() {
            let item = candidate.scored.item;
            let relevance = candidate.relevance * candidate.relevance;
            let value = (1.0 - self.diversity) * relevance - weight * candidate.likeness;
            let better =
                best.is_none_or(|(other, most)| value > most || (value == most && item < self.left[other].scored.item));
            let open = self.caps.iter().all(|cap| cap.used[cap.codes[item as usize] as usize] < cap.most)
                && !candidate.reserved
                && outside.is_none_or(|outside| !outside.is_excluded(item));
            if better && open {
                best = Some((at, value));
            }
        }
        best.map(|(at, _)| at)
    }
}

/// What items are compared by.
struct Looks<'a> {
    /// Embeddings of length 1, in the order of the candidates; empty ones where the model has none.
    rows: Vec<Vec<f32>>,
    /// Values of the category columns, of all items.
    columns: Vec<&'a [u32]>,
}

impl<'a> Looks<'a> {
    fn of(model: &'a Model) -> Looks<'a> {
        let mut columns = Vec::new();
        for name in model.column_names() {
            if let Some(ColumnView::Category { codes, .. }) = model.column(name) {
                columns.push(codes);
            }
        }
        Looks { rows: Vec::new(), columns }
    }

    /// How alike two items are: the cosine of their embeddings and the share of the categories they have in common, half and half
    /// where there are both. Two brands of milk are seldom bought together, so that their embeddings alone are unlike.
    fn likeness(&self, (row, item): (&[f32], u32), (other, other_item): (&[f32], u32)) -> f32 {
        let cosine: f32 = row.iter().zip(other).map(|(a, b)| a * b).sum();
        let same = |codes: &&&[u32]| codes[item as usize] == codes[other_item as usize];
        match (self.columns.len(), row.is_empty()) {
            (0, _) => cosine,
            (columns, no_rows) => {
                let shared = self.columns.iter().filter(same).count() as f32 / columns as f32;
                if no_rows { shared } else { 0.5 * (cosine + shared) }
            }
        }
    }
}

/// The embedding of an item, of length 1.
fn direction(model: &Model, item: u32) -> Vec<f32> {
    let mut row = model.embedding(item);
    let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|x| *x /= length);
    }
    row
}
