//! What the fuzzer gives arbitrary bytes to, over the corpus that it left: any toolchain, no fuzzer.

#[path = "../../fuzz/src/envelope.rs"]
#[expect(unreachable_pub, reason = "another package has it in a library")]
mod envelope;

use std::fs;
use std::path::Path;

#[test]
fn nothing_in_the_corpus_breaks_the_envelope() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/envelope");
    let mut bodies = Vec::new();
    for entry in fs::read_dir(corpus).unwrap() {
        bodies.push(fs::read(entry.unwrap().path()).unwrap());
    }
    assert!(bodies.len() > 20, "{} bodies", bodies.len());
    let all = on_a_small_stack(move || bodies.iter().for_each(|body| envelope::check(body)));
    all.unwrap();
}

#[test]
fn neither_depth_nor_length_costs_more_than_they_should() {
    let of = |piece: &str, times: usize, end: &str| {
        format!("{{\"update_id\":1,\"message\":{}{end}", piece.repeat(times)).into_bytes()
    };
    let bodies = [
        of("[", 500_000, ""),
        of("{\"chat\":", 60_000, ""),
        of("{\"a\":", 100_000, "1"),
        of("", 0, &format!("{{\"{}\":1}}}}", "\\u0061".repeat(80_000))),
        of("", 0, &format!("1,\"{}\":1}}", "x".repeat(500_000))),
        format!("{{\"{}\":1,\"update_id\":1}}", "\\n".repeat(200_000)).into_bytes(),
    ];
    let all = on_a_small_stack(move || bodies.iter().for_each(|body| envelope::check(body)));
    all.unwrap();
}

/// What recurses as deep as its input does overflows it, and takes the process along.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) -> std::thread::Result<()> {
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    thread.spawn(work).unwrap().join()
}
