//! The letter that a preview shows: everything that is past due now, whatever step is due.

use money::{Money, MoneyError};

use crate::domain::code::{Code, Level};
use crate::domain::debtor::Channel;
use crate::domain::hold::{Bearing, bearing};
use crate::domain::invoice::{CaseInvoice, CaseItem};
use crate::domain::letter::{Letter, Line, StepReference, asked_amounts};
use crate::store::case_file::CaseFile;

/// A letter with the words of a template: at the step of the customer's strategy that would use them
/// next, else at the level that the case has reached.
pub(super) fn letter(file: &CaseFile, template_code: &Code) -> Result<Letter, MoneyError> {
    let step = step(file, template_code);
    let mut lines = Vec::new();
    for invoice in &file.invoices {
        lines.extend(lines_of(file, invoice, &step)?);
    }
    lines.sort_by(|one, other| {
        (one.due_date, &one.invoice_number).cmp(&(other.due_date, &other.invoice_number))
    });
    let strategy = file.strategy().map(|(version, _)| version.name());
    Ok(Letter {
        step_date: file.today(),
        step,
        lines,
        strategy_version: strategy.unwrap_or_default(),
    })
}

fn step(file: &CaseFile, template_code: &Code) -> StepReference {
    let steps = file
        .strategy()
        .map(|(version, _)| version.definition.steps.clone())
        .unwrap_or_default();
    let mut users = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.template_code.as_ref() == Some(template_code))
        .map(|(place, step)| (Level::of_place(place), step));
    let next = users.clone().find(|(level, _)| *level > file.case.level);
    match next.or_else(|| users.next_back()) {
        Some((level, step)) => StepReference {
            step_code: step.step_code.clone(),
            level,
            channel: step.channel,
            template_code: step.template_code.clone(),
        },
        None => StepReference {
            step_code: template_code.clone(),
            level: file.case.level,
            channel: Channel::Email,
            template_code: Some(template_code.clone()),
        },
    }
}

fn lines_of(
    file: &CaseFile,
    invoice: &CaseInvoice,
    step: &StepReference,
) -> Result<Vec<Line>, MoneyError> {
    let today = file.today();
    let due = invoice.open_items().filter(|item| item.due_date < today);
    let due: Vec<&CaseItem> = due.collect();
    let open = invoice.open_amount()?;
    let held = match bearing(&file.holds, invoice.invoice_id, invoice.currency, today)? {
        Bearing::Free => invoice.disputed_amount,
        Bearing::Part(part) => part.max_with(invoice.disputed_amount)?,
        Bearing::Whole(_) => open,
    };
    let opens: Vec<Money> = due.iter().map(|item| item.open_amount).collect();
    let asked = asked_amounts(&opens, open, held)?;
    let line = |(item, asked_amount): (&CaseItem, Money)| Line {
        invoice_id: invoice.invoice_id,
        invoice_number: invoice.invoice_number.clone(),
        open_item_id: item.open_item_id,
        due_date: item.due_date,
        days_past_due: (today - item.due_date).get_days(),
        open_amount: item.open_amount,
        asked_amount,
        step_code: step.step_code.clone(),
        level: step.level,
        item_level: item.level,
    };
    let lines = due.into_iter().zip(asked).map(line);
    Ok(lines
        .filter(|line| line.asked_amount.is_positive())
        .collect())
}
