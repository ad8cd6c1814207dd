//! Owns the compact text of payment terms: reading and writing it. The grammar stands in the
//! module above. Must not judge meaning: `try_new` of the types does.
//!
//! The reader is one pass over tokens, one function for each line of the grammar, and it looks at
//! most two tokens ahead.

use std::fmt;
use std::str::FromStr;

use money::{Currency, Money, Rate, parse_decimal};

use super::{CutOff, DiscountTier, DueRule, DueStep, Part, PaymentTerms, Share, TermsError};

/// More than the longest valid terms need (60 parts of 8 steps); bounds the work on hostile texts.
const MOST_CHARACTERS: usize = 20_000;

impl FromStr for PaymentTerms {
    type Err = TermsError;

    fn from_str(text: &str) -> Result<Self, TermsError> {
        if text.chars().nth(MOST_CHARACTERS).is_some() {
            return Err(TermsError::Syntax {
                position: MOST_CHARACTERS,
                expected: "a shorter text",
            });
        }
        Reader {
            tokens: tokens(text)?,
            next: 0,
        }
        .terms()
    }
}

/// A word or number, or one sign, with its place in the text.
struct Token<'a> {
    text: &'a str,
    position: usize,
}

/// Cuts the text into runs of letters, runs of digits and points, and single signs.
fn tokens(text: &str) -> Result<Vec<Token<'_>>, TermsError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            'a'..='z' | 'A'..='Z' => run(rest, |c| c.is_ascii_alphabetic()),
            '0'..='9' => run(rest, |c| c.is_ascii_digit() || c == '.'),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        // Everything before is ASCII, so bytes are characters.
        let position = text.len().saturating_sub(rest.len()).saturating_add(1);
        rest = after;
        match first {
            ' ' => {}
            '+' | '/' | '%' | ':' | ';' | 'a'..='z' | 'A'..='Z' | '0'..='9' => {
                tokens.push(Token {
                    text: token,
                    position,
                });
            }
            _ => {
                return Err(TermsError::Syntax {
                    position,
                    expected: "a word, a number or a sign",
                });
            }
        }
    }
    // The end is a token too, so that errors there have a place.
    tokens.push(Token {
        text: "",
        position: text.len().saturating_add(1),
    });
    Ok(tokens)
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
}

impl<'a> Reader<'a> {
    fn terms(mut self) -> Result<PaymentTerms, TermsError> {
        let mut discounts = Vec::new();
        while self.ahead(1) == "/" {
            discounts.push(self.discount()?);
        }
        let parts = if self.starts_share() {
            self.parts()?
        } else {
            vec![self.whole()?]
        };
        if !self.ahead(0).is_empty() {
            return Err(self.expected("a step such as net 30, + 30, eom, on 15, next 10, 10 prox"));
        }
        PaymentTerms::try_new(discounts, parts)
    }

    fn discount(&mut self) -> Result<DiscountTier, TermsError> {
        let rate = self.percent()?;
        self.sign("/")?;
        Ok(DiscountTier {
            rate,
            days: self.number("a number of days")?,
        })
    }

    fn whole(&mut self) -> Result<Part, TermsError> {
        Ok(Part {
            share: Share::Rest,
            due: self.rule()?,
        })
    }

    fn parts(&mut self) -> Result<Vec<Part>, TermsError> {
        let mut parts = vec![self.part()?];
        while self.take(";") {
            parts.push(self.part()?);
        }
        Ok(parts)
    }

    fn part(&mut self) -> Result<Part, TermsError> {
        let share = self.share()?;
        self.sign(":")?;
        Ok(Part {
            share,
            due: self.rule()?,
        })
    }

    fn starts_share(&self) -> bool {
        self.ahead(1) == "%" || self.at_word("fixed") || self.at_word("rest")
    }

    fn share(&mut self) -> Result<Share, TermsError> {
        if self.take("rest") {
            return Ok(Share::Rest);
        }
        if self.take("fixed") {
            return self.fixed();
        }
        let rate = self.percent()?;
        self.sign("%")?;
        if !self.take("of") {
            return Ok(Share::OfTotal(rate));
        }
        if self.take("rest") {
            Ok(Share::OfRest(rate))
        } else {
            Err(self.expected("rest"))
        }
    }

    fn fixed(&mut self) -> Result<Share, TermsError> {
        let amount = self.ahead(0);
        if !amount.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(self.expected("an amount such as 396.84"));
        }
        self.next += 1;
        let Ok(currency) = Currency::try_new(self.ahead(0)) else {
            return Err(self.expected("a currency code such as EUR"));
        };
        self.next += 1;
        Ok(Share::Fixed(Money::parse(amount, currency)?))
    }

    fn rule(&mut self) -> Result<DueRule, TermsError> {
        let mut steps = Vec::new();
        if self.take("net") {
            steps.push(DueStep::AddDays(self.number("a number of days")?));
        }
        while let Some(step) = self.step()? {
            steps.push(step);
        }
        if steps.is_empty() {
            return Err(self.expected("a step such as net 30, + 30, eom, on 15, next 10, 10 prox"));
        }
        DueRule::try_new(steps)
    }

    /// `None` where the rule ends.
    fn step(&mut self) -> Result<Option<DueStep>, TermsError> {
        let step = if self.take("+") {
            self.addition()?
        } else if self.take("eom") {
            DueStep::EndOfMonth
        } else if self.take("on") {
            DueStep::OnDay(self.number("a day of the month")?)
        } else if self.take("next") {
            DueStep::OnDayOfNextMonth(self.number("a day of the month")?)
        } else if self.ahead(1).eq_ignore_ascii_case("prox") {
            self.proximo()?
        } else {
            return Ok(None);
        };
        Ok(Some(step))
    }

    fn addition(&mut self) -> Result<DueStep, TermsError> {
        let number = self.number("a number of days or months")?;
        if self.take("months") || self.take("month") {
            return Ok(DueStep::AddMonths(number));
        }
        // Days are understood, so the word is optional.
        let _ = self.take("days") || self.take("day");
        Ok(DueStep::AddDays(number))
    }

    fn proximo(&mut self) -> Result<DueStep, TermsError> {
        let day = self.number("a day of the month")?;
        self.sign("prox")?;
        if !self.take("cutoff") {
            return Ok(DueStep::Proximo { day, cut_off: None });
        }
        let cut_off_day = self.number("a day of the month")?;
        let inclusive = !self.take("exclusive");
        let cut_off = Some(CutOff {
            day: cut_off_day,
            inclusive,
        });
        Ok(DueStep::Proximo { day, cut_off })
    }

    fn percent(&mut self) -> Result<Rate, TermsError> {
        let rate = parse_decimal(self.ahead(0), 3, 10)
            .ok()
            .map(Rate::from_percent);
        let Some(Ok(rate)) = rate else {
            return Err(self.expected("a percentage such as 2 or 33.333333"));
        };
        self.next += 1;
        Ok(rate)
    }

    fn number<N: FromStr>(&mut self, expected: &'static str) -> Result<N, TermsError> {
        // A number that does not fit its type is far outside its limits.
        let number = self.ahead(0).parse().map_err(|_| self.expected(expected))?;
        self.next += 1;
        Ok(number)
    }

    fn sign(&mut self, sign: &'static str) -> Result<(), TermsError> {
        if self.take(sign) {
            Ok(())
        } else {
            Err(self.expected(sign))
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.at_word(word);
        self.next += usize::from(taken);
        taken
    }

    fn at_word(&self, word: &str) -> bool {
        self.ahead(0).eq_ignore_ascii_case(word)
    }

    /// The token that many places ahead; empty past the end.
    fn ahead(&self, places: usize) -> &'a str {
        self.tokens
            .get(self.next + places)
            .map_or("", |token| token.text)
    }

    fn expected(&self, expected: &'static str) -> TermsError {
        let position = self.tokens.get(self.next).map_or(1, |token| token.position);
        TermsError::Syntax { position, expected }
    }
}

impl fmt::Display for PaymentTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for tier in &self.discounts {
            write!(f, "{}/{} ", tier.rate.percent(), tier.days)?;
        }
        if let [only] = &self.parts[..] {
            return only.due.fmt(f);
        }
        for (index, Part { share, due }) in self.parts.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{share}: {due}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OfTotal(rate) => write!(f, "{}%", rate.percent()),
            Self::OfRest(rate) => write!(f, "{}% of rest", rate.percent()),
            Self::Fixed(amount) => write!(f, "fixed {amount}"),
            Self::Rest => f.write_str("rest"),
        }
    }
}

impl fmt::Display for DueRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.steps().iter().enumerate() {
            match (index, step) {
                (0, DueStep::AddDays(days)) => write!(f, "net {days}")?,
                (0, step) => write!(f, "{step}")?,
                (_, step) => write!(f, " {step}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for DueStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddDays(days) => write!(f, "+ {days}"),
            Self::AddMonths(1) => f.write_str("+ 1 month"),
            Self::AddMonths(months) => write!(f, "+ {months} months"),
            Self::EndOfMonth => f.write_str("eom"),
            Self::OnDay(day) => write!(f, "on {day}"),
            Self::OnDayOfNextMonth(day) => write!(f, "next {day}"),
            Self::Proximo { day, cut_off } => {
                write!(f, "{day} prox")?;
                let Some(CutOff { day, inclusive }) = cut_off else {
                    return Ok(());
                };
                write!(
                    f,
                    " cutoff {day}{}",
                    if *inclusive { "" } else { " exclusive" }
                )
            }
        }
    }
}

impl From<PaymentTerms> for String {
    fn from(terms: PaymentTerms) -> Self {
        terms.to_string()
    }
}

impl TryFrom<String> for PaymentTerms {
    type Error = TermsError;

    fn try_from(text: String) -> Result<Self, TermsError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn read(text: &str) -> PaymentTerms {
        text.parse()
            .unwrap_or_else(|error| panic!("{text:?}: {error}"))
    }

    #[test]
    fn what_the_documentation_shows_is_its_own_canonical_form() {
        for text in [
            "net 30",
            "2/10 net 30",
            "2/5 1/14 net 30",
            "1.5/10 net 30",
            "net 30 eom",
            "eom + 30",
            "net 30 eom next 10",
            "10 prox",
            "10 prox cutoff 20",
            "10 prox cutoff 20 exclusive",
            "2/10 10 prox",
            "50%: net 5; rest: net 10",
            "25% of rest: net 30; 25%: + 1 month; fixed 396.84 EUR: + 1 month + 30; rest: + 2 months on 15 + 30",
        ] {
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn case_blanks_and_optional_words_are_free() {
        assert_eq!(read(" 2.0/10  NET 30 ").to_string(), "2/10 net 30");
        assert_eq!(
            read("2 / 10 net 30 EOM + 1 day").to_string(),
            "2/10 net 30 eom + 1"
        );
        assert_eq!(read("+30 days").to_string(), "net 30");
        assert_eq!(read("net 30+2months").to_string(), "net 30 + 2 months");
        assert_eq!(read("rest: net 30").to_string(), "net 30");
        assert_eq!(
            read("fixed 5 EUR:net 1;Rest:net 2").to_string(),
            "fixed 5.00 EUR: net 1; rest: net 2"
        );
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases = [
            ("", 1, "a step"),
            ("   ", 4, "a step"),
            ("net", 4, "a number of days"),
            ("net thirty", 5, "a number of days"),
            ("net 30.5", 5, "a number of days"),
            ("net 99999999", 5, "a number of days"),
            ("net 30 net 30", 8, "a step"),
            ("30", 1, "a step"),
            ("2/ net 30", 4, "a number of days"),
            ("2/10", 5, "a step"),
            ("1.2.3/10 net 30", 1, "a percentage"),
            ("50% net 5; rest: net 10", 5, ":"),
            ("50% of total: net 5; rest: net 10", 8, "rest"),
            ("50%: net 5;", 12, "a percentage"),
            ("fixed EUR: net 5; rest: net 10", 7, "an amount"),
            ("fixed 5: net 5; rest: net 10", 8, "a currency code"),
            ("fixed 5 eur: net 5; rest: net 10", 9, "a currency code"),
            ("10 prox cutoff", 15, "a day of the month"),
            ("net 30, eom", 7, "a word, a number or a sign"),
            ("net −30", 5, "a word, a number or a sign"),
            ("net -30", 5, "a word, a number or a sign"),
        ];
        for (text, place, start) in cases {
            let error = text.parse::<PaymentTerms>().unwrap_err();
            let TermsError::Syntax { position, expected } = error else {
                panic!("{text:?}: {error}")
            };
            assert_eq!(position, place, "{text:?}: {error}");
            assert!(expected.starts_with(start), "{text:?}: {error}");
        }
        let long = "net 1 ".repeat(4_000).parse::<PaymentTerms>();
        assert_eq!(
            long,
            Err(TermsError::Syntax {
                position: 20_000,
                expected: "a shorter text"
            })
        );
        assert!(matches!(
            "net 4000".parse::<PaymentTerms>(),
            Err(TermsError::OutOfLimits { .. })
        ));
        assert!(matches!(
            "fixed 1.234 EUR: net 1; rest: net 2".parse::<PaymentTerms>(),
            Err(TermsError::Money(_))
        ));
    }

    #[test]
    fn the_longest_terms_are_read_back() {
        let cut_off = Some(CutOff {
            day: 31,
            inclusive: false,
        });
        let due = DueRule::try_new(vec![DueStep::Proximo { day: 31, cut_off }; 8]).unwrap();
        let largest = Money::parse("999999999999999.9999", "CLF".parse().unwrap()).unwrap();
        let mut parts = vec![
            Part {
                share: Share::Fixed(largest),
                due: due.clone()
            };
            59
        ];
        parts.push(Part {
            share: Share::Rest,
            due,
        });
        let terms = PaymentTerms::try_new(Vec::new(), parts).unwrap();
        assert_eq!(read(&terms.to_string()), terms);
    }

    #[test]
    fn serde_is_the_text() {
        let terms: PaymentTerms = serde_json::from_str("\"2/10 net 30\"").unwrap();
        assert_eq!(serde_json::to_string(&terms).unwrap(), "\"2/10 net 30\"");
        assert!(serde_json::from_str::<PaymentTerms>("\"soon\"").is_err());
    }

    fn step() -> impl Strategy<Value = DueStep> {
        let cut_off =
            (1i8..=31, any::<bool>()).prop_map(|(day, inclusive)| CutOff { day, inclusive });
        let cut_off = prop::option::of(cut_off);
        prop_oneof![
            (0u16..=3_650).prop_map(DueStep::AddDays),
            (0u16..=120).prop_map(DueStep::AddMonths),
            Just(DueStep::EndOfMonth),
            (1i8..=31).prop_map(DueStep::OnDay),
            (1i8..=31).prop_map(DueStep::OnDayOfNextMonth),
            (1i8..=31, cut_off).prop_map(|(day, cut_off)| DueStep::Proximo { day, cut_off }),
        ]
    }

    fn rule() -> impl Strategy<Value = DueRule> {
        prop::collection::vec(step(), 1..=8).prop_map(|steps| DueRule::try_new(steps).unwrap())
    }

    fn rate() -> impl Strategy<Value = Rate> {
        (1i64..=1_000).prop_map(|n| Rate::try_new(Decimal::new(n, 5)).unwrap())
    }

    fn share() -> impl Strategy<Value = Share> {
        prop_oneof![
            rate().prop_map(Share::OfTotal),
            rate().prop_map(Share::OfRest),
            (1i128..1_000_000).prop_map(|minor| {
                Share::Fixed(Money::from_minor(minor, Currency::EUR).unwrap())
            }),
        ]
    }

    fn terms() -> impl Strategy<Value = PaymentTerms> {
        let part = (share(), rule()).prop_map(|(share, due)| Part { share, due });
        (prop::collection::vec(part, 0..6), rule()).prop_map(|(mut parts, due)| {
            parts.push(Part {
                share: Share::Rest,
                due,
            });
            PaymentTerms::try_new(Vec::new(), parts).unwrap()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000)))]

        #[test]
        fn what_is_written_is_read_back(terms in terms()) {
            prop_assert_eq!(terms.to_string().parse(), Ok(terms));
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(
            words in prop::collection::vec(
                prop_oneof![
                    3 => "net|eom|prox|on|next|cutoff|exclusive|rest|of|fixed|months?|days?|EUR|[+/%:;]",
                    2 => "[0-9]{1,3}",
                    1 => "\\PC{0,4}",
                ],
                0..12,
            ),
        ) {
            let text = words.join(" ");
            if let Ok(terms) = text.parse::<PaymentTerms>() {
                prop_assert_eq!(terms.to_string().parse(), Ok(terms));
            }
        }
    }
}
