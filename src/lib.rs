//! Finds the MCP servers that your clients would start, asks them what they offer, and says what is wrong with them.
//!
//! The library is a pipeline; each stage is a module with plain data between: [`discover`] finds files, [`config`] reads
//! them, [`launch`] says what runs in the end, [`surroundings`] looks around them on disk, [`connect`] asks servers, [`surface`] lists what they say, [`judge`]
//! applies [`rules`], [`triage`] selects by [`settings`], [`report`] renders. [`scan`](pipeline::scan) is all of it in one screen. The
//! binary parses arguments, calls it, and turns the outcome into an exit code.

pub mod cli;
pub mod config;
pub mod connect;
pub mod discover;
pub mod document;
pub mod finding;
pub mod judge;
pub mod launch;
pub mod lock;
mod parallel;
pub mod pipeline;
pub mod report;
pub mod rules;
pub mod settings;
pub mod surface;
pub mod surroundings;
pub mod text;
pub mod triage;
