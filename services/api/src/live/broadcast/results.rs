//! The results of what a broadcast does beside its frames.

use std::collections::HashMap;

use problem::Problem;
use tokio::time::Instant;

use super::Broadcast;
use crate::live::{
    client::Revoked,
    clients::Clients,
    command::{Receiver, Waiting},
    frames::{Frame, REVOKED},
    hub::MAX_ALL,
    jobs::{Checked, Done, Outcome, SnapshotReports},
    read_schedule::Read,
    view::SnapshotRequest,
};

impl Broadcast {
    /// Takes over the result of a job.
    pub(super) fn finish(&mut self, clients: &mut Clients, done: Done) {
        match done {
            Done::Snapshot { waiting, is_reset, request, read } => {
                self.finish_snapshot(clients, waiting, is_reset, request, read);
            }
            Done::Read(reports) => {
                let is_ok = reports.iter().all(|(_, _, report)| report.is_ok());
                self.reads.end(Read::Incomplete, Instant::now(), is_ok);
                let mut failure = None;
                for (number, range, report) in reports {
                    match report {
                        Ok(report) => self.views.read(number, &report, range),
                        Err(problem) => failure = Some(problem),
                    }
                }
                self.has_frames = true;
                if let Some(problem) = failure {
                    warn_of_retry(&problem);
                }
            }
            Done::Checked { checked, tenant, redis_is_behind } => {
                self.is_checking = false;
                self.obey_checks(clients, checked);
                if let Some(tenant) = tenant {
                    self.views.renew(tenant);
                }
                if redis_is_behind {
                    self.views.read_without_feed();
                }
            }
            Done::Admitted { key, campaigns, admitted } => {
                let subscribed = admitted.and_then(|tenant| {
                    self.views.renew(tenant);
                    self.subscribe(clients, key, &campaigns)
                });
                if let Err(problem) = subscribed {
                    clients.answer(key, None, Some(&Frame::refusal(&problem)));
                    self.receive(clients, key);
                }
            }
            Done::Held { replaced } => {
                self.is_holding = false;
                clients.end_replaced(&replaced);
            }
        }
    }

    /// Answers those who wait for a snapshot, and lets all clients start again from it after a reset. A
    /// campaign whose report failed is missing: who needs it is refused, and a reset is tried again.
    fn finish_snapshot(
        &mut self,
        clients: &mut Clients,
        waiting: Vec<Waiting>,
        is_reset: bool,
        request: SnapshotRequest,
        read: SnapshotReports,
    ) {
        let mut failed = HashMap::new();
        let mut reports = Vec::new();
        let read = read.map(|(place, results)| {
            for (number, result) in results {
                match result {
                    Ok(report) => reports.push((number, report)),
                    Err(problem) => drop(failed.insert(number, problem)),
                }
            }
            place
        });
        let is_ok = read.is_ok() && failed.is_empty();
        self.reads.end(Read::Snapshot { is_reset }, Instant::now(), is_ok);
        if let Some(problem) = read.as_ref().err().or_else(|| failed.values().next())
            && is_reset
        {
            warn_of_retry(problem);
        }
        let place = match read {
            Ok(place) => place,
            Err(problem) => return self.refuse(clients, waiting, &problem),
        };
        let snapshot = if is_reset && is_ok {
            let (snapshot, has_all) = self.views.reset(request, reports, place);
            if !has_all {
                self.reads.reset(Instant::now());
            }
            snapshot
        } else {
            self.views.snapshot(request, reports, place, !clients.is_empty())
        };
        self.has_frames = true;
        let mut frames = HashMap::new();
        for Waiting { selection, receiver } in waiting {
            let problem = selection.campaigns.iter().find_map(|number| failed.get(number));
            if let Some(problem) = problem {
                self.refuse(clients, vec![Waiting { selection, receiver }], problem);
                continue;
            }
            let frame = frames.entry(selection.key());
            let frame = frame.or_insert_with(|| self.views.snapshot_of(&selection, &snapshot));
            match receiver {
                Receiver::Opening(opened) => {
                    let frame = frame.clone();
                    let stream = self.opened(selection, Some(frame));
                    opened.send(Ok(stream)).unwrap_or_default();
                }
                Receiver::Client(key) => {
                    let Some(right) = clients.right(key) else { continue };
                    let selection = self.views.union(&right.selection, &selection);
                    // It says nothing about the client's other campaigns.
                    clients.answer(key, Some(selection), Some(&frame.without_id()));
                    self.receive(clients, key);
                }
            }
        }
    }

    /// Ends the streams whose right was revoked, and gives those of all campaigns the ones that exist now.
    fn obey_checks(&mut self, clients: &mut Clients, checked: Vec<Checked>) {
        let mut revoked = Vec::new();
        for Checked { right, outcome } in checked {
            match outcome {
                Outcome::Holds => {}
                Outcome::RevokedCredential => {
                    revoked.push(Revoked { principal: right.principal, campaigns: None });
                }
                Outcome::RevokedCampaigns(campaigns) => {
                    let campaigns = Some(self.views.numbered(&campaigns));
                    revoked.push(Revoked { principal: right.principal, campaigns });
                }
                Outcome::Sees(all) => {
                    // Of too many, a stream has those that it began with, while they may be seen.
                    let is_too_many = all.len() > MAX_ALL;
                    let selection = match is_too_many {
                        true => self.views.intersection(&right.selection, &all),
                        false => self.views.select(&all, true),
                    };
                    if selection == right.selection {
                        continue;
                    }
                    if is_too_many {
                        tracing::warn!(
                            campaigns = all.len(),
                            "too many campaigns for live streams"
                        );
                    }
                    if let Err(error) = self.views.read_added(&right.selection, &selection) {
                        tracing::error!(%error, "a campaign cannot be added to live streams");
                    }
                    clients.select(&right, &selection);
                }
            }
        }
        clients.end_revoked(&revoked, REVOKED);
    }
}

fn warn_of_retry(problem: &Problem) {
    let error = problem as &dyn std::error::Error;
    tracing::warn!(error, "live streams are read again later: their report is unavailable");
}
