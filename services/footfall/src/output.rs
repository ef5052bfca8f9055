//! Prints everything: results on standard output, progress and errors on standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the one module that prints")]

use std::{
    fmt,
    io::IsTerminal,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// How often progress is printed where no bar can be drawn, such as in a log.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Prints a line of the command's result.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints a line about the command, which is not part of its result.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// Prints why the command failed.
pub(crate) fn failure(text: &str) {
    eprintln!("footfall: {text}");
}

/// The progress of a long command: a bar in a terminal, a line every 10 s elsewhere.
pub(crate) struct Progress {
    bar: ProgressBar,
    drawn: bool,
    began: Instant,
    printed_at_seconds: AtomicU64,
    step_ended_ms: AtomicU64,
}

impl Progress {
    /// Progress over `total` bytes to read.
    pub(crate) fn of_bytes(total: u64) -> Self {
        let style = "{bar:32} {bytes}/{total_bytes}  {msg}  eta {eta}";
        Self::new(ProgressBar::new(total), style)
    }

    /// Progress over `total` seconds to run.
    pub(crate) fn of_seconds(total: u64) -> Self {
        Self::new(ProgressBar::new(total), "{bar:32} {pos}/{len} s  {msg}")
    }

    /// Progress over `total` steps.
    pub(crate) fn of_steps(total: u64) -> Self {
        Self::new(ProgressBar::new(total), "{bar:32} {pos}/{len}  {msg}")
    }

    /// Progress without a known end.
    pub(crate) fn endless() -> Self {
        Self::new(ProgressBar::no_length(), "{spinner} {elapsed_precise}  {msg}")
    }

    fn new(bar: ProgressBar, template: &str) -> Self {
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let drawn = std::io::stderr().is_terminal();
        Self {
            bar,
            drawn,
            began: Instant::now(),
            printed_at_seconds: AtomicU64::new(0),
            step_ended_ms: AtomicU64::new(0),
        }
    }

    /// Shows the position; `trouble` says what the command waits for.
    pub(crate) fn update(&self, position: u64, mut message: String, trouble: Option<String>) {
        if let Some(trouble) = trouble {
            message = format!("{message}, waiting: {trouble}");
        }
        if self.drawn {
            self.bar.set_position(position);
            self.bar.set_message(message);
            return;
        }
        let elapsed = self.began.elapsed().as_secs();
        let printed_at = self.printed_at_seconds.load(Ordering::Relaxed);
        if elapsed >= printed_at + PLAIN_EVERY.as_secs() {
            self.printed_at_seconds.store(elapsed, Ordering::Relaxed);
            note(&format!("{elapsed:>5} s  {message}"));
        }
    }

    /// Sets the total number of steps known by now.
    pub(crate) fn expect(&self, steps: u64) {
        self.bar.set_length(steps);
    }

    /// Adds steps to the total.
    pub(crate) fn expect_more(&self, steps: u64) {
        self.bar.inc_length(steps);
    }

    /// Shows the step that runs now.
    pub(crate) fn begin_step(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.tick();
    }

    /// Prints a finished step with its duration on a line that remains.
    pub(crate) fn end_step(&self, what: &str) {
        let elapsed_ms = self.began.elapsed().as_millis() as u64;
        let took_ms = elapsed_ms - self.step_ended_ms.swap(elapsed_ms, Ordering::Relaxed);
        let line = format!("{:>6.1} s  {what}", took_ms as f64 / 1_000.0);
        if self.drawn {
            self.bar.println(line);
            self.bar.inc(1);
        } else {
            note(&line);
        }
    }

    /// Removes the bar, so that only the result remains.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Columns of text: the first is left-aligned, the others (numbers) are right-aligned.
pub(crate) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// Creates a table with these column headings.
    pub(crate) fn new(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned)] }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells);
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        for row in &self.rows {
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                match column {
                    0 => write!(out, "{cell:<width$}")?,
                    _ => write!(out, "  {cell:>width$}")?,
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["tables", "rows"]);
        table.row(["a".to_owned(), "12345".to_owned()]);
        assert_eq!(table.to_string(), "tables   rows\na       12345\n");
    }
}
