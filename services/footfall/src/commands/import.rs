use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tenancy::CampaignId;
use tokio::sync::mpsc;

use crate::{
    cli::Import,
    delivery::{self, Batch, Batches, Collector, IN_FLIGHT, Pace, Tally},
    exit::Failure,
    import::{Format, RowError, Source},
    output::{self, Progress},
};

/// Sends the files one after the other, and prints the outcomes of their events.
pub(crate) async fn run(arguments: Import) -> Result<(), Failure> {
    let Import { format, target, campaign, rate, files } = arguments;
    let collector = Collector::new(target)?;
    let sources = files.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let began = Instant::now();
    let mut total = Tally::default();
    for source in sources {
        let campaign = campaign.clone().or_else(|| format.default_campaign(source.stem()));
        let name = source.path().display().to_string();
        let tally = send(&collector, source, format, campaign, rate).await?;
        output::line(&format!("{name}: {tally}"));
        total.merge(tally);
    }
    let seconds = began.elapsed().as_secs_f64();
    let each_second = total.answered() as f64 / seconds.max(0.001);
    output::note(&format!("{} events in {seconds:.1} s, {each_second:.0}/s", total.answered()));
    match total.rejected {
        0 => Ok(()),
        rejected => Err(Failure::Rejected(format!("{rejected} events were rejected"))),
    }
}

fn open(path: &Path) -> Result<Source, Failure> {
    Source::at(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

async fn send(
    collector: &Collector,
    source: Source,
    format: Format,
    campaign: Option<CampaignId>,
    rate: Option<u32>,
) -> Result<Tally, Failure> {
    let pace = Pace::new(rate);
    let mut batches = Batches::of_at_most(pace.batch_size());
    let (sender, receiver) = mpsc::channel(IN_FLIGHT);
    let progress = Progress::of_bytes(source.bytes());
    let read = Arc::new(AtomicU64::new(0));
    let reader = {
        let read = Arc::clone(&read);
        let name = source.path().display().to_string();
        tokio::task::spawn_blocking(move || {
            read_rows(&source, format, campaign, read, &mut batches, &sender)
                .map_err(|error| Failure::Rejected(format!("{name}: {error}")))
        })
    };

    let began = Instant::now();
    let report = |tally: &Tally, trouble: Option<String>| {
        let each_second = tally.answered() as f64 / began.elapsed().as_secs_f64().max(0.001);
        let message = format!("{} events, {each_second:.0}/s", tally.answered());
        progress.update(read.load(Ordering::Relaxed), message, trouble);
    };
    let mut tally = delivery::send(collector, receiver, pace, report).await?;
    progress.finish();
    tally.merge(reader.await.map_err(Failure::other)??);
    Ok(tally)
}

/// Reads a file to its end; the tally counts rows that are not events.
fn read_rows(
    source: &Source,
    format: Format,
    campaign: Option<CampaignId>,
    read: Arc<AtomicU64>,
    batches: &mut Batches,
    sender: &mpsc::Sender<Batch>,
) -> Result<Tally, RowError> {
    let mut tally = Tally::default();
    for row in format.rows(source.open(read)?, campaign)? {
        match row {
            Ok(event) => batches.add(event),
            Err(error @ RowError::Wrong { .. }) => tally.reject(error.to_string()),
            Err(error) => return Err(error),
        }
        while let Some(batch) = batches.next_full() {
            if sender.blocking_send(batch).is_err() {
                return Ok(tally);
            }
        }
    }
    while let Some(batch) = batches.next_any() {
        if sender.blocking_send(batch).is_err() {
            break;
        }
    }
    Ok(tally)
}
