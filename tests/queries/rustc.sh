#!/bin/sh
# Cargo runs this in place of the compiler for each crate of the workspace: the SQL macros of every
# service write their data into a folder of its own. Two services may hold the same SQL text, and the
# data is named by the text.
SQLX_OFFLINE_DIR="$QUERY_DATA_DIR/$CARGO_PKG_NAME" exec "$@"
