//! Finds the MCP servers that your clients would start, asks them what they offer, and judges it.
pub mod document;
pub mod finding;
pub mod text;

pub mod connect;
pub mod rules;
