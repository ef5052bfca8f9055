/// What the three coordinates have in common: a number in, a number out, plain in text and JSON.
macro_rules! coordinate {
    ($name:ident, $number:ty) => {
        impl $name {
            /// From the number that the stores keep.
            pub const fn new(number: $number) -> Self {
                Self(number)
            }

            /// The number that the stores keep.
            pub const fn get(self) -> $number {
                self.0
            }
        }

        impl From<$number> for $name {
            fn from(number: $number) -> Self {
                Self(number)
            }
        }

        impl From<$name> for $number {
            fn from(coordinate: $name) -> Self {
                coordinate.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

pub(crate) use coordinate;
