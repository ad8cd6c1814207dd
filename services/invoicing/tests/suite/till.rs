//! A book to pay into: invoices issued by the rules and stored by the program, on any day, and the
//! RPCs that move money, in a line each.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use contracts::google::r#type::Date as WireDate;
use contracts::invoicing::application_service_client::ApplicationServiceClient;
use contracts::invoicing::{
    Application, ApplyCreditsRequest, ApplyCreditsResponse, ApplyCreditsResult, CreditApplication,
    ReversalOrder, ReverseApplicationsRequest, ReverseApplicationsResponse,
    ReverseApplicationsResult,
};
use invoicing::domain::{
    Customer, CustomerId, DiscountTier, Due, EarlyPaymentOffer, Grant, Invoice, InvoiceContent,
    InvoiceId, Line, Stamp, Tax, TaxCategory, Terms, Tolerance,
};
use invoicing::store;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use money::{Currency, Money, Rate};
use postgres::{Database, PostgresConfig, TenantId};
use sqlx::PgPool;
use testkit::{eventually, eventually_some};
use tonic::transport::Channel;
use tonic::{Response, Status};
use uuid::Uuid;

use crate::fixture::{OURS, World, reason};
pub use crate::order::{
    applied, by_rule, for_invoice, for_invoices, not_reversed, refusal, returned, reversed,
};

/// The day of most invoices.
pub const JAN_1: Date = date(2026, 1, 1);

/// A customer by a number.
pub fn customer(number: u128) -> CustomerId {
    CustomerId(Uuid::from_u128(
        0x0190_c000_0000_7000_8000_0000_0000_0000 + number,
    ))
}

pub fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

/// An amount of an answer.
pub fn amount(money: &Option<contracts::common::Money>) -> &str {
    money.as_ref().map_or("none", |money| money.amount.as_str())
}

pub fn day(wire: &Option<WireDate>) -> Option<Date> {
    let wire = wire.as_ref()?;
    Some(contracts::convert::date_from_wire(wire).unwrap())
}

/// What an invoice is issued by.
#[derive(Debug, Clone)]
pub struct Bill {
    pub customer_id: CustomerId,
    pub gross: Money,
    pub terms: &'static str,
    /// `2/14`: 2 % within 14 days; several, apart by spaces.
    pub offer: &'static str,
    pub date: Date,
}

impl Bill {
    /// Customer 1 owes `gross` euros in 30 days from 1 January, without an offer.
    pub fn of(gross: &str) -> Self {
        Self {
            customer_id: customer(1),
            gross: eur(gross),
            terms: "net 30",
            offer: "",
            date: JAN_1,
        }
    }
}

/// A running service with a book behind it.
pub struct Till {
    pub world: World,
    pub db: Database,
    pub pool: PgPool,
    numbers: AtomicU32,
}

impl Till {
    pub async fn open() -> Self {
        let world = World::start().await;
        let urls = (world.database.app_url(), world.database.background_url());
        let config = PostgresConfig::with_urls(urls.0, urls.1);
        Self {
            db: Database::connect(&config, "invoicing").await.unwrap(),
            pool: PgPool::connect(&world.database.superuser_url())
                .await
                .unwrap(),
            numbers: AtomicU32::new(1),
            world,
        }
    }

    /// The books agree; then the end.
    pub async fn close(self) {
        crate::books::assert_balanced(&self.world).await;
        self.world.server.stop().await;
    }

    /// As [`Till::close`], and nobody waited for another who waited for him: the program repeats a
    /// transaction that was cut for that, so answers alone would not show it.
    pub async fn close_without_deadlock(self) {
        crate::books::assert_balanced(&self.world).await;
        self.world.server.stop().await;
        self.db.close();
        // A session counts what it met with when it ends.
        let others = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND usename <> current_user";
        let ended = async || {
            let left: i64 = sqlx::query_scalar(others)
                .fetch_one(&self.pool)
                .await
                .unwrap();
            left == 0
        };
        eventually(Duration::from_secs(10), "all sessions have ended", ended).await;
        let met = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        let met: i64 = sqlx::query_scalar(met).fetch_one(&self.pool).await.unwrap();
        assert_eq!(met, 0, "deadlocks");
    }

    pub fn client(&self) -> ApplicationServiceClient<Channel> {
        ApplicationServiceClient::new(self.world.channel())
    }

    /// Grants customer 1 a tolerance from 2025 on.
    pub async fn tolerate(&self, ratio: &str, maximum: &str, discount_grace_days: u16) {
        let grant = Grant {
            valid_from_date: date(2025, 1, 1),
            policy_version: "credit-policy/standard@1".to_owned(),
            terms: terms("net 30"),
            early_payment_offer: EarlyPaymentOffer::default(),
            tolerance: tolerance(ratio, maximum, discount_grace_days),
        };
        let mut tx = self.db.begin(OURS).await.unwrap();
        let granted = store::customer::grant_in_tx(&mut tx, OURS, customer(1), &grant, 1);
        granted.await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A draft by the bill.
    pub fn draft(&self, bill: &Bill) -> Invoice {
        let currency = bill.gross.currency();
        let line = Line::try_new(
            "what was delivered".into(),
            "1".parse().unwrap(),
            "piece".into(),
            bill.gross.amount(),
            Tax::try_new(TaxCategory::Zero, Rate::ZERO).unwrap(),
            currency,
        );
        let content = InvoiceContent {
            customer_id: bill.customer_id,
            currency,
            invoice_date: Some(bill.date),
            due: Some(Due::Terms(terms(bill.terms))),
            early_payment_offer: Some(offer(bill.offer)),
            lines: vec![line.unwrap()],
            series_code: "INV".to_owned(),
            payment_reference: String::new(),
            order_reference: String::new(),
            reservation_id: None,
            note: String::new(),
        };
        let id = InvoiceId(Uuid::now_v7());
        Invoice::draft(id, None, content, morning(bill.date)).unwrap()
    }

    /// Issues a draft on its date, under the next number.
    pub fn issued(&self, mut draft: Invoice) -> Invoice {
        let on = draft.content.invoice_date.unwrap();
        let whose = Customer {
            customer_id: draft.content.customer_id,
            external_id: None,
            grants: Vec::new(),
        };
        let plan = draft.plan_issue(&whose, on).unwrap();
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let mut new_id = Uuid::now_v7;
        let mut stamp = Stamp::new(morning(on), &mut new_id);
        draft
            .issue(plan, format!("INV-{number:05}"), &mut stamp)
            .unwrap();
        draft
    }

    /// Stores an invoice as it is.
    pub async fn store(&self, tenant: TenantId, mut invoice: Invoice) -> Invoice {
        let mut tx = self.db.begin(tenant).await.unwrap();
        let stored = store::invoice::insert_in_tx(&mut tx, tenant, &[&invoice], false).await;
        assert!(stored.unwrap());
        if let Some(debt) = invoice.receivable_mut() {
            let mut debts = [debt];
            let stored = store::receivable::insert_items_in_tx(&mut tx, tenant, &mut debts);
            stored.await.unwrap();
        }
        tx.commit().await.unwrap();
        invoice
    }

    /// An issued invoice.
    pub async fn owed(&self, bill: &Bill) -> InvoiceId {
        let issued = self.issued(self.draft(bill));
        self.store(OURS, issued).await.invoice_id
    }

    /// Applies a batch.
    pub async fn send(
        &self,
        tenant: TenantId,
        request_id: &str,
        items: &[CreditApplication],
    ) -> Result<Response<ApplyCreditsResponse>, Status> {
        let request = ApplyCreditsRequest {
            request_id: request_id.to_owned(),
            applications: items.to_vec(),
        };
        let request = self.world.of_payments(tenant, request);
        self.client().apply_credits(request).await
    }

    /// Applies a batch under a request id of its own.
    pub async fn apply(&self, items: &[CreditApplication]) -> Vec<ApplyCreditsResult> {
        let request_id = Uuid::now_v7().to_string();
        let answer = self.send(OURS, &request_id, items).await.unwrap();
        answer.into_inner().results
    }

    /// Applies one item that is not refused.
    pub async fn pay(&self, item: &CreditApplication) -> Application {
        applied(self.apply(std::slice::from_ref(item)).await.remove(0))
    }

    /// Applies one item that is refused; answers code and reason.
    pub async fn refused(&self, item: &CreditApplication) -> (i32, String) {
        refusal(self.apply(std::slice::from_ref(item)).await.remove(0))
    }

    /// Takes a batch back.
    pub async fn send_back(
        &self,
        request_id: &str,
        items: &[ReversalOrder],
    ) -> Result<Response<ReverseApplicationsResponse>, Status> {
        let request = ReverseApplicationsRequest {
            request_id: request_id.to_owned(),
            reversals: items.to_vec(),
        };
        let request = self.world.of_payments(OURS, request);
        self.client().reverse_applications(request).await
    }

    /// Takes a batch back under a request id of its own.
    pub async fn reverse(&self, items: &[ReversalOrder]) -> Vec<ReverseApplicationsResult> {
        let request_id = Uuid::now_v7().to_string();
        let answer = self.send_back(&request_id, items).await.unwrap();
        answer.into_inner().results
    }

    /// Where an invoice stands: its state and what is open, as the tables have it.
    pub async fn standing(&self, invoice_id: InvoiceId) -> (String, String) {
        sqlx::query_as(
            "SELECT v.state, trim_scale(sum(i.open_amount))::text
               FROM invoice v JOIN open_item i USING (tenant_id, invoice_id)
              WHERE v.invoice_id = $1 GROUP BY v.state",
        )
        .bind(invoice_id.0)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    /// What was announced of a type, decoded, in order.
    pub async fn announced<M: prost::Message + prost::Name + Default>(&self) -> Vec<M> {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT data FROM event WHERE type = $1 ORDER BY position")
                .bind(M::full_name())
                .fetch_all(&self.pool)
                .await
                .unwrap();
        rows.iter()
            .map(|data| M::decode(data.as_slice()).unwrap())
            .collect()
    }

    /// One number.
    pub async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

/// Calls until there is an answer or a refusal that stands: what a caller does about a twin that
/// still runs, a race that was lost, and connections that are all taken.
pub async fn patiently<T>(
    mut call: impl AsyncFnMut() -> Result<Response<T>, Status>,
) -> Result<T, Status> {
    let again = ["REQUEST_IN_PROGRESS", "LOST_RACE", "DATABASE_BUSY"];
    let answered = async || match call().await {
        Err(status) if again.contains(&reason(&status).as_str()) => None,
        outcome => Some(outcome.map(Response::into_inner)),
    };
    eventually_some(Duration::from_secs(60), "there is an answer", answered).await
}

fn morning(on: Date) -> jiff::Timestamp {
    on.at(9, 0, 0, 0)
        .to_zoned(TimeZone::UTC)
        .unwrap()
        .timestamp()
}

pub fn terms(text: &str) -> Terms {
    Terms {
        code: text.to_owned(),
        schedule: text.parse().unwrap(),
        convention: calendar::Convention::None,
        calendar_code: None,
    }
}

pub fn tolerance(ratio: &str, maximum: &str, discount_grace_days: u16) -> Tolerance {
    Tolerance {
        ratio: Rate::parse(ratio).unwrap(),
        maximum_amounts: [(Currency::EUR, eur(maximum))].into(),
        discount_grace_days,
    }
}

fn offer(tiers: &str) -> EarlyPaymentOffer {
    let tier = |text: &str| {
        let (percent, days) = text.split_once('/').unwrap();
        DiscountTier {
            within_days: days.parse().unwrap(),
            ratio: Rate::from_percent(percent.parse().unwrap()).unwrap(),
        }
    };
    let tiers = tiers.split_whitespace().map(tier).collect();
    EarlyPaymentOffer::try_new(tiers, false).unwrap()
}
