//! Strategies: ladders of steps by which the customers of some segments are reminded, by version.
//!
//! Owns what a strategy says, whether it contradicts itself, which one serves a customer and what an
//! activation changes. Must not know invoices or dates: [`super::ladder`] climbs it.

mod definition;
mod impact;
mod version;

pub use definition::{Fault, PromiseTerms, Step, StepCondition, StepTrigger, StrategyDefinition};
pub use impact::{NextStep, StepShift, StrategyImpact};
pub use version::{
    NewVersion, Strategy, StrategyError, StrategyVersion, StrategyVersionState, serving,
};
