//! Receivables by age.

use contracts::convert::money_to_wire;
use contracts::invoicing as wire;
use jiff::civil::Date;
use money::Currency;
use runtime::Violations;

use super::field;
use crate::domain::{AgingBasis, AgingBucket, AgingScale, AgingTable, CustomerId};

/// What kind of aging is asked for.
#[derive(Debug, Clone)]
pub struct AskedAging {
    /// The day at whose end it is told; `None`: today.
    pub as_of_date: Option<Date>,
    /// How ages are told.
    pub scale: AgingScale,
    /// Only in this currency.
    pub currency: Option<Currency>,
}

/// The query of a request; `None`: something is noted.
pub fn query_from_wire(
    violations: &mut Violations,
    query: Option<&wire::AgingQuery>,
) -> Option<AskedAging> {
    let query = violations.required("query", query)?;
    violations.within("query", |violations| {
        let date = query.as_of_date.as_ref();
        let as_of_date = field::optional_date(violations, "as_of_date", date);
        let basis = violations.required("basis", basis_from_wire(query.basis()));
        let code = query.currency_code.as_deref();
        let currency = field::filter_currency(violations, "currency_code", code);
        let limits = query.bucket_limits_days.clone();
        // The limits are judged whether or not the basis is there.
        let scale = AgingScale::try_new(basis.unwrap_or(AgingBasis::DueDate), limits);
        let scale = violations.parsed("bucket_limits_days", scale);
        Some(AskedAging {
            as_of_date: as_of_date?,
            scale: scale?,
            currency,
        })
    })
}

/// The receivables of a currency by age.
#[must_use]
pub fn table_to_wire(table: &AgingTable) -> wire::AgingTable {
    let bucket = |bucket: &AgingBucket| wire::AgingBucket {
        label: bucket.label.clone(),
        from_days: bucket.from_days,
        to_days: bucket.to_days,
        amount: Some(money_to_wire(bucket.amount)),
        item_count: bucket.item_count,
    };
    wire::AgingTable {
        currency_code: table.currency.code().to_owned(),
        buckets: table.buckets.iter().map(bucket).collect(),
        customer_credit_amount: Some(money_to_wire(table.customer_credit_amount)),
        outstanding_amount: Some(money_to_wire(table.outstanding_amount)),
        item_count: table.item_count,
    }
}

/// What a customer owes in a currency by age.
#[must_use]
pub fn customer_to_wire(customer_id: CustomerId, table: &AgingTable) -> wire::CustomerAging {
    wire::CustomerAging {
        customer_id: customer_id.0.to_string(),
        table: Some(table_to_wire(table)),
    }
}

const fn basis_from_wire(basis: wire::AgingBasis) -> Option<AgingBasis> {
    match basis {
        wire::AgingBasis::Unspecified => None,
        wire::AgingBasis::DueDate => Some(AgingBasis::DueDate),
        wire::AgingBasis::InvoiceDate => Some(AgingBasis::InvoiceDate),
    }
}
