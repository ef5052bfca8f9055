use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::TraceSpan;

pin_project! {
    /// Work within a span, if it has one: see [`in_span`].
    pub struct InSpan<F> {
        span: Option<TraceSpan>,
        #[pin]
        work: F,
    }
}

/// Makes `span` the current one while `work` runs: its calls to stores are children of it, and its log lines
/// name its trace. Without a span the work runs as it is.
pub fn in_span<F: Future>(span: Option<TraceSpan>, work: F) -> InSpan<F> {
    InSpan { span, work }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.span.as_ref().map(TraceSpan::enter);
        this.work.poll(context)
    }
}
