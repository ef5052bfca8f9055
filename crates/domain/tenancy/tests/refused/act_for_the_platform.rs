fn main() {
    let _ = tenancy::PlatformContext::new("nobody");
}
