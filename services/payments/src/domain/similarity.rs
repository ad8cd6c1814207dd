//! Owns likeness of texts: one slip of the pen between two references, and how alike two names are.
//! Whole numbers only. Must not be used to apply money: what is alike is suggested to a person.

/// Whether one text becomes the other by one slip: a character wrong, missing, too many, or two
/// neighbours swapped. Equal texts are not alike but equal.
#[must_use]
pub fn is_one_slip(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let (short, long) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let same_start = short.iter().zip(&long).take_while(|(a, b)| a == b).count();
    let rest = |text: &[char], from: usize| text.get(from..).unwrap_or_default().to_vec();
    match long.len() - short.len() {
        0 if same_start == long.len() => false,
        0 => {
            let (a, b) = (rest(&short, same_start), rest(&long, same_start));
            let wrong = rest(&a, 1) == rest(&b, 1);
            let swapped = match (a.as_slice(), b.as_slice()) {
                ([a1, a2, a_rest @ ..], [b1, b2, b_rest @ ..]) => {
                    a1 == b2 && a2 == b1 && a_rest == b_rest
                }
                _ => false,
            };
            wrong || swapped
        }
        1 => rest(&short, same_start) == rest(&long, same_start + 1),
        _ => false,
    }
}

/// Legal forms and words that say nothing about who somebody is.
const EMPTY_WORDS: [&str; 38] = [
    "AB",
    "AG",
    "AND",
    "APS",
    "AS",
    "BV",
    "BVBA",
    "CO",
    "COMPANY",
    "CORP",
    "CORPORATION",
    "DR",
    "EK",
    "ET",
    "GBR",
    "GMBH",
    "HERR",
    "FRAU",
    "INC",
    "KG",
    "LIMITED",
    "LLC",
    "LLP",
    "LTD",
    "MR",
    "MRS",
    "MS",
    "NV",
    "OHG",
    "OY",
    "PLC",
    "SA",
    "SARL",
    "SAS",
    "SL",
    "SPA",
    "SRL",
    "UND",
];

/// Letters of a word that names are looked up by.
const NAME_KEY_LENGTH: usize = 4;

/// The words of a name that say who it is, in one spelling and in alphabetical order: `Müller & Söhne
/// GmbH` and `MUELLER SOEHNE` are the same.
#[must_use]
pub fn name_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in name.split(|letter: char| !letter.is_alphanumeric()) {
        let mut folded = String::with_capacity(word.len());
        for letter in word.chars().flat_map(char::to_uppercase) {
            fold(&mut folded, letter);
        }
        if !folded.is_empty() && !EMPTY_WORDS.contains(&folded.as_str()) {
            words.push(folded);
        }
    }
    words.sort();
    words.dedup();
    words
}

/// The keys that a name is stored under and looked up by to find names like it: the beginnings of
/// its words, since slips are rarer there.
#[must_use]
pub fn name_keys(name: &str) -> Vec<String> {
    let beginning = |word: &String| word.chars().take(NAME_KEY_LENGTH).collect();
    let mut keys: Vec<String> = name_words(name).iter().map(beginning).collect();
    keys.dedup();
    keys
}

/// How alike two names are, in thousandths: 1000 for the same words in any order, 0 for nothing in
/// common. Twice the pairs of letters that both have, over the pairs of both.
#[must_use]
pub fn name_likeness(one: &str, other: &str) -> u32 {
    let (mut one, other) = (pairs(&name_words(one)), pairs(&name_words(other)));
    let all = one.len() + other.len();
    let mut shared = 0_usize;
    for pair in other {
        if let Some(place) = one.iter().position(|mine| *mine == pair) {
            one.swap_remove(place);
            shared += 1;
        }
    }
    (shared * 2 * 1000)
        .checked_div(all)
        .and_then(|likeness| u32::try_from(likeness).ok())
        .unwrap_or(0)
}

/// The pairs of neighbouring letters within each word, its beginning and end counting as one.
fn pairs(words: &[String]) -> Vec<(char, char)> {
    let mut pairs = Vec::new();
    for word in words {
        let letters: Vec<char> = word.chars().take(64).collect();
        let starts = std::iter::once(' ').chain(letters.iter().copied());
        let ends = letters.iter().copied().chain(std::iter::once(' '));
        pairs.extend(starts.zip(ends));
    }
    pairs.truncate(512);
    pairs
}

/// Writes a capital letter the way banks' systems do, in plain Latin where there is a way.
fn fold(word: &mut String, letter: char) {
    word.push_str(match letter {
        'À' | 'Á' | 'Â' | 'Ã' | 'Ā' | 'Ă' | 'Ą' => "A",
        'Ä' | 'Æ' => "AE",
        'Å' => "AA",
        'Ç' | 'Ć' | 'Č' => "C",
        'Ď' | 'Đ' | 'Ð' => "D",
        'È' | 'É' | 'Ê' | 'Ë' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => "E",
        'Ğ' => "G",
        'Ì' | 'Í' | 'Î' | 'Ï' | 'İ' | 'Ī' => "I",
        'Ł' | 'Ľ' => "L",
        'Ñ' | 'Ń' | 'Ň' => "N",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ő' => "O",
        'Ö' | 'Ø' | 'Œ' => "OE",
        'Ř' => "R",
        'Ś' | 'Š' | 'Ş' | 'Ș' => "S",
        'Ť' | 'Ţ' | 'Ț' => "T",
        'Ù' | 'Ú' | 'Û' | 'Ů' | 'Ű' | 'Ū' => "U",
        'Ü' => "UE",
        'Ý' | 'Ÿ' => "Y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        plain => return word.push(plain),
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_slip_of_the_pen() {
        for (one, other) in [
            ("INV000123", "INV000124"),
            ("INV000123", "INV00123"),
            ("INV000123", "INV0001234"),
            ("INV000123", "INV000132"),
            ("INV000123", "1NV000123"),
            ("A", ""),
        ] {
            assert!(is_one_slip(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("INV000123", "INV000123"),
            ("INV000123", "INV000145"),
            ("INV000123", "INV000321"),
            ("INV000123", "INV0123"),
            ("AB", ""),
        ] {
            assert!(!is_one_slip(one, other), "{one} {other}");
        }
    }

    #[test]
    fn names_are_compared_by_what_says_who_it_is() {
        assert_eq!(
            name_likeness("Müller & Söhne GmbH", "SOEHNE, MUELLER"),
            1000
        );
        assert_eq!(name_likeness("Ærø Værft ApS", "AEROE VAERFT"), 1000);
        assert_eq!(name_likeness("Acme Ltd.", "Acme Limited"), 1000);
        let typo = name_likeness("Northwind Traders", "Nortwind Traders");
        assert!((850..1000).contains(&typo), "{typo}");
        let other = name_likeness("Northwind Traders", "Contoso Holding");
        assert!(other < 300, "{other}");
        assert_eq!(name_likeness("GmbH", "GmbH"), 0, "nothing in it says who");
        assert_eq!(name_likeness("", "Acme"), 0);
    }

    #[test]
    fn names_like_another_are_found_by_the_beginnings_of_their_words() {
        assert_eq!(name_keys("Northwind Traders Ltd"), ["NORT", "TRAD"]);
        assert_eq!(name_keys("Öl AG"), ["OEL"]);
        assert_eq!(name_keys("Traders, Trade"), ["TRAD"]);
        assert_eq!(name_keys("GmbH"), [""; 0]);
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric_and_bounded(one in "\\PC{0,40}", other in "\\PC{0,40}") {
            let likeness = name_likeness(&one, &other);
            prop_assert_eq!(likeness, name_likeness(&other, &one));
            prop_assert!(likeness <= 1000);
            prop_assert_eq!(is_one_slip(&one, &other), is_one_slip(&other, &one));
        }

        #[test]
        fn every_slip_is_seen(
            text in "[A-Z0-9]{1,20}",
            place in 0_usize..20,
            kind in 0_u8..4,
            letter in "[a-z]",
        ) {
            let place = place % text.len();
            let mut letters: Vec<char> = text.chars().collect();
            let typed = letter.chars().next().unwrap();
            match kind {
                0 => letters[place] = typed,
                1 => letters.insert(place, typed),
                2 => { letters.remove(place); }
                _ => letters.swap(place, (place + 1).min(text.len() - 1)),
            }
            let slipped: String = letters.into_iter().collect();
            prop_assert_eq!(is_one_slip(&text, &slipped), text != slipped);
        }
    }
}
