//! Waiting for what credit has announced and has not come through its feed yet: a platform that
//! creates a customer and bills it at once must not be refused. No other service is asked.

use std::time::Duration;

use postgres::retried;
use runtime::Refusal;
use tokio::time::{Instant, timeout};

use super::error::is_not_yet_known;
use crate::app::App;

/// How long a call waits before it tells its caller to come again.
const PATIENCE: Duration = Duration::from_secs(1);
/// When to look again without having heard: another replica may be the one that reads the feed.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Does `work`, a whole transaction, again whenever something new was heard, as long as it is refused
/// because something is not yet known. A refused try leaves no trace; a repeat of a request that was
/// done is answered by the first try, whatever is known.
///
/// # Errors
/// The refusal of the last try.
pub async fn until_heard<T, F, Fut>(app: &App, mut work: F) -> Result<T, Refusal>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Refusal>>,
{
    let began = Instant::now();
    loop {
        // Before the look, so that what is heard during it is not missed.
        let heard = app.heard.notified();
        match retried(&mut work).await {
            Err(refusal) if is_not_yet_known(&refusal) && began.elapsed() < PATIENCE => {}
            done => return done,
        }
        // Whether something was heard or not, the next look tells.
        let _ = timeout(LOOK_AGAIN, heard).await;
    }
}
