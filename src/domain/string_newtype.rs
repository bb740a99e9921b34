//! A macro for texts that are checked once, when they are parsed.

/// Defines a newtype over `String` whose only constructor is its `FromStr`, and implements what every such type has:
/// `as_str`, `Display`, serde, and a JSON Schema with the given pattern.
macro_rules! string_newtype {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident; description: $description:literal, pattern: $pattern:literal) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        $visibility struct $name(String);

        impl $name {
            /// Returns the text as it was parsed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "description": $description, "type": "string", "pattern": $pattern })
            }
        }
    };
}

pub(super) use string_newtype;
