//! Named points of a protocol at which a test can make a process die, to find out what a crash at
//! exactly that place leaves behind: between two commits, after a peer has acted and before its
//! answer is booked, in the middle of a batch.
//!
//! The points are compiled in with the feature `fault-points` alone. `tests/faults` turns it on for
//! every build that has tests in it, and shows that a build without tests has it not: there a point
//! is an empty function.
//!
//! Must not decide anything: a point that is not armed changes nothing.

/// Arms one point of the process that starts with it: `payments.apply.reserved`, or
/// `payments.apply.reserved@3` for the third time that the process comes there.
pub const VARIABLE: &str = "RECOUP_FAULT_POINT";

/// The first point of every process, which shows that points are compiled in.
pub const STARTED: &str = "runtime.started";

/// Ends the process here, without any farewell, if the environment arms the point `name`.
///
/// Names are `<service or library>.<step>.<place>`, and stand in one list in `tests/faults`.
#[inline]
pub fn point(name: &'static str) {
    #[cfg(feature = "fault-points")]
    armed::pass(name);
    #[cfg(not(feature = "fault-points"))]
    let _ = name;
}

#[cfg(feature = "fault-points")]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ARMED: LazyLock<Option<Armed>> = LazyLock::new(|| {
        let value = std::env::var_os(super::VARIABLE)?;
        Some(Armed::parse(&value.to_string_lossy()))
    });

    /// The one point of this process.
    struct Armed {
        name: String,
        /// How often it is passed until the process ends there.
        left: AtomicU32,
    }

    pub(super) fn pass(name: &'static str) {
        if ARMED.as_ref().is_some_and(|armed| armed.ends_at(name)) {
            eprintln!("fault point {name}");
            std::process::abort();
        }
    }

    impl Armed {
        fn parse(value: &str) -> Self {
            let (name, times) = value.split_once('@').unwrap_or((value, "1"));
            Self {
                name: name.to_owned(),
                left: AtomicU32::new(times.parse().unwrap_or(1)),
            }
        }

        fn ends_at(&self, name: &str) -> bool {
            self.name == name && self.left.fetch_sub(1, Ordering::SeqCst) == 1
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_point_ends_the_process_at_the_time_that_is_named_and_no_other() {
            let armed = Armed::parse("a.b@3");
            let passes = ["a.b", "a.c", "a.b", "a.b", "a.b"].map(|name| armed.ends_at(name));
            assert_eq!(passes, [false, false, false, true, false]);
            assert!(Armed::parse("a.b").ends_at("a.b"));
        }
    }
}
