//! See `lock` in `properties.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpscan_fuzz::run("lock", data));
