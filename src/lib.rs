//! Finds the MCP servers that your clients would start, asks them what they offer, and judges it.
pub mod document;
pub mod finding;
pub mod launch;
pub mod text;

pub mod config;
pub mod connect;
pub mod discover;
pub mod rules;
