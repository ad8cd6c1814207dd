//! Number series.

use contracts::convert::instant_to_wire;
use contracts::invoicing as wire;
use jiff::Timestamp;
use runtime::{Refusal, Violations};

use crate::domain::{NumberSeries, NumberedDocument};
use crate::rpc::error::field_of;

/// The new series of a request, created at `now`.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn new_series(
    request: &wire::CreateNumberSeriesRequest,
    now: Timestamp,
) -> Result<NumberSeries, Refusal> {
    let mut violations = Violations::new();
    let Some(series) = violations.required("series", request.series.as_ref()) else {
        return violations.complete((None,)).map(|(never,)| never);
    };
    let document = document_from_wire(series.document());
    let document = violations.required("series.document", document);
    let checked = NumberSeries::try_new(
        series.series_code.clone(),
        document.unwrap_or(NumberedDocument::Invoice),
        series.prefix.clone(),
        series.minimum_digits,
        series.first_number,
        now,
    );
    let checked = checked
        .map_err(|error| violations.add(field_of(error), error))
        .ok();
    violations.complete((checked,)).map(|(series,)| series)
}

/// A series as it is now.
#[must_use]
pub fn series_to_wire(series: &NumberSeries) -> wire::NumberSeries {
    wire::NumberSeries {
        series_code: series.code.clone(),
        document: document_to_wire(series.document).into(),
        prefix: series.prefix.clone(),
        minimum_digits: i32::from(series.minimum_digits),
        first_number: series.first_number,
        next_number: series.next_number,
        created_time: series.create_time.map(instant_to_wire),
    }
}

const fn document_from_wire(document: wire::NumberedDocument) -> Option<NumberedDocument> {
    match document {
        wire::NumberedDocument::Unspecified => None,
        wire::NumberedDocument::Invoice => Some(NumberedDocument::Invoice),
        wire::NumberedDocument::CreditNote => Some(NumberedDocument::CreditNote),
    }
}

const fn document_to_wire(document: NumberedDocument) -> wire::NumberedDocument {
    match document {
        NumberedDocument::Invoice => wire::NumberedDocument::Invoice,
        NumberedDocument::CreditNote => wire::NumberedDocument::CreditNote,
    }
}
