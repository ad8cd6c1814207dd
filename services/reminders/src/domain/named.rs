//! Owns how a value with a fixed set of alternatives is spelled: one name each, stored in the
//! database, told in reasons and facts, and never changed. Must not know any of the values.

/// A name that none of the alternatives has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not the name of any {kind}")]
pub struct UnknownName {
    /// The type that was wanted.
    pub kind: &'static str,
    /// What was found.
    pub name: String,
}

/// Declares an enum whose alternatives have one fixed name each.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $kind:ident {
            $($(#[$alternative_meta:meta])* $alternative:ident = $name:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $kind {
            $($(#[$alternative_meta])* #[serde(rename = $name)] $alternative,)+
        }

        impl $kind {
            /// Every alternative, in the order in which they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$alternative),+];

            /// The name, as it is stored and told.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$alternative => $name,)+
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = $crate::domain::named::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $($name => Ok(Self::$alternative),)+
                    _ => Err($crate::domain::named::UnknownName {
                        kind: stringify!($kind),
                        name: name.to_owned(),
                    }),
                }
            }
        }
    };
}

pub(crate) use named;

#[cfg(test)]
mod tests {
    named! {
        /// A sample.
        pub enum Season {
            /// Cold.
            Winter = "WINTER",
            /// Warm.
            HighSummer = "HIGH_SUMMER",
        }
    }

    #[test]
    fn a_name_is_read_back_and_nothing_else_is() {
        for season in Season::ALL {
            assert_eq!(season.name().parse(), Ok(*season));
            let json = serde_json::to_string(season).unwrap();
            assert_eq!(json, format!("\"{season}\""));
            assert_eq!(serde_json::from_str::<Season>(&json).unwrap(), *season);
        }
        let unknown = "winter".parse::<Season>().unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "\"winter\" is not the name of any Season"
        );
    }
}
