//! Place: none. The rules of the house as tests: who may depend on whom, what may never come in, how a module begins,
//! what the documents say. Each message names the remedy.
//!
//! Needs `cargo` and `git`.

mod documents;
mod graph;
mod modules;
mod repository;
mod tree;
