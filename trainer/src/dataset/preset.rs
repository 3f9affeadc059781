//! Layouts in which well-known data sets are published, as data: where columns are, how they are written, what counts.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::columns::{LogColumnFlags, simple};
use super::table::{Table, TableOptions};
use super::text::Encoding;
use super::timestamp::TimeFormat;
use crate::error::{CliError, Result};

/// A published data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// u.data and u.item; ratings of 4 and more
    #[value(name = "movielens-100k")]
    MovieLens100K,
    /// ratings.dat and movies.dat; ratings of 4 and more
    #[value(name = "movielens-1m")]
    MovieLens1M,
    /// ratings.csv and movies.csv; ratings of 4 and more
    #[value(name = "movielens-20m")]
    MovieLens20M,
    /// ratings.csv and movies.csv; ratings of 4 and more
    #[value(name = "movielens-latest")]
    MovieLensLatest,
    /// Ratings (CSV) or reviews (JSON lines) of 2014, 2018 or 2023; ratings of 4 and more
    #[value(name = "amazon-reviews")]
    AmazonReviews,
    /// ratings.csv; ratings of 4 and more
    #[value(name = "goodbooks")]
    Goodbooks,
    /// Online Retail or Online Retail II as CSV; quantities of 1 and more, no cancellations, no rows without a customer
    #[value(name = "online-retail")]
    OnlineRetail,
    /// events.csv: view, addtocart and transaction; every event
    #[value(name = "retailrocket")]
    RetailRocket,
    /// A log of impressions with a click label, as ad networks publish them; clicks alone
    #[value(name = "impressions")]
    Impressions,
}

/// How a table is written.
#[derive(Debug, Clone, Copy)]
struct Written {
    /// Column names of a file without header row; none where it has one.
    header: &'static [&'static str],
    separator: Option<&'static str>,
    encoding: Encoding,
    unquoted: bool,
}

/// One way the log of a preset is written. Of each role the first column that is there is taken; where no name is given, the
/// column is guessed as it is without a preset.
#[derive(Debug, Clone, Copy)]
struct Layout {
    written: Written,
    user: &'static [&'static str],
    item: &'static [&'static str],
    time: &'static [&'static str],
    event: &'static [&'static str],
    value: &'static [&'static str],
    /// Column of ids of ten characters, which tells two orders of columns without header from each other.
    ten_characters: Option<usize>,
    weights: &'static [(&'static str, f32)],
    min_value: Option<f64>,
    time_format: Option<TimeFormat>,
    /// Rows left out: those whose cell in the first of these columns begins with the text.
    leave_out: Option<(&'static [&'static str], &'static str)>,
    /// Rows without a user are left out and counted.
    anonymous: bool,
}

const CSV: Written = Written { header: &[], separator: None, encoding: Encoding::Utf8, unquoted: false };
const LAYOUT: Layout = Layout {
    written: CSV,
    user: &[],
    item: &[],
    time: &[],
    event: &[],
    value: &[],
    ten_characters: None,
    weights: &[],
    min_value: None,
    time_format: None,
    leave_out: None,
    anonymous: false,
};

const RATINGS: &[&str] = &["user", "item", "rating", "timestamp"];
/// Ratings from here on say that the user liked the item.
const LIKED: Option<f64> = Some(4.0);

const MOVIELENS_100K: Layout = Layout {
    written: Written { header: RATINGS, separator: Some("\t"), unquoted: true, ..CSV },
    min_value: LIKED,
    ..LAYOUT
};
const MOVIELENS_1M: Layout =
    Layout { written: Written { header: RATINGS, separator: Some("::"), ..CSV }, min_value: LIKED, ..LAYOUT };
const MOVIELENS: Layout = Layout {
    user: &["userId"],
    item: &["movieId"],
    time: &["timestamp"],
    value: &["rating"],
    min_value: LIKED,
    ..LAYOUT
};
const AMAZON: &[Layout] = &[
    // 2023, ratings with a header row or reviews as JSON lines
    Layout {
        user: &["user_id"],
        item: &["parent_asin", "asin"],
        time: &["timestamp"],
        value: &["rating"],
        min_value: LIKED,
        ..LAYOUT
    },
    // 2014 and 2018, reviews as JSON lines
    Layout {
        user: &["reviewerID"],
        item: &["asin"],
        time: &["unixReviewTime"],
        value: &["overall"],
        min_value: LIKED,
        ..LAYOUT
    },
    // 2014, ratings only
    Layout { written: Written { header: RATINGS, ..CSV }, ten_characters: Some(1), min_value: LIKED, ..LAYOUT },
    // 2018, ratings only
    Layout {
        written: Written { header: &["item", "user", "rating", "timestamp"], ..CSV },
        ten_characters: Some(0),
        min_value: LIKED,
        ..LAYOUT
    },
];
const GOODBOOKS: Layout =
    Layout { user: &["user_id"], item: &["book_id"], value: &["rating"], min_value: LIKED, ..LAYOUT };
const RETAIL: Layout = Layout {
    written: Written { encoding: Encoding::Latin1, ..CSV },
    user: &["CustomerID", "Customer ID"],
    item: &["StockCode"],
    time: &["InvoiceDate"],
    value: &["Quantity"],
    min_value: Some(1.0),
    anonymous: true,
    ..LAYOUT
};
const ONLINE_RETAIL: &[Layout] = &[
    Layout {
        leave_out: Some((&["InvoiceNo"], "C")), // cancellations
        time_format: Some(TimeFormat::MonthFirst),
        ..RETAIL
    },
    // Online Retail II
    Layout { leave_out: Some((&["Invoice"], "C")), ..RETAIL },
];
const RETAILROCKET: Layout = Layout {
    user: &["visitorid"],
    item: &["itemid"],
    time: &["timestamp"],
    event: &["event"],
    weights: &[("addtocart", 0.6), ("transaction", 1.0)],
    ..LAYOUT
};
const IMPRESSIONS: Layout = Layout {
    user: &["uid", "user_id", "user", "userid", "visitor_id"],
    item: &["item_id", "item", "itemid", "adgroup_id", "ad_id", "campaign", "creative_id", "product_id"],
    value: &["click", "clicked", "is_click", "clk", "label"],
    min_value: Some(1.0),
    ..LAYOUT
};

const U_ITEM: Written = Written {
    header: &[
        "item",
        "title",
        "release_date",
        "video_release_date",
        "imdb_url",
        "unknown",
        "Action",
        "Adventure",
        "Animation",
        "Children's",
        "Comedy",
        "Crime",
        "Documentary",
        "Drama",
        "Fantasy",
        "Film-Noir",
        "Horror",
        "Musical",
        "Mystery",
        "Romance",
        "Sci-Fi",
        "Thriller",
        "War",
        "Western",
    ],
    separator: Some("|"),
    encoding: Encoding::Latin1,
    unquoted: true,
};
const MOVIES_DAT: Written =
    Written { header: &["item", "title", "genres"], separator: Some("::"), encoding: Encoding::Latin1, unquoted: true };

impl Preset {
    /// The log's name in the published folder, its layouts, and how the item table is written.
    fn facts(self) -> (&'static str, &'static [Layout], Written) {
        match self {
            Preset::MovieLens100K => ("u.data", &[MOVIELENS_100K], U_ITEM),
            Preset::MovieLens1M => ("ratings.dat", &[MOVIELENS_1M], MOVIES_DAT),
            Preset::MovieLens20M | Preset::MovieLensLatest => ("ratings.csv", &[MOVIELENS], CSV),
            Preset::AmazonReviews => ("", AMAZON, CSV),
            Preset::Goodbooks => ("ratings.csv", &[GOODBOOKS], CSV),
            Preset::OnlineRetail => ("", ONLINE_RETAIL, CSV),
            Preset::RetailRocket => ("events.csv", &[RETAILROCKET], CSV),
            Preset::Impressions => ("", &[IMPRESSIONS], CSV),
        }
    }

    /// The log file in the folder as published, or `path` itself.
    pub fn log_file(self, path: &Path) -> PathBuf {
        let named = path.join(self.facts().0);
        if named.is_file() { named } else { path.into() }
    }

    /// How the item table is read; flags stand above the preset.
    pub fn item_tables(self, tables: &TableOptions) -> TableOptions {
        self.facts().2.over(tables)
    }

    /// As `--preset` has it.
    pub fn name(self) -> String {
        self.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned())
    }

    /// Flags and table options for the log at `path`, as if given by hand; those that are given stand above the preset.
    ///
    /// # Errors
    /// [`CliError::Layout`] where the file has none of the preset's layouts, [`CliError::Flag`] where ratings are wanted and its
    /// values are none, or as [`Table::open`].
    pub fn apply(
        self,
        path: &Path,
        flags: &LogColumnFlags,
        tables: &TableOptions,
    ) -> Result<(LogColumnFlags, TableOptions)> {
        let mut first = Vec::new();
        for layout in self.facts().1 {
            let written = layout.written.over(tables);
            first = Table::first_row(path, &written)?;
            if layout.fits(&first, flags) {
                layout.check_ratings(&self.name(), flags)?;
                let minimum_of = flags.min_value.is_none().then(|| self.name());
                return Ok((LogColumnFlags { minimum_of, ..layout.flags(&first, flags) }, written));
            }
        }
        let expected: Vec<String> = self.facts().1.iter().map(Layout::text).collect();
        let found = format!("first row `{}`", first.join("`, `").chars().take(120).collect::<String>());
        Err(CliError::Layout { path: path.into(), preset: self.name(), expected: expected.join("; or "), found })
    }
}

impl Written {
    fn over(&self, tables: &TableOptions) -> TableOptions {
        let names = self.header.iter().map(|&name| name.to_owned()).collect();
        TableOptions {
            delimiter: tables.delimiter.clone().or(self.separator.map(str::to_owned)),
            encoding: if tables.encoding == Encoding::Utf8 { self.encoding } else { tables.encoding },
            header: tables.header.clone().or((!self.header.is_empty()).then_some(names)),
            unquoted: self.unquoted,
        }
    }
}

impl Layout {
    /// Whether a file whose first row is `first` may be of this layout; roles named by flags are not asked of it.
    fn fits(&self, first: &[String], flags: &LogColumnFlags) -> bool {
        if !self.written.header.is_empty() {
            let ten = |column| first.get(column).is_some_and(|cell: &String| cell.chars().count() == 10);
            return first.len() == self.written.header.len() && self.ten_characters.is_none_or(ten);
        }
        let wanted =
            [(self.user, &flags.user_column), (self.item, &flags.item_column), (self.value, &flags.value_column)];
        let left_out = self.leave_out.is_none_or(|(columns, _)| named(columns, first).is_some());
        left_out
            && wanted.iter().all(|(names, flag)| names.is_empty() || flag.is_some() || named(names, first).is_some())
    }

    /// Ratings are liked from some value on; quantities, clicks and types of events are no ratings.
    fn check_ratings(&self, preset: &str, flags: &LogColumnFlags) -> Result<()> {
        match !flags.ratings || self.min_value == LIKED || flags.value_column.is_some() {
            true => Ok(()),
            false => Err(CliError::Flag {
                flag: "--family svd++",
                expected: "a log with ratings; for this one a family for implicit events, such as als".into(),
                found: format!("--preset {preset}, which has none"),
            }),
        }
    }

    fn flags(&self, first: &[String], flags: &LogColumnFlags) -> LogColumnFlags {
        let role = |flag: &Option<String>, names| flag.clone().or_else(|| named(names, first));
        LogColumnFlags {
            user_column: role(&flags.user_column, self.user),
            item_column: role(&flags.item_column, self.item),
            timestamp_column: role(&flags.timestamp_column, self.time),
            event_column: role(&flags.event_column, self.event),
            value_column: role(&flags.value_column, self.value),
            min_value: flags.min_value.or(self.min_value.filter(|_| !flags.ratings)),
            time_format: flags.time_format.or(self.time_format),
            drop_anonymous: flags.drop_anonymous || self.anonymous,
            preset_weights: self.weights,
            leave_out: self.leave_out.and_then(|(columns, prefix)| Some((named(columns, first)?, prefix))),
            ..flags.clone()
        }
    }

    /// What the layout looks like, for error messages.
    fn text(&self) -> String {
        if !self.written.header.is_empty() {
            return format!("no header, columns {}", self.written.header.join(", "));
        }
        let roles = [self.user, self.item, self.event, self.value].map(|names| names.join(" or "));
        let roles: Vec<String> = roles.into_iter().filter(|names| !names.is_empty()).collect();
        format!("a header with {}", roles.join(", "))
    }
}

fn named(names: &[&str], header: &[String]) -> Option<String> {
    names.iter().find_map(|name| header.iter().find(|column| simple(column) == simple(name)).cloned())
}
