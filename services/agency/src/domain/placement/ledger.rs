//! Owns what happens to a placed debt: every change of what is owed on its invoices becomes entries
//! of the placement, so that placed = recovered + direct + adjusted + open at any time. Must not
//! book commission; it says what was paid directly, and the caller books it.
//!
//! What is open follows invoicing's balances by their versions, an older one changes nothing. Money
//! is told apart by where it came from: through this agency it is recovered, from the debtor while
//! the debt is placed it is direct. Whatever a balance changed by without money is an adjustment.
//! News that come late, after a newer balance, so turn an adjustment into a payment: nothing is lost
//! and nothing counts twice. News that are older than the last look are in what was placed already.
//!
//! A placement that has ended goes on following its invoices, without telling: late money of the
//! agency is still recovered, and a direct payment can still bounce; anything else that happens then
//! is no longer its business, and an adjustment.

use calendar::{Date, Timestamp};
use money::{Money, MoneyError};

use super::{Placement, PlacementAmounts, PlacementError, PlacementInvoice};
use crate::domain::event::{Event, Fact};
use crate::domain::identity::{AgencyId, ApplicationId, InvoiceId, PlacementId, ReceiptId};
use crate::domain::named::named;

named! {
    /// What an entry of a placement tells.
    pub enum EntryKind {
        /// What was owed when it became ACTIVE.
        Placed = "PLACED",
        /// What came through the agency.
        Recovered = "RECOVERED",
        /// What the debtor paid us while it was placed.
        Direct = "DIRECT",
        /// What went away otherwise; negative: was added.
        Adjusted = "ADJUSTED",
    }
}

/// One entry of a placement; never changed. All but PLACED lower what is open by their amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacementEntry {
    /// The placement.
    pub placement_id: PlacementId,
    /// Counts from 1 in the placement.
    pub entry_number: i32,
    /// What it tells.
    pub kind: EntryKind,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much; negative where it was taken back.
    pub amount: Money,
    /// The application that brought or took the money; none where there was none.
    pub application_id: Option<ApplicationId>,
    /// The day from which it counts: of the payment, of its reversal, or of the booking.
    pub entry_date: Date,
    /// When it was booked.
    pub booked_time: Timestamp,
}

/// Where the money of an application came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An agency's remittance.
    Agency(AgencyId),
    /// The debtor, or anybody else.
    Debtor,
}

/// What an application did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashKind {
    /// It lowered what is open.
    Applied(Origin),
    /// It was taken back.
    TakenBack {
        /// As what this placement had counted it; none: it had not, the money came earlier.
        counted_as: Option<EntryKind>,
    },
}

/// The money of an application on one invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashPart {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much, above zero, whichever way it went.
    pub amount: Money,
}

/// Money that came to invoices, or was taken from them again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cash<'a> {
    /// The application.
    pub application_id: ApplicationId,
    /// The receipt it is of.
    pub receipt_id: ReceiptId,
    /// Which way it went.
    pub kind: CashKind,
    /// The day of the payment, or of its reversal.
    pub date: Date,
    /// Where it went; parts of other invoices than the placement's are left aside.
    pub parts: &'a [CashPart],
}

/// What an invoice is worth after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalanceChange {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its version after the change.
    pub version: i64,
    /// What is open on it.
    pub open: Money,
}

/// One event of invoicing, as far as it concerns what is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement<'a> {
    /// The balances after it.
    pub balances: &'a [BalanceChange],
    /// The money in it, if it was about money.
    pub cash: Option<Cash<'a>>,
    /// Today in the tenant's zone.
    pub today: Date,
    /// Now, by the business clock.
    pub at: Timestamp,
}

/// A direct payment to a placement, or one taken back: commission may be due on it (AY-6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectPayment {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// The application.
    pub application_id: ApplicationId,
    /// What came to the placement's invoices; negative: was taken back.
    pub amount: Money,
    /// The day of the payment, or of its reversal.
    pub date: Date,
    /// The invoices it went to.
    pub invoice_ids: Vec<InvoiceId>,
}

/// What a movement did to a placement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Followed {
    /// The entries.
    pub entries: Vec<PlacementEntry>,
    /// The direct payment, where it was one.
    pub direct: Option<DirectPayment>,
    /// What is announced.
    pub events: Vec<Event>,
}

impl Placement {
    /// Follows an event of invoicing. `invoices` are those of its invoices that the event touches,
    /// or more.
    ///
    /// Before it is ACTIVE, what is owed is what would be placed, and nothing is booked. After that
    /// ask [`Placement::close_if_settled`].
    ///
    /// # Errors
    /// [`PlacementError::Money`] for amounts in another currency.
    pub fn follow(
        &mut self,
        invoices: &mut [PlacementInvoice],
        movement: &Movement<'_>,
    ) -> Result<Followed, PlacementError> {
        if !self.was_active() {
            self.follow_before_active(invoices, movement)?;
            return Ok(Followed::default());
        }
        let mut followed = Followed::default();
        for invoice in invoices.iter_mut().filter(|one| one.is_included()) {
            self.follow_invoice(invoice, movement, &mut followed)?;
        }
        self.announce_direct(movement, &mut followed)?;
        if !followed.entries.is_empty() && followed.events.is_empty() {
            self.touch();
        }
        Ok(followed)
    }

    fn follow_before_active(
        &mut self,
        invoices: &mut [PlacementInvoice],
        movement: &Movement<'_>,
    ) -> Result<(), PlacementError> {
        if self.state.is_final() {
            return Ok(());
        }
        let mut open = self.amounts.open();
        for invoice in invoices.iter_mut().filter(|one| one.is_included()) {
            open = open.checked_sub(newer_balance(invoice, movement)?)?;
        }
        if open != self.amounts.open() {
            self.amounts = PlacementAmounts::placing(open);
            self.touch();
        }
        Ok(())
    }

    /// Books the money on the invoice, and as an adjustment whatever else its balance fell by.
    fn follow_invoice(
        &mut self,
        invoice: &mut PlacementInvoice,
        movement: &Movement<'_>,
        followed: &mut Followed,
    ) -> Result<(), PlacementError> {
        if !is_news(invoice, movement) {
            return Ok(());
        }
        let fallen = newer_balance(invoice, movement)?;
        let (kind, cash) = self.cash_on(invoice.invoice_id, movement)?;
        let (cash, adjusted) = match kind {
            EntryKind::Adjusted => (Money::zero(self.currency()), fallen),
            _ => (cash, fallen.checked_sub(cash)?),
        };
        let application = movement.cash.map(|cash| cash.application_id);
        if !cash.is_zero() {
            self.amounts = match kind {
                EntryKind::Recovered => self.amounts.recover(cash)?,
                _ => self.amounts.pay_directly(cash)?,
            };
            let date = movement.cash.map_or(movement.today, |cash| cash.date);
            let id = invoice.invoice_id;
            let entry = self.entry(kind, id, cash, date, application, movement.at);
            followed.entries.push(entry);
        }
        if !adjusted.is_zero() {
            self.adjust(invoice.invoice_id, adjusted, movement, followed)?;
        }
        Ok(())
    }

    fn adjust(
        &mut self,
        invoice_id: InvoiceId,
        amount: Money,
        movement: &Movement<'_>,
        followed: &mut Followed,
    ) -> Result<(), PlacementError> {
        self.amounts = self.amounts.adjust(amount)?;
        let application = movement.cash.map(|cash| cash.application_id);
        let entry = self.entry(
            EntryKind::Adjusted,
            invoice_id,
            amount,
            movement.today,
            application,
            movement.at,
        );
        followed.entries.push(entry);
        if self.is_placed() {
            let adjusted = Fact::PlacementAdjusted {
                placement: self.reference(),
                invoice_id,
                adjustment_amount: amount,
                amounts: self.amounts,
                commission_amount: self.commission_amount,
            };
            followed.events.push(self.announce(adjusted));
        }
        Ok(())
    }

    /// As what the money on an invoice counts, and how much of it there is; negative when it was
    /// taken back. What does not count is an adjustment.
    fn cash_on(
        &self,
        invoice_id: InvoiceId,
        movement: &Movement<'_>,
    ) -> Result<(EntryKind, Money), MoneyError> {
        let nothing = Money::zero(self.currency());
        let Some(cash) = movement.cash else {
            return Ok((EntryKind::Adjusted, nothing));
        };
        let parts = cash
            .parts
            .iter()
            .filter(|part| part.invoice_id == invoice_id);
        let amount = Money::sum(self.currency(), parts.map(|part| part.amount))?;
        Ok(match cash.kind {
            CashKind::Applied(Origin::Agency(agency)) if agency == self.agency_id => {
                (EntryKind::Recovered, amount)
            }
            CashKind::Applied(_) if self.is_placed() => (EntryKind::Direct, amount),
            CashKind::Applied(_) => (EntryKind::Adjusted, nothing),
            CashKind::TakenBack { counted_as } => {
                (counted_as.unwrap_or(EntryKind::Adjusted), amount.negated())
            }
        })
    }

    fn announce_direct(
        &mut self,
        movement: &Movement<'_>,
        followed: &mut Followed,
    ) -> Result<(), PlacementError> {
        let Some(cash) = movement.cash else {
            return Ok(());
        };
        let direct = || {
            let entries = followed.entries.iter();
            entries.filter(|entry| entry.kind == EntryKind::Direct)
        };
        let amount = Money::sum(self.currency(), direct().map(|entry| entry.amount))?;
        if amount.is_zero() {
            return Ok(());
        }
        let payment = DirectPayment {
            receipt_id: cash.receipt_id,
            application_id: cash.application_id,
            amount,
            date: cash.date,
            invoice_ids: direct().map(|entry| entry.invoice_id).collect(),
        };
        let fact = Fact::direct_payment(
            self.reference(),
            payment.clone(),
            self.amounts,
            self.commission_amount,
        );
        followed.events.push(self.announce(fact));
        followed.direct = Some(payment);
        Ok(())
    }

    /// The next entry.
    pub(super) fn entry(
        &mut self,
        kind: EntryKind,
        invoice_id: InvoiceId,
        amount: Money,
        entry_date: Date,
        application_id: Option<ApplicationId>,
        booked_time: Timestamp,
    ) -> PlacementEntry {
        self.entry_count = self.entry_count.saturating_add(1);
        PlacementEntry {
            placement_id: self.placement_id,
            entry_number: self.entry_count,
            kind,
            invoice_id,
            amount,
            application_id,
            entry_date,
            booked_time,
        }
    }
}

/// Whether the event touches the invoice and came after the look with which it was placed.
fn is_news(invoice: &PlacementInvoice, movement: &Movement<'_>) -> bool {
    let change = balance_after(invoice, movement);
    change.is_some_and(|change| change.version > invoice.placed_version)
}

fn balance_after<'a>(
    invoice: &PlacementInvoice,
    movement: &Movement<'a>,
) -> Option<&'a BalanceChange> {
    let mut balances = movement.balances.iter();
    balances.find(|change| change.invoice_id == invoice.invoice_id)
}

/// Takes over a newer balance; answers by how much what is open fell, negative: rose.
fn newer_balance(
    invoice: &mut PlacementInvoice,
    movement: &Movement<'_>,
) -> Result<Money, MoneyError> {
    let mut fallen = Money::zero(invoice.open.currency());
    let change = balance_after(invoice, movement);
    if let Some(change) = change.filter(|change| change.version > invoice.open_version) {
        fallen = invoice.open.checked_sub(change.open)?;
        invoice.open = change.open;
        invoice.open_version = change.version;
    }
    Ok(fallen)
}
