#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| loggrep_abm_fuzz_bodies::run("container", data));
