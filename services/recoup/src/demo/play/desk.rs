//! The desk that talks to customers: objections opened and decided, promises taken, letters posted.

use anyhow::Context as _;
use contracts::invoicing::credit_note_service_client::CreditNoteServiceClient;
use contracts::invoicing::dispute_service_client::DisputeServiceClient;
use contracts::invoicing::issue_credit_note_request::Extent as CreditExtent;
use contracts::invoicing::open_dispute_request::Extent;
use contracts::invoicing::{
    CreditNoteReason, DisputeReason, DisputeResolution, InvoiceLine, IssueCreditNoteRequest,
    OpenDisputeRequest, PartialInvoiceCredit, ResolveDisputeRequest,
};
use contracts::reminders::case_service_client::CaseServiceClient;
use contracts::reminders::get_case_request::Key;
use contracts::reminders::promise_service_client::PromiseServiceClient;
use contracts::reminders::task_service_client::TaskServiceClient;
use contracts::reminders::{
    Channel, CompleteTaskRequest, CreatePromiseRequest, GetCaseRequest, ListTasksRequest, Task,
    TaskKind, TaskOutcome, TaskState,
};
use jiff::civil::Date;

use super::{Play, at_once, orders};
use crate::demo::book::fate::{Ending, Objection, Vow};
use crate::demo::client::{amount, day, decimal, had, money};

impl Play<'_> {
    /// Opens the objections of a day, and decides those whose day has come.
    pub(super) async fn hear_objections(&mut self, today: Date) -> anyhow::Result<()> {
        let book = self.book;
        let objections = || book.objections.iter().enumerate();
        let raised = objections().filter(|(_, one)| one.raised == today);
        let raised = raised.filter(|(_, one)| self.issued[one.invoice].is_some());
        let opened = at_once(raised.map(|(place, _)| self.open_dispute(place))).await?;
        self.disputes.extend(opened);
        let decided = objections().filter(|(_, one)| one.decided == today);
        let decided = decided.filter_map(|(place, objection)| {
            let dispute_id = self.disputes.get(&place)?.clone();
            Some(self.decide(objection, dispute_id))
        });
        at_once(decided).await?;
        Ok(())
    }

    fn invoice_id(&self, place: usize) -> anyhow::Result<String> {
        let issued = self.issued[place]
            .as_ref()
            .map(|one| one.invoice_id.clone());
        had(issued, "the invoice")
    }

    async fn open_dispute(&self, place: usize) -> anyhow::Result<(usize, String)> {
        let objection = &self.book.objections[place];
        let invoice = &self.book.invoices[objection.invoice].external_id;
        let currency = self.currency_of(objection.invoice);
        let extent = match objection.part_cents {
            Some(part) => Extent::Amount(money(part, currency)),
            None => Extent::WholeInvoice(true),
        };
        let request = OpenDisputeRequest {
            request_id: self.world.fresh(),
            invoice_id: self.invoice_id(objection.invoice)?,
            extent: Some(extent),
            reason: DisputeReason::Quality.into(),
            ..OpenDisputeRequest::default()
        };
        let opened = DisputeServiceClient::new(self.world.calls())
            .open_dispute(request)
            .await
            .with_context(|| format!("disputing {invoice}"))?;
        let dispute = had(opened.into_inner().dispute, "the dispute")?;
        Ok((place, dispute.dispute_id))
    }

    async fn decide(&self, objection: &Objection, dispute_id: String) -> anyhow::Result<()> {
        let (resolution, credit_note_id) = match objection.ending {
            Ending::Rejected => (DisputeResolution::Rejected, String::new()),
            Ending::Withdrawn => (DisputeResolution::Withdrawn, String::new()),
            Ending::Credited { net_cents } => {
                let note = self.credit(objection.invoice, net_cents).await?;
                let resolution = match objection.part_cents {
                    Some(_) => DisputeResolution::Credited,
                    None => DisputeResolution::PartlyCredited,
                };
                (resolution, note)
            }
        };
        let request = ResolveDisputeRequest {
            request_id: self.world.fresh(),
            dispute_id,
            resolution: resolution.into(),
            credit_note_id,
            ..ResolveDisputeRequest::default()
        };
        DisputeServiceClient::new(self.world.calls())
            .resolve_dispute(request)
            .await?;
        Ok(())
    }

    async fn credit(&self, place: usize, net_cents: i64) -> anyhow::Result<String> {
        let customer = &self.book.customers[self.book.invoices[place].customer];
        let line = InvoiceLine {
            description: "Allowance".to_owned(),
            quantity: decimal("1"),
            unit_price: decimal(&amount(net_cents)),
            ..orders::taxed(customer.place.tax_bp)
        };
        let extent = CreditExtent::PartialInvoice(PartialInvoiceCredit {
            invoice_id: self.invoice_id(place)?,
            lines: vec![line],
        });
        let request = IssueCreditNoteRequest {
            request_id: self.world.fresh(),
            extent: Some(extent),
            reason: CreditNoteReason::ProductUnsatisfactory.into(),
            ..IssueCreditNoteRequest::default()
        };
        let issued = CreditNoteServiceClient::new(self.world.calls())
            .issue_credit_note(request)
            .await?;
        Ok(had(issued.into_inner().credit_note, "the credit note")?.credit_note_id)
    }

    /// Takes the promises of a day.
    pub(super) async fn take_promises(&mut self, today: Date) -> anyhow::Result<()> {
        let book = self.book;
        let made = book.vows.iter().filter(|vow| vow.made == today);
        let made = made.filter(|vow| self.issued[vow.invoice].is_some());
        let taken = at_once(made.map(|vow| self.take(vow))).await?;
        self.promises.extend(taken);
        Ok(())
    }

    async fn take(&self, vow: &Vow) -> anyhow::Result<(String, Vow)> {
        let invoice = &self.book.invoices[vow.invoice];
        let key = Key::CustomerId(self.customer_ids[invoice.customer].clone());
        let request = GetCaseRequest { key: Some(key) };
        let case = CaseServiceClient::new(self.world.calls())
            .get_case(request)
            .await?;
        let case = had(case.into_inner().case, "the case")?;
        let request = CreatePromiseRequest {
            request_id: self.world.fresh(),
            case_id: case.case_id,
            invoice_ids: vec![self.invoice_id(vow.invoice)?],
            amount: Some(money(invoice.gross_cents, self.currency_of(vow.invoice))),
            promised_date: day(vow.by),
            channel: Some(Channel::Call.into()),
            ..CreatePromiseRequest::default()
        };
        let promise = PromiseServiceClient::new(self.world.calls())
            .create_promise(request)
            .await
            .with_context(|| format!("a promise for {}", invoice.external_id))?;
        let promise = had(promise.into_inner().promise, "the promise")?;
        Ok((promise.promise_id, vow.clone()))
    }

    /// Posts the letters that were written since yesterday.
    pub(super) async fn post_letters(&mut self) -> anyhow::Result<()> {
        let mut tasks = TaskServiceClient::new(self.world.calls());
        let request = ListTasksRequest {
            kind: Some(TaskKind::Letter.into()),
            state: Some(TaskState::Open.into()),
            page_size: 500,
            ..ListTasksRequest::default()
        };
        let page = tasks.list_tasks(request).await?.into_inner();
        let posted = page.tasks.into_iter().map(|task| self.posted(task));
        at_once(posted).await?;
        Ok(())
    }

    async fn posted(&self, task: Task) -> anyhow::Result<()> {
        let request = CompleteTaskRequest {
            request_id: self.world.fresh(),
            task_id: task.task_id,
            etag: task.etag,
            outcome: TaskOutcome::Posted.into(),
            ..CompleteTaskRequest::default()
        };
        TaskServiceClient::new(self.world.calls())
            .complete_task(request)
            .await?;
        Ok(())
    }
}
