//! Owns which invoices a remittance quotes, and how much each quote proves:
//!
//! | strength | what was quoted | what it proves |
//! |---|---|---|
//! | `Proven` | a reference with check digits, whole | the invoice |
//! | `Exact` | a number or reference with letters or many digits, standing alone | the invoice, unless a digit is wrong: another invoice may have that number |
//! | `Weak` | the digits of a number alone, or in the middle of something | nothing without the amount |
//!
//! The longest and strongest window wins and takes its part of the text: of `INV-12` and `INV-123`
//! only the second is quoted in `INV-123`. Must not decide what is done about a quote.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::reference::{MIN_BARE_DIGITS, ReferenceForms, Window, windows};
use super::similarity::is_one_slip;
use super::{InvoiceId, KnownInvoice, NamedInvoice, Remittance};

/// Digits that mean a number also where no letters stand before them.
const MANY_DIGITS: usize = 6;

/// How much a quote proves; the stronger is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Only together with the amount.
    Weak,
    /// Unless a digit is wrong.
    Exact,
    /// By check digits.
    Proven,
}

/// What of an invoice was quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotedBy {
    /// Its number.
    InvoiceNumber,
    /// Its payment reference; a number in the field for payment references is one.
    PaymentReference,
}

/// An invoice that a remittance quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// By what.
    pub by: QuotedBy,
    /// How much it proves.
    pub strength: Strength,
}

/// What a remittance quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quotes {
    /// Each quoted invoice once, in the order of the texts.
    pub quotes: Vec<Quote>,
    /// Invoices that share a reference which was quoted: which of them is meant is not said.
    pub shared: Vec<Quote>,
}

/// A reference of an invoice, ready to be compared.
struct Known {
    invoice_id: InvoiceId,
    /// `None` where number and payment reference are the same.
    by: Option<QuotedBy>,
    forms: ReferenceForms,
}

/// A window of a text that is a reference of an invoice.
struct Hit<'a> {
    window: &'a Window,
    quote: Quote,
}

/// Finds which of `invoices` a remittance quotes. The field for the reference is read before the
/// text.
#[must_use]
pub fn quotes(remittance: &Remittance, invoices: &[KnownInvoice]) -> Quotes {
    let known: Vec<Known> = invoices.iter().flat_map(references).collect();
    let by_key = by_key(&known);
    let mut found = Quotes::default();
    let texts = [
        (&remittance.payment_reference, QuotedBy::PaymentReference),
        (&remittance.text, QuotedBy::InvoiceNumber),
    ];
    for (text, place) in texts {
        let windows = windows(text);
        for chosen in without_overlaps(hits(&windows, &by_key, &known, place)) {
            found.take(chosen);
        }
    }
    found
}

/// The invoices that a remittance names, of a customer who is known: what is exact, else a weak
/// quote where it is the only one.
#[must_use]
pub fn named_invoices(remittance: &Remittance, invoices: &[KnownInvoice]) -> Vec<NamedInvoice> {
    let quotes = quotes(remittance, invoices).quotes;
    let exact = quotes
        .iter()
        .filter(|quote| quote.strength > Strength::Weak);
    let mut chosen: Vec<&Quote> = exact.collect();
    if let (true, [only]) = (chosen.is_empty(), quotes.as_slice()) {
        chosen.push(only);
    }
    let named = |quote: &Quote| NamedInvoice {
        invoice_id: quote.invoice_id,
        amount: None,
    };
    chosen.into_iter().map(named).collect()
}

/// The invoices of which a reference is quoted with one slip of the pen. What is the reference of
/// another invoice as it stands is no slip.
#[must_use]
pub fn similar_quotes(remittance: &Remittance, invoices: &[KnownInvoice]) -> Vec<InvoiceId> {
    let known: Vec<Known> = invoices.iter().flat_map(references).collect();
    let texts = [&remittance.payment_reference, &remittance.text];
    let mut windows: Vec<Window> = texts.into_iter().flat_map(|text| windows(text)).collect();
    let is_known = |window: &Window| {
        known.iter().any(|known| {
            let core = known.forms.core.as_ref().map(|(compact, _)| compact);
            [Some(&known.forms.compact), core].contains(&Some(&window.compact))
        })
    };
    windows.retain(|window| window.digits >= MIN_BARE_DIGITS && !is_known(window));
    let is_similar = |known: &&Known| {
        let core = known.forms.core.as_ref().map(|(compact, _)| compact);
        windows.iter().any(|window| {
            let bare = core.filter(|_| !window.has_letters);
            let forms = [Some(&known.forms.compact), bare];
            let mut long = forms
                .into_iter()
                .flatten()
                .filter(|form| form.len() > MIN_BARE_DIGITS);
            long.any(|form| is_one_slip(form, &window.compact))
        })
    };
    let similar = known.iter().filter(is_similar);
    let mut invoices: Vec<InvoiceId> = similar.map(|known| known.invoice_id).collect();
    invoices.dedup();
    invoices
}

/// Whether a reference of one invoice becomes one of the other by one slip of the pen, so that an
/// exact quote of the one may have been meant for the other.
#[must_use]
pub fn are_confusable(one: &KnownInvoice, other: &KnownInvoice) -> bool {
    let theirs = references(other);
    references(one).iter().any(|mine| {
        let mut theirs = theirs.iter().map(|known| &known.forms.compact);
        theirs.any(|compact| is_one_slip(&mine.forms.compact, compact))
    })
}

fn references(invoice: &KnownInvoice) -> Vec<Known> {
    let (number, reference) = invoice.reference_forms();
    let known = |by| {
        move |forms| Known {
            invoice_id: invoice.invoice_id,
            by,
            forms,
        }
    };
    if number == reference {
        return number.map(known(None)).into_iter().collect();
    }
    let number = number.map(known(Some(QuotedBy::InvoiceNumber)));
    let reference = reference.map(known(Some(QuotedBy::PaymentReference)));
    number.into_iter().chain(reference).collect()
}

fn by_key(known: &[Known]) -> BTreeMap<String, Vec<usize>> {
    let mut by_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, reference) in known.iter().enumerate() {
        for key in reference.forms.keys() {
            by_key.entry(key).or_default().push(place);
        }
    }
    by_key
}

fn hits<'a>(
    windows: &'a [Window],
    by_key: &BTreeMap<String, Vec<usize>>,
    known: &[Known],
    place: QuotedBy,
) -> Vec<Hit<'a>> {
    let mut hits = Vec::new();
    for window in windows {
        let mut places: Vec<usize> = [&window.compact, &window.stripped]
            .into_iter()
            .filter_map(|key| by_key.get(key))
            .flatten()
            .copied()
            .collect();
        places.sort_unstable();
        places.dedup();
        for reference in places.into_iter().filter_map(|place| known.get(place)) {
            let quote = Quote {
                invoice_id: reference.invoice_id,
                by: reference.by.unwrap_or(place),
                strength: strength(window, &reference.forms),
            };
            hits.push(Hit { window, quote });
        }
    }
    hits
}

/// What a window that has a key in common with a reference proves.
fn strength(window: &Window, forms: &ReferenceForms) -> Strength {
    let is_whole = window.compact == forms.compact;
    if is_whole && forms.proves_itself {
        return Strength::Proven;
    }
    let same_runs = window.stripped == forms.stripped;
    let is_it = same_runs || (is_whole && !window.joins_digits);
    let says_enough = window.has_letters || window.digits >= MANY_DIGITS;
    if is_it && says_enough && window.stands_alone && !forms.proves_itself {
        Strength::Exact
    } else {
        Strength::Weak
    }
}

/// The strongest hits, of equal ones the longest, each part of the text taken once; all hits of one
/// window stay together. In the order of the text.
fn without_overlaps(mut hits: Vec<Hit<'_>>) -> Vec<Vec<Quote>> {
    hits.sort_by_key(|hit| {
        let length = hit.window.end - hit.window.start;
        (
            Reverse(hit.quote.strength),
            Reverse(length),
            hit.window.start,
        )
    });
    let mut chosen: BTreeMap<(usize, usize), Vec<Quote>> = BTreeMap::new();
    for hit in hits {
        let (start, end) = (hit.window.start, hit.window.end);
        if let Some(quotes) = chosen.get_mut(&(start, end)) {
            let weaker = quotes
                .iter()
                .any(|first| first.strength > hit.quote.strength);
            if !weaker {
                quotes.push(hit.quote);
            }
        } else if chosen.keys().all(|(from, to)| end <= *from || *to <= start) {
            chosen.insert((start, end), vec![hit.quote]);
        }
    }
    chosen.into_values().collect()
}

impl Quotes {
    /// Takes what one window quotes: one invoice, or several that share the reference.
    fn take(&mut self, quotes: Vec<Quote>) {
        let mut invoices: Vec<InvoiceId> = quotes.iter().map(|quote| quote.invoice_id).collect();
        invoices.dedup();
        match (invoices.as_slice(), quotes.first()) {
            ([_], Some(quote)) => self.add(*quote),
            _ => self.shared.extend(quotes),
        }
    }

    fn add(&mut self, quote: Quote) {
        let earlier = self
            .quotes
            .iter_mut()
            .find(|other| other.invoice_id == quote.invoice_id);
        match earlier {
            Some(earlier) => earlier.strength = earlier.strength.max(quote.strength),
            None => self.quotes.push(quote),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{invoice_id, known_invoice};

    const RF: &str = "RF18 5390 0754 7034";

    fn text(text: &str) -> Remittance {
        Remittance {
            text: text.into(),
            ..Remittance::default()
        }
    }

    fn invoices() -> Vec<KnownInvoice> {
        let mut all: Vec<_> = [12, 123, 124].map(|n| known_invoice(n, 1, "10.00")).into();
        all[2].payment_reference = RF.into();
        all
    }

    fn found(said: &str) -> Vec<(u128, Strength)> {
        let of = |quote: &Quote| (quote.invoice_id.0.as_u128() - 0xA000, quote.strength);
        let quotes = quotes(&text(said), &invoices());
        assert_eq!(quotes.shared, []);
        quotes.quotes.iter().map(of).collect()
    }

    #[test]
    fn ca_1_what_is_quoted_and_how_much_it_proves() {
        use Strength::{Exact, Proven, Weak};
        for (said, expected) in [
            ("INV-000123", vec![(123, Exact)]),
            ("your inv 123 of May", vec![(123, Exact)]),
            ("rf18539007547034", vec![(124, Proven)]),
            ("RF18 5390 0754 7034", vec![(124, Proven)]),
            ("invoice 000123", vec![(123, Weak)]),
            ("INV 0001 23", vec![(123, Weak)]),
            ("INV-000123-4", vec![(123, Weak)]),
            ("PO77INV000123", vec![(123, Weak)]),
            ("INV-000012 and INV-000123", vec![(12, Exact), (123, Exact)]),
            ("INV-000123 / INV-12", vec![(123, Exact), (12, Exact)]),
            ("123 thanks", vec![]),
        ] {
            assert_eq!(found(said), expected, "{said}");
        }
    }

    #[test]
    fn ca_1_a_garbled_digit_is_never_a_quote() {
        for said in [
            "INV-000125",
            "INV-0001234",
            "INV-00O123",
            "RF18539007547043",
            "RF18",
        ] {
            assert_eq!(found(said), [], "{said}");
        }
    }

    #[test]
    fn ca_1_a_garbled_reference_with_check_digits_never_counts_by_its_runs() {
        let mut only = known_invoice(124, 1, "10.00");
        only.payment_reference = RF.into();
        let short = quotes(&text("RF 0018539007547034"), &[only]);
        assert!(
            short
                .quotes
                .iter()
                .all(|quote| quote.strength == Strength::Weak)
        );
    }

    #[test]
    fn a_number_in_the_field_for_references_is_a_payment_reference() {
        let field = Remittance {
            payment_reference: "INV-000123".into(),
            text: "INV-000012".into(),
            ..Remittance::default()
        };
        let quotes = quotes(&field, &invoices()).quotes;
        let by: Vec<_> = quotes.iter().map(|quote| quote.by).collect();
        assert_eq!(by, [QuotedBy::PaymentReference, QuotedBy::InvoiceNumber]);
    }

    #[test]
    fn a_reference_that_invoices_share_says_which_customer_and_not_which_invoice() {
        let mut two = [known_invoice(1, 1, "10.00"), known_invoice(2, 1, "10.00")];
        for invoice in &mut two {
            invoice.payment_reference = "CUST-4711".into();
        }
        let found = quotes(&text("cust 4711"), &two);
        assert_eq!(found.quotes, []);
        let shared = found.shared.iter().map(|quote| quote.invoice_id);
        assert!(shared.eq([invoice_id(1), invoice_id(2)]));
    }

    #[test]
    fn the_number_whole_wins_over_its_digits_in_another() {
        let mut other = known_invoice(7, 2, "10.00");
        other.invoice_number = "RE-000123".into();
        other.payment_reference = "RE-000123".into();
        let both = [known_invoice(123, 1, "10.00"), other];
        let found = quotes(&text("INV-000123"), &both);
        assert_eq!(found.quotes.len(), 1);
        assert_eq!(found.quotes[0].invoice_id, invoice_id(123));
        let digits = quotes(&text("000123"), &both);
        assert_eq!(digits.shared.len(), 2, "which of the two is not said");
    }

    #[test]
    fn a_rule_takes_what_is_exact_or_the_only_weak_quote() {
        let named = |said: &str| -> Vec<InvoiceId> {
            let named = named_invoices(&text(said), &invoices());
            named.iter().map(|invoice| invoice.invoice_id).collect()
        };
        assert_eq!(named("INV-12, 000123"), [invoice_id(12)]);
        assert_eq!(named("000123"), [invoice_id(123)]);
        assert_eq!(named("000123 000012"), []);
    }

    #[test]
    fn slips_are_seen_for_suggestions() {
        assert_eq!(similar_quotes(&text("INV-000128"), &invoices()).len(), 2);
        assert_eq!(
            similar_quotes(&text("INV-000112"), &invoices()),
            [invoice_id(12)]
        );
        assert_eq!(
            similar_quotes(&text("00123"), &invoices()),
            [invoice_id(123)]
        );
        assert_eq!(
            similar_quotes(&text("RF18539007547043"), &invoices()),
            [invoice_id(124)]
        );
        assert_eq!(similar_quotes(&text("hello 2026"), &invoices()), []);
        let all = invoices();
        assert!(are_confusable(&all[1], &all[2]) && !are_confusable(&all[0], &all[1]));
    }
}
