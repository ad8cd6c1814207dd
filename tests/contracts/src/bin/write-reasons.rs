//! `make reasons`: writes the table of reasons into `proto/README.md`.

use anyhow::Result;
use architecture::tree;
use contract_tests::protos::Protos;
use contract_tests::table;

fn main() -> Result<()> {
    let renewed = table::renewed(&tree::read(table::FILE)?, &Protos::of_this_checkout()?)?;
    Ok(std::fs::write(tree::root().join(table::FILE), renewed)?)
}
