//! Tables, as they are printed and as they stand in the report.

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{Cell, CellAlignment};

/// A table with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it is about.
    pub title: String,
    /// A remark below it; empty: none.
    pub note: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What stands in it.
    pub title: String,
    /// Whether it has numbers, which stand to the right.
    pub numeric: bool,
}

impl Table {
    /// A table whose first column has words and the others numbers.
    #[must_use]
    pub fn of(title: &str, columns: &[&str]) -> Self {
        let column = |(place, title): (usize, &&str)| Column {
            title: (*title).to_owned(),
            numeric: place > 0,
        };
        Self {
            title: title.to_owned(),
            note: String::new(),
            columns: columns.iter().enumerate().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// As it is printed.
    #[must_use]
    pub fn shown(&self) -> String {
        let aligned = |place: usize, text: &String| {
            let numeric = self.columns.get(place).is_some_and(|column| column.numeric);
            let side = if numeric {
                CellAlignment::Right
            } else {
                CellAlignment::Left
            };
            Cell::new(text).set_alignment(side)
        };
        let line = |cells: Vec<&String>| -> Vec<Cell> {
            let cells = cells.into_iter().enumerate();
            cells.map(|(place, text)| aligned(place, text)).collect()
        };
        let mut table = comfy_table::Table::new();
        table.load_style(UTF8_BORDERS_ONLY);
        table.set_header(line(
            self.columns.iter().map(|column| &column.title).collect(),
        ));
        for row in &self.rows {
            table.add_row(line(row.iter().collect()));
        }
        let note = if self.note.is_empty() {
            String::new()
        } else {
            format!("\n{}", self.note)
        };
        format!("{}\n{table}{note}\n", self.title)
    }
}
