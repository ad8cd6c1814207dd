//! What two databases must say alike once nothing is under way. Each fact is read on both sides as a
//! key and a text, and the two lists must be the same: neither side may know more.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use sqlx::PgConnection;

use super::databases::Databases;
use super::{Check, commission};

/// A side's facts by key.
type Facts = BTreeMap<String, String>;

/// Compares the databases with each other.
///
/// # Errors
/// A database does not answer.
pub(super) async fn check(databases: &mut Databases) -> anyhow::Result<Vec<Check>> {
    let Databases {
        credit,
        invoicing,
        payments,
        reminders,
        agency,
    } = databases;
    let mut checks = vec![same(
        ("P1", "both sides say the same of each application"),
        read(payments, APPLICATIONS_OF_PAYMENTS).await?,
        read(invoicing, APPLICATIONS_OF_INVOICING).await?,
    )];
    let open = read(invoicing, OPEN_BY_INVOICE).await?;
    for (what, told) in [
        (
            "credit knows what is open of each invoice",
            read(credit, OPEN_IN_CREDIT).await?,
        ),
        (
            "payments knows what is open of each invoice",
            read(payments, OPEN_IN_PAYMENTS).await?,
        ),
        (
            "reminders knows what is open of each invoice",
            read(reminders, OPEN_IN_REMINDERS).await?,
        ),
        (
            "agency knows what is open of each invoice",
            read(agency, OPEN_IN_AGENCY).await?,
        ),
    ] {
        checks.push(same(("P13", what), told, open.clone()));
    }
    checks.push(same(
        ("P11", "a customer's exposure is what is open"),
        read(credit, EXPOSURE).await?,
        read(invoicing, OPEN_BY_CUSTOMER).await?,
    ));
    checks.push(same(
        ("CA-8", "reminders knows each customer's unapplied cash"),
        read(reminders, CASH_IN_REMINDERS).await?,
        read(payments, CASH).await?,
    ));
    checks.push(same(
        ("P20", "a remitted line is one receipt of the gross amount"),
        read(agency, REMITTED_LINES).await?,
        read(payments, RECEIPTS_OF_AGENCIES).await?,
    ));
    checks.push(commission::check(agency).await?);
    Ok(checks)
}

/// Facts, each a key and a text.
async fn read(database: &mut PgConnection, sql: &'static str) -> anyhow::Result<Facts> {
    let rows: Vec<(String, String)> = sqlx::query_as(sql)
        .fetch_all(database)
        .await
        .with_context(|| format!("reading facts: {sql}"))?;
    Ok(rows.into_iter().collect())
}

fn same((rule, what): (&'static str, &'static str), left: Facts, right: Facts) -> Check {
    let mut check = Check::of(rule, what);
    let keys: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let told =
        |facts: &Facts, key: &String| facts.get(key).cloned().unwrap_or("nothing".to_owned());
    for key in keys {
        check.same(key, told(&left, key), told(&right, key));
    }
    check
}

// Of what an answer never came for, only payments knows; of refusals nothing is to be compared.
const APPLICATIONS_OF_PAYMENTS: &str = "
    SELECT 'application ' || application_id,
           concat_ws(' ', state, tenant_id, customer_id, receipt_id, currency_code, amount,
                     allocated_amount, overpayment_tolerance_amount, rest_amount, receipt_date)
      FROM receipt_application WHERE state <> 'REFUSED'";

const APPLICATIONS_OF_INVOICING: &str = "
    SELECT 'application ' || application_id,
           concat_ws(' ', state, tenant_id, customer_id, receipt_id, currency, amount,
                     allocated_amount, overpayment_tolerance_amount, rest_amount, receipt_date)
      FROM application WHERE state <> 'REFUSED'";

// Projections may forget what is settled: compared is what is open.
const OPEN_BY_INVOICE: &str = "
    SELECT 'invoice ' || invoice_id, concat_ws(' ', currency, sum(open_amount))
      FROM open_item GROUP BY tenant_id, invoice_id, currency HAVING sum(open_amount) > 0";

const OPEN_IN_CREDIT: &str = "
    SELECT 'invoice ' || invoice_id, concat_ws(' ', currency, open_amount)
      FROM known_invoice WHERE open_amount > 0";

const OPEN_IN_PAYMENTS: &str = "
    SELECT 'invoice ' || invoice_id, concat_ws(' ', currency_code, open_amount)
      FROM invoice WHERE open_amount > 0";

const OPEN_IN_REMINDERS: &str = "
    SELECT 'invoice ' || invoice_id, concat_ws(' ', currency, open_amount)
      FROM case_invoice WHERE open_amount > 0";

const OPEN_IN_AGENCY: &str = "
    SELECT 'invoice ' || invoice_id,
           concat_ws(' ', currency_code, open_principal + open_fees + open_interest)
      FROM known_invoice WHERE open_principal + open_fees + open_interest > 0";

const OPEN_BY_CUSTOMER: &str = "
    SELECT 'customer ' || customer_id || ', ' || currency, sum(open_amount)::text
      FROM open_item GROUP BY tenant_id, customer_id, currency HAVING sum(open_amount) > 0";

const EXPOSURE: &str = "
    SELECT 'customer ' || customer_id || ', ' || currency, open_invoice_amount::text
      FROM currency_position WHERE open_invoice_amount <> 0";

const CASH: &str = "
    SELECT 'customer ' || customer_id || ', ' || currency_code, unapplied_amount::text
      FROM unapplied_cash WHERE unapplied_amount > 0";

const CASH_IN_REMINDERS: &str = "
    SELECT 'customer ' || customer_id || ', ' || currency, unapplied_amount::text
      FROM unapplied_cash WHERE unapplied_amount > 0";

const REMITTED_LINES: &str = "
    SELECT 'receipt ' || line.receipt_id,
           concat_ws(' ', line.customer_id, head.agency_id, line.remittance_id, line.line_number,
                     line.currency_code, line.gross_amount)
      FROM remittance_line line JOIN remittance head USING (tenant_id, remittance_id)
     WHERE line.receipt_recorded";

const RECEIPTS_OF_AGENCIES: &str = "
    SELECT 'receipt ' || receipt_id,
           concat_ws(' ', customer_id, agency_id, agency_remittance_id, agency_line_number,
                     currency_code, received_amount)
      FROM receipt WHERE method = 'AGENCY'";

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(facts: &[(&str, &str)]) -> Facts {
        let own = |(key, told): &(&str, &str)| ((*key).to_owned(), (*told).to_owned());
        facts.iter().map(own).collect()
    }

    #[test]
    fn neither_side_may_know_more_or_otherwise() {
        let left = facts(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let right = facts(&[("a", "1"), ("b", "5"), ("d", "4")]);
        let check = same(("P1", "alike"), left.clone(), right);
        let expected = [
            "b: 2 against 5",
            "c: 3 against nothing",
            "d: nothing against 4",
        ];
        assert_eq!(
            (check.compared, check.faults),
            (4, expected.map(str::to_owned).to_vec())
        );
        assert!(same(("P1", "alike"), left.clone(), left).holds());
    }
}
