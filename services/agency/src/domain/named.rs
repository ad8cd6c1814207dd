//! Owns how an enumeration is named in rows and stored documents: by the words of the contract
//! without their prefix. Must not name anything itself.

/// Declares an enumeration with the name of each value; the names are stored, so they never change.
macro_rules! named {
    (
        $(#[$meta:meta])*
        pub enum $type:ident { $( $(#[$doc:meta])* $variant:ident = $name:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $type { $( $(#[$doc])* #[serde(rename = $name)] $variant, )+ }

        impl $type {
            /// Every value, in the order of the contract.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// The name in rows and documents: the contract's, without its prefix.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// The value of a name; none for a name that is not one.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $name => Some(Self::$variant), )+ _ => None }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

pub(super) use named;

#[cfg(test)]
mod tests {
    named! {
        /// A light.
        pub enum Light {
            /// Stop.
            Red = "RED",
            /// Go.
            DeepGreen = "DEEP_GREEN",
        }
    }

    #[test]
    fn names_lead_back_and_are_what_is_stored() {
        for &light in Light::ALL {
            assert_eq!(Light::from_name(light.name()), Some(light));
        }
        assert_eq!(Light::from_name("red"), None);
        let stored = serde_json::to_string(&Light::DeepGreen).unwrap();
        assert_eq!(stored, "\"DEEP_GREEN\"");
        assert_eq!(format!("{:>12}", Light::Red), "         RED");
    }
}
