fn forge(record: tenancy::TenantRecord) -> tenancy::TenantContext {
    tenancy::TenantContext::new(record)
}

fn main() {}
