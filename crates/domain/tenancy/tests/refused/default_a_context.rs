fn main() {
    let _: tenancy::TenantContext = Default::default();
}
