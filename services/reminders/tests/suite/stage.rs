//! A world in which messages leave: a strategy that goes by the timer, words, a contact policy, and
//! invoicing that answers what the invoices are worth.

use calendar::Timestamp;
use contracts::google::r#type::Date;
use contracts::invoicing::{InvoiceBalance, InvoiceIssued};
use contracts::reminders::*;
use testkit::ReceivedMail;

use crate::feeds::Feeds;
use crate::fixture::{OURS, World};
use crate::samples::*;

/// Short leases and pauses, so that what waits for them waits not long.
const BRISK: &str = "[timers]\nsweep_period_ms = 300\nretry_pause_ms = 50\nmax_retry_pause_ms = 200\n\
                     [sending]\nlease_ms = 3000\nsend_timeout_ms = 1000\n";

/// Timers that are found by their hints alone: a sweep would come too late for a test.
pub const BY_HINTS: &str = "[timers]\nsweep_period_ms = 3600000\n";

/// The service, its peers, and what it sends with.
pub struct Stage {
    pub world: World,
    pub feeds: Feeds,
}

impl Stage {
    /// E-mails five, ten and twenty days after the due date, at any hour.
    pub async fn start() -> Self {
        Self::start_with("", always()).await
    }

    /// With other settings and contact rules.
    pub async fn start_with(settings: &str, policy: ContactPolicyDefinition) -> Self {
        let steps = vec![
            step("reminder", 5, Channel::Email),
            step("warning", 10, Channel::Email),
            step("final", 20, Channel::Email),
        ];
        Self::by(settings, policy, steps).await
    }

    /// With other steps.
    pub async fn by(settings: &str, policy: ContactPolicyDefinition, steps: Vec<Step>) -> Self {
        let feeds = Feeds::start().await;
        let world = World::start_layered(&[&feeds.settings(), BRISK, settings]).await;
        tell_profile(&feeds, OURS);
        tell_customer(&feeds, OURS, CUSTOMER);
        with_policy(&world, policy).await;
        with_words(&world, "reminder", Channel::Email).await;
        if steps.iter().any(|step| step.channel() == Channel::Letter) {
            with_words(&world, "letter", Channel::Letter).await;
        }
        let by_timer = StrategyDefinition {
            step_trigger: StepTrigger::Timer.into(),
            ..definition(steps)
        };
        in_force(&world, "standard", by_timer).await;
        Self { world, feeds }
    }

    /// Invoicing says that an invoice is worth this, in its feed and when it is asked.
    pub fn owe(&self, number: u128, due: Date, open: &str, version: i64) {
        let worth = balance(number, due, open, version);
        self.feeds.invoicing.set(worth.clone());
        self.tell(number, worth, version);
    }

    /// Invoicing tells it in its feed alone.
    pub fn tell(&self, number: u128, worth: InvoiceBalance, version: i64) {
        let told = InvoiceIssued {
            invoice: None,
            balance_after: Some(worth),
            imported: false,
        };
        let subject = invoice_id(number);
        self.feeds.tell("invoicing", OURS, subject, version, &told);
    }

    /// Business time goes to an instant.
    pub fn at(&self, instant: &str) {
        let instant: Timestamp = instant.parse().unwrap();
        self.world.clock.set(instant).unwrap();
    }

    /// So many messages have left.
    pub async fn sent(&self, count: usize) -> Vec<MessageSent> {
        let sent = wait_told::<MessageSent>(&self.world, count).await;
        assert_eq!(sent.len(), count);
        sent
    }

    /// So many mails were taken by the server, and no more.
    pub async fn mails(&self, count: usize) -> Vec<ReceivedMail> {
        let mails = self.world.smtp.wait_for(count, PATIENCE).await;
        assert_eq!(mails.len(), count);
        mails
    }
}

/// Words for a channel, in force.
async fn with_words(world: &World, code: &str, channel: Channel) {
    let asked = CreateTemplateRequest {
        request_id: format!("words {code}"),
        template_code: code.to_owned(),
        display_name: code.to_owned(),
        channel: channel.into(),
    };
    let mut client = templates(world);
    let created = client.create_template(world.signed(OURS, asked)).await;
    let template = created.unwrap().into_inner().template.unwrap();
    let html = "<p>{{ customer.name }}: {{ totals[0].asked_amount }}</p>";
    let words = TemplateTranslation {
        language: "de".to_owned(),
        subject: "{{ step.code }}: Rechnung {{ lines[0].invoice_number }}".to_owned(),
        text_body: "Offen: {{ totals[0].asked_amount }}".to_owned(),
        html_body: match channel {
            Channel::Email => html.to_owned(),
            _ => String::new(),
        },
    };
    let asked = CreateTemplateVersionRequest {
        request_id: format!("version {code}"),
        template_id: template.template_id.clone(),
        etag: template.etag,
        translations: vec![words],
        fallback_language: "de".to_owned(),
        change_note: String::new(),
    };
    let written = client
        .create_template_version(world.signed(OURS, asked))
        .await;
    let template = written.unwrap().into_inner().template.unwrap();
    let asked = ActivateTemplateVersionRequest {
        request_id: format!("activate words {code}"),
        template_id: template.template_id,
        version: 1,
        etag: template.etag,
    };
    let activated = client
        .activate_template_version(world.signed(OURS, asked))
        .await;
    activated.unwrap();
}
