use chrono::{DateTime, Utc};
use reqwest::Response;
use serde::Deserialize;

use crate::Failure;

/// An open live stream of a campaign.
pub(crate) struct LiveStream {
    response: Response,
    /// Received bytes of frames that are not read yet.
    pending: Vec<u8>,
}

/// The part of a frame that is read. Snapshots and updates have quarter hours; other frames none.
#[derive(Debug, Deserialize)]
struct Frame {
    #[serde(default)]
    buckets: Vec<Bucket>,
}

/// A quarter hour's absolute count.
#[derive(Debug, Deserialize)]
struct Bucket {
    start: DateTime<Utc>,
    impressions: u64,
}

impl LiveStream {
    /// Creates a stream from its response.
    pub(crate) fn new(response: Response) -> Self {
        Self { response, pending: Vec::new() }
    }

    /// Reads until a frame shows `expected` impressions in this quarter hour.
    ///
    /// # Errors
    /// The stream ends or cannot be read, or the count jumps beyond the expected one.
    pub(crate) async fn until(
        &mut self,
        quarter: DateTime<Utc>,
        expected: u64,
    ) -> Result<(), Failure> {
        loop {
            let frame = self.next().await?;
            let bucket = frame.buckets.iter().find(|bucket| bucket.start == quarter);
            match bucket.map_or(0, |bucket| bucket.impressions) {
                seen if seen == expected => return Ok(()),
                seen if seen > expected => {
                    return Err(format!("the stream shows {seen}, but {expected} were sent").into());
                }
                _ => {}
            }
        }
    }

    async fn next(&mut self) -> Result<Frame, Failure> {
        loop {
            if let Some(frame) = self.take_frame() {
                let frame = String::from_utf8(frame)?;
                // Comments and the retry hint have no data.
                if let Some(data) = frame.lines().find_map(|line| line.strip_prefix("data:")) {
                    return Ok(serde_json::from_str(data)?);
                }
            } else {
                let chunk = self.response.chunk().await?.ok_or("the live stream ended")?;
                self.pending.extend_from_slice(&chunk);
            }
        }
    }

    /// Takes the first frame if it is complete.
    fn take_frame(&mut self) -> Option<Vec<u8>> {
        let end = self.pending.windows(2).position(|two| two == b"\n\n")? + 2;
        Some(self.pending.drain(..end).collect())
    }
}
