//! Mutated bodies for every parser that reads what anybody may send.

mod mutation;
mod parser;

use futures::{StreamExt, stream};
use rand::{SeedableRng, rngs::StdRng};
use testkit::Tier;

use crate::{
    Failure,
    figures::Outcome,
    options::Options,
    report::print_line,
    stand::{Answer, Shop, Stand},
};

use parser::{Parser, Sample};

/// Bodies of each parser in a full run, and in the smallest slice.
const BODIES: usize = 100_000;
const LEAST: usize = 500;
/// Requests at the same time.
const AT_ONCE: usize = 16;
/// Bodies that are made at a time.
const BATCH: usize = 1_000;

/// Sends mutated bodies to each parser. None may be answered with 5xx, or not at all.
///
/// # Errors
/// The platform cannot be prepared.
pub(crate) async fn run(options: &Options) -> Result<Outcome, Failure> {
    let mut stand = Stand::start(&[]).await?;
    let mut random = StdRng::seed_from_u64(options.seed);
    let shop = stand.onboard(Tier::Shared, &mut random).await?;
    let mut outcome = Outcome::default();
    for parser in Parser::ALL {
        let samples = parser.samples(&stand, &shop).await?;
        check_samples(&stand, &shop, parser, &samples, &mut outcome).await?;
        let mut left = options.share(BODIES, LEAST);
        print_line(&format!("fuzz: {left} bodies for {} …", parser.as_str()));
        while left > 0 {
            let bodies: Vec<_> =
                (0..left.min(BATCH)).map(|_| parser.mutated(&samples, &mut random)).collect();
            left -= bodies.len();
            let mut trying = stream::iter(bodies)
                .map(|body| attempt(&stand, &shop, parser, body))
                .buffer_unordered(AT_ONCE);
            while let Some(tried) = trying.next().await {
                count(parser, tried, &mut outcome);
            }
        }
    }
    let words = shop.words.contents();
    stand.check(&words, &mut outcome).await?;
    Ok(outcome)
}

/// Checks that the samples are accepted as they are: else only the outermost layer of a parser would be tried.
async fn check_samples(
    stand: &Stand,
    shop: &Shop,
    parser: Parser,
    samples: &[Sample],
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    for sample in samples {
        let request = parser.request(stand, shop, sample).ok_or("a sample that cannot be sent")?;
        let answer = Answer::of(request).await?;
        outcome.check(parser.accepts(answer.status), || {
            let status = answer.status;
            format!("{} answers {status} to a sample: {}", parser.as_str(), answer.text())
        });
    }
    Ok(())
}

/// A body, and the status of its answer; `None` if it has no form that HTTP can carry.
type Tried = Option<(Sample, Result<Answer, reqwest::Error>)>;

async fn attempt(stand: &Stand, shop: &Shop, parser: Parser, body: Sample) -> Tried {
    let request = parser.request(stand, shop, &body)?;
    let answer = Answer::of(request).await;
    Some((body, answer))
}

fn count(parser: Parser, tried: Tried, outcome: &mut Outcome) {
    outcome.count(parser.figure(), 1);
    match tried {
        None => outcome.count("not sent", 1),
        Some((body, Err(error))) => {
            outcome.find(format!("{}: no answer: {error}: {}", parser.as_str(), body.shown()));
        }
        Some((_, Ok(answer))) if answer.status < 500 => {
            let figure = if answer.is_success() { "accepted" } else { "refused" };
            outcome.count(figure, 1);
        }
        Some((body, Ok(answer))) => {
            let (name, status) = (parser.as_str(), answer.status);
            outcome.find(format!("{name}: {status}: {}: {}", answer.text(), body.shown()));
        }
    }
}
