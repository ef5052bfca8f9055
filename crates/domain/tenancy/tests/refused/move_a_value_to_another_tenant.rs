fn steal<T>(value: T, other: tenancy::TenantContext) -> tenancy::Scoped<T> {
    tenancy::Scoped { context: other, value }
}

fn main() {}
