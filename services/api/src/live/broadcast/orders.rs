//! What clients with WebSockets ask for.

use futures::FutureExt;
use problem::Problem;
use tenancy::CampaignId;
use tokio::time::Instant;

use super::Broadcast;
use crate::live::{
    client::{ClientKey, Incoming},
    clients::Clients,
    command::{Receiver, Waiting},
    frames::Frame,
    hub::MAX_NAMED,
    jobs::admit,
    order::{Order, too_many, too_often},
};

impl Broadcast {
    /// Receives from a client, and obeys its next order.
    pub(super) fn receive(&mut self, clients: &mut Clients, key: ClientKey) {
        let incoming = clients.receive(key);
        if incoming == Incoming::Nothing {
            return;
        }
        // The kernel does not report again what is there already.
        self.unread.insert(key);
        let (Incoming::Order(order), Some(right)) = (incoming, clients.right(key)) else { return };
        match order {
            Order::Subscribe { campaigns } if clients.may_subscribe(key, Instant::now()) => {
                let job = admit(self.source(), self.web.clone(), key, right, campaigns);
                self.jobs.push(job.boxed());
            }
            Order::Subscribe { .. } => {
                clients.answer(key, None, Some(&Frame::refusal(&too_often())));
            }
            Order::Unsubscribe { campaigns } => {
                let selection = self.views.without(&right.selection, &campaigns);
                clients.answer(key, Some(selection), None);
            }
        }
    }

    /// Receives from the clients that have sent more than was read at once.
    pub(super) fn receive_more(&mut self, clients: &mut Clients) {
        for key in std::mem::take(&mut self.unread) {
            self.receive(clients, key);
        }
    }

    /// Adds campaigns to a client's stream once their snapshot is read.
    pub(super) fn subscribe(
        &mut self,
        clients: &mut Clients,
        key: ClientKey,
        campaigns: &[CampaignId],
    ) -> Result<(), Problem> {
        let Some(right) = clients.right(key) else { return Ok(()) };
        if self.views.count_with(&right.selection, campaigns) > MAX_NAMED {
            return Err(too_many());
        }
        let selection = self.views.select(campaigns, false);
        self.waiting.push(Waiting { selection, receiver: Receiver::Client(key) });
        Ok(())
    }
}
