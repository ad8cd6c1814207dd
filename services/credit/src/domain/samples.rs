//! What the tests of the domain draw from: amounts, rates, customers and policies in a line each.
//! Must hold no expectations of its own.

use calendar::{Convention, Zone};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use money::{Currency, Money, Rate};
use uuid::Uuid;

use super::*;

/// A source of identities that counts.
#[derive(Debug, Default)]
pub struct Desk {
    stamps: u128,
}

/// Stamps borrow their source of identities; a test's is never given back.
pub fn stamp_at_noon(desk: &mut Desk, day: &str) -> Stamp<'static> {
    // Each stamp counts on from a block of its own.
    desk.stamps += 1;
    let mut next = desk.stamps << 32;
    let source = Box::leak(Box::new(move || {
        next += 1;
        Uuid::from_u128(next)
    }));
    Stamp::new(at(&format!("{day}T12:00:00Z")), source)
}

pub fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

pub fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

pub fn usd(amount: &str) -> Money {
    Money::parse(amount, Currency::USD).unwrap()
}

pub fn rate(ratio: &str) -> Rate {
    Rate::parse(ratio).unwrap()
}

pub fn segment(code: &str) -> Segment {
    Segment::try_new(code).unwrap()
}

pub fn dated_rate(currency: &str, rate_date: &str, rate: &str) -> DatedRate {
    DatedRate {
        currency: currency.parse().unwrap(),
        rate_date: rate_date.parse().unwrap(),
        rate: rate.parse().unwrap(),
        source: "ECB reference rate".to_owned(),
        created_time: at("2026-03-27T15:00:00Z"),
    }
}

/// Rates into EUR: currency, day, value.
pub fn rates(max_age_days: u16, rows: &[(&str, &str, &str)]) -> RateTable {
    let row = |(currency, rate_date, rate): &(&str, &str, &str)| {
        let key = (currency.parse().unwrap(), rate_date.parse().unwrap());
        (key, rate.parse().unwrap())
    };
    RateTable::new(Currency::EUR, max_age_days, rows.iter().map(row))
}

pub fn address() -> PostalAddress {
    PostalAddress {
        lines: vec!["Musterstraße 1".to_owned()],
        postal_code: "10115".to_owned(),
        city: "Berlin".to_owned(),
        region: String::new(),
        country_code: CountryCode::try_new("DE").unwrap(),
    }
}

pub fn tenant_profile() -> TenantProfile {
    let details = TenantDetails {
        legal_name: "Muster Handel GmbH".to_owned(),
        address: address(),
        registration_number: "HRB 1".to_owned(),
        tax_number: "DE123456789".to_owned(),
        calendar_code: "DE".to_owned(),
        language: Language::try_new("de").unwrap(),
        sender: Sender {
            display_name: "Muster Handel".to_owned(),
            email: EmailAddress::try_new("billing@example.com").unwrap(),
            reply_to_email: None,
            phone: None,
        },
        payee_accounts: Vec::new(),
        rate_max_age_days: 4,
    };
    let zone = Zone::parse("Europe/Berlin").unwrap();
    TenantProfile::try_new(zone, Currency::EUR, details, at("2026-01-01T08:00:00Z")).unwrap()
}

pub fn contact_person() -> ContactPerson {
    ContactPerson {
        display_name: "Ada Beispiel".to_owned(),
        role: ContactRole::AccountsPayable,
        ways: Ways::Email(EmailAddress::try_new("ap@example.com").unwrap()),
        language: None,
    }
}

pub fn customer(number: u128) -> Customer {
    let details = CustomerDetails {
        display_name: format!("Kunde {number}"),
        kind: CustomerKind::Business,
        segment: None,
        country_code: CountryCode::try_new("DE").unwrap(),
        language: Language::try_new("de").unwrap(),
        zone: None,
        address: Some(address()),
        tax_number: String::new(),
        parent: None,
        contacts: Vec::new(),
        credit_policy_code: None,
        customer_since_date: None,
    };
    let customer_id = CustomerId(Uuid::from_u128(number));
    Customer::new(customer_id, None, details, at("2026-01-02T08:00:00Z"))
}

pub fn segment_policy(credit_limit: CreditLimit) -> SegmentPolicy {
    SegmentPolicy {
        terms: Terms {
            code: "net30".to_owned(),
            schedule: "net 30".parse().unwrap(),
            convention: Convention::None,
            calendar_code: None,
        },
        early_payment_offer: None,
        tolerance: None,
        late_fee_rule: None,
        credit_limit,
        limit_tolerance_ratio: Rate::ZERO,
        overdue_hold_days: Some(30),
        hold_over_limit: true,
        reservation_lifetime: SignedDuration::from_hours(72),
        order_horizon_days: None,
    }
}

/// A version of the standard policy with one entry for all.
pub fn policy(version: i32, valid_from_date: &str) -> CreditPolicy {
    let entry = segment_policy(CreditLimit::Amount(eur("1000.00")));
    CreditPolicy {
        policy_code: PolicyCode::standard(),
        version,
        valid_from_date: valid_from_date.parse().unwrap(),
        segments: SegmentPolicies::try_new(vec![(None, entry)]).unwrap(),
        note: String::new(),
        published_by: "ada".to_owned(),
        published_time: at("2026-01-01T08:00:00Z"),
    }
}

pub fn customer_limit(amount: &str, valid_until_date: Option<Date>) -> CustomerLimit {
    CustomerLimit {
        credit_limit: CreditLimit::Amount(eur(amount)),
        valid_until_date,
        reason: "season".to_owned(),
        set_by: "ada".to_owned(),
        set_time: at("2026-01-02T08:00:00Z"),
    }
}

pub fn limit_of(amount: &str, tolerance: &str) -> LimitInForce {
    let limit = CreditLimit::Amount(eur(amount));
    LimitInForce::on(date(2026, 3, 2), None, limit, rate(tolerance))
}

pub fn exposure_of(total: Money) -> Exposure {
    Exposure {
        total_amount: total,
        currencies: Vec::new(),
    }
}

pub fn said() -> Said {
    Said {
        by: "ada".to_owned(),
        reason: "agreed by telephone".to_owned(),
    }
}

pub fn manual_hold(end_date: Option<Date>) -> CreditHold {
    let mut desk = Desk::default();
    let mut stamp = stamp_at_noon(&mut desk, "2026-03-01");
    let someone = customer(1).customer_id;
    let today = date(2026, 3, 1);
    CreditHold::place_by_hand(someone, said(), end_date, &[], today, &mut stamp).unwrap()
}

/// Set aside on 2 March 2026 at noon for an hour.
pub fn reservation(amount: &str) -> Reservation {
    Reservation {
        reservation_id: ReservationId(Uuid::from_u128(9)),
        customer_id: customer(1).customer_id,
        order_reference: "SO-1".to_owned(),
        state: ReservationState::Reserved,
        amount: eur(amount),
        remaining_amount: eur(amount),
        expected_invoice_date: None,
        expires_time: Some(at("2026-03-02T13:00:00Z")),
        uses: Vec::new(),
        decision_id: DecisionId(Uuid::from_u128(8)),
        created_time: at("2026-03-02T12:00:00Z"),
        ended_time: None,
        version: 1,
    }
}
