//! Strategies, collection cases, messages and their last look, holds, contact rules, promises, tasks, templates: whether and when a debtor is contacted.

pub mod domain;
