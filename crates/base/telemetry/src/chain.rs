use std::error::Error;

/// Formats an error and its causes on one line, outermost first. A cause that the text before it
/// already ends with is left out.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.ends_with(&reason) {
            text.push_str(": ");
            text.push_str(&reason);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn causes_follow_their_error_and_repetitions_are_left_out() {
        let refused = Layer { text: "connection refused", source: None };
        let connect = Layer { text: "connect: connection refused", source: Some(refused.into()) };
        let read = Layer { text: "cannot read clusters", source: Some(connect.into()) };
        assert_eq!(chain(&read), "cannot read clusters: connect: connection refused");
    }
}
