//! See `config_shape` in `properties.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mcpscan_fuzz::run("config_shape", data));
