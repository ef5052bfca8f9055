use std::collections::BTreeMap;

use crate::{ledger::Range, log::Event};

/// The name of an insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kgen: u16,
    pub(crate) range: Range,
    /// Of the plan: the same range planned anew, by a ledger that has forgotten, is another insert.
    pub(crate) epoch: u64,
    /// Which repair of it.
    pub(crate) repair: u32,
}

/// What becomes of an insert that runs when the server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing is left of it.
    Nothing,
    /// The token is, the rows are not: a retry is told that all is well.
    TokenOnly,
    /// All of it is; only the answer is lost.
    Both,
}

/// How an insert stands, for whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server still works on it.
    Running,
    /// All is well.
    Clean,
    /// There was no answer, or it said nothing.
    Broken,
}

#[derive(Clone, Debug)]
struct Insert {
    token: Token,
    rows: Vec<(u64, Event)>,
    number: u64,
}

/// The table of one destination, its list of tokens, and what runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warehouse {
    /// How often each row is there, by generation and offset.
    rows: BTreeMap<(u16, u64), Vec<Event>>,
    tokens: Vec<Token>,
    running: Vec<Insert>,
    answers: BTreeMap<u64, Answer>,
    sent: u64,
}

impl Warehouse {
    /// Sends an insert; its number, to ask for the answer with. A second copy of one that runs is
    /// refused.
    pub(crate) fn send(&mut self, token: Token, rows: Vec<(u64, Event)>) -> u64 {
        self.sent += 1;
        if self.is_running(&token) {
            self.answers.insert(self.sent, Answer::Broken);
        } else {
            self.running.push(Insert { token, rows, number: self.sent });
        }
        self.sent
    }

    pub(crate) fn answer(&self, number: u64) -> Answer {
        self.answers.get(&number).copied().unwrap_or(Answer::Running)
    }

    pub(crate) fn is_running(&self, token: &Token) -> bool {
        self.running.iter().any(|insert| insert.token == *token)
    }

    /// The server comes to the end of the insert that has run longest.
    pub(crate) fn work(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let insert = self.running.remove(0);
        self.answers.insert(insert.number, Answer::Clean);
        if !self.tokens.contains(&insert.token) {
            self.land(insert.token.kgen, &insert.rows);
            self.tokens.push(insert.token);
        }
    }

    /// The server is killed and started again.
    pub(crate) fn die(&mut self, fate: Fate) {
        for insert in std::mem::take(&mut self.running) {
            self.answers.insert(insert.number, Answer::Broken);
            if fate == Fate::Nothing || self.tokens.contains(&insert.token) {
                continue;
            }
            if fate == Fate::Both {
                self.land(insert.token.kgen, &insert.rows);
            }
            self.tokens.push(insert.token);
        }
    }

    /// The connection breaks while the insert runs; the server does not mind.
    pub(crate) fn lose_answers(&mut self) {
        for insert in &self.running {
            self.answers.insert(insert.number, Answer::Broken);
        }
    }

    pub(crate) fn is_there(&self, kgen: u16, offset: u64) -> bool {
        self.rows.contains_key(&(kgen, offset))
    }

    /// The highest offset at or above `next`.
    pub(crate) fn highest(&self, kgen: u16, next: u64) -> Option<u64> {
        self.rows.range((kgen, next)..=(kgen, u64::MAX)).next_back().map(|((_, offset), _)| *offset)
    }

    /// Every row below an offset, and all of earlier generations.
    pub(crate) fn below(&self, kgen: u16, end: u64) -> Vec<Event> {
        self.rows.range(..(kgen, end)).flat_map(|(_, events)| events.clone()).collect()
    }

    pub(crate) fn rows(&self) -> &BTreeMap<(u16, u64), Vec<Event>> {
        &self.rows
    }

    fn land(&mut self, kgen: u16, rows: &[(u64, Event)]) {
        for (offset, event) in rows {
            self.rows.entry((kgen, *offset)).or_default().push(*event);
        }
    }
}
