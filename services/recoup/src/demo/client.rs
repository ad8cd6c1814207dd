//! How the demo talks to the installation: over its address, with a token, as any caller does.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use contracts::common::{Decimal, Money};
use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::google::r#type::Date as WireDate;
use contracts::sandbox::advance_request::Reach;
use contracts::sandbox::advance_response::Step;
use contracts::sandbox::clock_service_client::ClockServiceClient;
use contracts::sandbox::{AdvanceRequest, AdvanceResult};
use jiff::Timestamp;
use jiff::civil::Date;
use tonic::transport::Channel;

use crate::client::connection::{Calls, authorized};
use crate::installation::Installation;
use crate::token::{self, Wish};

/// The installation, as a caller sees it.
#[derive(Debug)]
pub struct World {
    calls: Calls,
    requests: AtomicU64,
}

impl World {
    /// Signs a token for the development tenant; connects with the first call.
    ///
    /// # Errors
    /// The key cannot be read.
    pub fn try_new(installation: &Installation) -> anyhow::Result<Self> {
        let token = token::signed(installation.keys(), &Wish::default())?;
        let address = format!("http://{}", installation.address());
        let channel = Channel::from_shared(address)?.connect_lazy();
        Ok(Self {
            calls: authorized(channel, &token, None)?,
            requests: AtomicU64::new(0),
        })
    }

    /// What a generated client is made with.
    pub fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// A request id of its own.
    pub fn fresh(&self) -> String {
        format!("demo-{:06}", self.requests.fetch_add(1, Ordering::Relaxed))
    }

    /// Lets everything that is under way come to rest.
    ///
    /// # Errors
    /// The clock is refused.
    pub async fn settle(&self) -> anyhow::Result<AdvanceResult> {
        self.advance(Reach::Duration(prost_types::Duration::default()))
            .await
    }

    /// Moves the clock to an instant, from due time to due time.
    ///
    /// # Errors
    /// The clock is refused.
    pub async fn go_to(&self, instant: Timestamp) -> anyhow::Result<AdvanceResult> {
        self.advance(Reach::TargetTime(instant_to_wire(instant)))
            .await
    }

    async fn advance(&self, reach: Reach) -> anyhow::Result<AdvanceResult> {
        let request = AdvanceRequest {
            request_id: self.fresh(),
            reach: Some(reach),
        };
        let mut client = ClockServiceClient::new(self.calls());
        let mut steps = client.advance(request).await?.into_inner();
        while let Some(answer) = steps.message().await? {
            if let Some(Step::Result(result)) = answer.step {
                return Ok(result);
            }
        }
        anyhow::bail!("the clock ended without a result")
    }
}

/// What an answer must have.
///
/// # Errors
/// It has not.
pub fn had<T>(part: Option<T>, what: &'static str) -> anyhow::Result<T> {
    part.with_context(|| format!("an answer without {what}"))
}

/// Cents as the contracts write money.
#[must_use]
pub fn money(cents: i64, currency_code: &str) -> Money {
    Money {
        currency_code: currency_code.to_owned(),
        amount: amount(cents),
    }
}

/// Cents as an amount.
#[must_use]
pub fn amount(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// An amount of two digits in cents.
///
/// # Errors
/// It has not two.
pub fn cents(money: Option<&Money>) -> anyhow::Result<i64> {
    let amount = &had(money, "an amount")?.amount;
    let (whole, part) = amount.split_once('.').context("an amount without cents")?;
    anyhow::ensure!(part.len() == 2, "an amount with other digits: {amount}");
    Ok(format!("{whole}{part}").parse()?)
}

/// A decimal of the contracts.
#[must_use]
pub fn decimal(value: &str) -> Option<Decimal> {
    let value = value.to_owned();
    Some(Decimal { value })
}

/// A day of the contracts.
#[must_use]
pub fn day(date: Date) -> Option<WireDate> {
    Some(date_to_wire(date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_written_and_read_as_they_are() {
        for (value, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (123_456, "1234.56"),
            (-7, "-0.07"),
        ] {
            assert_eq!(amount(value), text);
            assert_eq!(cents(Some(&money(value, "EUR"))).unwrap(), value);
        }
        assert!(cents(None).is_err());
        assert!(
            cents(Some(&Money {
                currency_code: "JPY".into(),
                amount: "12".into()
            }))
            .is_err()
        );
    }
}
