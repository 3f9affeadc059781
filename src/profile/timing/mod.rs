//! When to send a message: the hours of the week at which this user comes, from their own visits and those of all users.
//!
//! Each hour of the week is a Bernoulli variable, whether a visit begins in it, with a Beta posterior: the prior is the share of that hour in
//! all users' visits, worth [`Timing::strength`] visits of one's own. A visit tells of its own hour most, less of the hours beside it, and
//! something of the same hour on other days, so that a few visits are enough to know a habit. Hours are drawn by Thompson sampling
//! (Chapelle and Li 2011), so that what was never tried is tried at times.

mod request;

pub use request::TimeRequest;

use super::push::Push;
use super::random::Random;
use super::state::Profile;
use crate::json::Json;
use crate::model::{HOURS, Timing};

const HOUR: f64 = 3_600_000.0;
const DAY: f64 = 24.0 * HOUR;
const WEEK: f64 = 7.0 * DAY;
/// Hours beside its own that a visit tells of, on either side.
const REACH: usize = 2;

/// The hour of the week, 0 for Sunday midnight to 167, of a time in milliseconds since 1970, `offset` minutes east of UTC.
pub fn hour_of_week(time: f64, offset: f64) -> usize {
    // 1970 began on a Thursday.
    ((time + offset * 60_000.0) / HOUR + 96.0).floor().rem_euclid(HOURS as f64) as usize % HOURS
}

/// Beginnings of visits among `times`, in milliseconds since 1970: what nothing went before for an hour.
pub fn visits(times: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut begun = Vec::new();
    let mut before = f64::NEG_INFINITY;
    for time in times {
        if (time - before).abs() > HOUR {
            begun.push(time);
        }
        before = time;
    }
    begun
}

/// When to send a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestTime {
    /// When to send it, and until when the user should have come, in milliseconds since 1970.
    pub at: f64,
    pub until: f64,
    /// How likely a visit begins between the two, by the mean of the posterior.
    pub probability: f32,
    /// The same on average of all times that were allowed.
    pub usual: f32,
    /// How much of that is this user's own, 0 (nothing is known but the others) towards 1.
    pub confidence: f32,
}

impl BestTime {
    /// The JSON form: `{ at, until, probability, usual, confidence }`.
    pub fn to_json(self) -> Json {
        Json::object([
            ("at", self.at.into()),
            ("until", self.until.into()),
            ("probability", self.probability.into()),
            ("usual", self.usual.into()),
            ("confidence", self.confidence.into()),
        ])
    }
}

/// The hours of the week at which a user comes: a Beta posterior each, by the number of weeks with and without a visit.
#[derive(Debug, Clone)]
pub struct Rhythm {
    /// Weeks with a visit that began in the hour, (168): all that have any, prior included.
    with: Vec<f32>,
    /// Weeks with and without, the prior's included, (168).
    weeks: Vec<f32>,
    confidence: f32,
}

impl Rhythm {
    /// The rhythm of who began visits in these hours of the week, over so many weeks.
    pub fn new(timing: &Timing, hours: impl Iterator<Item = usize>, weeks: f32) -> Rhythm {
        let mut counts = vec![0.0; HOURS];
        hours.for_each(|hour| counts[hour] += 1.0);
        let visits: f32 = counts.iter().sum();
        let mut with = spread(&counts, timing);
        with.iter_mut().zip(&timing.hours).for_each(|(sum, share)| *sum += timing.strength * share);
        Rhythm {
            with,
            weeks: vec![weeks + timing.strength / timing.weekly; HOURS],
            confidence: visits / (visits + timing.strength),
        }
    }

    /// As many more weeks in which something else than a visit told of an hour: a message that was opened, or was not.
    fn tell(&mut self, timing: &Timing, pushes: &[&Push], offset: f64) {
        for opened in [true, false] {
            let mut counts = vec![0.0; HOURS];
            for push in pushes.iter().filter(|push| push.opened == Some(opened)) {
                counts[hour_of_week(push.timestamp, offset)] += 1.0;
            }
            for (hour, told) in spread(&counts, timing).into_iter().enumerate() {
                self.with[hour] += if opened { told } else { 0.0 };
                self.weeks[hour] += told;
            }
        }
    }

    /// Weeks with a visit in the `window` hours from `hour` on, and all weeks: what the Beta posterior of these hours counts.
    fn posterior(&self, hour: usize, window: usize) -> (f32, f32) {
        let hours = (hour..hour + window).map(|hour| hour % HOURS);
        let (with, weeks) = hours.fold((0.0, 0.0), |(with, weeks), at| (with + self.with[at], weeks + self.weeks[at]));
        (with, (weeks / window as f32).max(with))
    }

    /// How likely a visit begins in the `window` hours from `hour` on, in any one week.
    pub fn probability(&self, hour: usize, window: usize) -> f32 {
        let (with, weeks) = self.posterior(hour, window);
        with / weeks
    }

    /// The same as drawn from the posterior.
    fn draw(&self, hour: usize, window: usize, random: &mut Random) -> f32 {
        let (with, weeks) = self.posterior(hour, window);
        let (with, without) = (random.gamma(with), random.gamma((weeks - with).max(0.01)));
        with / (with + without).max(f32::MIN_POSITIVE)
    }
}

/// Spreads counts of hours of the week, (168), over the hours and days that they tell of; the sum stays.
fn spread(counts: &[f32], timing: &Timing) -> Vec<f32> {
    let days: Vec<f32> = (0..HOURS)
        .map(|hour| {
            let any: f32 = (0..7).map(|day| counts[day * 24 + hour % 24]).sum();
            (1.0 - timing.days) * counts[hour] + timing.days * any / 7.0
        })
        .collect();
    let mut kernel = [1.0; REACH + 1];
    (1..=REACH).for_each(|far| kernel[far] = kernel[far - 1] * timing.spread);
    let total = 2.0 * kernel.iter().sum::<f32>() - 1.0;
    let told = |hour: usize| {
        let beside = |far: usize| days[(hour + far) % HOURS] + days[(hour + HOURS - far) % HOURS];
        (days[hour] + (1..=REACH).map(|far| kernel[far] * beside(far)).sum::<f32>()) / total
    };
    (0..HOURS).map(told).collect()
}

impl Profile {
    /// The best moment to send a message, none where the request allows none.
    pub fn best_time(&self, timing: &Timing, request: &TimeRequest) -> Option<BestTime> {
        let visits = visits(self.times().filter(|&time| time <= request.now));
        let first = visits.iter().copied().fold(request.now, f64::min);
        let weeks = ((request.now - first) / WEEK) as f32;
        let hours = visits.iter().map(|&time| hour_of_week(time, request.offset));
        let mut rhythm = Rhythm::new(timing, hours, weeks);
        let told: Vec<&Push> = self.pushes().iter().filter(|push| push.channel == request.channel).collect();
        rhythm.tell(timing, &told, request.offset);

        let mut random = request.explore.map(|seed| Random::new(seed.into()));
        let mut best: Option<(f32, BestTime)> = None;
        let (mut sum, mut allowed) = (0.0, 0.0);
        let clock = request.offset * 60_000.0;
        let mut at = request.now;
        while at <= request.now + f64::from(request.within) * HOUR {
            let hour = hour_of_week(at, request.offset);
            let probability = rhythm.probability(hour, request.window);
            let value = match &mut random {
                Some(random) => rhythm.draw(hour, request.window, random),
                None => probability,
            };
            if request.allows(at, self.pushes()) {
                (sum, allowed) = (sum + probability, allowed + 1.0);
                if best.is_none_or(|(most, _)| value > most) {
                    let until = at + request.window as f64 * HOUR;
                    let confidence = rhythm.confidence;
                    best = Some((value, BestTime { at, until, probability, usual: 0.0, confidence }));
                }
            }
            // The next full hour of the user's clock.
            at = (((at + clock) / HOUR).floor() + 1.0) * HOUR - clock;
        }
        best.map(|(_, best)| BestTime { usual: sum / allowed, ..best })
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::{Event, EventKind};
    use super::*;
    use crate::json::parse;

    /// Sunday, 2024-01-07, midnight UTC.
    const SUNDAY: f64 = 1_704_585_600_000.0;

    fn profile(hours: &[f64]) -> Profile {
        let mut profile = Profile::default();
        for hour in hours {
            let timestamp = SUNDAY + hour * HOUR;
            profile.keep(Event { timestamp, ..Event::new(EventKind::View, "a") }).unwrap();
        }
        profile
    }

    /// Tuesdays at seven in the evening, for six weeks, and asked on the Monday after at eight in the morning.
    fn regular() -> (Profile, TimeRequest) {
        let hours: Vec<f64> = (0..6).map(|week| f64::from(week) * 168.0 + 67.0).collect();
        let now = SUNDAY + (6.0 * 168.0 + 32.0) * HOUR;
        (profile(&hours), TimeRequest { now, within: 48.0, ..TimeRequest::default() })
    }

    #[test]
    fn hours_of_the_week_follow_the_users_clock() {
        assert_eq!(hour_of_week(0.0, 0.0), 96, "1970 began on a Thursday");
        assert_eq!(hour_of_week(SUNDAY, 0.0), 0);
        assert_eq!(hour_of_week(SUNDAY, 90.0), 1);
        assert_eq!(hour_of_week(SUNDAY, -30.0), 167);
        assert_eq!(hour_of_week(SUNDAY + 2.6 * HOUR, 0.0), 2);
    }

    #[test]
    fn a_visit_begins_after_an_hour_without() {
        let times = [0.0, 0.5, 1.4, 2.5, 9.0, 9.0].map(|hour| hour * HOUR);
        assert_eq!(visits(times.into_iter()), [0.0, 2.5 * HOUR, 9.0 * HOUR]);
        assert!(visits(std::iter::empty()).is_empty());
    }

    #[test]
    fn counts_are_spread_without_loss() {
        let mut counts = vec![0.0; HOURS];
        (counts[0], counts[90]) = (2.0, 1.0);
        let timing = Timing { days: 0.7, spread: 0.5, ..Timing::default() };
        let told = spread(&counts, &timing);
        assert!((told.iter().sum::<f32>() - 3.0).abs() < 1e-5);
        assert!(told[0] > told[1] && told[1] > told[2] && told[167] == told[1] && told[3] == 0.0);
        assert!(told[24] > 0.0 && told[24] < told[0]);
        let own = spread(&counts, &Timing { days: 0.0, spread: 0.0, ..timing });
        assert_eq!(own, counts);
    }

    #[test]
    fn a_habit_is_found_and_strangers_get_what_others_do() {
        let (profile, request) = regular();
        let mut timing = Timing { spread: 0.2, ..Timing::default() };
        let best = profile.best_time(&timing, &request).unwrap();
        let habit = SUNDAY + (6.0 * 168.0 + 67.0) * HOUR;
        assert!(best.at <= habit && habit < best.until, "{best:?}");
        assert!(best.probability > 2.0 * best.usual && best.confidence > 0.6, "{best:?}");
        timing.hours = vec![1e-4; HOURS];
        timing.hours[40] = 1.0;
        let stranger = Profile::default().best_time(&timing, &request).unwrap();
        assert!(hour_of_week(stranger.at, 0.0) <= 40 && 40 < hour_of_week(stranger.until, 0.0), "{stranger:?}");
        assert_eq!(stranger.confidence, 0.0);
    }

    #[test]
    fn quiet_hours_gaps_and_caps_are_kept() {
        let (mut profile, request) = regular();
        let timing = Timing::default();
        let hour = |best: BestTime| hour_of_week(best.at, 0.0) % 24;
        let ask = |profile: &Profile, request: &TimeRequest| profile.best_time(&timing, request);
        for quiet in [(22.0, 8.0), (15.0, 20.0), (0.0, 24.0)] {
            let request = TimeRequest { quiet: Some(quiet), ..request.clone() };
            for seed in 0..40 {
                let found = ask(&profile, &TimeRequest { explore: Some(seed), ..request.clone() });
                match (found, quiet) {
                    (None, (0.0, 24.0)) => {}
                    (Some(best), (22.0, _)) => assert!((8..22).contains(&hour(best))),
                    (Some(best), (15.0, _)) => assert!(!(15..20).contains(&hour(best))),
                    wrong => panic!("{wrong:?}"),
                }
            }
        }
        let best = ask(&profile, &request).unwrap();
        profile.pushed(Push { channel: "mail".into(), timestamp: best.at, opened: None }).unwrap();
        let other = ask(&profile, &request).unwrap();
        assert_ne!((other.at / DAY).floor(), (best.at / DAY).floor(), "one message a day, on any channel");
        let more = TimeRequest { cap: 2, gap: 6.0, ..request.clone() };
        assert!((ask(&profile, &more).unwrap().at - best.at).abs() >= 6.0 * HOUR);
        assert!(ask(&profile, &TimeRequest { cap: 0, ..request.clone() }).is_none());
        let only_now = TimeRequest { within: 0.0, ..request };
        assert_eq!(ask(&profile, &only_now).unwrap().at, only_now.now);
    }

    #[test]
    fn what_came_of_messages_counts_on_their_channel() {
        let (mut profile, request) = regular();
        let timing = Timing::default();
        let best = profile.best_time(&timing, &request).unwrap();
        let request = TimeRequest { now: request.now + WEEK, ..request };
        let before = profile.best_time(&timing, &request).unwrap();
        for week in 0..5 {
            let timestamp = best.at - f64::from(week) * WEEK;
            profile.pushed(Push { channel: "push".into(), timestamp, opened: Some(false) }).unwrap();
        }
        let ignored = profile.best_time(&timing, &request).unwrap();
        assert!(ignored.probability < before.probability, "{ignored:?} {before:?}");
        let mail = TimeRequest { channel: "mail".into(), ..request.clone() };
        assert_eq!(profile.best_time(&timing, &mail).unwrap().probability, before.probability);
        for week in 0..5 {
            let timestamp = best.at - f64::from(week) * WEEK;
            profile.pushed(Push { channel: "push".into(), timestamp, opened: Some(true) }).unwrap();
        }
        assert!(profile.best_time(&timing, &request).unwrap().probability > before.probability);
    }

    #[test]
    fn requests_are_refused_by_name() {
        let read = |text: &str| TimeRequest::from_json(&parse(text.as_bytes()).unwrap());
        let given = r#"{"now":5,"offset":-60,"within":48,"window":3,"quietHours":[22,8],"minGapHours":2,"dailyCap":3,"channel":"mail","seed":9}"#;
        let expected = TimeRequest {
            now: 5.0,
            offset: -60.0,
            within: 48.0,
            window: 3,
            quiet: Some((22.0, 8.0)),
            gap: 2.0,
            cap: 3,
            channel: "mail".into(),
            explore: Some(9),
        };
        assert_eq!(read(given).unwrap(), expected);
        for (wrong, named) in [
            (r#""now":1e300"#, "now"),
            (r#""offset":1e9"#, "offset"),
            (r#""within":400"#, "within"),
            (r#""window":0"#, "window"),
            (r#""quietHours":[22]"#, "quietHours"),
            (r#""quietHours":[22,25]"#, "quietHours"),
            (r#""minGapHours":-1"#, "minGapHours"),
            (r#""dailyCap":0.5"#, "dailyCap"),
            (r#""seed":-1"#, "seed"),
            (r#""minGap":1"#, "minGap"),
        ] {
            let error = read(&format!(r#"{{"now":5,"offset":0,{wrong}}}"#)).unwrap_err().to_string();
            assert!(error.contains(named), "{wrong}: {error}");
        }
    }

    #[test]
    fn draws_follow_the_posterior() {
        let mut random = Random::new(7);
        for shape in [0.1f32, 0.7, 1.0, 4.0, 60.0] {
            let draws: Vec<f32> = (0..20_000).map(|_| random.gamma(shape)).collect();
            let mean = draws.iter().sum::<f32>() / draws.len() as f32;
            let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / draws.len() as f32;
            assert!((mean / shape - 1.0).abs() < 0.08, "{shape}: mean {mean}");
            assert!((variance / shape - 1.0).abs() < 0.15, "{shape}: variance {variance}");
        }
        let (profile, request) = regular();
        let timing = Timing::default();
        let drawn = |seed| profile.best_time(&timing, &TimeRequest { explore: Some(seed), ..request.clone() }).unwrap();
        assert_eq!(drawn(3), drawn(3));
        let habit = SUNDAY + (6.0 * 168.0 + 67.0) * HOUR;
        let held = (0..200).filter(|&seed| drawn(seed).at <= habit && habit < drawn(seed).until).count();
        assert!((100..200).contains(&held), "mostly the habit, and at times another hour: {held}");
    }
}
