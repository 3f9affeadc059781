//! What is taken from a model: steps in a fixed order, one of a kind.

use std::fmt;

use super::lists::{keep_strongest, longest};
use super::parts::Parts;
use crate::error::{CliError, Result};
use crate::stored::Stored;

/// One way to make a file smaller.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Catalogue columns by name.
    DropColumns(Vec<String>),
    /// Items of fewer users.
    DropRare(f32),
    /// Width of the vectors.
    Rank(usize),
    /// Neighbours of each item at most.
    Neighbours(usize),
    Int4Neighbours,
    /// How the item vectors are stored.
    Precision(Stored),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::DropColumns(names) => write!(f, "without {}", names.join(", ")),
            Step::DropRare(users) => write!(f, "items of {users} users or more"),
            Step::Rank(0) => f.write_str("no vectors"),
            Step::Rank(rank) => write!(f, "rank {rank}"),
            Step::Neighbours(most) => write!(f, "{most} neighbours"),
            Step::Int4Neighbours => f.write_str("int4 neighbours"),
            Step::Precision(stored) => write!(f, "{stored} vectors"),
        }
    }
}

impl Step {
    /// Its place in the order of steps, the same for steps of one kind.
    pub fn kind(&self) -> usize {
        match self {
            Step::DropColumns(_) => 0,
            Step::DropRare(_) => 1,
            Step::Rank(_) => 2,
            Step::Neighbours(_) => 3,
            Step::Int4Neighbours => 4,
            Step::Precision(_) => 5,
        }
    }

    /// Takes this step.
    ///
    /// # Errors
    /// [`CliError::Flag`] for a step that this model does not have.
    pub fn take(&self, parts: &mut Parts) -> Result<()> {
        match self {
            Step::DropColumns(names) => {
                let known: Vec<String> = parts.spec.columns.iter().map(|column| column.name.clone()).collect();
                if known.is_empty() {
                    return Err(refused("--drop-columns", "a model with a catalogue".into(), "one without"));
                }
                if let Some(name) = names.iter().find(|name| !known.contains(name)) {
                    return Err(refused("--drop-columns", format!("some of `{}`", known.join("`, `")), name));
                }
                parts.spec.columns.retain(|column| !names.contains(&column.name));
            }
            Step::DropRare(users) => parts.drop_rare(*users)?,
            Step::Rank(rank) => parts.reduce_rank(*rank)?,
            Step::Neighbours(most) => match &mut parts.spec.neighbours {
                Some(lists) => *lists = keep_strongest(lists, *most),
                None => return Err(refused("--neighbours", WITH_LISTS.into(), "one without")),
            },
            Step::Int4Neighbours => match &mut parts.spec.neighbours {
                Some(lists) => lists.int4 = true,
                None => return Err(refused("--int4-neighbours", WITH_LISTS.into(), "one without")),
            },
            Step::Precision(stored) => parts.store((*stored).into()),
        }
        Ok(())
    }

    /// The next step of each kind that costs quality, for a model as it stands.
    pub fn next_of(parts: &Parts) -> Vec<Step> {
        let spec = &parts.spec;
        let mut steps = Vec::new();
        if spec.embedding.dim > 0 {
            let smaller = Stored::from(spec.embedding.precision).smaller();
            steps.extend(smaller.map(Step::Precision));
            let narrower = (spec.embedding.dim - 1) / WIDTHS * WIDTHS;
            let lists_alone = spec.neighbours.is_some() && spec.ranker.is_none();
            let apart = spec.network.is_none() && spec.content.is_none() && spec.context.is_none();
            steps.extend((apart && (narrower > 0 || lists_alone)).then_some(Step::Rank(narrower)));
        }
        if let Some(lists) = &spec.neighbours {
            steps.extend((!lists.int4).then_some(Step::Int4Neighbours));
            let fewer = longest(lists) * 3 / 4;
            steps.extend((fewer > 0).then_some(Step::Neighbours(fewer)));
        }
        steps
    }
}

/// Widths are stored in multiples of this.
const WIDTHS: usize = proclivity::model::DIM_MULTIPLE;

const WITH_LISTS: &str = "a model with neighbour lists";

fn refused(flag: &'static str, expected: String, found: &str) -> CliError {
    CliError::Flag { flag, expected, found: format!("`{found}`") }
}

/// Steps in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan(Vec<Step>);

impl Plan {
    /// This plan with one more step, or with another of its kind.
    pub fn with(&self, step: Step) -> Plan {
        let mut steps: Vec<Step> = self.0.iter().filter(|other| other.kind() != step.kind()).cloned().collect();
        steps.push(step);
        steps.sort_by_key(Step::kind);
        Plan(steps)
    }

    /// Its steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Takes all steps.
    ///
    /// # Errors
    /// As [`Step::take`].
    pub fn of(&self, parts: &Parts) -> Result<Parts> {
        let mut parts = parts.clone();
        self.0.iter().try_for_each(|step| step.take(&mut parts))?;
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::fixture::{parts, stored};
    use super::*;

    #[test]
    fn a_plan_has_one_step_of_a_kind_in_order() {
        let plan = Plan::default().with(Step::Precision(Stored::Int4)).with(Step::Rank(16)).with(Step::Neighbours(3));
        let plan = plan.with(Step::Neighbours(2));
        assert_eq!(plan.steps(), [Step::Rank(16), Step::Neighbours(2), Step::Precision(Stored::Int4)]);
        let small = plan.of(&stored()).unwrap();
        assert_eq!(small.spec.embedding.dim, 16);
        assert_eq!(longest(small.spec.neighbours.as_ref().unwrap()), 2);
        assert!(small.write().unwrap().len() < stored().write().unwrap().len());
    }

    #[test]
    fn the_next_steps_are_those_the_model_has() {
        let mut parts = parts();
        let next = Step::next_of(&parts);
        let (int4, rank) = (Step::Precision(Stored::Int4), Step::Rank(16));
        assert_eq!(next, [int4.clone(), rank, Step::Int4Neighbours, Step::Neighbours(3)]);
        int4.take(&mut parts).unwrap();
        Step::Rank(16).take(&mut parts).unwrap();
        Step::Int4Neighbours.take(&mut parts).unwrap();
        assert_eq!(Step::next_of(&parts), [Step::Neighbours(3)], "its ranker needs vectors");
        parts.spec.neighbours = None;
        assert_eq!(Step::next_of(&parts), []);
        assert!(Step::Neighbours(3).take(&mut parts).unwrap_err().to_string().contains("--neighbours"));
        let unknown = Step::DropColumns(vec!["colour".into()]).take(&mut parts).unwrap_err().to_string();
        assert!(unknown.contains("`colour`") && unknown.contains("`title`"), "{unknown}");
    }
}
