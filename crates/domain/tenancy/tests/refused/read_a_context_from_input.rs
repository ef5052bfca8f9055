fn readable<T: for<'de> serde::Deserialize<'de>>() {}

fn main() {
    readable::<tenancy::TenantContext>();
}
