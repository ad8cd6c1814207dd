//! What agencies earn, computed anew from the rates that were fixed when a debt was placed, payment by
//! payment in the order of booking (AY-5).

use std::collections::BTreeMap;

use anyhow::Context as _;
use money::{Decimal, Rounding};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Check;
use super::ledger::currency;

/// The rates of one placement.
#[derive(Debug)]
struct Rates {
    marginal: bool,
    digits: u32,
    slices: Vec<Slice>,
}

#[derive(Debug, Clone, Copy)]
struct Slice {
    from: Decimal,
    below: Option<Decimal>,
    rate: Decimal,
}

#[derive(sqlx::FromRow)]
struct SliceRow {
    placement_id: Uuid,
    method: String,
    currency_code: String,
    from_amount: Decimal,
    below_amount: Option<Decimal>,
    rate: Decimal,
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    commission_id: Uuid,
    placement_id: Uuid,
    earns: bool,
    base_amount: Decimal,
    agreed_amount: Decimal,
    taken_back: Option<Decimal>,
}

/// Compares every entry with what the rates say.
///
/// # Errors
/// The database does not answer, or a sum is too large.
pub(super) async fn check(agency: &mut PgConnection) -> anyhow::Result<Check> {
    let rates = rates(agency).await?;
    let sql = "SELECT entry.commission_id, entry.placement_id, entry.earns, entry.base_amount,
                      entry.agreed_amount, reversed.agreed_amount AS taken_back
                 FROM commission entry
                 LEFT JOIN commission reversed
                   ON reversed.tenant_id = entry.tenant_id
                  AND reversed.commission_id = entry.reversed_commission_id
                ORDER BY entry.booked_time, entry.commission_id";
    let entries: Vec<EntryRow> = sqlx::query_as(sql).fetch_all(agency).await?;
    let mut check = Check::of("AY-5", "each payment earns what the placement's rates say");
    let mut before: BTreeMap<Uuid, Decimal> = BTreeMap::new();
    for entry in entries {
        let rates = rates
            .get(&entry.placement_id)
            .context("a commission without rates")?;
        let collected = before.entry(entry.placement_id).or_default();
        let expected = rates.on(&entry, *collected)?;
        if entry.earns {
            let sum = collected.checked_add(entry.base_amount);
            *collected = sum.context("what was collected")?;
        }
        let of = format!("commission {}", entry.commission_id);
        check.same(of, entry.agreed_amount.normalize(), expected.normalize());
    }
    Ok(check)
}

impl Rates {
    fn on(&self, entry: &EntryRow, before: Decimal) -> anyhow::Result<Decimal> {
        if !entry.earns {
            return Ok(Decimal::ZERO);
        }
        if self.marginal {
            let after = before
                .checked_add(entry.base_amount)
                .context("what was collected")?;
            let grown = self.on_sum(after)?.checked_sub(self.on_sum(before)?);
            return grown.context("a commission");
        }
        match (entry.taken_back, self.slices.first()) {
            (Some(agreed), _) => Ok(-agreed),
            (None, Some(only)) => self.rounded(entry.base_amount.checked_mul(only.rate)),
            (None, None) => anyhow::bail!("a placement without a rate"),
        }
    }

    /// Each slice of a sum at its own rate, rounded once.
    fn on_sum(&self, sum: Decimal) -> anyhow::Result<Decimal> {
        let mut earned = Decimal::ZERO;
        for slice in &self.slices {
            let top = slice.below.map_or(sum, |below| below.min(sum));
            let share = top
                .checked_sub(slice.from)
                .context("a slice")?
                .max(Decimal::ZERO);
            let part = share.checked_mul(slice.rate).context("a slice's part")?;
            earned = earned.checked_add(part).context("a commission")?;
        }
        self.rounded(Some(earned))
    }

    fn rounded(&self, amount: Option<Decimal>) -> anyhow::Result<Decimal> {
        let amount = amount.context("a commission too large")?;
        Ok(money::round(
            amount,
            self.digits,
            Rounding::HalfAwayFromZero,
        ))
    }
}

async fn rates(agency: &mut PgConnection) -> anyhow::Result<BTreeMap<Uuid, Rates>> {
    let sql = "SELECT placement_id, method, currency_code, from_amount, below_amount, rate
                 FROM commission_terms JOIN commission_slice USING (tenant_id, placement_id)
                ORDER BY placement_id, slice_number";
    let rows: Vec<SliceRow> = sqlx::query_as(sql).fetch_all(agency).await?;
    let mut rates = BTreeMap::new();
    for row in rows {
        let of_placement = rates.entry(row.placement_id).or_insert(Rates {
            marginal: row.method == "MARGINAL",
            digits: currency(&row.currency_code)?.digits(),
            slices: Vec::new(),
        });
        of_placement.slices.push(Slice {
            from: row.from_amount,
            below: row.below_amount,
            rate: row.rate,
        });
    }
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(marginal: bool) -> Rates {
        let slice = |from: i64, below: Option<i64>, rate: &str| Slice {
            from: Decimal::from(from),
            below: below.map(Decimal::from),
            rate: rate.parse().unwrap(),
        };
        let slices = match marginal {
            true => vec![slice(0, Some(1_000), "0.25"), slice(1_000, None, "0.15")],
            false => vec![slice(0, None, "0.333")],
        };
        let digits = 2;
        Rates {
            marginal,
            digits,
            slices,
        }
    }

    fn earned(rates: &Rates, base: i64, before: i64, taken_back: Option<i64>) -> Decimal {
        let entry = EntryRow {
            commission_id: Uuid::nil(),
            placement_id: Uuid::nil(),
            earns: true,
            base_amount: Decimal::from(base),
            agreed_amount: Decimal::ZERO,
            taken_back: taken_back.map(Decimal::from),
        };
        rates.on(&entry, Decimal::from(before)).unwrap()
    }

    #[test]
    fn ay_5_each_slice_at_its_own_rate_or_the_whole_at_one() {
        let (slices, whole) = (rates(true), rates(false));
        assert_eq!(earned(&slices, 800, 0, None), Decimal::from(200));
        assert_eq!(earned(&slices, 800, 800, None), Decimal::from(140));
        assert_eq!(earned(&slices, -800, 1_600, Some(140)), Decimal::from(-140));
        assert_eq!(earned(&whole, 5, 800, None), "1.67".parse().unwrap());
        assert_eq!(earned(&whole, -5, 800, Some(2)), Decimal::from(-2));
    }
}
