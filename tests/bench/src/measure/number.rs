/// Returns a figure with three significant digits or all of its integer part; a dash if there is none.
pub(crate) fn shown(figure: f64) -> String {
    if !figure.is_finite() {
        return "–".to_owned();
    }
    match figure.abs() {
        size if size >= 100.0 => grouped(figure),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 0.1 || size == 0.0 => format!("{figure:.2}"),
        _ => format!("{figure:.4}"),
    }
}

/// Returns a whole number with a comma before each group of three digits.
fn grouped(figure: f64) -> String {
    let digits = format!("{:.0}", figure.abs());
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if figure < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_matter() {
        let given = [1_234_567.0, 152.4, 15.24, 1.524, 0.0123, 0.0, -1_000.0, f64::NAN];
        let expected = ["1,234,567", "152", "15.2", "1.52", "0.0123", "0.00", "-1,000", "–"];
        assert_eq!(given.map(shown), expected);
    }
}
