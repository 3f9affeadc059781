//! A replay of users event by event (prequential, Dawid 1984): at each of some moments the model ranks the catalogue by what had happened
//! until then, and is judged by what came next.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use proclivity::model::Model;
use proclivity::{Recommender, Request};
use rayon::prelude::*;
use serde::Serialize;

use super::device::{self, Device};
use super::listing::Listing;
use crate::dataset::{Event, HeldOut};
use crate::error::Result;

/// Length of the lists that are judged.
pub const CUTOFF: usize = 20;
/// Events this near to the one before them are of the same visit, in milliseconds.
const VISIT: i64 = 1_800_000;
/// First numbers of known events of each group but the first.
const LENGTHS: [usize; 4] = [4, 11, 31, 101];
/// Users are followed in so many pieces, side by side.
const PIECES: usize = 32;
/// A group of fewer moments is one with the group before it.
const LEAST: usize = 100;

/// One user as it was at one moment.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Place of the user among those replayed.
    pub user: usize,
    /// How many of its events had happened.
    pub known: usize,
    /// When the next one came, in milliseconds since 1970.
    pub now: i64,
    /// Distinct items of the next visit.
    pub targets: Vec<u32>,
}

/// At most `most` moments of each user, evenly spread, before visits from `from` on; with `again` also what the user had before is to be
/// found. Events are of one visit that are less than half an hour apart, each is one of its own where times are not `timed`.
pub fn moments(users: &[HeldOut], timed: bool, most: usize, again: bool, from: i64) -> Vec<Moment> {
    let mut moments = Vec::new();
    let parts = |before: &Event, after: &Event| !timed || after.time - before.time > VISIT;
    for (place, user) in users.iter().enumerate() {
        let begins = |n: &usize| parts(&user.events[n - 1], &user.events[*n]) && user.events[*n].time >= from;
        let all: Vec<usize> = (1..user.events.len()).filter(begins).collect();
        let some = all.len().min(most);
        for at in (0..some).map(|n| n * (all.len() - 1) / some.saturating_sub(1).max(1)) {
            let known = all[at];
            let end = user.events[known..].windows(2).position(|pair| parts(&pair[0], &pair[1]));
            let next = &user.events[known..end.map_or(user.events.len(), |end| known + end + 1)];
            let before: HashSet<u32> = user.events[..known].iter().map(|event| event.item).collect();
            let mut seen = HashSet::new();
            let wanted = |item: &u32| seen.insert(*item) && (again || !before.contains(item));
            let targets: Vec<u32> = next.iter().map(|event| event.item).filter(wanted).collect();
            if !targets.is_empty() {
                moments.push(Moment { user: place, known, now: user.events[known].time, targets });
            }
        }
    }
    moments
}

/// Discounted gain of `targets` among the first [`CUTOFF`] of `list`, as a share of the best possible.
pub fn ndcg(list: impl Iterator<Item = u32>, targets: &[u32]) -> f64 {
    let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let found = list.take(CUTOFF).enumerate().filter(|(_, item)| targets.contains(item));
    let ideal: f64 = (0..targets.len().min(CUTOFF)).map(discount).sum();
    found.map(|(rank, _)| discount(rank)).sum::<f64>() / ideal
}

/// What the device would have shown.
pub struct Replay<'a> {
    pub model: &'a Arc<Model>,
    pub users: &'a [HeldOut],
    /// Whether times are times.
    pub timed: bool,
    /// Whether what the user had before is ranked too.
    pub again: bool,
}

/// What lists of one kind were like, a user shown one at each moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Shown {
    /// Options of the lists; none for lists by score.
    pub list: Option<String>,
    pub ndcg: f64,
    /// Share of a list that was not in the one before it.
    pub renewed: f64,
    /// How often an item of a list had been shown to its user before.
    pub shown_before: f64,
    /// Items shown to anybody, as a share of the catalogue.
    pub coverage: f64,
}

impl Replay<'_> {
    /// NDCG@20 at each moment: folded in alone, and with what was learnt online.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn run(&self, moments: &[Moment]) -> Result<Vec<(f64, f64)>> {
        let alone = Request { learn: false, ..self.request() };
        self.follow(moments, |recommender, device, moment| {
            let judged = |request: &Request| -> Result<f64> {
                let list = device.items(&device.list(recommender, request, moment)?);
                Ok(ndcg(list.into_iter(), &moment.targets))
            };
            Ok((judged(&alone)?, judged(&self.request())?))
        })
    }

    /// What lists of `listing` are like, or lists by score, where each is told to have been shown.
    ///
    /// # Errors
    /// Whatever the engine refuses.
    pub fn show(&self, moments: &[Moment], listing: Option<&Listing>) -> Result<Shown> {
        let arrangement = listing.map(|listing| listing.arrangement.clone()).unwrap_or_default();
        let lists = self.follow(moments, |recommender, device, moment| {
            let mut arrangement = arrangement.clone();
            if let Some(explore) = &mut arrangement.explore {
                // Another draw at each moment.
                explore.seed ^= (moment.user as u32).wrapping_mul(0x9E37_79B9) ^ moment.known as u32;
            }
            let request = Request { arrangement, ..self.request() };
            let items = device.items(&device.list(recommender, &request, moment)?);
            device.show(&items, moment.now)?;
            Ok(items)
        })?;
        let mut shown = Shown { list: listing.map(|listing| listing.text.clone()), ..Shown::default() };
        let mut followed = 0;
        let mut everything: HashSet<u32> = HashSet::new();
        // Of one user, what was shown how often, and the list before.
        let mut counts: HashMap<u32, usize> = HashMap::new();
        let mut before: Option<(usize, &Vec<u32>)> = None;
        for (moment, list) in moments.iter().zip(&lists) {
            shown.ndcg += ndcg(list.iter().copied(), &moment.targets);
            let length = list.len().max(1) as f64;
            match before.filter(|(user, _)| *user == moment.user) {
                Some((_, before)) => {
                    shown.renewed += list.iter().filter(|item| !before.contains(item)).count() as f64 / length;
                    followed += 1;
                }
                None => counts.clear(),
            }
            for &item in list {
                let times = counts.entry(item).or_default();
                shown.shown_before += *times as f64 / length;
                *times += 1;
            }
            everything.extend(list);
            before = Some((moment.user, list));
        }
        let count = lists.len().max(1) as f64;
        shown.ndcg /= count;
        shown.renewed /= f64::from(followed.max(1));
        shown.shown_before /= count;
        shown.coverage = everything.len() as f64 / self.model.item_count() as f64;
        Ok(shown)
    }

    /// A list of what is judged, with what was learnt online.
    fn request(&self) -> Request {
        let count = CUTOFF.min(self.model.item_count());
        Request { count, include_seen: self.again, explain: false, ..Request::default() }
    }

    /// What `look` makes of each user's device at each of `moments`, which are in order.
    fn follow<T: Send>(
        &self,
        moments: &[Moment],
        look: impl Fn(&Recommender, &mut Device<'_>, &Moment) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let users: Vec<&[Moment]> = moments.chunk_by(|a, b| a.user == b.user).collect();
        let some = users.len().div_ceil(PIECES).max(1);
        let follow = |users: &[&[Moment]]| -> Result<Vec<T>> {
            let recommender = device::open(self.model)?;
            let mut looked = Vec::new();
            for moments in users {
                let mut device = Device::new(self.model, self.timed);
                for moment in *moments {
                    device.take_in(&self.users[moment.user].events, moment.known)?;
                    looked.push(look(&recommender, &mut device, moment)?);
                }
            }
            Ok(looked)
        };
        let looked: Vec<Vec<T>> = users.par_chunks(some).map(follow).collect::<Result<_>>()?;
        Ok(looked.into_iter().flatten().collect())
    }
}

/// Mean NDCG@20 of some moments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Least and largest number of known events.
    pub events: (usize, usize),
    pub moments: usize,
    /// Users who have any of them.
    pub users: usize,
    /// Folded in alone, and with what was learnt online.
    pub alone: f64,
    pub learning: f64,
    /// The relative gain; none where nothing was foreseen without learning.
    pub gain: Option<f64>,
    /// Its standard error over users, as of a ratio of two means (Cochran 1977); none of fewer than two.
    pub error: Option<f64>,
}

/// The means over all moments and by length of history.
pub fn summarise(moments: &[Moment], judged: &[(f64, f64)]) -> (Judged, Vec<Judged>) {
    let all: Vec<(&Moment, (f64, f64))> = moments.iter().zip(judged.iter().copied()).collect();
    let group = |known: usize| LENGTHS.iter().filter(|&&length| known >= length).count();
    let groups =
        (0..=LENGTHS.len()).map(|n| all.iter().copied().filter(|(moment, _)| group(moment.known) == n).collect());
    let mut joined: Vec<Vec<_>> = Vec::new();
    for group in groups {
        let group: Vec<_> = group;
        match joined.last_mut().filter(|last| last.len().min(group.len()) < LEAST) {
            Some(last) => last.extend(group),
            None => joined.push(group),
        }
    }
    (mean(&all), joined.iter().map(|group| mean(group)).collect())
}

fn mean(of: &[(&Moment, (f64, f64))]) -> Judged {
    let count = of.len().max(1) as f64;
    let alone = of.iter().map(|(_, (alone, _))| alone).sum::<f64>() / count;
    let learning = of.iter().map(|(_, (_, after))| after).sum::<f64>() / count;
    let gain = (alone > 0.0).then(|| learning / alone - 1.0);
    // Moments of one user go together.
    let mut apart: BTreeMap<usize, f64> = BTreeMap::new();
    for (moment, (before, after)) in of {
        *apart.entry(moment.user).or_default() += after - before - gain.unwrap_or_default() * before;
    }
    let users = apart.len();
    let error = gain.filter(|_| users > 1).map(|_| {
        let squares: f64 = apart.values().map(|sum| sum * sum).sum();
        (squares * users as f64 / (users - 1) as f64).sqrt() / (count * alone)
    });
    let lengths = of.iter().map(|(moment, _)| moment.known);
    Judged {
        events: (lengths.clone().min().unwrap_or_default(), lengths.max().unwrap_or_default()),
        moments: of.len(),
        users,
        alone,
        learning,
        gain,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture::events;

    /// Visits of the items given, a day apart.
    fn user(visits: &[&[u32]]) -> HeldOut {
        let mut all = Vec::new();
        for (day, visit) in (0..).zip(visits) {
            all.extend(events(visit).into_iter().map(|event| Event { time: day * 86_400_000 + event.time, ..event }));
        }
        HeldOut { user: "u".into(), fold_in: Vec::new(), targets: Vec::new(), events: all }
    }

    #[test]
    fn each_visit_is_foreseen_from_those_before() {
        let users = [user(&[&[1, 2], &[2, 3, 3], &[4], &[1]])];
        let told = |again, most, from| -> Vec<(usize, Vec<u32>)> {
            moments(&users, true, most, again, from).into_iter().map(|moment| (moment.known, moment.targets)).collect()
        };
        assert_eq!(told(false, 10, i64::MIN), [(2, vec![3]), (5, vec![4])]);
        assert_eq!(told(true, 10, i64::MIN), [(2, vec![2, 3]), (5, vec![4]), (6, vec![1])]);
        assert_eq!(told(true, 2, i64::MIN), [(2, vec![2, 3]), (6, vec![1])], "evenly spread");
        assert_eq!(told(true, 10, 2 * 86_400_000), [(5, vec![4]), (6, vec![1])]);
        assert_eq!(moments(&users, false, 10, true, i64::MIN).len(), 6, "each event of a log without times");
    }

    #[test]
    fn gains_are_discounted_and_bounded_by_the_best_possible() {
        assert_eq!(ndcg([5, 6].into_iter(), &[5, 6]), 1.0);
        assert_eq!(ndcg([5, 6].into_iter(), &[7]), 0.0);
        assert!((ndcg([1, 5].into_iter(), &[5]) - 1.0 / 3f64.log2()).abs() < 1e-12);
        assert_eq!(ndcg((0..30).chain([99]), &[99]), 0.0, "past the end of the list");
    }

    #[test]
    fn groups_are_by_what_was_known() {
        let moment = |known| Moment { user: 0, known, now: 0, targets: vec![1] };
        let judged = [
            (1, (0.5, 0.6), 50),
            (3, (0.1, 0.2), 50),
            (20, (0.2, 0.1), 100),
            (40, (0.0, 0.0), 100),
            (500, (0.0, 0.1), 99),
        ];
        let many = || judged.iter().flat_map(|&(known, both, times)| std::iter::repeat_n((known, both), times));
        let moments: Vec<Moment> = many().map(|(known, _)| moment(known)).collect();
        let (all, groups) = summarise(&moments, &many().map(|(_, both)| both).collect::<Vec<_>>());
        let sizes: Vec<((usize, usize), usize)> = groups.iter().map(|group| (group.events, group.moments)).collect();
        assert_eq!(sizes, [((1, 3), 100), ((20, 20), 100), ((40, 500), 199)], "few are judged with those before");
        let gains = [groups[0].gain, groups[1].gain].map(|gain| gain.expect("something was foreseen"));
        assert!((gains[0] - 1.0 / 3.0).abs() < 1e-9 && (gains[1] + 0.5).abs() < 1e-9);
        assert_eq!(
            (groups[2].gain, all.users, all.error),
            (None, 1, None),
            "nothing to gain on, no one to compare with"
        );
        assert!((all.alone - 50.0 / 399.0).abs() < 1e-9 && (all.learning - 59.9 / 399.0).abs() < 1e-9, "{all:?}");
    }

    #[test]
    fn the_error_is_that_of_a_ratio() {
        // Who gains in proportion to what there was tells the ratio exactly.
        let moments: Vec<Moment> = (0..3).map(|user| Moment { user, known: 1, now: 0, targets: vec![1] }).collect();
        let (all, _) = summarise(&moments, &[(0.1, 0.2), (0.2, 0.4), (0.3, 0.6)]);
        assert!(
            all.gain.is_some_and(|gain| (gain - 1.0).abs() < 1e-12) && all.error.is_some_and(|error| error < 1e-12)
        );
        // Residuals -0.1, 0, 0.1 about a gain of 1 on a mean of 0.2: sqrt(0.02 * 3 / 2) / 0.6.
        let (all, _) = summarise(&moments, &[(0.2, 0.3), (0.2, 0.4), (0.2, 0.5)]);
        assert!(all.error.is_some_and(|error| (error - 0.03f64.sqrt() / 0.6).abs() < 1e-12), "{all:?}");
    }
}
