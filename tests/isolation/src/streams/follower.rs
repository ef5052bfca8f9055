use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::traffic::{Traffic, campaigns};
use crate::{
    Failure,
    figures::Outcome,
    stand::{Shop, Stand, Who},
};

/// A stream may be open for longer than a whole run.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How long a stream may take to have everything that was sent.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(120);
/// For how long a stream is read that resumes where another one is.
const READ_FOR: Duration = Duration::from_secs(1);

/// A client of a live stream, which remembers what it has received.
pub(super) struct Follower<'a> {
    stand: &'a Stand,
    shop: &'a Shop,
    /// The index of its tenant.
    pub(super) tenant: usize,
    who: Who,
    path: String,
    /// The campaigns that it may see and has asked for.
    campaigns: Vec<String>,
    /// The words of all other tenants.
    foreign: Vec<String>,
    connection: Option<Response>,
    /// The beginning of a frame.
    pending: Vec<u8>,
    last_id: Option<String>,
    /// The impressions of each campaign and quarter hour.
    seen: BTreeMap<(String, String), u64>,
    /// Ids and data of updates.
    updates: HashSet<String>,
    frames: usize,
    disconnects: usize,
    resumed: usize,
    at_others: usize,
    resets: usize,
    findings: Vec<String>,
}

impl<'a> Follower<'a> {
    /// Returns so many clients, of each tenant in turn, and of each kind of stream in turn.
    pub(super) fn of(stand: &'a Stand, shops: &'a [Shop], count: usize) -> Vec<Self> {
        let tenants = shops.iter().enumerate().cycle().zip(0..count);
        let follower = |((tenant, shop), number): ((usize, &'a Shop), usize)| {
            let (who, path, campaigns) = kind(number / shops.len(), shop);
            let others = shops.iter().filter(|other| other.tenant.id != shop.tenant.id);
            let words = |other: &Shop| [other.words.contents(), other.words.addresses()].concat();
            Self {
                stand,
                shop,
                tenant,
                who,
                path,
                campaigns,
                foreign: others.flat_map(words).collect(),
                connection: None,
                pending: Vec::new(),
                last_id: None,
                seen: BTreeMap::new(),
                updates: HashSet::new(),
                frames: 0,
                disconnects: 0,
                resumed: 0,
                at_others: 0,
                resets: 0,
                findings: Vec::new(),
            }
        };
        tenants.map(follower).collect()
    }

    pub(super) fn add_to(self, outcome: &mut Outcome) {
        outcome.count("frames", self.frames);
        outcome.count("disconnects", self.disconnects);
        outcome.count("resumed by id", self.resumed);
        outcome.count("of them answered with a reset", self.resets);
        outcome.count("resumed by an id of another tenant", self.at_others);
        let name = format!("{} as {:?} of {:?}", self.path, self.who, self.shop.tier);
        self.findings.into_iter().for_each(|finding| outcome.find(format!("{name}: {finding}")));
    }

    /// Opens the stream and reads its snapshot.
    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        self.open(None).await?;
        let deadline = Instant::now() + CAUGHT_UP_WITHIN;
        while self.frames == 0 {
            timeout_at(deadline, self.read()).await??;
        }
        Ok(())
    }

    /// Reads for a while, then closes the connection.
    pub(super) async fn break_off(&mut self, after: Duration) -> Result<(), Failure> {
        self.read_for(after).await?;
        self.connection = None;
        self.disconnects += 1;
        Ok(())
    }

    /// Opens the stream again where it was, and reads until it has everything that was sent.
    pub(super) async fn resume(&mut self, sent: Option<&Traffic<'_>>) -> Result<(), Failure> {
        let place = self.place();
        self.resumed += usize::from(place.is_some());
        self.open(place.as_deref()).await?;
        self.catch_up(sent).await
    }

    /// Opens the stream at a place of another one, and reads for a while. What it has received before must not change.
    pub(super) async fn resume_at(
        &mut self,
        place: Option<String>,
        sent: Option<&Traffic<'_>>,
    ) -> Result<(), Failure> {
        self.connection = None;
        let resets = self.resets;
        // It may receive again what it knows.
        self.updates.clear();
        self.at_others += usize::from(place.is_some());
        self.open(place.as_deref()).await?;
        self.read_for(READ_FOR).await?;
        self.resets = resets;
        self.catch_up(sent).await
    }

    /// Returns the last place that it has received.
    pub(super) fn place(&self) -> Option<String> {
        self.last_id.clone()
    }

    async fn open(&mut self, last_id: Option<&str>) -> Result<(), Failure> {
        let request = self.stand.request(&Method::GET, true, &self.path).timeout(LONGEST);
        let mut request = request.bearer_auth(self.shop.credential(self.who));
        if let Some(id) = last_id {
            request = request.header("Last-Event-ID", id);
        }
        let again = request.try_clone();
        let response = match (request.send().await, again) {
            // It may have met a connection that was closing.
            (Err(_), Some(again)) => again.send().await?,
            (sent, _) => sent?,
        };
        if response.status() != 200 {
            let status = response.status();
            return Err(format!("{}: {status} {}", self.path, response.text().await?).into());
        }
        self.pending.clear();
        self.connection = Some(response);
        Ok(())
    }

    async fn read_for(&mut self, time: Duration) -> Result<(), Failure> {
        let deadline = Instant::now() + time;
        while let Ok(read) = timeout_at(deadline, self.read()).await {
            read?;
        }
        Ok(())
    }

    /// Reads until it has received everything that was sent, and no more.
    async fn catch_up(&mut self, sent: Option<&Traffic<'_>>) -> Result<(), Failure> {
        let sent = sent.ok_or("a stream without a tenant")?;
        let deadline = Instant::now() + CAUGHT_UP_WITHIN;
        loop {
            let differs =
                |campaign: &&String| self.impressions(campaign) != sent.impressions(campaign);
            let Some(campaign) = self.campaigns.iter().find(differs) else { return Ok(()) };
            let (received, wanted) = (self.impressions(campaign), sent.impressions(campaign));
            let finding = format!("{received} impressions of {campaign}, not {wanted}");
            if received > wanted {
                self.findings.push(finding);
                return Ok(());
            }
            match timeout_at(deadline, self.read()).await {
                Ok(read) => read?,
                Err(_) => {
                    self.findings.push(finding);
                    return Ok(());
                }
            }
        }
    }

    fn impressions(&self, campaign: &str) -> u64 {
        let quarters = self.seen.iter().filter(|((of, _), _)| of == campaign);
        quarters.map(|(_, impressions)| impressions).sum()
    }

    /// Reads what comes next. It can be given up at any moment.
    async fn read(&mut self) -> Result<(), Failure> {
        let connection = self.connection.as_mut().ok_or("a stream that is not open")?;
        let Some(chunk) = connection.chunk().await? else {
            return Err(format!("{} has ended", self.path).into());
        };
        self.pending.extend_from_slice(&chunk);
        while let Some(end) = self.pending.windows(2).position(|two| two == b"\n\n") {
            let frame: Vec<u8> = self.pending.drain(..end + 2).collect();
            self.take(&String::from_utf8_lossy(&frame));
        }
        Ok(())
    }

    /// Takes over a frame.
    fn take(&mut self, frame: &str) {
        let field =
            |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        // A beginning and a heartbeat have none.
        let Some(event) = field("event") else { return };
        self.frames += 1;
        if let Some(word) = self.foreign.iter().find(|word| frame.contains(word.as_str())) {
            self.findings.push(format!("has {word}: {frame}"));
        }
        match event {
            "reset" => {
                self.resets += 1;
                self.last_id = None;
                return;
            }
            "snapshot" | "update" => {}
            _ => self.findings.push(format!("is not expected: {frame}")),
        }
        let data = field("data").unwrap_or_default();
        if let Some(id) = field("id") {
            let is_first = event != "update" || self.updates.insert(format!("{id} {data}"));
            if !is_first {
                self.findings.push(format!("the same update comes twice: {frame}"));
            }
            self.last_id = Some(id.to_owned());
        }
        self.take_data(&serde_json::from_str(data).unwrap_or_default());
    }

    fn take_data(&mut self, data: &Value) {
        let list = data.get("campaigns").and_then(Value::as_array).map(Vec::as_slice);
        for campaign in list.unwrap_or(std::slice::from_ref(data)) {
            let id = campaign.get("campaign_id").and_then(Value::as_str).unwrap_or_default();
            if !self.campaigns.iter().any(|own| own == id) {
                self.findings.push(format!("shows the campaign {id:?}"));
            }
            let buckets = campaign.get("buckets").and_then(Value::as_array);
            for bucket in buckets.into_iter().flatten() {
                let start = bucket.get("start").and_then(Value::as_str).unwrap_or_default();
                let impressions = bucket.get("impressions").and_then(Value::as_u64);
                let place = (id.to_owned(), start.to_owned());
                self.seen.insert(place, impressions.unwrap_or_default());
            }
        }
    }
}

/// Returns who asks for which path in a kind of stream, and the campaigns that it has.
fn kind(number: usize, shop: &Shop) -> (Who, String, Vec<String>) {
    let own = &shop.words.address;
    let spring = || vec!["spring".to_owned()];
    match number % 5 {
        0 => (Who::Read, "/v1/live".to_owned(), campaigns(shop)),
        1 => (Who::Owner, format!("/v1/campaigns/{own}/live"), vec![own.clone()]),
        2 => (Who::Advertiser, "/v1/live".to_owned(), spring()),
        3 => (Who::ReadOne, "/v1/campaigns/spring/live".to_owned(), spring()),
        _ => {
            let both = vec!["spring".to_owned(), own.clone()];
            (Who::Analyst, format!("/v1/live?campaigns=spring,{own}"), both)
        }
    }
}
