//! What a log's columns were taken for, and what its values count for: so that a wrong guess is seen.

use super::columns::{LogColumnFlags, LogColumns, simple};

/// The columns that were taken of a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TakenColumns {
    /// Names with what they stand for; without that of the value.
    roles: Vec<(String, &'static str)>,
    value: Option<String>,
    /// Whether values are wanted as ratings.
    ratings: bool,
    min_value: Option<f64>,
    /// The preset that set it, where no flag did.
    preset: Option<String>,
}

impl TakenColumns {
    pub fn of(columns: &LogColumns, header: &[String], flags: &LogColumnFlags) -> TakenColumns {
        let roles = [
            (Some(columns.user), "user"),
            (Some(columns.item), if columns.basket_separator.is_some() { "items" } else { "item" }),
            (columns.timestamp, "time"),
            (columns.event, "event"),
            (columns.strength, "strength"),
        ];
        let roles = roles.into_iter().chain(columns.context.iter().map(|&column| (Some(column), "context")));
        TakenColumns {
            roles: roles.filter_map(|(at, role)| Some((header[at?].clone(), role))).collect(),
            value: columns.value.map(|at| header[at].clone()),
            ratings: flags.ratings,
            min_value: flags.min_value,
            preset: flags.minimum_of.clone(),
        }
    }

    /// One line: `userId (user), movieId (item), timestamp (time); rating is read, but ...`.
    pub fn text(&self) -> String {
        let named = |(name, role): &(String, &str)| match simple(name) == *role {
            true => name.clone(),
            false => format!("{name} ({role})"),
        };
        let roles = self.roles.iter().map(named).collect::<Vec<_>>().join(", ");
        let Some(value) = &self.value else { return roles };
        match (self.ratings, self.min_value) {
            (true, _) => format!("{roles}, {value} (what is predicted)"),
            (false, Some(least)) => format!("{roles}, {value} (value, from {least} on)"),
            (false, None) => {
                format!("{roles}; {value} is read, but training counts it only with --min-value or --confidence value")
            }
        }
    }

    /// Why rows of a low value are left out.
    pub fn below(&self) -> String {
        let (value, least) = (self.value.as_deref().unwrap_or("value"), self.min_value.unwrap_or_default());
        match &self.preset {
            Some(preset) => format!(
                "rows with {value} below {least} (--preset {preset} keeps {least} and more; another minimum: --min-value, 0 for all \
                 ratings)"
            ),
            None => format!("rows with {value} below --min-value {least}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(flags: LogColumnFlags) -> TakenColumns {
        let header = ["userId", "movie", "rating", "timestamp", "referrer"].map(str::to_owned);
        let columns = LogColumns {
            user: 0,
            item: 1,
            timestamp: Some(3),
            value: Some(2),
            event: None,
            strength: None,
            context: vec![4],
            leave_out: None,
            basket_separator: None,
        };
        TakenColumns::of(&columns, &header, &flags)
    }

    #[test]
    fn columns_are_told_with_what_they_count_for() {
        let roles = "userId (user), movie (item), timestamp (time), referrer (context)";
        assert_eq!(
            taken(LogColumnFlags::default()).text(),
            format!("{roles}; rating is read, but training counts it only with --min-value or --confidence value")
        );
        let four = LogColumnFlags { min_value: Some(4.0), ..LogColumnFlags::default() };
        assert_eq!(taken(four.clone()).text(), format!("{roles}, rating (value, from 4 on)"));
        assert_eq!(taken(four.clone()).below(), "rows with rating below --min-value 4");
        let preset = taken(LogColumnFlags { minimum_of: Some("movielens-1m".into()), ..four });
        assert!(preset.below().contains("--preset movielens-1m keeps 4 and more"), "{}", preset.below());
        let ratings = LogColumnFlags { ratings: true, ..LogColumnFlags::default() };
        assert_eq!(taken(ratings).text(), format!("{roles}, rating (what is predicted)"));
    }
}
