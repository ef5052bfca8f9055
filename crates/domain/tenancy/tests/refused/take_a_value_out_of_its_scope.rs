fn take<T>(scoped: tenancy::Scoped<T>) -> T {
    scoped.into_value()
}

fn main() {}
