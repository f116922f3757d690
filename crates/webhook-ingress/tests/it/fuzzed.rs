//! What the fuzzer gives arbitrary bytes to, over the corpus that it left: any toolchain, no fuzzer.

#[path = "../../fuzz/src/ingress.rs"]
#[expect(unreachable_pub, reason = "another package has it in a library")]
mod ingress;
#[path = "../../fuzz/src/site.rs"]
mod site;
#[path = "../../fuzz/src/wire.rs"]
mod wire;

use std::fs;
use std::path::Path;

#[test]
fn nothing_in_the_corpus_breaks_the_ingress() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/ingress");
    let mut inputs: Vec<_> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    inputs.sort();
    assert!(inputs.len() > 40, "{} inputs", inputs.len());
    let accepted: usize = inputs
        .iter()
        .map(|input| ingress::check(&fs::read(input).unwrap()))
        .sum();
    assert!(accepted >= 20, "{accepted} accepted");
}
