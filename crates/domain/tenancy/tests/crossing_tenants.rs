//! Access across tenants does not compile: each file under `refused/` tries one way.

#[test]
fn crossing_tenants_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
