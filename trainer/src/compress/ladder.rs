//! The smallest model within a stated loss: greedy, one rung at a time.
//!
//! In every round the next step of each kind is tried on top of the plan so far. Of those within the loss the one that saves most
//! bytes for the quality it costs is taken; a kind whose step goes too far is not tried again. Losses count from the best of the
//! original and what was taken: a gain on the held-out users is luck as a rule, and does not pay for a later loss. Each trial
//! starts from the original's numbers, so that rounding is never rounded again.

use super::measure::{Judge, Measured};
use super::parts::Parts;
use super::plan::{Plan, Step};
use crate::error::Result;

/// Losses below this are noise of the held-out users: of two such steps the one that saves more is taken.
const NOISE: f64 = 5e-4;

/// One step that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// From 1.
    pub round: usize,
    pub step: Step,
    pub measured: Measured,
    /// Share of quality that is lost with all steps so far, of the original's or of the best that was taken.
    pub loss: f64,
    /// Whether the step was taken.
    pub taken: bool,
}

/// The plan it came to, its file, and everything tried on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Descent {
    pub plan: Plan,
    pub bytes: Vec<u8>,
    pub measured: Measured,
    pub tries: Vec<Try>,
}

/// Goes down from `plan` as far as `most`, a share of `original`'s quality, lets it. `see` is shown every round.
///
/// # Errors
/// Whatever the engine refuses.
pub fn climb_down(
    parts: &Parts,
    plan: Plan,
    judge: &Judge,
    original: &Measured,
    most: f64,
    mut see: impl FnMut(&[Try]),
) -> Result<Descent> {
    let bytes = plan.of(parts)?.write()?;
    let measured = judge.measure(&bytes)?;
    let mut at = Descent { plan, bytes, measured, tries: Vec::new() };
    let mut closed: Vec<usize> = Vec::new();
    let mut best_so_far = *original;
    for round in 1.. {
        let mut steps = Step::next_of(&at.plan.of(parts)?);
        steps.retain(|step| !closed.contains(&step.kind()));
        if at.measured.ndcg > best_so_far.ndcg {
            best_so_far = at.measured;
        }
        let before = at.measured.loss(&best_so_far).unwrap_or(0.0);
        let mut tries = Vec::new();
        let mut best: Option<(f64, usize, Plan, Vec<u8>)> = None;
        for step in steps {
            let plan = at.plan.with(step.clone());
            let bytes = plan.of(parts)?.write()?;
            let measured = judge.measure(&bytes)?;
            let loss = measured.loss(&best_so_far).unwrap_or(0.0);
            let saved = at.measured.bytes as f64 - measured.bytes as f64;
            let worth = saved / (loss - before).max(NOISE);
            if loss > most || saved <= 0.0 {
                closed.push(step.kind());
            } else if best.as_ref().is_none_or(|(most, ..)| worth > *most) {
                best = Some((worth, tries.len(), plan, bytes));
            }
            tries.push(Try { round, step, measured, loss, taken: false });
        }
        if let Some((_, place, plan, bytes)) = best {
            tries[place].taken = true;
            (at.plan, at.bytes, at.measured) = (plan, bytes, tries[place].measured);
        }
        see(&tries);
        let done = tries.iter().all(|tried| !tried.taken);
        at.tries.extend(tries);
        if done {
            break;
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::super::parts::fixture::stored;
    use super::*;
    use crate::dataset::{HeldOut, HeldOutFiles};
    use crate::export::load;

    fn descend(most: f64) -> (Measured, Descent) {
        let parts = stored();
        let bytes = parts.write().unwrap();
        let user = |n: u32| HeldOut {
            user: n.to_string(),
            fold_in: vec![n % 40, (n * 7 + 1) % 40],
            targets: (2..6).map(|k| (n * k + 3 * k) % 40).collect(),
            events: Vec::new(),
        };
        let held = HeldOutFiles { users: (0..12).map(user).collect(), ..HeldOutFiles::default() };
        let judge = Judge::new(&load(&bytes).unwrap(), held, false);
        let original = judge.measure(&bytes).unwrap();
        let descent = climb_down(&parts, Plan::default(), &judge, &original, most, |_| {}).unwrap();
        assert_eq!(descent.measured, judge.measure(&descent.bytes).unwrap());
        (original, descent)
    }

    #[test]
    fn it_stays_within_the_loss_and_says_what_it_tried() {
        let (original, some) = descend(0.05);
        assert!(some.measured.loss(&original).unwrap() <= 0.05);
        assert_eq!(some, descend(0.05).1, "the same every time");
        let (_, all) = descend(1.0);
        assert!(all.measured.bytes <= some.measured.bytes && some.measured.bytes <= original.bytes);
        assert_eq!(all.plan.steps().last(), Some(&Step::Precision(crate::stored::Stored::Int4)));
        assert!(all.tries.iter().filter(|tried| tried.taken).all(|tried| tried.loss <= 1.0));
        let last = some.tries.last().unwrap().round;
        for round in 1..=last {
            let taken = some.tries.iter().filter(|tried| tried.round == round && tried.taken).count();
            assert!(taken == 1 || (taken == 0 && round == last), "round {round}");
        }
    }

    #[test]
    fn a_loss_that_no_step_meets_leaves_the_model_as_it_is() {
        let (original, none) = descend(-1.0);
        assert_eq!((none.plan.steps(), none.measured), (&[][..], original));
        assert!(none.tries.len() >= 4 && none.tries.iter().all(|tried| tried.round == 1 && !tried.taken));
    }
}
