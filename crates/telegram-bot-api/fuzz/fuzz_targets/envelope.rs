//! The body of a webhook request.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| telegram_bot_api_fuzz::envelope::check(body));
