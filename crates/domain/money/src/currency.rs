use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Amount;

/// Currencies of which 10 to 1,000 make about a euro.
const SMALL: &str = "AFN ALL AMD AOA BDT BTN CRC CVE CZK DJF DOP DZD EGP ETB GMD GYD HNL HTG HUF INR ISK JMD JPY \
    KES KGS KMF KZT LKR LRD MKD MUR MXN MZN NIO NPR PHP PKR RSD RUB SDG SOS SRD THB TRY TWD UAH UYU \
    VUV XAF XOF XPF YER ZAR";
/// Currencies of which more than 1,000 make about a euro.
const SMALLEST: &str = "ARS BIF CDF CLP COP GNF IDR IQD IRR KHR KRW LAK LBP MGA MMK MNT MWK NGN PYG RWF SLE SLL \
    SSP STD STN SYP TZS UGX UZS VES VND ZWG ZWL";

/// An ISO 4217 currency code: three upper-case letters, such as `EUR`.
///
/// The shape is checked, not membership of the published list, which changes every few years.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is not three upper-case letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 4217 code of three upper-case letters, such as EUR")]
pub struct CurrencyError;

impl Currency {
    /// The three letters.
    pub fn as_str(&self) -> &str {
        // Construction admits ASCII only.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The most that one event may carry, far above any real order: 10 million units, 1,000 million
    /// of a currency whose unit is worth cents, 100,000 million of one whose unit is worth less.
    ///
    /// What a currency is worth changes; which of the three it belongs to hardly does.
    pub fn event_max(self) -> Amount {
        let is_of = |codes: &str| codes.split_ascii_whitespace().any(|code| code == self.as_str());
        let units = if is_of(SMALLEST) {
            100_000_000_000
        } else if is_of(SMALL) {
            1_000_000_000
        } else {
            return Amount::EVENT_MAX;
        };
        Amount::from_micros(units * 1_000_000)
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(CurrencyError),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_of_an_event_follows_what_the_currency_is_worth() {
        for (code, most) in [
            ("EUR", "10000000.00"),
            ("KWD", "10000000.00"),
            ("INR", "1000000000.00"),
            ("JPY", "1000000000.00"),
            ("VND", "100000000000.00"),
            ("IDR", "100000000000.00"),
        ] {
            assert_eq!(code.parse::<Currency>().unwrap().event_max().to_string(), most, "{code}");
        }
    }

    #[test]
    fn takes_three_upper_case_letters_only() {
        assert_eq!("EUR".parse::<Currency>().unwrap().as_str(), "EUR");
        for wrong in ["eur", "EU", "EURO", "E1R", "", "€"] {
            assert_eq!(wrong.parse::<Currency>(), Err(CurrencyError), "{wrong:?}");
        }
    }
}
