use std::{collections::BTreeMap, io::Read as _};

use chrono::DateTime;
use metrics::{Counter, Distincts, MoneySum, QuantitySum, Sums};
use money::{Amount, Currency, Quantity};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use warehouse::{Cell, DistinctCells};

/// The first byte of every value: one of another form is not read.
const FORM: u8 = 1;
/// The most cells that are kept: more take long to encode, and rarely fit.
const MOST_CELLS: usize = 10_000;
/// The most bytes of a value before compression.
const MOST_BYTES: u64 = 64 << 20;
/// Of little effort: it runs on a thread that answers requests.
const LEVEL: i32 = 1;

/// Numbers that can be kept as bytes.
pub(super) trait KeptForm: Sized {
    /// Returns the bytes; `None` if there are too many numbers.
    fn encode(&self) -> Option<Vec<u8>>;

    /// Returns the numbers; `None` for bytes that another build has written.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// The sums of a cell. Names and not positions: another build may have more of them.
#[derive(Serialize, Deserialize)]
struct KeptSums {
    /// Seconds since 1970.
    start: i64,
    keys: Vec<String>,
    counts: Vec<(String, Option<Currency>, u64)>,
    /// In thousandths.
    quantities: Vec<(String, u64)>,
    /// In millionths.
    money: Vec<(String, Currency, i64)>,
}

#[derive(Serialize, Deserialize)]
struct KeptDistincts {
    /// Seconds since 1970; `None`: of the whole range.
    start: Option<i64>,
    keys: Vec<String>,
    visitors: u64,
    sessions: u64,
    customers: u64,
    new_customers: u64,
    returning_customers: u64,
}

impl KeptForm for BTreeMap<Cell, Sums> {
    fn encode(&self) -> Option<Vec<u8>> {
        if self.len() > MOST_CELLS {
            return None;
        }
        let kept = self.iter().map(|((start, keys), sums)| KeptSums {
            start: start.timestamp(),
            keys: keys.clone(),
            counts: sums
                .counts()
                .map(|(counter, currency, count)| (counter.as_str().to_owned(), currency, count))
                .collect(),
            quantities: sums
                .quantities()
                .map(|(sum, quantity)| (sum.as_str().to_owned(), quantity.thousandths()))
                .collect(),
            money: sums
                .money_sums()
                .map(|(sum, currency, amount)| (sum.as_str().to_owned(), currency, amount.micros()))
                .collect(),
        });
        packed(&kept.collect::<Vec<_>>())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        unpacked::<Vec<KeptSums>>(bytes)?.into_iter().map(KeptSums::cell).collect()
    }
}

impl KeptSums {
    fn cell(self) -> Option<(Cell, Sums)> {
        let mut sums = Sums::default();
        for (name, currency, count) in self.counts {
            sums.add_count(Counter::named(&name)?, currency, count);
        }
        for (name, thousandths) in self.quantities {
            let quantity = Quantity::from_thousandths(thousandths);
            sums.add_quantity(QuantitySum::named(&name)?, quantity);
        }
        for (name, currency, micros) in self.money {
            sums.add_money(MoneySum::named(&name)?, currency, Amount::from_micros(micros));
        }
        Some(((DateTime::from_timestamp(self.start, 0)?, self.keys), sums))
    }
}

impl KeptForm for DistinctCells {
    fn encode(&self) -> Option<Vec<u8>> {
        if self.buckets.len() + self.totals.len() > MOST_CELLS {
            return None;
        }
        let totals =
            self.totals.iter().map(|(keys, distincts)| KeptDistincts::of(None, keys, *distincts));
        let buckets = self.buckets.iter().map(|((start, keys), distincts)| {
            KeptDistincts::of(Some(start.timestamp()), keys, *distincts)
        });
        packed(&totals.chain(buckets).collect::<Vec<_>>())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut cells = Self::default();
        for kept in unpacked::<Vec<KeptDistincts>>(bytes)? {
            let distincts = kept.distincts();
            match kept.start {
                None => {
                    cells.totals.insert(kept.keys, distincts);
                }
                Some(start) => {
                    let start = DateTime::from_timestamp(start, 0)?;
                    cells.buckets.insert((start, kept.keys), distincts);
                }
            }
        }
        Some(cells)
    }
}

impl KeptDistincts {
    fn of(start: Option<i64>, keys: &[String], distincts: Distincts) -> Self {
        let Distincts { visitors, sessions, customers, new_customers, returning_customers } =
            distincts;
        let keys = keys.to_vec();
        Self { start, keys, visitors, sessions, customers, new_customers, returning_customers }
    }

    const fn distincts(&self) -> Distincts {
        let Self { visitors, sessions, customers, new_customers, returning_customers, .. } = *self;
        Distincts { visitors, sessions, customers, new_customers, returning_customers }
    }
}

fn packed(value: &impl Serialize) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(value).ok()?;
    let mut bytes = vec![FORM];
    bytes.extend(zstd::encode_all(json.as_slice(), LEVEL).ok()?);
    Some(bytes)
}

fn unpacked<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (form, compressed) = bytes.split_first()?;
    if *form != FORM {
        return None;
    }
    let mut json = Vec::new();
    zstd::Decoder::new(compressed).ok()?.take(MOST_BYTES).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(second: i64, key: &str) -> Cell {
        (DateTime::from_timestamp(second, 0).unwrap(), vec![key.to_owned(), String::new()])
    }

    #[test]
    fn sums_come_back_as_they_were() {
        let [eur, usd] = ["EUR", "USD"].map(|code| code.parse().unwrap());
        let mut sums = Sums::default();
        sums.add_count(Counter::Orders, Some(eur), 3);
        sums.add_count(Counter::Orders, None, u64::MAX);
        sums.add_quantity(QuantitySum::UnitsSold, Quantity::from_thousandths(1_250));
        sums.add_money(MoneySum::Sales, usd, Amount::from_micros(i64::MIN));
        sums.add_money(MoneySum::Spend, eur, Amount::from_micros(0));
        sums.add_money(MoneySum::Refunded, eur, Amount::from_micros(7));
        let cells =
            BTreeMap::from([(cell(0, "ü\"\\"), sums), (cell(1_772_323_200, ""), Sums::default())]);
        let bytes = cells.encode().unwrap();
        assert_eq!(BTreeMap::<Cell, Sums>::decode(&bytes), Some(cells));
    }

    #[test]
    fn distinct_values_come_back_as_they_were() {
        let distincts = Distincts {
            visitors: 4,
            sessions: 5,
            customers: 3,
            new_customers: 2,
            returning_customers: 1,
        };
        let cells = DistinctCells {
            totals: BTreeMap::from([(vec!["a".to_owned()], distincts)]),
            buckets: BTreeMap::from([(cell(900, "a"), Distincts::default())]),
        };
        let bytes = cells.encode().unwrap();
        assert_eq!(DistinctCells::decode(&bytes), Some(cells));
    }

    #[test]
    fn other_bytes_are_not_read() {
        let bytes = BTreeMap::from([(cell(0, "a"), Sums::default())]).encode().unwrap();
        let cut = &bytes[..bytes.len() - 1];
        let other_form = [&[FORM + 1][..], &bytes[1..]].concat();
        let another_name = packed(&[KeptSums {
            start: 0,
            keys: Vec::new(),
            counts: vec![("smiles".to_owned(), None, 1)],
            quantities: Vec::new(),
            money: Vec::new(),
        }]);
        for bytes in [&[][..], b"numbers", cut, &other_form, &another_name.unwrap()] {
            assert_eq!(BTreeMap::<Cell, Sums>::decode(bytes), None, "{bytes:?}");
        }
        assert_eq!(DistinctCells::decode(&bytes), None);
    }

    #[test]
    fn too_many_cells_are_not_kept() {
        let many = (0..=MOST_CELLS as i64).map(|second| (cell(second, ""), Sums::default()));
        assert_eq!(many.collect::<BTreeMap<_, _>>().encode(), None);
    }
}
