//! What a check found, told so that the reader can go there and knows what to do.

use std::fmt;

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// File, relative to the root of the checkout.
    pub path: String,
    /// Line in it, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// A finding at one line of one file.
    pub fn new(
        path: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            line,
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}\n    {}",
            self.path, self.line, self.what, self.remedy
        )
    }
}

/// Everything that one check found, in the order of the places.
#[derive(PartialEq, Eq)]
pub struct Breaches(Vec<Finding>);

impl fmt::Display for Breaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> = self.0.iter().map(Finding::to_string).collect();
        write!(f, "{} found:\n{}", told.len(), told.join("\n"))
    }
}

/// What a failed test prints: the list, for people.
impl fmt::Debug for Breaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Breaches {}

/// Fine when nothing was found.
///
/// # Errors
/// All findings.
pub fn verdict(mut findings: Vec<Finding>) -> Result<(), Breaches> {
    findings.sort();
    if findings.is_empty() {
        Ok(())
    } else {
        Err(Breaches(findings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_fail_the_check_with_place_and_remedy() {
        assert!(verdict(Vec::new()).is_ok());
        let found = vec![
            Finding::new("b.rs", 1, "later", "mend"),
            Finding::new("a.rs", 7, "too long", "split it"),
        ];
        let told = verdict(found).unwrap_err().to_string();
        assert_eq!(
            told,
            "2 found:\na.rs:7: too long\n    split it\nb.rs:1: later\n    mend"
        );
    }
}
