//! What an invoice says, read from requests and rows of an import.

use contracts::convert::date_from_wire;
use contracts::convert::terms::UnfitTerms;
use contracts::invoicing as wire;
use contracts::invoicing::invoice_content::{Customer, Due as WireDue};
use jiff::civil::Date;
use runtime::{Refusal, Violations};
use uuid::Uuid;

use super::field;
use super::invoice::content_to_wire;
use super::line::lines_from_wire;
use super::terms::{offer_from_wire, terms_from_wire};
use crate::domain::{
    CustomerId, DocumentTotals, Due, EarlyPaymentOffer, Invoice, InvoiceContent, InvoiceId,
    ReservationId,
};

/// The series that numbers are drawn from where none is named.
const BUILT_IN_SERIES: &str = "INV";

/// Who owes an invoice, as the caller names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CustomerKey {
    /// By credit's identity.
    Id(CustomerId),
    /// By the foreign system's own identity.
    External(String),
}

/// What a caller says in an invoice, before its customer is found.
#[derive(Debug, Clone)]
pub struct BroughtContent {
    /// Who owes it.
    pub customer: CustomerKey,
    /// The rest; the customer in it is nobody.
    content: InvoiceContent,
}

impl BroughtContent {
    /// The content, owed by this customer.
    #[must_use]
    pub fn owed_by(&self, customer_id: CustomerId) -> InvoiceContent {
        InvoiceContent {
            customer_id,
            ..self.content.clone()
        }
    }

    /// The content but for the customer, who is nobody in it.
    #[must_use]
    pub const fn content(&self) -> &InvoiceContent {
        &self.content
    }
}

/// An invoice that does not exist yet.
#[derive(Debug, Clone)]
pub struct BroughtInvoice {
    /// The identity that the caller chose.
    pub invoice_id: Option<InvoiceId>,
    /// The foreign system's own identity.
    pub external_id: Option<String>,
    /// What it says.
    pub brought: BroughtContent,
}

/// The draft of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn new_draft(request: &wire::CreateInvoiceRequest) -> Result<BroughtInvoice, Refusal> {
    let mut violations = Violations::new();
    let new = wire::NewInvoice {
        invoice_id: request.invoice_id.clone(),
        external_id: request.external_id.clone(),
        content: request.content.clone(),
    };
    let new = new_invoice(&mut violations, &new);
    violations.complete((new,)).map(|(new,)| new)
}

/// A new invoice; `None`: something is noted.
pub fn new_invoice(violations: &mut Violations, new: &wire::NewInvoice) -> Option<BroughtInvoice> {
    let invoice_id = field::new_id(violations, "invoice_id", &new.invoice_id);
    let external_id = field::optional_text(violations, "external_id", &new.external_id, 128);
    let content = violations.required("content", new.content.as_ref());
    let brought = content.and_then(|content| {
        violations.within("content", |violations| {
            content_from_wire(violations, content)
        })
    });
    Some(BroughtInvoice {
        invoice_id: invoice_id?.map(InvoiceId),
        external_id: Some(external_id?).filter(|id| !id.is_empty()),
        brought: brought?,
    })
}

/// What an invoice says; `None`: something is noted.
pub fn content_from_wire(
    violations: &mut Violations,
    content: &wire::InvoiceContent,
) -> Option<BroughtContent> {
    let customer = customer_from_wire(violations, content.customer.as_ref());
    let currency = field::currency(violations, "currency_code", &content.currency_code);
    let date = content.invoice_date.as_ref();
    let invoice_date = field::optional_date(violations, "invoice_date", date);
    let due = due_from_wire(violations, content.due.as_ref(), invoice_date.flatten());
    let offer = offer(violations, content);
    let lines = lines_from_wire(violations, "lines", &content.lines, currency);
    let series_code = series_from_wire(violations, &content.series_code);
    let references = references(violations, content);
    let note = field::optional_text(violations, "note", &content.note, 2000);
    let (lines, currency) = (lines?, currency?);
    violations.parsed("lines", DocumentTotals::of(&lines, currency))?;
    let (payment_reference, order_reference, reservation_id) = references?;
    Some(BroughtContent {
        customer: customer?,
        content: InvoiceContent {
            customer_id: CustomerId(Uuid::nil()),
            currency,
            invoice_date: invoice_date?,
            due: due?,
            early_payment_offer: offer?,
            lines,
            series_code: series_code?,
            payment_reference,
            order_reference,
            reservation_id,
            note: note?,
        },
    })
}

fn customer_from_wire(
    violations: &mut Violations,
    customer: Option<&Customer>,
) -> Option<CustomerKey> {
    match violations.required("customer_id", customer)? {
        Customer::CustomerId(id) => {
            let id = field::id(violations, "customer_id", id)?;
            Some(CustomerKey::Id(CustomerId(id)))
        }
        Customer::CustomerExternalId(id) => {
            field::text(violations, "customer_external_id", id, 128).map(CustomerKey::External)
        }
    }
}

fn due_from_wire(
    violations: &mut Violations,
    due: Option<&WireDue>,
    invoice_date: Option<Date>,
) -> Option<Option<Due>> {
    match due {
        None => Some(None),
        Some(WireDue::DueDate(date)) => {
            let date = violations.parsed("due_date", date_from_wire(date))?;
            let in_order = invoice_date.is_none_or(|invoice_date| invoice_date <= date);
            violations.check(in_order, "due_date", "is before the invoice date");
            Some(Some(Due::On(date)))
        }
        Some(WireDue::Terms(terms)) => violations.within("terms", |violations| {
            let code = field::text(violations, "terms_code", &terms.terms_code, 64);
            let terms = terms_from_wire(terms).map_err(|unfit| note(violations, &unfit));
            code.and(terms.ok()).map(|terms| Some(Due::Terms(terms)))
        }),
    }
}

fn offer(
    violations: &mut Violations,
    content: &wire::InvoiceContent,
) -> Option<Option<EarlyPaymentOffer>> {
    let Some(offer) = &content.early_payment_offer else {
        return Some(None);
    };
    violations.within("early_payment_offer", |violations| {
        let offer = offer_from_wire(offer).map_err(|unfit| note(violations, &unfit));
        offer.ok().map(Some)
    })
}

fn note(violations: &mut Violations, unfit: &UnfitTerms) {
    violations.add(&unfit.field, &unfit.fault);
}

fn series_from_wire(violations: &mut Violations, code: &str) -> Option<String> {
    if code.is_empty() {
        return Some(BUILT_IN_SERIES.to_owned());
    }
    let fits = code.len() <= 16
        && code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let text = "is 1 to 16 letters, digits or hyphens";
    violations.check(fits, "series_code", text);
    fits.then(|| code.to_owned())
}

type References = (String, String, Option<ReservationId>);

fn references(violations: &mut Violations, content: &wire::InvoiceContent) -> Option<References> {
    let (payment, order) = (&content.payment_reference, &content.order_reference);
    let payment = field::optional_text(violations, "payment_reference", payment, 64);
    let order = field::optional_text(violations, "order_reference", order, 64);
    let parse = |text: &str| Uuid::try_parse(text).map_err(|_| "is not a UUID");
    let reservation = &content.reservation_id;
    let reservation = field::optional_typed(violations, "reservation_id", reservation, parse);
    Some((payment?, order?, reservation?.map(ReservationId)))
}

/// The fields that an update of a draft may set.
pub const CHANGEABLE: &[&str] = &[
    "invoice_date",
    "terms",
    "due_date",
    "early_payment_offer",
    "lines",
    "series_code",
    "payment_reference",
    "order_reference",
    "reservation_id",
    "note",
];

/// What a draft says once the named fields are set, or cleared where `brought` has none.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn revised_content(
    draft: &Invoice,
    brought: Option<&wire::InvoiceContent>,
    paths: &[&str],
) -> Result<InvoiceContent, Refusal> {
    let brought = brought.cloned().unwrap_or_default();
    let mut revised = content_to_wire(&draft.content);
    for path in paths {
        set(&mut revised, &brought, path);
    }
    let mut violations = Violations::new();
    let content = violations.within("content", |violations| {
        content_from_wire(violations, &revised)
    });
    let (content,) = violations.complete((content,))?;
    Ok(content.owed_by(draft.content.customer_id))
}

fn set(revised: &mut wire::InvoiceContent, brought: &wire::InvoiceContent, path: &str) {
    match path {
        "invoice_date" => revised.invoice_date = brought.invoice_date,
        "terms" | "due_date" => set_due(revised, brought.due.as_ref(), path),
        "early_payment_offer" => {
            let offer = &brought.early_payment_offer;
            revised.early_payment_offer.clone_from(offer);
        }
        "lines" => revised.lines.clone_from(&brought.lines),
        "series_code" => revised.series_code.clone_from(&brought.series_code),
        "payment_reference" => {
            let reference = &brought.payment_reference;
            revised.payment_reference.clone_from(reference);
        }
        "order_reference" => revised.order_reference.clone_from(&brought.order_reference),
        "reservation_id" => revised.reservation_id.clone_from(&brought.reservation_id),
        "note" => revised.note.clone_from(&brought.note),
        _ => {}
    }
}

/// A due date takes the place of terms, and terms that of a due date; what is named and not there is
/// cleared, and nothing else.
fn set_due(revised: &mut wire::InvoiceContent, brought: Option<&WireDue>, path: &str) {
    let is_named = |due: &&WireDue| match due {
        WireDue::Terms(_) => path == "terms",
        WireDue::DueDate(_) => path == "due_date",
    };
    if let Some(due) = brought.filter(is_named) {
        revised.due = Some(due.clone());
    } else if revised.due.as_ref().is_some_and(|due| is_named(&due)) {
        revised.due = None;
    }
}

#[cfg(test)]
mod tests {
    use contracts::google::r#type::Date;

    use super::*;

    #[test]
    fn only_the_named_way_to_be_due_is_set_or_cleared() {
        let on = |day| {
            let (year, month) = (2026, 3);
            Some(WireDue::DueDate(Date { year, month, day }))
        };
        let terms = || Some(WireDue::Terms(Default::default()));
        let due_after = |before: Option<WireDue>, brought: Option<WireDue>, paths: &[&str]| {
            let mut revised = wire::InvoiceContent {
                due: before,
                ..Default::default()
            };
            let brought = wire::InvoiceContent {
                due: brought,
                ..Default::default()
            };
            for path in paths {
                set(&mut revised, &brought, path);
            }
            revised.due
        };
        assert_eq!(due_after(on(1), on(2), &["due_date"]), on(2));
        assert_eq!(due_after(on(1), terms(), &["terms"]), terms());
        assert_eq!(due_after(on(1), None, &["due_date"]), None);
        assert_eq!(due_after(on(1), None, &["terms"]), on(1));
        assert_eq!(due_after(on(1), terms(), &["due_date"]), None);
        assert_eq!(due_after(terms(), on(2), &["note"]), terms());
        for both in [["terms", "due_date"], ["due_date", "terms"]] {
            assert_eq!(due_after(on(1), terms(), &both), terms());
            assert_eq!(due_after(terms(), on(2), &both), on(2));
            assert_eq!(due_after(on(1), None, &both), None);
        }
    }
}
