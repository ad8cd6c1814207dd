//! Keyset pages: a listing continues behind the last row it showed, so that rows
//! which come or go meanwhile neither repeat nor hide others.
//!
//! The token is opaque to the caller and bound to tenant, method and filter: a
//! token of another listing is refused, not misread.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::TenantId;

/// Rows on a page where the caller names no number.
pub const DEFAULT_SIZE: i32 = 50;

/// Rows on a page at most.
pub const MAX_SIZE: i32 = 500;

/// Why a page cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The number of rows is out of range.
    #[error("page_size must be 0 (for the default of 50) to 500")]
    Size,
    /// The token is not one that this listing gave out.
    #[error("page_token is not the next_page_token of an earlier page of the same listing")]
    Token,
}

/// What a token is good for: this method with this filter in this tenant.
#[derive(Debug, Clone, Copy)]
pub struct Listing([u8; 16]);

impl Listing {
    /// The listing of `method` for `tenant` with `filter`, the canonical encoding
    /// of whatever narrows it.
    #[must_use]
    pub fn new(tenant: TenantId, method: &str, filter: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(tenant.uuid().as_bytes());
        hash.update(method.len().to_be_bytes());
        hash.update(method.as_bytes());
        hash.update(filter);
        let hash: [u8; 32] = hash.finalize().into();
        let mut mark = [0; 16];
        mark.copy_from_slice(&hash[..16]);
        Self(mark)
    }

    /// Reads what the caller asked: how many rows, and behind which key.
    ///
    /// # Errors
    /// [`PageError`] naming the field that is wrong.
    pub fn page<K: DeserializeOwned>(&self, size: i32, token: &str) -> Result<Page<K>, PageError> {
        let size = match size {
            0 => DEFAULT_SIZE,
            1..=MAX_SIZE => size,
            _ => return Err(PageError::Size),
        };
        let after = if token.is_empty() {
            None
        } else {
            Some(self.key(token)?)
        };
        Ok(Page {
            size,
            after,
            listing: *self,
        })
    }

    fn key<K: DeserializeOwned>(&self, token: &str) -> Result<K, PageError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| PageError::Token)?;
        let key = bytes.strip_prefix(&self.0).ok_or(PageError::Token)?;
        serde_json::from_slice(key).map_err(|_| PageError::Token)
    }
}

/// A page as it was asked for.
#[derive(Debug, Clone)]
pub struct Page<K> {
    size: i32,
    after: Option<K>,
    listing: Listing,
}

impl<K: Serialize> Page<K> {
    /// The key of the last row of the page before; none on the first page.
    pub const fn after(&self) -> Option<&K> {
        self.after.as_ref()
    }

    /// How many rows to fetch: one more than the page shows, to know whether
    /// another one follows.
    #[must_use]
    pub fn fetch_limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Cuts fetched rows to the page and makes the token of the next one, which
    /// is empty where none follows.
    pub fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> (Vec<T>, String) {
        let size = usize::try_from(self.size).unwrap_or_default();
        let more = rows.len() > size;
        rows.truncate(size);
        let token = match rows.last() {
            Some(last) if more => self.token(&key(last)),
            _ => String::new(),
        };
        (rows, token)
    }

    fn token(&self, key: &K) -> String {
        let mut bytes = self.listing.0.to_vec();
        // A key is a few plain values; were it not, the listing would end here.
        if serde_json::to_writer(&mut bytes, key).is_err() {
            return String::new();
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn listing(tenant: u128, method: &str, filter: &[u8]) -> Listing {
        Listing::new(TenantId::new(Uuid::from_u128(tenant)), method, filter)
    }

    #[test]
    fn a_listing_continues_behind_its_last_row_and_ends() {
        let here = listing(1, "ListInvoices", b"");
        let rows: Vec<i64> = (1..=5).collect();
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page: Page<i64> = here.page(2, &token).unwrap();
            let after = page.after().copied().unwrap_or(0);
            let limit = usize::try_from(page.fetch_limit()).unwrap();
            let fetched = rows
                .iter()
                .copied()
                .filter(|row| *row > after)
                .take(limit)
                .collect();
            let (shown, next) = page.cut(fetched, |row| *row);
            seen.extend(shown);
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn a_token_is_good_for_its_own_listing_only() {
        let here = listing(1, "ListInvoices", b"open");
        let page: Page<i64> = here.page(1, "").unwrap();
        let (_, token) = page.cut(vec![7, 8], |row| *row);
        assert_eq!(here.page::<i64>(1, &token).unwrap().after(), Some(&7));
        for other in [
            listing(2, "ListInvoices", b"open"),
            listing(1, "ListReceipts", b"open"),
            listing(1, "ListInvoices", b"all"),
        ] {
            assert_eq!(other.page::<i64>(1, &token).unwrap_err(), PageError::Token);
        }
        for forged in ["x", "!!", &token[..token.len() - 4]] {
            assert_eq!(here.page::<i64>(1, forged).unwrap_err(), PageError::Token);
        }
    }

    #[test]
    fn a_page_has_1_to_500_rows_and_50_by_default() {
        let here = listing(1, "ListInvoices", b"");
        assert_eq!(here.page::<i64>(0, "").unwrap().fetch_limit(), 51);
        assert_eq!(here.page::<i64>(500, "").unwrap().fetch_limit(), 501);
        assert_eq!(here.page::<i64>(501, "").unwrap_err(), PageError::Size);
        assert_eq!(here.page::<i64>(-1, "").unwrap_err(), PageError::Size);
    }
}
