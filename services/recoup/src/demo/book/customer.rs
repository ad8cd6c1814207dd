//! Owns the customers: names, places, segments, and the behaviour that decides all that they do.

use jiff::civil::Date;

use super::chance::Dice;
use super::{Size, later};

/// Places where customers are: country, time zone, language, currency, tax in hundredths of a
/// percent, city, postal code, and how many of a hundred customers are there.
pub const PLACES: [Place; 5] = [
    place(
        "DE",
        "Europe/Berlin",
        "de-DE",
        "EUR",
        1900,
        ("Köln", "50667", 40),
    ),
    place(
        "FI",
        "Europe/Helsinki",
        "fi-FI",
        "EUR",
        2550,
        ("Tampere", "33100", 12),
    ),
    place(
        "PT",
        "Europe/Lisbon",
        "pt-PT",
        "EUR",
        2300,
        ("Porto", "4000-322", 10),
    ),
    place(
        "GB",
        "Europe/London",
        "en-GB",
        "GBP",
        2000,
        ("Leeds", "LS1 4AP", 20),
    ),
    place(
        "US",
        "America/New_York",
        "en-US",
        "USD",
        0,
        ("Albany", "12207", 18),
    ),
];

/// Where a customer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Country, ISO 3166-1 alpha-2.
    pub country_code: &'static str,
    /// IANA time zone.
    pub time_zone: &'static str,
    /// Language, BCP 47.
    pub language: &'static str,
    /// Currency of what is bought there, ISO 4217.
    pub currency_code: &'static str,
    /// Tax on what is bought there, in hundredths of a percent.
    pub tax_bp: i64,
    /// A city.
    pub city: &'static str,
    /// Its postal code.
    pub postal_code: &'static str,
    weight: u32,
}

const fn place(
    country_code: &'static str,
    time_zone: &'static str,
    language: &'static str,
    currency_code: &'static str,
    tax_bp: i64,
    (city, postal_code, weight): (&'static str, &'static str, u32),
) -> Place {
    Place {
        country_code,
        time_zone,
        language,
        currency_code,
        tax_bp,
        city,
        postal_code,
        weight,
    }
}

/// How a customer deals with what they owe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Behaviour {
    /// Pays before the due date, with the discount where there is one.
    Prompt,
    /// Pays days or weeks late; when asked, promises, and keeps it.
    Slow,
    /// Pays a part on time and the rest weeks later.
    PartPayer,
    /// Objects to much of what is invoiced.
    Disputer,
    /// Promises, and often pays long after.
    PromiseBreaker,
    /// Pays until a day, and nothing from then on.
    Insolvent,
}

impl Behaviour {
    /// All, each with how many of a hundred customers have it.
    pub const WEIGHTS: [(Self, u32); 6] = [
        (Self::Prompt, 38),
        (Self::Slow, 28),
        (Self::PartPayer, 10),
        (Self::Disputer, 8),
        (Self::PromiseBreaker, 8),
        (Self::Insolvent, 8),
    ];

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Slow => "slow",
            Self::PartPayer => "part payer",
            Self::Disputer => "disputer",
            Self::PromiseBreaker => "promise breaker",
            Self::Insolvent => "insolvent",
        }
    }
}

/// The group that a customer is treated in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// Companies: 2 % within 10 days, else 30 days net; orders are checked for credit.
    Trade,
    /// Small companies: 30 days net.
    Small,
    /// Private persons: 14 days net.
    Consumer,
}

impl Segment {
    /// Its code in policies; empty for the one of all others.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Trade => "",
            Self::Small => "smb",
            Self::Consumer => "consumer",
        }
    }

    /// Days from the invoice to the due date.
    #[must_use]
    pub const fn net_days(self) -> u32 {
        match self {
            Self::Trade | Self::Small => 30,
            Self::Consumer => 14,
        }
    }

    /// What an invoice comes to before tax, in cents: the least and the most.
    #[must_use]
    pub const fn amounts(self) -> (u32, u32) {
        match self {
            Self::Trade => (30_000, 600_000),
            Self::Small => (8_000, 120_000),
            Self::Consumer => (1_500, 40_000),
        }
    }
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Their number in the tenant's own system.
    pub external_id: String,
    /// Their name.
    pub name: String,
    /// Where they are.
    pub place: Place,
    /// The group they are treated in.
    pub segment: Segment,
    /// How they deal with what they owe.
    pub behaviour: Behaviour,
    /// The account they pay from.
    pub account: String,
    /// The last day on which an insolvent customer pays; of others none.
    pub pays_until: Option<Date>,
    /// What an agency gets out of them, in percent of what was placed, by month since then.
    pub agency_percents: [u32; 2],
}

/// The customers of a book.
#[must_use]
pub fn all(size: Size, span: (Date, Date), dice: &mut Dice) -> Vec<Customer> {
    let one = |number| customer(number, span, &mut dice.apart());
    (1..=size.customers).map(one).collect()
}

fn customer(number: u32, (from, until): (Date, Date), dice: &mut Dice) -> Customer {
    let place = dice.weighed(&PLACES.map(|place| (place, place.weight)));
    let segments = [
        (Segment::Trade, 35),
        (Segment::Small, 30),
        (Segment::Consumer, 35),
    ];
    let segment = dice.weighed(&segments);
    let behaviour = dice.weighed(&Behaviour::WEIGHTS);
    // Between a fifth and half of the way, so that there is time for the ladder and the agency.
    let days = from.until(until).map_or(0, |span| span.get_days());
    let days = u32::try_from(days).unwrap_or(0);
    let last = later(from, days / 5 + dice.number(0..=(days * 3 / 10)));
    let pays = [([0, 0], 40), ([40, 0], 20), ([25, 25], 20), ([60, 20], 20)];
    Customer {
        external_id: format!("C-{number:04}"),
        name: name(number, segment, dice),
        place,
        segment,
        behaviour,
        account: format!("4711{:010}", u64::from(number) * 7_919 + 1_000_003),
        pays_until: (behaviour == Behaviour::Insolvent).then_some(last),
        agency_percents: dice.weighed(&pays),
    }
}

fn name(number: u32, segment: Segment, dice: &mut Dice) -> String {
    const FAMILY: [&str; 20] = [
        "Adler", "Brenner", "Calder", "Dupont", "Eriksen", "Fuentes", "Gerber", "Holm", "Ivers",
        "Jansen", "Korhonen", "Lindt", "Moreira", "Nash", "Osei", "Pinto", "Quist", "Rautio",
        "Silva", "Turner",
    ];
    const TRADE: [&str; 8] = [
        "Logistics",
        "Machinery",
        "Foods",
        "Textiles",
        "Timber",
        "Instruments",
        "Papers",
        "Glass",
    ];
    const FIRST: [&str; 10] = [
        "Ada", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ida", "Jonas",
    ];
    let family = dice.one_of(&FAMILY);
    match segment {
        Segment::Trade => format!("{family} {} {number}", dice.one_of(&TRADE)),
        Segment::Small => format!("{family} & Partners {number}"),
        Segment::Consumer => format!("{} {family}", dice.one_of(&FIRST)),
    }
}
