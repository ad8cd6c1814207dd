//! Many rows for one statement: each of their columns as an array.

/// One value of each row, in their order: what a statement that writes many rows takes for a column, to
/// `unnest`.
pub fn column<'a, R, V>(rows: &'a [R], value: impl FnMut(&'a R) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}
