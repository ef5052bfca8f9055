//! The numbers of a query in its period and in the one that it is compared with.

use metrics::Granularity;
use warehouse::Keys;

use super::{
    answer::Side,
    reader::Reader,
    segments::{Numbers, Segment},
};
use crate::failure::Failure;

/// Reads something in both periods; `None` without a comparison.
pub(super) async fn in_both<'a, T>(
    current: Reader<'a>,
    previous: Option<Reader<'a>>,
    read: impl AsyncFn(Reader<'a>) -> Result<T, Failure>,
) -> Result<(T, Option<T>), Failure> {
    tokio::try_join!(read(current), async {
        match previous {
            Some(previous) => read(previous).await.map(Some),
            None => Ok(None),
        }
    })
}

/// Returns the numbers of segments together, in both periods, of a query whose numbers add up.
pub(super) fn added_up(
    segments: &[Segment],
    current: Reader<'_>,
    previous: Option<Reader<'_>>,
) -> Side {
    let now = Numbers::added_up(segments.iter().map(|segment| &segment.current));
    let before = Numbers::added_up(segments.iter().map(|segment| &segment.previous));
    Side {
        series: current.single(&now),
        current: now,
        previous_series: previous.map(|reader| reader.single(&before)).unwrap_or_default(),
        previous: previous.map(|_| before),
    }
}

/// Reads all events together but those of some segments, in both periods.
pub(super) async fn both(
    current: Reader<'_>,
    previous: Option<Reader<'_>>,
    except: Option<&[Vec<String>]>,
    granularity: Granularity,
) -> Result<Side, Failure> {
    let keys = match except {
        Some(except) => Keys::Except(&current.request.dimensions, except),
        None => Keys::All,
    };
    let read = async |reader: Reader<'_>| {
        let buckets = async {
            let series = reader.series(&[], keys).await?;
            let mut series = series.into_values().next().unwrap_or_default();
            reader.total_sales.add_to_series(&mut series);
            Ok(series)
        };
        if granularity != Granularity::Total && reader.request.adds_up() {
            let series = buckets.await?;
            return Ok((Numbers::added_up(series.values()), series));
        }
        let whole = async {
            let total = reader.totals(&[], keys).await?;
            let mut whole = total.into_values().next().unwrap_or_default();
            reader.total_sales.add_to(&mut whole);
            Ok(whole)
        };
        if granularity == Granularity::Total {
            let total = whole.await?;
            let series = reader.single(&total);
            return Ok((total, series));
        }
        tokio::try_join!(whole, buckets)
    };
    let (current, previous) = Box::pin(in_both(current, previous, read)).await?;
    let (previous, previous_series) = previous.unzip();
    Ok(Side {
        current: current.0,
        series: current.1,
        previous,
        previous_series: previous_series.unwrap_or_default(),
    })
}
