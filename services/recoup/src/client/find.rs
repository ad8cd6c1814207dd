//! Reading one thing by whichever of its names was given: our own identity, else the foreign
//! system's, as the contract reads by it.

use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::get_customer_request::Key;
use contracts::credit::{Customer, GetCustomerRequest};
use tonic::Code;
use uuid::Uuid;

use crate::client::connection::Calls;
use crate::client::refused::{Refused, answered};

/// Whether a name can be an identity of ours. A foreign system's may look like one too, so it is
/// tried as ours first and then as theirs.
pub fn is_identity(name: &str) -> bool {
    Uuid::try_parse(name).is_ok()
}

/// Reads by one key after the other, until one is known: the last refusal otherwise.
///
/// # Errors
/// A refusal for another reason than that nothing has that name, or that of the last key.
pub async fn by_any<K, T>(
    keys: impl IntoIterator<Item = K>,
    mut read: impl AsyncFnMut(K) -> Result<T, Refused>,
) -> anyhow::Result<T> {
    let mut keys = keys.into_iter().peekable();
    while let Some(key) = keys.next() {
        match read(key).await {
            Err(refused) if is_unknown(&refused) && keys.peek().is_some() => {}
            read => return Ok(read?),
        }
    }
    anyhow::bail!("no name to look for")
}

/// Not known by that name, or a name that is no identity of ours although it looks like one.
pub fn is_unknown(refused: &Refused) -> bool {
    matches!(refused.code(), Code::NotFound | Code::InvalidArgument)
}

/// The customer with this `customer_id` or `external_id`.
///
/// # Errors
/// There is none.
pub async fn customer(calls: &Calls, name: &str) -> anyhow::Result<Customer> {
    let own = is_identity(name).then(|| Key::CustomerId(name.to_owned()));
    let keys = own.into_iter().chain([Key::ExternalId(name.to_owned())]);
    let mut customers = CustomerServiceClient::new(calls.clone());
    let answer = by_any(keys, async |key| {
        let request = GetCustomerRequest { key: Some(key) };
        answered(
            "reading the customer",
            customers.get_customer(request).await,
        )
    });
    Ok(answer.await?.customer.unwrap_or_default())
}

/// The `customer_id` for a filter that names a customer by either name.
///
/// # Errors
/// There is none with that name: better than an empty listing.
pub async fn customer_id(calls: &Calls, name: Option<&String>) -> anyhow::Result<Option<String>> {
    match name {
        Some(name) => Ok(Some(customer(calls, name).await?.customer_id)),
        None => Ok(None),
    }
}
