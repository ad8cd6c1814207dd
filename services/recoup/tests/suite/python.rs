//! Another language: a Python client, generated from the protos, walks from the order to the cash.

use std::path::Path;
use std::process::Command;

use stores::ScratchDir;

use crate::child::Up;

#[test]
fn a_python_client_walks_from_the_order_to_the_cash() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join(".venv/bin/python");
    assert!(python.exists(), "there is no .venv: run make install");
    let folder = ScratchDir::create().unwrap();
    let options = ["--sandbox", "--start", "2026-01-02T08:00:00Z"];
    let up = Up::start_with(folder.path(), &options);
    let told = Command::new(python)
        .arg(root.join("tests/python/order_to_cash.py"))
        .env("RECOUP_ADDRESS", &up.address)
        .env("RECOUP_TOKEN", &up.token)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{errors}");
    let said = String::from_utf8_lossy(&told.stdout);
    assert!(
        said.contains("INV-000001: ordered, billed, paid early"),
        "{said}"
    );
}
