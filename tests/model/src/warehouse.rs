use std::collections::BTreeMap;

use crate::{ledger::Range, log::Event};

/// The name of an insert, its deduplication token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) generation: u16,
    pub(crate) range: Range,
    /// The epoch of the plan: when a restored ledger plans the range again, it is another insert.
    pub(crate) epoch: u64,
    /// The number of its repair.
    pub(crate) repair: u32,
}

/// The fate of a running insert when the server is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Neither the token nor the rows are stored.
    Nothing,
    /// Only the token is stored: a retry gets a clean answer without its rows.
    TokenOnly,
    /// The token and the rows are stored; only the answer is lost.
    Both,
}

/// The state of an insert, as its sender sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The server still works on it.
    Running,
    /// The server reported success.
    Clean,
    /// There was no answer, or one that decides nothing.
    Broken,
}

#[derive(Clone, Debug)]
struct Insert {
    token: Token,
    rows: Vec<(u64, Event)>,
    number: u64,
}

/// The table of one destination, its list of tokens, and the running inserts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warehouse {
    /// The copies of each row, by generation and offset.
    rows: BTreeMap<(u16, u64), Vec<Event>>,
    tokens: Vec<Token>,
    running: Vec<Insert>,
    answers: BTreeMap<u64, Answer>,
    sent: u64,
}

impl Warehouse {
    /// Sends an insert and returns its number, which finds its answer. A second insert with the
    /// token of a running one is refused.
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

    /// The server finishes the insert that has run longest.
    pub(crate) fn finish_insert(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let insert = self.running.remove(0);
        self.answers.insert(insert.number, Answer::Clean);
        if !self.tokens.contains(&insert.token) {
            self.insert_rows(insert.token.generation, &insert.rows);
            self.tokens.push(insert.token);
        }
    }

    /// The server is killed and started again.
    pub(crate) fn kill(&mut self, fate: Fate) {
        for insert in std::mem::take(&mut self.running) {
            self.answers.insert(insert.number, Answer::Broken);
            if fate == Fate::Nothing || self.tokens.contains(&insert.token) {
                continue;
            }
            if fate == Fate::Both {
                self.insert_rows(insert.token.generation, &insert.rows);
            }
            self.tokens.push(insert.token);
        }
    }

    /// The connections break; the server still finishes the running inserts.
    pub(crate) fn lose_answers(&mut self) {
        for insert in &self.running {
            self.answers.insert(insert.number, Answer::Broken);
        }
    }

    pub(crate) fn has_row(&self, generation: u16, offset: u64) -> bool {
        self.rows.contains_key(&(generation, offset))
    }

    /// Returns the highest offset at or above `next`.
    pub(crate) fn highest(&self, generation: u16, next: u64) -> Option<u64> {
        self.rows
            .range((generation, next)..=(generation, u64::MAX))
            .next_back()
            .map(|((_, offset), _)| *offset)
    }

    /// Returns the rows below an offset, and all rows of earlier generations.
    pub(crate) fn below(&self, generation: u16, end: u64) -> Vec<Event> {
        self.rows.range(..(generation, end)).flat_map(|(_, events)| events.clone()).collect()
    }

    pub(crate) fn rows(&self) -> &BTreeMap<(u16, u64), Vec<Event>> {
        &self.rows
    }

    fn insert_rows(&mut self, generation: u16, rows: &[(u64, Event)]) {
        for (offset, event) in rows {
            self.rows.entry((generation, *offset)).or_default().push(*event);
        }
    }
}
