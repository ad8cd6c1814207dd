//! The rows of an import, judged: which are bad and why, which are there already, and in which order
//! the others go in. Reads nothing itself: what the database knows comes in as [`Known`].

use std::collections::{BTreeMap, BTreeSet};

use contracts::common::RejectedRow;
use contracts::credit::CustomerRow;
use runtime::Violations;

use crate::domain::{Customer, CustomerDetails, CustomerId, PolicyCode};
use crate::rpc::wire::customer::{BroughtDetails, ParentKey, details_from_wire};
use crate::rpc::wire::field;

/// A row that can be read.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub row_number: i32,
    pub external_id: String,
    pub brought: BroughtDetails,
}

/// What the database knows of what the rows name.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Customers by external identity.
    pub customers: BTreeMap<String, Customer>,
    /// Customers that rows name as parents by identity.
    pub parents: BTreeSet<CustomerId>,
    /// Policies.
    pub policies: BTreeSet<PolicyCode>,
}

/// Rows, judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// To be created, parents before those that belong to them.
    pub new: Vec<Row>,
    /// There already with the same content.
    pub unchanged_count: usize,
    /// What is wrong, by row number.
    pub rejected: Vec<RejectedRow>,
    /// Rows that something is wrong with.
    pub rejected_count: usize,
}

/// Reads the rows; those that cannot be read are told apart with every fault.
pub(super) fn read(rows: &[CustomerRow]) -> (Vec<Row>, Vec<RejectedRow>) {
    let (mut good, mut rejected) = (Vec::new(), Vec::new());
    let mut numbers = BTreeSet::new();
    for row in rows {
        let mut violations = Violations::new();
        let counts = row.row_number > 0;
        violations.check(counts, "row_number", "must be above 0");
        let once = numbers.insert(row.row_number);
        violations.check(once, "row_number", "is another row's too");
        let external_id = field::text(&mut violations, "external_id", &row.external_id, 128);
        let details = violations.required("details", row.details.as_ref());
        let brought = details.and_then(|details| {
            violations.within("details", |inner| details_from_wire(inner, details))
        });
        match external_id.zip(brought).filter(|_| violations.is_empty()) {
            Some((external_id, brought)) => good.push(Row {
                row_number: row.row_number,
                external_id,
                brought,
            }),
            None => rejected.extend(
                violations
                    .into_found()
                    .into_iter()
                    .map(|fault| RejectedRow {
                        row_number: row.row_number,
                        external_id: row.external_id.clone(),
                        field: fault.field,
                        reason: "REQUEST_INVALID".to_owned(),
                        message: fault.description,
                    }),
            ),
        }
    }
    (good, rejected)
}

/// Judges the rows that can be read, next to those that cannot.
pub(super) fn judge(rows: Vec<Row>, unreadable: Vec<RejectedRow>, known: &Known) -> Judged {
    let mut judged = Judged {
        rejected: unreadable,
        ..Judged::default()
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        *counts.entry(row.external_id.clone()).or_default() += 1;
    }
    let mut waiting = Vec::new();
    for row in rows {
        let there = known.customers.get(&row.external_id);
        if counts.get(&row.external_id).is_some_and(|count| *count > 1) {
            judged.reject(
                &row,
                "external_id",
                "DUPLICATE_ROW",
                "another row has it too",
            );
        } else if unknown_policy(&row, known) {
            let field = "details.credit_policy_code";
            judged.reject(
                &row,
                field,
                "CREDIT_POLICY_NOT_FOUND",
                "there is no such policy",
            );
        } else if there.is_some_and(|there| same_content(there, &row.brought, known)) {
            judged.unchanged_count += 1;
        } else if there.is_some() {
            let text = "is taken by a customer with other content";
            judged.reject(&row, "external_id", "CUSTOMER_EXISTS", text);
        } else {
            waiting.push(row);
        }
    }
    judged.place_in_order(waiting, known);
    judged.rejected.sort_by_key(|row| row.row_number);
    let bad: BTreeSet<i32> = judged.rejected.iter().map(|row| row.row_number).collect();
    judged.rejected_count = bad.len();
    judged
}

impl Judged {
    /// Parents first: in each round those go in whose parent is there. When nobody moves any more,
    /// the rest waits for itself, or for a parent that is nowhere or bad.
    fn place_in_order(&mut self, mut waiting: Vec<Row>, known: &Known) {
        let mut placed: BTreeSet<String> = known.customers.keys().cloned().collect();
        loop {
            let is_there = |row: &Row| match &row.brought.parent {
                None => true,
                Some(ParentKey::Id(customer_id)) => known.parents.contains(customer_id),
                Some(ParentKey::External(external_id)) => placed.contains(external_id),
            };
            let (ready, left): (Vec<Row>, Vec<Row>) = waiting.into_iter().partition(is_there);
            waiting = left;
            if ready.is_empty() {
                break;
            }
            placed.extend(ready.iter().map(|row| row.external_id.clone()));
            self.new.extend(ready);
        }
        let parents: BTreeMap<&str, &str> = waiting
            .iter()
            .filter_map(|row| match &row.brought.parent {
                Some(ParentKey::External(parent)) => {
                    Some((row.external_id.as_str(), parent.as_str()))
                }
                _ => None,
            })
            .collect();
        let cyclic: Vec<bool> = waiting
            .iter()
            .map(|row| reaches_itself(&row.external_id, &parents))
            .collect();
        for (row, cyclic) in waiting.iter().zip(cyclic) {
            let field = "details.parent_external_id";
            if cyclic {
                self.reject(row, field, "PARENT_CYCLE", "it would belong to itself");
            } else {
                let text = "there is no such customer, or its row is bad";
                self.reject(row, field, "PARENT_NOT_FOUND", text);
            }
        }
    }

    fn reject(&mut self, row: &Row, field: &str, reason: &str, message: &str) {
        self.rejected.push(RejectedRow {
            row_number: row.row_number,
            external_id: row.external_id.clone(),
            field: field.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
        });
    }
}

fn unknown_policy(row: &Row, known: &Known) -> bool {
    let named = row.brought.details.credit_policy_code.as_ref();
    named.is_some_and(|code| !known.policies.contains(code))
}

/// As many steps as there are rows lead everywhere that can be reached.
fn reaches_itself(external_id: &str, parents: &BTreeMap<&str, &str>) -> bool {
    let mut current = external_id;
    for _ in 0..parents.len() {
        let Some(parent) = parents.get(current) else {
            return false;
        };
        if *parent == external_id {
            return true;
        }
        current = parent;
    }
    false
}

/// Identities of contacts are not content where the row brings none.
fn same_content(there: &Customer, brought: &BroughtDetails, known: &Known) -> bool {
    let stored = &there.details;
    let parent = match &brought.parent {
        None => None,
        Some(ParentKey::Id(customer_id)) => Some(*customer_id),
        Some(ParentKey::External(external_id)) => match known.customers.get(external_id) {
            Some(parent) => Some(parent.customer_id),
            None => return false,
        },
    };
    let same_contacts = stored.contacts.len() == brought.contacts.len()
        && stored
            .contacts
            .iter()
            .zip(&brought.contacts)
            .all(|(one, (contact_id, person))| {
                one.person == *person && contact_id.is_none_or(|id| id == one.contact_id)
            });
    let plain = CustomerDetails {
        parent: None,
        contacts: Vec::new(),
        ..stored.clone()
    };
    stored.parent == parent && same_contacts && plain == brought.details
}
