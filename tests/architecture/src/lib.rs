//! The rules of the code's shape, written as checks: what no compiler and no lint sees.
//!
//! Each module holds one family of rules as pure functions from what was read (sources, manifests,
//! the lock file, migrations) to findings, with small bad inputs beside them to show that each rule
//! can fail. `tests/suite` runs them over this checkout. Nothing here knows a business rule.
//!
//! ```text
//! tree ──────── the checkout: where its root is, which files it has
//! source        one Rust file, parsed; its tokens without the tests in it
//! shape         length of files and functions, headers, names
//! purity        domain/ computes and nothing else
//! sql           where SQL may stand, who may commit
//! refusals      where a gRPC status may be made
//! patience      tests wait for conditions, and none is switched off
//! layout        the root, the README of each folder, the files of a service
//! manifests     one place for versions, lints and licence
//! direction     who may depend on whom inside the workspace
//! edges         who may call whom and read whose feed
//! migrations    landed ones stay as they are; tenant tables are protected
//! lock          banned crates, single versions, floors of advisories
//! licences      what the crates we ship may be licensed under
//! ```

pub mod direction;
pub mod edges;
pub mod layout;
pub mod licences;
pub mod lock;
pub mod manifests;
pub mod migrations;
pub mod patience;
pub mod purity;
pub mod refusals;
pub mod shape;
pub mod source;
pub mod sql;
pub mod tree;

mod finding;

pub use finding::{Breaches, Finding, verdict};
