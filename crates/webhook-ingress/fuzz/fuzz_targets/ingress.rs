//! All that comes over a connection to the public listener.
#![no_main]

use webhook_ingress_fuzz::ingress;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ingress::check(bytes);
});
