//! Owns the stable names of enum values, as tables and events' facts hold them: UPPER_SNAKE, the
//! contract's value without its prefix. Must not be derived from Rust names: those may change.

/// An enum whose values have stable names.
pub trait Coded: Copy + PartialEq + 'static {
    /// Every value with its name.
    const CODES: &'static [(Self, &'static str)];

    /// The name of this value; empty only for a value that the list forgot, which a test of the
    /// enum excludes.
    fn code(self) -> &'static str {
        let row = Self::CODES.iter().find(|(value, _)| *value == self);
        row.map_or("", |(_, code)| code)
    }

    /// The value of a name; `None` for a name that is none.
    fn from_code(code: &str) -> Option<Self> {
        let row = Self::CODES.iter().find(|(_, name)| *name == code);
        row.map(|(value, _)| *value)
    }
}

/// Every value is listed once and found again by its name; used by the tests of the enums.
#[cfg(test)]
pub(crate) fn assert_complete<T: Coded + std::fmt::Debug>(count: usize) {
    assert_eq!(T::CODES.len(), count);
    for (value, code) in T::CODES {
        assert_eq!(value.code(), *code);
        assert_eq!(T::from_code(code), Some(*value));
        assert!(
            code.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        );
    }
    assert_eq!(T::from_code("NO_SUCH_CODE"), None);
}
