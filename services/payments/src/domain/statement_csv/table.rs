//! Owns the file as a table: decoding, lines to skip, header, records with the number of their line.
//! Must not know what a column means.

use std::borrow::Cow;
use std::io::Cursor;

use csv::{Position, Reader, ReaderBuilder, StringRecord};

use super::FileError;
use crate::domain::{Column, CsvFormat};

/// Largest file.
pub const MOST_BYTES: usize = 64 << 20;

/// A file that is read record by record.
pub(super) struct Table<'a> {
    text: &'a str,
    reader: Reader<Cursor<&'a [u8]>>,
    quote: u8,
    delimiter: u8,
    skipped_lines: u64,
    /// The names of the columns, where the file has them.
    header: Option<Vec<String>>,
    /// Columns that every record has: those of the first. `None`: there is no record.
    width: Option<usize>,
    record: StringRecord,
}

/// A record that is not blank.
pub(super) struct Row<'a> {
    /// Its line in the file, from 1 on, header and skipped lines included.
    pub(super) number: u32,
    /// Its fields.
    pub(super) fields: &'a StringRecord,
    /// Whether it has as many as the first.
    pub(super) is_whole: bool,
}

/// The text of a file, its lines ending with `\n` or `\r\n`.
pub(super) fn text_of<'a>(bytes: &'a [u8], format: &CsvFormat) -> Result<Cow<'a, str>, FileError> {
    if bytes.len() > MOST_BYTES {
        return Err(FileError::TooLarge);
    }
    let text = format
        .encoding
        .decode(bytes)
        .map_err(|byte| FileError::Encoding { byte })?;
    let old_ends = text
        .match_indices('\r')
        .any(|(place, _)| !text[place..].starts_with("\r\n"));
    if old_ends {
        return Ok(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")));
    }
    Ok(text)
}

impl<'a> Table<'a> {
    /// Opens a text; reads its header, if it has one.
    pub(super) fn open(text: &'a str, format: &CsvFormat) -> Result<Self, FileError> {
        let (text, skipped_lines) = skip(text, format.skip_line_count);
        let mut table = Self {
            text,
            reader: ReaderBuilder::new()
                .delimiter(format.delimiter)
                .quote(format.quote)
                .has_headers(false)
                .flexible(true)
                .from_reader(Cursor::new(text.as_bytes())),
            quote: format.quote,
            delimiter: format.delimiter,
            skipped_lines,
            header: None,
            width: None,
            record: StringRecord::new(),
        };
        let first = table.next_row()?.map(|row| {
            let names = row.fields.iter().map(|name| name.trim().to_owned());
            names.collect::<Vec<String>>()
        });
        if format.has_header {
            table.header = first;
        } else {
            // It only told how many columns there are: it is a row, and read again as one.
            let from_start = table.reader.seek(Position::new());
            from_start.map_err(|_| FileError::Csv { line: 1 })?;
        }
        Ok(table)
    }

    /// The place of a column, counted from 0.
    pub(super) fn place(&self, column: &Column) -> Result<usize, FileError> {
        let missing = |count| FileError::Column {
            column: column.label(),
            count,
        };
        match column {
            Column::Position(position) => {
                let place = position
                    .checked_sub(1)
                    .and_then(|place| usize::try_from(place).ok());
                let place = place.ok_or(missing(0))?;
                let is_there = self.width.is_none_or(|width| place < width);
                is_there.then_some(place).ok_or(missing(0))
            }
            Column::Header(name) => {
                let names = self.header.iter().flatten().enumerate();
                let named = names.filter(|(_, header)| *header == name.trim());
                let places: Vec<usize> = named.map(|(place, _)| place).collect();
                match places.as_slice() {
                    [place] => Ok(*place),
                    others => Err(missing(others.len())),
                }
            }
        }
    }

    /// The next record that is not blank.
    pub(super) fn next_row(&mut self) -> Result<Option<Row<'_>>, FileError> {
        loop {
            let read = self.reader.read_record(&mut self.record);
            let number = self.line_of_record();
            match read {
                Err(_) => return Err(FileError::Csv { line: number }),
                Ok(false) => return Ok(None),
                Ok(true) => self.refuse_open_quote(number)?,
            }
            if self.record.iter().any(|field| !field.trim().is_empty()) {
                let count = self.record.len();
                let width = *self.width.get_or_insert(count);
                let spare_are_empty = self.record.iter().skip(width).all(str::is_empty);
                return Ok(Some(Row {
                    number,
                    is_whole: count >= width && spare_are_empty,
                    fields: &self.record,
                }));
            }
        }
    }

    /// The line on which the record begins. The reader counts from the end of the record before, so
    /// that empty lines between belong to it.
    fn line_of_record(&self) -> u32 {
        let (line, start) = self
            .record
            .position()
            .map_or((0, 0), |at| (at.line(), at.byte()));
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let from_there = self.text.as_bytes().get(start..).unwrap_or_default();
        let ends = from_there
            .iter()
            .take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let empty_lines = ends.filter(|byte| **byte == b'\n').count();
        let line = line + self.skipped_lines + u64::try_from(empty_lines).unwrap_or(0);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// A quote that is never closed swallows the rest of the file into one field: lines would be
    /// lost without a word. Only the last record can have one.
    fn refuse_open_quote(&self, line: u32) -> Result<(), FileError> {
        let end = u64::try_from(self.text.len()).unwrap_or(u64::MAX);
        if self.reader.position().byte() < end {
            return Ok(());
        }
        let start = self.record.position().map_or(0, Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        let last = self.text.as_bytes().get(start..).unwrap_or_default();
        if ends_in_quotes(last, self.delimiter, self.quote) {
            return Err(FileError::Csv { line });
        }
        Ok(())
    }
}

/// The text after some lines, and how many there were.
fn skip(mut text: &str, lines: u32) -> (&str, u64) {
    let mut skipped = 0;
    while skipped < u64::from(lines) {
        let Some((_, rest)) = text.split_once('\n') else {
            return ("", skipped);
        };
        text = rest;
        skipped += 1;
    }
    (text, skipped)
}

/// Whether a record begins a quoted field and never ends it. A quote counts at the beginning of a
/// field only, as the reader sees it.
fn ends_in_quotes(record: &[u8], delimiter: u8, quote: u8) -> bool {
    let (mut in_quotes, mut at_start) = (false, true);
    let mut bytes = record.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_quotes {
            if byte == quote && bytes.next_if_eq(&quote).is_none() {
                in_quotes = false;
            }
            continue;
        }
        in_quotes = at_start && byte == quote;
        at_start = byte == delimiter || (at_start && matches!(byte, b'\r' | b'\n'));
    }
    in_quotes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::layout;

    fn rows(text: &str) -> Result<Vec<(u32, Vec<String>, bool)>, FileError> {
        let format = CsvFormat {
            has_header: false,
            ..layout().format
        };
        let text = text_of(text.as_bytes(), &format)?;
        let mut table = Table::open(&text, &format)?;
        let mut rows = Vec::new();
        while let Some(row) = table.next_row()? {
            let fields = row.fields.iter().map(str::to_owned).collect();
            rows.push((row.number, fields, row.is_whole));
        }
        Ok(rows)
    }

    fn numbers(text: &str) -> Vec<u32> {
        let rows = rows(text).unwrap();
        rows.iter().map(|(number, ..)| *number).collect()
    }

    #[test]
    fn rows_have_the_number_of_their_line() {
        assert_eq!(numbers("a;b\nc;d\n\n;;\ne;f\n"), [1, 2, 5]);
        assert_eq!(numbers("\n\na;b\n\r\n\nc;d"), [3, 6]);
        assert_eq!(numbers("a;\"b\nb\"\nc;d"), [1, 3]);
        assert_eq!(numbers("a;b\r\nc;d\r\n"), [1, 2]);
        assert_eq!(numbers("a;b\rc;d\re;f"), [1, 2, 3], "old line ends");
        assert_eq!(numbers(""), [0_u32; 0]);
    }

    #[test]
    fn columns_may_be_missing_or_too_many_but_empty_ones_behind_do_no_harm() {
        let whole: Vec<bool> = rows("a;b;c\n1;2;3\n1;2\n1;2;3;;\n1;2;3;4\n")
            .unwrap()
            .iter()
            .map(|(_, _, whole)| *whole)
            .collect();
        assert_eq!(whole, [true, true, false, true, false]);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_told_and_not_swallowed() {
        let open = rows("a;b\nc;\"d\ne;f\n").unwrap_err();
        assert_eq!(open, FileError::Csv { line: 2 });
        assert!(rows("a;\"b\"\"\"").is_ok());
        assert!(
            rows("a;b \"c\n").is_ok(),
            "in the middle of a field it is a letter"
        );
        assert!(rows("a;\"").is_err());
        assert!(rows("\"a\n").is_err());
    }

    #[test]
    fn skipped_lines_count() {
        let mut format = layout().format;
        format.skip_line_count = 2;
        let mut table = Table::open("bank\nof us\ndate;amount\n1;2\n", &format).unwrap();
        assert_eq!(table.place(&Column::Header(" amount ".into())), Ok(1));
        assert_eq!(table.next_row().unwrap().unwrap().number, 4);
        let twice = Table::open("\n\na;a\n", &format).unwrap();
        let label = "a".to_owned();
        let error = twice.place(&Column::Header("a".into()));
        assert_eq!(
            error,
            Err(FileError::Column {
                column: label,
                count: 2
            })
        );
        assert!(twice.place(&Column::Position(3)).is_err());
        format.skip_line_count = 9;
        assert!(
            Table::open("a\n", &format)
                .unwrap()
                .next_row()
                .unwrap()
                .is_none()
        );
    }
}
