//! Gathering entries over the pages of a listing.

/// Entries asked for at a time. Small enough that an answer of the largest invoices passes.
const PAGE_SIZE: usize = 100;

/// How much of a listing is wanted.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Limit {
    /// Entries shown at most; 0: all
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

/// What a listing came to.
#[derive(Debug)]
pub struct Found<T> {
    /// The entries, in the order of the listing.
    pub entries: Vec<T>,
    /// Whether there are more than were wanted.
    pub more: bool,
}

impl Limit {
    /// Everything there is.
    pub const ALL: Self = Self { limit: 0 };

    /// Asks for page after page until enough is there. `page` gets the page size and the page token,
    /// and answers the entries with the next page's token.
    ///
    /// # Errors
    /// What `page` fails with.
    pub async fn gather<T, E>(
        self,
        mut page: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), E>,
    ) -> Result<Found<T>, E> {
        let (mut entries, mut token) = (Vec::new(), String::new());
        loop {
            let wanted = match self.limit {
                0 => PAGE_SIZE,
                limit => limit.saturating_sub(entries.len()).min(PAGE_SIZE),
            };
            let size = i32::try_from(wanted).unwrap_or(i32::MAX);
            let (found, next) = page(size, token).await?;
            entries.extend(found);
            let enough = self.limit != 0 && entries.len() >= self.limit;
            if next.is_empty() || enough {
                let more = !next.is_empty();
                return Ok(Found { entries, more });
            }
            token = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A listing of the numbers below `count`; answers what was found and the sizes asked for.
    async fn gathered(limit: usize, count: usize) -> (Found<usize>, Vec<i32>) {
        let mut sizes = Vec::new();
        let limit = Limit { limit };
        let found = limit.gather(async |size, token: String| {
            sizes.push(size);
            let from = token.parse().unwrap_or(0);
            let to = count.min(from + usize::try_from(size).unwrap());
            let next = (to < count).then(|| to.to_string());
            Ok::<_, Infallible>(((from..to).collect(), next.unwrap_or_default()))
        });
        let Ok(found) = found.await;
        (found, sizes)
    }

    #[tokio::test]
    async fn as_many_are_gathered_as_are_wanted() {
        let (all, sizes) = gathered(0, 250).await;
        assert_eq!(all.entries, Vec::from_iter(0..250));
        assert!(!all.more);
        assert_eq!(sizes, [100, 100, 100]);
        let (some, sizes) = gathered(120, 250).await;
        assert_eq!((some.entries.len(), some.more), (120, true));
        assert_eq!(sizes, [100, 20]);
        let (exactly, _) = gathered(120, 120).await;
        assert_eq!((exactly.entries.len(), exactly.more), (120, false));
        let (none, sizes) = gathered(5, 0).await;
        assert_eq!((none.entries.len(), none.more, sizes.len()), (0, false, 1));
    }
}
