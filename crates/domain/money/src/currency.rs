use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Amount;

// The codes of ISO 4217, including those withdrawn since 1990, because history is imported, too.

/// Currencies of which about 10 to 1,000 units equal a euro.
const SMALL: &str = "AFN ALL AMD AOA ATS BDT BEF BTN BWP CRC CUP CVE CZK DJF DOP DZD EEK EGP ERN ESP ETB GHS GMD \
    GRD GYD HNL HTG HUF INR ISK JMD JPY KES KGS KMF KZT LKR LRD LSL LUF MAD MDL MKD MRO MRU MUR \
    MVR MXN MZN NAD NIO NOK NPR PHP PKR PTE RSD RUB SCR SDD SDG SEK SIT SKK SLE SOS SRD STN SZL \
    THB TJS TRY TWD UAH UYU VUV XAF XOF XPF YER ZAR ZMW ZWG";
/// Currencies of which more than about 1,000 units equal a euro.
const SMALLEST: &str = "ARS AZM BIF BYR CDF CLP COP GHC GNF IDR IQD IRR ITL KHR KPW KRW LAK LBP MGA MGF MMK MNT MWK \
    MZM NGN PYG ROL RWF SLL SSP STD SYP TMM TRL TZS UGX UZS VEB VEF VES VND ZMK ZWL";
/// All other currencies.
const LARGE: &str = "ADP AED AFA ANG AON AOR AUD AWG AYM AZN BAD BAM BBD BGL BGN BHD BMD BND BOB BOV BRL BRR BSD \
    BYB BYN BZD CAD CHE CHF CHW CLF CNY COU CSD CUC CYP DEM DKK ECS ECV EUR FIM FJD FKP FRF GBP \
    GEK GEL GIP GTQ GWP HKD HRD HRK IEP ILS JOD KWD KYD LTL LTT LVL LVR LYD MOP MTL MXP MXV MYR \
    NLG NZD OMR PAB PEN PGK PLN PLZ QAR RON RUR SAR SBD SGD SHP SRG SVC TJR TMT TND TOP TPE TTD \
    UAK USD USN USS UYI UYW VED WST XAD XAG XAU XBA XBB XBC XBD XCD XCG XDR XEU XPD XPT XSU XTS \
    XUA XXX YUM YUN ZAL ZRN ZWC ZWD ZWN ZWR";

/// An ISO 4217 currency code: three upper-case letters, such as `EUR`.
///
/// Parsing checks the form only, so that stored codes stay readable when the list changes. For a
/// code from outside, check [`Self::is_listed`] as well: otherwise a sender could create a currency
/// from any three letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is not three upper-case letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an ISO 4217 code of three upper-case letters, such as EUR")]
pub struct CurrencyError;

impl Currency {
    /// Returns the three letters.
    pub fn as_str(&self) -> &str {
        // Construction admits ASCII only.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns whether ISO 4217 lists it, or has listed it since 1990.
    pub fn is_listed(self) -> bool {
        [LARGE, SMALL, SMALLEST].into_iter().any(|codes| self.is_of(codes))
    }

    fn is_of(self, codes: &str) -> bool {
        // Every code takes four bytes, with its space.
        codes.as_bytes().chunks(4).any(|code| code.starts_with(&self.0))
    }

    /// Returns the maximum amount of one event, far above any real order: 10 million units, 1,000
    /// million if a unit is worth cents, 100,000 million if it is worth less.
    ///
    /// The value of a currency changes; which of the three groups it belongs to hardly ever does.
    pub fn event_max(self) -> Amount {
        let units = if self.is_of(SMALLEST) {
            100_000_000_000
        } else if self.is_of(SMALL) {
            1_000_000_000
        } else {
            return Amount::EVENT_MAX;
        };
        Amount::from_micros(units * 1_000_000)
    }

    /// Returns whether one event may have this amount: from zero to [`Self::event_max`].
    pub fn allows(self, amount: Amount) -> bool {
        // No maximum is lower than the first.
        (Amount::ZERO..=Amount::EVENT_MAX).contains(&amount)
            || (Amount::ZERO..=self.event_max()).contains(&amount)
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
    fn the_maximum_of_an_event_depends_on_the_value_of_the_currency() {
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
    fn the_list_has_current_and_withdrawn_codes() {
        let listed = |code: &str| code.parse::<Currency>().unwrap().is_listed();
        for code in ["EUR", "USD", "INR", "VND", "SLE", "XCG", "XAU", "DEM", "HRK", "ITL"] {
            assert!(listed(code), "{code}");
        }
        for code in ["AAA", "ABC", "EUX", "BTC", "ZZZ"] {
            assert!(!listed(code), "{code}");
        }
        let codes = || [LARGE, SMALL, SMALLEST].into_iter().flat_map(str::split_ascii_whitespace);
        let once: std::collections::BTreeSet<_> = codes().collect();
        assert_eq!(codes().count(), once.len(), "no code is in two groups");
        assert!(codes().all(listed), "every code is found");
    }

    #[test]
    fn only_three_upper_case_letters_are_accepted() {
        assert_eq!("EUR".parse::<Currency>().unwrap().as_str(), "EUR");
        for wrong in ["eur", "EU", "EURO", "E1R", "", "€"] {
            assert_eq!(wrong.parse::<Currency>(), Err(CurrencyError), "{wrong:?}");
        }
    }
}
