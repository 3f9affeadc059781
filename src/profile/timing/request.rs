//! What is asked of the moment to send a message at.

use super::{DAY, HOUR};
use crate::error::Result;
use crate::json::{Field, Json};
use crate::profile::event::MAX_TIME;
use crate::profile::push::Push;

/// Most hours that are looked ahead.
const MAX_WITHIN: f64 = 24.0 * 14.0;

/// What is asked of [`Profile::best_time`](crate::profile::Profile::best_time).
#[derive(Debug, Clone, PartialEq)]
pub struct TimeRequest {
    /// The moment, in milliseconds since 1970, and how many minutes east of UTC the user's clock is.
    pub now: f64,
    pub offset: f64,
    /// How far ahead the message may be sent, in hours from now.
    pub within: f32,
    /// Hours after the message in which the user should come.
    pub window: usize,
    /// Hours of the day, from and to, in which nothing is sent; over midnight where the first is the larger.
    pub quiet: Option<(f32, f32)>,
    /// Hours to any other message.
    pub gap: f32,
    /// Messages a day of the user's calendar, at most.
    pub cap: usize,
    /// What it would be sent by: what came of earlier messages on this channel counts.
    pub channel: String,
    /// Whether hours are drawn by how likely they are the best (with this seed), rather than the likeliest one taken.
    pub explore: Option<u32>,
}

impl Default for TimeRequest {
    fn default() -> TimeRequest {
        TimeRequest {
            now: 0.0,
            offset: 0.0,
            within: 24.0,
            window: 4,
            quiet: None,
            gap: 0.0,
            cap: 1,
            channel: "push".to_owned(),
            explore: None,
        }
    }
}

impl TimeRequest {
    /// The JSON form: `{ now, offset, within?, window?, quietHours?, minGapHours?, dailyCap?, channel?, seed? }`.
    ///
    /// # Errors
    /// [`Error::Argument`](crate::Error::Argument) that names the option.
    pub fn from_json(value: &Json) -> Result<TimeRequest> {
        let root = Field::root(value, "options");
        root.only(&["now", "offset", "within", "window", "quietHours", "minGapHours", "dailyCap", "channel", "seed"])?;
        let mut request = TimeRequest {
            now: root.required("now")?.within(0.0, MAX_TIME, "milliseconds since 1970")?,
            offset: root.required("offset")?.within(-1_440.0, 1_440.0, "minutes east of UTC")?,
            ..TimeRequest::default()
        };
        if let Some(within) = root.optional("within") {
            request.within = within.within(0.0, MAX_WITHIN, "hours from 0 to 336")? as f32;
        }
        if let Some(window) = root.optional("window") {
            request.window = window.within(1.0, 24.0, "hours from 1 to 24")? as usize;
        }
        if let Some(quiet) = root.optional("quietHours") {
            let hours = quiet.floats()?;
            request.quiet = match hours[..] {
                [from, to] if (0.0..=24.0).contains(&from) && (0.0..=24.0).contains(&to) => Some((from, to)),
                _ => return Err(quiet.refuse("two hours of the day, from and to, of 0 to 24")),
            };
        }
        if let Some(gap) = root.optional("minGapHours") {
            request.gap = gap.within(0.0, MAX_WITHIN, "hours from 0 to 336")? as f32;
        }
        if let Some(cap) = root.optional("dailyCap") {
            request.cap = cap.whole()?;
        }
        if let Some(channel) = root.optional("channel") {
            request.channel = channel.text()?.to_owned();
        }
        request.explore = root.optional("seed").map(|seed| seed.whole()).transpose()?.map(|seed| seed as u32);
        Ok(request)
    }

    /// Whether a message may be sent at `time`, `pushes` having been sent.
    pub(super) fn allows(&self, time: f64, pushes: &[Push]) -> bool {
        let day = |time: f64| ((time + self.offset * 60_000.0) / DAY).floor();
        let hour = (((time + self.offset * 60_000.0) / HOUR).rem_euclid(24.0)) as f32;
        let quiet = self.quiet.is_some_and(|(from, to)| match from <= to {
            true => (from..to).contains(&hour),
            false => hour >= from || hour < to,
        });
        let close = |push: &&Push| (push.timestamp - time).abs() < f64::from(self.gap) * HOUR;
        let same_day = pushes.iter().filter(|push| day(push.timestamp) == day(time)).count();
        !quiet && same_day < self.cap && !pushes.iter().any(|push| close(&push))
    }
}
