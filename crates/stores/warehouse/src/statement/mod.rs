//! Statements that are made of a template and expressions.

mod expressions;
mod members;

use clickhouse::query::Query;
use sha2::{Digest, Sha256};
use tenancy::Placement;

pub(crate) use self::{
    expressions::{CUSTOMER_TYPE, array, condition, expression},
    members::members,
};

/// A statement made of a template and expressions of this crate; every value is a bound parameter.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) parameters: Parameters,
}

/// The parameters of a statement, other than `client_id`, by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters(Vec<(String, Parameter)>);

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parameter {
    Text(String),
    Texts(Vec<String>),
    TextLists(Vec<Vec<String>>),
    Number(u32),
    Numbers(Vec<u32>),
    Seconds(u32),
    ManySeconds(Vec<u32>),
    Milliseconds(i64),
}

impl Parameters {
    /// Adds a parameter, unless there is one of the same value. Returns its name.
    pub(crate) fn add(&mut self, parameter: Parameter) -> String {
        if let Some((name, _)) = self.0.iter().find(|(_, own)| *own == parameter) {
            return name.clone();
        }
        let name = format!("value{}", self.0.len());
        self.0.push((name.clone(), parameter));
        name
    }

    /// Adds a parameter that a template names.
    pub(crate) fn set(&mut self, name: &str, parameter: Parameter) {
        self.0.push((name.to_owned(), parameter));
    }
}

/// Returns a hash of the statements of a read, of their parameters and of the place that they read.
pub(crate) fn fingerprint(statements: &[Statement], placement: &Placement) -> [u8; 32] {
    // Texts are quoted and escaped, so that two lists of parameters never look alike.
    Sha256::digest(format!("{placement:?} {statements:?}")).into()
}

impl Statement {
    /// Returns the same statement after a word.
    pub(crate) fn prefixed(&self, word: &'static str) -> Self {
        Self { sql: [word, &self.sql].concat(), parameters: self.parameters.clone() }
    }

    /// Returns the statement that counts the rows of this one.
    pub(crate) fn counted(&self) -> Self {
        Self {
            sql: format!("SELECT count() FROM ({})", self.sql),
            parameters: self.parameters.clone(),
        }
    }

    /// Binds the parameters.
    pub(crate) fn bind(&self, query: Query) -> Query {
        self.parameters.0.iter().fold(query, |query, (name, parameter)| match parameter {
            Parameter::Text(text) => query.param(name, text),
            Parameter::Texts(texts) => query.param(name, texts),
            Parameter::TextLists(lists) => query.param(name, lists),
            Parameter::Number(number) | Parameter::Seconds(number) => query.param(name, number),
            Parameter::Numbers(many) | Parameter::ManySeconds(many) => query.param(name, many),
            Parameter::Milliseconds(milliseconds) => query.param(name, milliseconds),
        })
    }
}
