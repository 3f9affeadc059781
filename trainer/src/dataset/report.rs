//! The account of cleaning: what was read, dropped and kept, and by which rule.

use std::path::Path;

use serde::Serialize;

use super::outliers::OutlierReport;
use super::taken::TakenColumns;
use crate::output::grouped;

/// What was read, dropped and kept. Every interaction is in exactly one of the counts of interactions, or kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CleanReport {
    /// Which columns, for people.
    #[serde(skip)]
    pub taken: TakenColumns,
    pub rows: usize,
    pub interactions: usize,
    /// Rows left out while reading: below `--min-value`, without a user, by the preset's rule (cancellations), of a type whose
    /// weight is not above 0.
    pub below_min_value: usize,
    pub anonymous: usize,
    pub left_out: usize,
    pub without_weight: usize,
    /// Interactions dropped because the user is not in `--keep-users`, or the item not in `--keep-items`.
    pub users_not_kept: usize,
    pub items_not_kept: usize,
    /// Interactions logged twice: the same user, item, time, type and value; only told where times are finer than a day.
    pub duplicates: usize,
    /// Users with implausibly many events.
    pub outliers: OutlierReport,
    /// Further events of a pair. They stay as events, histories keep the first.
    pub repeats: usize,
    /// Pairs dropped by the k-core: items with too few users, users with too few items.
    pub rare_items: usize,
    pub rare_item_pairs: usize,
    pub sparse_users: usize,
    pub sparse_user_pairs: usize,
    /// Whether histories are in the order of a time column, or of the file.
    pub ordered_by: &'static str,
    pub users: usize,
    pub items: usize,
    pub pairs: usize,
    pub events: usize,
}

impl CleanReport {
    /// The report for people.
    pub fn text(&self, path: &Path) -> String {
        let read = [self.rows, self.interactions].map(grouped);
        let mut lines = vec![format!("read   {}: {} rows, {} interactions", path.display(), read[0], read[1])];
        lines.push(format!("columns {}", self.taken.text()));
        let dropped = self.dropped().into_iter().filter(|(count, _)| *count > 0);
        lines.extend(dropped.map(|(count, why)| format!("drop   {} {why}", grouped(count))));
        let kept = [self.users, self.items, self.pairs, self.events].map(grouped);
        lines.push(format!(
            "keep   {} users, {} items, {} pairs of {} events, in {} order",
            kept[0], kept[1], kept[2], kept[3], self.ordered_by
        ));
        lines.join("\n")
    }

    /// Each count with what was dropped.
    fn dropped(&self) -> [(usize, String); 13] {
        let outliers = &self.outliers;
        let of = |users: usize, why: &str| format!("events of {} users {why}", grouped(users));
        let bound = outliers.count_bound.map_or(0, |bound| bound as usize);
        [
            (self.below_min_value, self.taken.below()),
            (self.anonymous, "rows without a user".to_owned()),
            (self.left_out, "rows by the preset's rule (cancellations)".to_owned()),
            (self.without_weight, "rows of types whose weight is not above 0".to_owned()),
            (self.users_not_kept, "interactions of users not in --keep-users".to_owned()),
            (self.items_not_kept, "interactions with items not in --keep-items".to_owned()),
            (
                self.duplicates,
                "interactions logged twice, same time included (--keep-duplicates keeps them)".to_owned(),
            ),
            (outliers.max_user_events.events, of(outliers.max_user_events.users, "above --max-user-events")),
            (
                outliers.count.events,
                of(outliers.count.users, &format!("with more than {} (--keep-outliers keeps them)", grouped(bound))),
            ),
            (
                outliers.rate.events,
                of(outliers.rate.users, "who act too often within a day (--keep-outliers keeps them)"),
            ),
            (self.repeats, "repeats of a pair from histories (they stay as events)".to_owned()),
            (self.rare_item_pairs, format!("pairs of {} items with too few users", grouped(self.rare_items))),
            (self.sparse_user_pairs, format!("pairs of {} users with too few items", grouped(self.sparse_users))),
        ]
    }

    /// The counts in short, for the error that nothing is left.
    pub fn nothing_left(&self) -> String {
        let dropped = self.dropped().into_iter().filter(|(count, _)| *count > 0);
        let mut parts = vec![format!("{} interactions read", grouped(self.interactions))];
        parts.extend(dropped.map(|(count, why)| format!("{} {why}", grouped(count))));
        parts.join(", ")
    }
}
