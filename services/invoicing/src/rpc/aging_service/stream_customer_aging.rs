//! StreamCustomerAging: every customer by age, and what they sum to.
//!
//! One statement tells all of it, so it holds as of one instant. Its rows are taken from the
//! database as fast as the caller takes messages, and no faster: of a book of any size there are
//! never more than a message's rows in memory. A caller that is too slow meets the time limit of
//! reports.

use contracts::convert::date_to_wire;
use contracts::invoicing::{StreamCustomerAgingRequest, StreamCustomerAgingResponse};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use money::{Currency, MoneyError};
use postgres::{TenantId, Tx};
use runtime::{Call, Refusal, Violations};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::selection_in_tx;
use crate::app::App;
use crate::domain::{AgedBook, AgingScale, CustomerId, Outstanding};
use crate::rpc::wire::aging::{customer_to_wire, query_from_wire, table_to_wire};
use crate::store;
use crate::store::aging::{Part, Selection};

/// The most entries of a message.
const MOST_CUSTOMERS: usize = 500;

type Sender = mpsc::Sender<StreamCustomerAgingResponse>;

/// Opens the report; the answer is a stream that reads while it is read.
pub async fn handle(
    app: &App,
    call: Call,
    request: StreamCustomerAgingRequest,
) -> Result<impl Stream<Item = Result<StreamCustomerAgingResponse, Refusal>> + Send + use<>, Refusal>
{
    let mut violations = Violations::new();
    let asked = query_from_wire(&mut violations, request.query.as_ref());
    let (asked,) = violations.complete((asked,))?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_report(tenant).await?;
    store::report::plan_anew_in_tx(&mut tx).await?;
    let selection = selection_in_tx(app, &mut tx, tenant, &asked, None).await?;
    let (sender, messages) = mpsc::channel(1);
    let reading = read(tx, tenant, selection, asked.scale, sender);
    // The reading is polled with the stream and dropped with it: no task outlives the call.
    let failure = stream::once(reading).filter_map(async |outcome| outcome.err().map(Err));
    let messages = ReceiverStream::new(messages).map(Ok);
    Ok(stream::select(messages, failure))
}

/// Sends every customer and then the totals, unless nobody listens any more.
async fn read(
    mut tx: Tx,
    tenant: TenantId,
    selection: Selection,
    scale: AgingScale,
    sender: Sender,
) -> Result<(), Refusal> {
    let mut report = Report::new(scale, selection.as_of_date);
    {
        let mut parts = Box::pin(store::aging::parts_in_tx(&mut tx, tenant, selection, true));
        while let Some(part) = parts.try_next().await? {
            let full = report.add(part).map_err(Refusal::internal)?;
            if let Some(message) = full
                && sender.send(message).await.is_err()
            {
                return Ok(());
            }
        }
    }
    tx.commit().await?;
    let last = report.finish().map_err(Refusal::internal)?;
    // Nobody listens: nothing is left to do either.
    let _ = sender.send(last).await;
    Ok(())
}

/// Gathers parts into customers, and customers into messages.
struct Report {
    scale: AgingScale,
    as_of_date: Date,
    /// The customer and currency whose parts come at present.
    current: Option<(CustomerId, Currency)>,
    book: AgedBook,
    totals: AgedBook,
    message: StreamCustomerAgingResponse,
}

impl Report {
    fn new(scale: AgingScale, as_of_date: Date) -> Self {
        Self {
            scale,
            as_of_date,
            current: None,
            book: AgedBook::default(),
            totals: AgedBook::default(),
            message: StreamCustomerAgingResponse::default(),
        }
    }

    /// One part more; answers a message that is full.
    fn add(&mut self, part: Part) -> Result<Option<StreamCustomerAgingResponse>, MoneyError> {
        let currency = match part.outstanding {
            Outstanding::Items(aged) => aged.amount.currency(),
            Outstanding::CustomerCredit(amount) => amount.currency(),
        };
        let whose = part.customer_id.map(|customer| (customer, currency));
        if whose != self.current {
            self.close_customer()?;
            self.current = whose;
        }
        self.book.add(part.outstanding)?;
        self.totals.add(part.outstanding)?;
        let full = self.message.customers.len() == MOST_CUSTOMERS;
        Ok(full.then(|| self.take_message()))
    }

    fn close_customer(&mut self) -> Result<(), MoneyError> {
        let book = std::mem::take(&mut self.book);
        if let Some((customer_id, currency)) = self.current.take() {
            let table = book.table(&self.scale, self.as_of_date, currency)?;
            let customer = customer_to_wire(customer_id, &table);
            self.message.customers.push(customer);
        }
        Ok(())
    }

    fn take_message(&mut self) -> StreamCustomerAgingResponse {
        StreamCustomerAgingResponse {
            as_of_date: Some(date_to_wire(self.as_of_date)),
            ..std::mem::take(&mut self.message)
        }
    }

    /// The last message: the customers that are left, and the totals.
    fn finish(mut self) -> Result<StreamCustomerAgingResponse, MoneyError> {
        self.close_customer()?;
        let totals = self.totals.tables(&self.scale, self.as_of_date)?;
        self.message.totals = totals.iter().map(table_to_wire).collect();
        Ok(self.take_message())
    }
}
