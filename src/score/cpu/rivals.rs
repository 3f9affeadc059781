//! Two bodies that give the same lists from the same layout, and a device that decides which is faster: they take turns for
//! the first answers, then the quicker one stays. A run at load would time code that the browser has not yet optimised, and so
//! would the very first answers: the one whose optimised code comes first would win, whichever is faster in the end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use web_time::Instant;

/// Answers by turns, before the clock counts and in all.
const WARM_UP: u32 = 32;
const TURNS: u32 = WARM_UP + 24;

/// The state of the contest.
#[derive(Debug)]
pub(crate) struct Rivals {
    answers: AtomicU32,
    /// Microseconds of each rival's quickest answer.
    quickest: [AtomicU32; 2],
}

impl Rivals {
    pub fn new() -> Rivals {
        Rivals { answers: AtomicU32::new(0), quickest: [AtomicU32::new(u32::MAX), AtomicU32::new(u32::MAX)] }
    }

    /// Runs rival 0 or 1.
    pub fn run<T>(&self, run: impl FnOnce(usize) -> T) -> T {
        let turn = self.answers.load(Ordering::Relaxed);
        if turn >= TURNS {
            return run(self.faster());
        }
        let (rival, start) = ((turn % 2) as usize, Instant::now());
        let answer = run(rival);
        self.note(rival, if turn < WARM_UP { Duration::MAX } else { start.elapsed() });
        answer
    }

    fn note(&self, rival: usize, time: Duration) {
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.quickest[rival].fetch_min(micros, Ordering::Relaxed);
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    fn faster(&self) -> usize {
        let [a, b] = [0, 1].map(|rival: usize| self.quickest[rival].load(Ordering::Relaxed));
        usize::from(b < a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quicker_one_stays() {
        for (times, winner) in [([900, 700], 1), ([700, 900], 0)] {
            let rivals = Rivals::new();
            let mut asked = [0, 0];
            for turn in 0..TURNS {
                asked[rivals.run(|rival| rival)] += 1;
                rivals.quickest[(turn % 2) as usize].store(u32::MAX, Ordering::Relaxed);
            }
            assert_eq!(asked, [TURNS / 2; 2], "both have the same number of turns");
            for (rival, time) in times.into_iter().enumerate() {
                rivals.note(rival, Duration::from_micros(time));
                rivals.note(rival, Duration::from_micros(5000));
            }
            assert_eq!(rivals.run(|rival| rival), winner);
        }
    }
}
