//! How a CSV file is written.

use contracts::payments as wire;
use runtime::Violations;

use super::field;
use crate::domain::{AmountFormat, CsvFormat, DateFormat, DecimalMark, Encoding};

/// The format of a message; its marks are judged with the layout.
pub(super) fn format_from_wire(
    violations: &mut Violations,
    format: &wire::CsvFormat,
) -> Option<CsvFormat> {
    let known = wire::CsvEncoding::try_from(format.encoding).map_err(|_| "is no known value");
    let encoding = violations.parsed("encoding", known);
    let delimiter = sign(violations, "delimiter", &format.delimiter, b',');
    let quote = sign(violations, "quote", &format.quote, b'"');
    let lines = u32::try_from(format.skip_line_count).map_err(|_| "must be 0 to 100");
    let skip_line_count = violations.parsed("skip_line_count", lines);
    let decimal_mark = match format.decimal_mark.as_str() {
        "." => Some(DecimalMark::Point),
        "," => Some(DecimalMark::Comma),
        _ => {
            violations.add("decimal_mark", "must be . or ,");
            None
        }
    };
    let group_mark = group_mark(violations, &format.group_mark);
    let date_format = &format.date_format;
    let dates = field::typed(violations, "date_format", date_format, DateFormat::try_new);
    Some(CsvFormat {
        encoding: encoding_from_wire(encoding?),
        delimiter: delimiter?,
        quote: quote?,
        skip_line_count: skip_line_count?,
        has_header: format.has_header,
        amounts: AmountFormat {
            decimal_mark: decimal_mark?,
            group_mark: group_mark?,
        },
        dates: dates?,
    })
}

const fn encoding_from_wire(encoding: wire::CsvEncoding) -> Encoding {
    match encoding {
        wire::CsvEncoding::Unspecified | wire::CsvEncoding::Utf8 => Encoding::Utf8,
        wire::CsvEncoding::Windows1252 => Encoding::Windows1252,
    }
}

fn sign(violations: &mut Violations, field: &str, text: &str, default: u8) -> Option<u8> {
    let sign = match text.as_bytes() {
        [] => Ok(default),
        [byte] => Ok(*byte),
        _ => Err("must be one ASCII character"),
    };
    violations.parsed(field, sign)
}

fn group_mark(violations: &mut Violations, text: &str) -> Option<Option<char>> {
    let mut signs = text.chars();
    let mark = match (signs.next(), signs.next()) {
        (None, _) => Ok(None),
        (Some(mark), None) if !mark.is_control() => Ok(Some(mark)),
        _ => Err("must be one character"),
    };
    violations.parsed("group_mark", mark)
}

/// A format for the wire.
pub(super) fn format_to_wire(format: &CsvFormat) -> wire::CsvFormat {
    let encoding = match format.encoding {
        Encoding::Utf8 => wire::CsvEncoding::Utf8,
        Encoding::Windows1252 => wire::CsvEncoding::Windows1252,
    };
    let group_mark = format.amounts.group_mark;
    wire::CsvFormat {
        encoding: encoding.into(),
        delimiter: char::from(format.delimiter).to_string(),
        quote: char::from(format.quote).to_string(),
        // At most 100.
        skip_line_count: i32::try_from(format.skip_line_count).unwrap_or(i32::MAX),
        has_header: format.has_header,
        decimal_mark: format.amounts.decimal_mark.sign().to_string(),
        group_mark: group_mark.map(String::from).unwrap_or_default(),
        date_format: format.dates.to_string(),
    }
}
