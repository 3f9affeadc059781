//! Users by group: does the model serve all of them alike?

use std::collections::{BTreeMap, HashMap};

use super::bootstrap::{Bootstrap, Estimate, quantile};

/// More distinct values than this make a column of numbers a measure, which is cut at its quartiles.
const MAX_GROUPS: usize = 12;

/// The label of users without a value.
const UNKNOWN: &str = "(unknown)";

/// Users apart by one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    pub name: String,
    /// Label and places of users; no group is empty, no user in two.
    pub groups: Vec<(String, Vec<usize>)>,
}

/// A group's figures.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupFigures {
    pub label: String,
    pub users: usize,
    /// One a metric.
    pub estimates: Vec<Estimate>,
}

impl Grouping {
    /// By quartiles of `values`, one a user. Equal values are never parted, so there may be fewer than four groups.
    pub fn by_quartile(name: &str, values: &[f64]) -> Grouping {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.retain(|value| value.is_finite());
        let mut groups = vec![Vec::new(); 4];
        let mut unknown = Vec::new();
        if !sorted.is_empty() {
            let cuts = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
            for (user, value) in values.iter().enumerate() {
                match value.is_finite() {
                    true => groups[cuts.iter().filter(|&cut| value > cut).count()].push(user),
                    false => unknown.push(user),
                }
            }
        }
        let label = |users: &Vec<usize>| {
            let ends = users
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), &user| (low.min(values[user]), high.max(values[user])));
            if ends.0 == ends.1 { ends.0.to_string() } else { format!("{} to {}", ends.0, ends.1) }
        };
        let mut groups: Vec<(String, Vec<usize>)> =
            groups.into_iter().filter(|users| !users.is_empty()).map(|users| (label(&users), users)).collect();
        if !unknown.is_empty() {
            groups.push((UNKNOWN.into(), unknown));
        }
        Grouping { name: name.into(), groups }
    }

    /// By `values`, one a user; `None` or nothing is unknown. Numbers with many values are cut at their quartiles, of many
    /// texts the most frequent stay and the others are one group.
    pub fn by_value(name: &str, values: &[Option<String>]) -> Grouping {
        let known = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let mut users_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut unknown = Vec::new();
        for (user, value) in values.iter().enumerate() {
            match known(value) {
                Some(value) => users_of.entry(value).or_default().push(user),
                None => unknown.push(user),
            }
        }
        let numbers: HashMap<&String, f64> = users_of
            .keys()
            .filter_map(|value| Some((value, value.parse::<f64>().ok().filter(|number| number.is_finite())?)))
            .collect();
        let all_numbers = numbers.len() == users_of.len();
        if all_numbers && users_of.len() > MAX_GROUPS {
            let number = |value: &Option<String>| known(value).map_or(f64::NAN, |value| numbers[&value]);
            return Grouping::by_quartile(name, &values.iter().map(number).collect::<Vec<_>>());
        }
        let mut labels: Vec<String> = users_of.keys().cloned().collect();
        match all_numbers {
            true => labels.sort_by(|a, b| numbers[a].total_cmp(&numbers[b])),
            false if labels.len() > MAX_GROUPS => labels.sort_by_key(|label| std::cmp::Reverse(users_of[label].len())),
            false => {}
        }
        let rest: Vec<usize> = labels
            .split_off(labels.len().min(MAX_GROUPS))
            .iter()
            .flat_map(|label| users_of[label].iter().copied())
            .collect();
        let mut groups: Vec<(String, Vec<usize>)> =
            labels.into_iter().map(|label| (label.clone(), users_of[&label].clone())).collect();
        groups.extend([("(others)".to_owned(), rest), (UNKNOWN.to_owned(), unknown)]);
        groups.retain(|(_, users)| !users.is_empty());
        Grouping { name: name.into(), groups }
    }

    /// Each group's figures from `rows` (users, metrics).
    pub fn figures(&self, rows: &[Vec<f64>], bootstrap: Bootstrap) -> Vec<GroupFigures> {
        let figures = |(label, users): &(String, Vec<usize>)| {
            let rows: Vec<Vec<f64>> = users.iter().map(|&user| rows[user].clone()).collect();
            GroupFigures { label: label.clone(), users: users.len(), estimates: bootstrap.estimate(&rows) }
        };
        self.groups.iter().map(figures).collect()
    }
}

/// Fewest users of a group that may be the best or the worst: of fewer, chance decides.
const LEAST_USERS: usize = 10;

/// Best and worst group by metric `metric`, and how far apart they are; none where there is one group. Users of whom nothing is
/// known are no group here, nor are fewer than ten.
pub fn gap(figures: &[GroupFigures], metric: usize) -> Option<(&GroupFigures, &GroupFigures, f64)> {
    let by_mean = |a: &&GroupFigures, b: &&GroupFigures| a.estimates[metric].mean.total_cmp(&b.estimates[metric].mean);
    let known: Vec<&GroupFigures> =
        figures.iter().filter(|group| group.label != UNKNOWN && group.users >= LEAST_USERS).collect();
    let (best, worst) = (known.iter().copied().max_by(by_mean)?, known.iter().copied().min_by(by_mean)?);
    let gap = best.estimates[metric].mean - worst.estimates[metric].mean;
    (known.len() > 1).then_some((best, worst, gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(grouping: &Grouping) -> Vec<(&str, usize)> {
        grouping.groups.iter().map(|(label, users)| (label.as_str(), users.len())).collect()
    }

    #[test]
    fn quartiles_hold_a_quarter_each_and_never_part_equals() {
        let lengths: Vec<f64> = (1..=8).map(f64::from).collect();
        let grouping = Grouping::by_quartile("history", &lengths);
        assert_eq!(labels(&grouping), [("1 to 2", 2), ("3 to 4", 2), ("5 to 6", 2), ("7 to 8", 2)]);
        let grouping = Grouping::by_quartile("history", &[5.0, 5.0, 5.0, 5.0, 9.0, f64::NAN]);
        assert_eq!(labels(&grouping), [("5", 4), ("9", 1), ("(unknown)", 1)]);
        assert_eq!(labels(&Grouping::by_quartile("history", &[])), []);
    }

    #[test]
    fn values_are_groups_numbers_in_their_order() {
        let text = |values: &[&str]| values.iter().map(|value| Some(value.to_string())).collect::<Vec<_>>();
        let grouping = Grouping::by_value("age", &[text(&["18", "9", "18", ""]), vec![None]].concat());
        assert_eq!(labels(&grouping), [("9", 1), ("18", 2), ("(unknown)", 2)]);
        let many: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let grouping = Grouping::by_value("age", &text(&many));
        assert_eq!(labels(&grouping), [("0 to 9", 10), ("10 to 19", 10), ("20 to 29", 10), ("30 to 39", 10)]);
        let towns: Vec<String> = (0..40).map(|n| format!("town {}", n % 20)).collect();
        let towns: Vec<&str> = towns.iter().map(String::as_str).chain(["town 7"]).collect();
        let grouping = Grouping::by_value("town", &text(&towns));
        assert_eq!((grouping.groups.len(), labels(&grouping)[0]), (13, ("town 7", 3)));
        assert_eq!(labels(&grouping)[12], ("(others)", 16));
    }

    #[test]
    fn the_gap_is_between_the_best_and_the_worst_group() {
        // Ten and more of each, but one user who does worst of all and ten of whom nothing is known.
        let users = [("a", 0.2), ("b", 0.8), ("b", 0.4), ("c", 0.3), ("", 0.0)].repeat(10);
        let users = [users, vec![("one", 0.1)]].concat();
        let values: Vec<Option<String>> = users.iter().map(|user| Some(user.0.to_owned())).collect();
        let grouping = Grouping::by_value("g", &values);
        let rows: Vec<Vec<f64>> = users.iter().map(|user| vec![user.1]).collect();
        let figures = grouping.figures(&rows, Bootstrap { resamples: 100, seed: 1 });
        assert!(figures.iter().any(|group| group.label == "one"));
        let (best, worst, gap) = gap(&figures, 0).unwrap();
        assert_eq!((best.label.as_str(), worst.label.as_str()), ("b", "a"));
        assert!((gap - 0.4).abs() < 1e-12 && best.estimates[0].low >= 0.4, "{gap}");
        assert!(super::gap(&figures[..1], 0).is_none());
    }
}
