//! Owns the file of a batch: what an agency is told of each debt (AY-1), as CSV that carries no code
//! (P34), with its count, its sums and its hash. Must not look anything up, and must not be rendered
//! twice: the bytes are stored, since the people in it change.

use std::collections::BTreeSet;

use calendar::Date;
use money::Money;
use sha2::{Digest, Sha256};

use super::debt::{DebtorKind, OpenParts};
use super::identity::{CustomerId, InvoiceId, PlacementId};
use super::placement_batch::Tally;

/// The columns, in the order of the contract. Further ones are only ever added at the end.
pub const COLUMNS: [&str; 31] = [
    "placement_id",
    "placement_external_id",
    "creditor_name",
    "customer_id",
    "customer_external_id",
    "debtor_name",
    "debtor_kind",
    "contact_name",
    "address_lines",
    "postal_code",
    "city",
    "region",
    "country_code",
    "email",
    "phone",
    "language",
    "time_zone",
    "invoice_id",
    "invoice_number",
    "invoice_external_id",
    "invoice_date",
    "due_date",
    "currency_code",
    "principal",
    "fees",
    "interest",
    "placed_amount",
    "last_payment_date",
    "last_payment_amount",
    "reminder_level",
    "opted_out_channels",
];

/// Whom the agency is to collect from, as it is known when the file is made. Empty: not known.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct DebtorContact {
    /// Name.
    pub name: String,
    /// Whom to ask for.
    pub contact_name: String,
    /// Street, house number, floor.
    pub address_lines: Vec<String>,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// State, province or county.
    pub region: String,
    /// Country, ISO 3166-1 alpha-2.
    pub country_code: String,
    /// E-mail address.
    pub email: String,
    /// Telephone, E.164.
    pub phone: String,
    /// Language, BCP 47.
    pub language: String,
    /// IANA time zone.
    pub time_zone: String,
    /// Channels that they opted out of.
    pub opted_out_channels: BTreeSet<String>,
}

/// Personal data never reaches a log (P30).
impl std::fmt::Debug for DebtorContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DebtorContact(…)")
    }
}

/// One row: an invoice of a placement that became ACTIVE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// The placement.
    pub placement_id: PlacementId,
    /// Its identity in the tenant's own system.
    pub placement_external_id: Option<String>,
    /// The legal entity that the debt is owed to.
    pub creditor_name: String,
    /// The customer.
    pub customer_id: CustomerId,
    /// Their identity in the tenant's own system.
    pub customer_external_id: Option<String>,
    /// What the law takes them for.
    pub debtor_kind: DebtorKind,
    /// Who and where they are.
    pub debtor: DebtorContact,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// Its identity in the tenant's own system.
    pub invoice_external_id: Option<String>,
    /// Its date.
    pub invoice_date: Date,
    /// Its oldest due date with an open amount.
    pub due_date: Date,
    /// What was placed of it.
    pub placed: OpenParts,
    /// The customer's last payment.
    pub last_payment: Option<(Date, Money)>,
    /// The reminder level it had reached.
    pub reminder_level: i32,
}

/// The file of a batch.
#[derive(Clone, PartialEq, Eq)]
pub struct BatchFile {
    /// Its bytes.
    pub content: Vec<u8>,
    /// SHA-256 of them, lower-case hexadecimal.
    pub sha256_hex: String,
    /// Number of rows, the heading left out.
    pub row_count: i32,
    /// Number of placements, and the sums of `placed_amount`.
    pub tally: Tally,
}

impl std::fmt::Debug for BatchFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            sha256_hex,
            row_count,
            tally,
            ..
        } = self;
        write!(f, "BatchFile({sha256_hex}, {row_count} rows, {tally:?})")
    }
}

/// Why a file cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Parts of several currencies, or sums that no amount can hold.
    #[error(transparent)]
    Money(#[from] money::MoneyError),
    /// Never when writing to memory.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// Never when writing to memory.
    #[error("the file was not finished")]
    Unfinished,
}

/// Renders the rows, in their order, after RFC 4180 in UTF-8.
///
/// # Errors
/// [`FileError::Money`].
pub fn render(rows: &[BatchRow]) -> Result<BatchFile, FileError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    let mut tally = Tally::default();
    let mut placements = BTreeSet::new();
    for row in rows {
        let placed = row.placed.total()?;
        let currency = placed.currency();
        let sum = tally
            .amounts
            .entry(currency)
            .or_insert(Money::zero(currency));
        *sum = sum.checked_add(placed)?;
        placements.insert(row.placement_id);
        writer.write_record(row.cells(placed).map(|cell| disarmed(&cell)))?;
    }
    tally.placement_count = i32::try_from(placements.len()).unwrap_or(i32::MAX);
    let content = writer.into_inner().map_err(|_| FileError::Unfinished)?;
    let hash = Sha256::digest(&content);
    Ok(BatchFile {
        sha256_hex: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        row_count: i32::try_from(rows.len()).unwrap_or(i32::MAX),
        content,
        tally,
    })
}

/// The name under which the agency gets the file of its `batch_number`th batch.
#[must_use]
pub fn file_name(batch_number: i32) -> String {
    format!("placements-{batch_number:06}.csv")
}

impl BatchRow {
    fn cells(&self, placed: Money) -> [String; COLUMNS.len()] {
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        let debtor = &self.debtor;
        let channels: Vec<&str> = debtor
            .opted_out_channels
            .iter()
            .map(String::as_str)
            .collect();
        let payment_date = self.last_payment.map(|(date, _)| date.to_string());
        let payment_amount = self
            .last_payment
            .map(|(_, amount)| amount.to_amount_string());
        [
            self.placement_id.to_string(),
            known(&self.placement_external_id),
            self.creditor_name.clone(),
            self.customer_id.to_string(),
            known(&self.customer_external_id),
            debtor.name.clone(),
            self.debtor_kind.to_string(),
            debtor.contact_name.clone(),
            debtor.address_lines.join(", "),
            debtor.postal_code.clone(),
            debtor.city.clone(),
            debtor.region.clone(),
            debtor.country_code.clone(),
            debtor.email.clone(),
            debtor.phone.clone(),
            debtor.language.clone(),
            debtor.time_zone.clone(),
            self.invoice_id.to_string(),
            self.invoice_number.clone(),
            known(&self.invoice_external_id),
            self.invoice_date.to_string(),
            self.due_date.to_string(),
            placed.currency().to_string(),
            self.placed.principal.to_amount_string(),
            self.placed.fees.to_amount_string(),
            self.placed.interest.to_amount_string(),
            placed.to_amount_string(),
            payment_date.unwrap_or_default(),
            payment_amount.unwrap_or_default(),
            self.reminder_level.to_string(),
            channels.join(";"),
        ]
    }
}

/// A cell that no spreadsheet takes for a formula (P34): one that begins like one begins with an
/// apostrophe instead. The full-width signs count as well; some spreadsheets read them so.
fn disarmed(cell: &str) -> String {
    let arms = |first: char| {
        matches!(
            first,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
        )
    };
    match cell.chars().next().is_some_and(arms) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;
    use money::Currency;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::euro;

    pub(crate) fn row() -> BatchRow {
        BatchRow {
            placement_id: PlacementId::new(Uuid::from_u128(1)),
            placement_external_id: None,
            creditor_name: "Gläubiger & Co".to_owned(),
            customer_id: CustomerId::new(Uuid::from_u128(2)),
            customer_external_id: Some("K-17".to_owned()),
            debtor_kind: DebtorKind::Business,
            debtor: DebtorContact {
                name: "Späth, \"Zahlung\" GmbH".to_owned(),
                address_lines: vec!["Hauptstr. 1".to_owned(), "2. OG".to_owned()],
                phone: "+4930123".to_owned(),
                opted_out_channels: ["SMS", "CALL"].map(str::to_owned).into(),
                ..DebtorContact::default()
            },
            invoice_id: InvoiceId::new(Uuid::from_u128(3)),
            invoice_number: "INV-1".to_owned(),
            invoice_external_id: None,
            invoice_date: date(2026, 1, 1),
            due_date: date(2026, 1, 31),
            placed: OpenParts {
                principal: euro("100.00"),
                fees: euro("10.00"),
                interest: euro("0.50"),
            },
            last_payment: Some((date(2025, 12, 24), euro("5.00"))),
            reminder_level: 3,
        }
    }

    fn cells(file: &BatchFile) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(file.content.as_slice());
        let records = reader.records().map(Result::unwrap);
        records
            .map(|record| record.iter().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn ay_1_each_debt_with_what_an_agency_needs() {
        let file = render(&[row()]).unwrap();
        let text = String::from_utf8(file.content.clone()).unwrap();
        let expected = "00000000-0000-0000-0000-000000000001,,Gläubiger & Co,\
            00000000-0000-0000-0000-000000000002,K-17,\"Späth, \"\"Zahlung\"\" GmbH\",BUSINESS,,\
            \"Hauptstr. 1, 2. OG\",,,,,,'+4930123,,,00000000-0000-0000-0000-000000000003,INV-1,,\
            2026-01-01,2026-01-31,EUR,100.00,10.00,0.50,110.50,2025-12-24,5.00,3,CALL;SMS";
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines, [&COLUMNS.join(","), expected, ""]);
    }

    #[test]
    fn ay_2_count_sums_and_hash_are_those_of_the_rows() {
        let mut second = row();
        second.invoice_number = "INV-2".to_owned();
        let mut yen = row();
        yen.placement_id = PlacementId::new(Uuid::from_u128(9));
        yen.placed = OpenParts {
            principal: Money::parse("500", Currency::JPY).unwrap(),
            ..OpenParts::none(Currency::JPY)
        };
        let file = render(&[row(), second, yen]).unwrap();
        assert_eq!((file.row_count, file.tally.placement_count), (3, 2));
        let sums: Vec<_> = file.tally.amounts.values().map(Money::to_string).collect();
        assert_eq!(sums, ["221.00 EUR", "500 JPY"]);
        let heading = render(&[]).unwrap();
        assert_eq!(heading.row_count, 0);
        // What sha256sum says of the heading alone.
        let hash = "17608fe1506900609d82ae61b10536575ae5eda7ce9961d0e29c923efa8b22d4";
        assert_eq!(heading.sha256_hex, hash);
        assert_ne!(file.sha256_hex, hash);
    }

    #[test]
    fn p_34_no_cell_is_a_formula() {
        let attacks = [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "＝1",
            "＋1",
            "－1",
            "＠1",
            "=HYPERLINK(\"http://x\",\"y\")",
        ];
        for attack in attacks {
            let mut row = row();
            row.creditor_name = attack.to_owned();
            row.debtor.name = attack.to_owned();
            row.debtor.city = attack.to_owned();
            row.invoice_number = attack.to_owned();
            row.customer_external_id = Some(attack.to_owned());
            row.debtor.address_lines = vec![attack.to_owned()];
            let file = render(&[row]).unwrap();
            let cells = cells(&file);
            assert_eq!(cells[1].len(), COLUMNS.len());
            assert_eq!(
                cells[1]
                    .iter()
                    .filter(|cell| **cell == format!("'{attack}"))
                    .count(),
                6
            );
            assert!(
                cells[1].iter().all(|cell| disarmed(cell) == *cell),
                "{attack:?}"
            );
        }
    }

    #[test]
    fn p_30_nobody_is_printed() {
        let row = row();
        let file = render(std::slice::from_ref(&row)).unwrap();
        assert!(!format!("{row:?} {file:?}").contains("Späth"));
        assert_eq!(file_name(12), "placements-000012.csv");
    }
}
