-- Everything that bears on case $2 of customer $3, in one look; $5 is the kind of its timer. The columns of
-- each ROW stand in the order of the fields they are read into. Messages: those of day $4 or later, and
-- those that are not at their end; asked with BETWEEN, for which Postgres expects few, so that it keeps one
-- plan for all cases.
SELECT
    ARRAY(SELECT ROW(customer_id, external_id, display_name, kind, segment, country_code, language,
                     time_zone, postal_lines, contacts, version)
            FROM customer WHERE tenant_id = $1 AND customer_id = $3
    ) AS "debtor!: Vec<customer::Row>",

    ARRAY(SELECT ROW(customer_id, currency, unapplied_amount, reserved_amount, version)
            FROM unapplied_cash WHERE tenant_id = $1 AND customer_id = $3
    ) AS "cash!: Vec<cash::Row>",

    ARRAY(SELECT ROW(contact_policy_id, definition, policy.created_time, created_by)
            FROM customer JOIN contact_policy policy USING (tenant_id)
           WHERE tenant_id = $1 AND customer_id = $3
             AND (policy.country_code IS NULL OR policy.country_code = customer.country_code)
             AND (debtor_kind IS NULL OR debtor_kind = customer.kind)
    ) AS "policies!: Vec<contact_policy::Row>",

    ARRAY(SELECT ROW(strategy_id, strategy_code, version, state, definition, change_note,
                     version.created_time, created_by, activated_time, activated_by)
            FROM strategy_version version JOIN strategy USING (tenant_id, strategy_id)
           WHERE tenant_id = $1 AND state = 'ACTIVE' ORDER BY strategy_code COLLATE "C"
    ) AS "strategies!: Vec<strategy_version::Row>",

    ARRAY(SELECT ROW(invoice_id, case_id, invoice_number, external_id, invoice_date, currency,
                     disputed_amount, expedited_from, kept_out_level, kept_out_reason, version,
                     ARRAY(SELECT ROW(open_item_id, kind, due_date, item.open_amount, item.level,
                                      step_code, step_level, step_date, step_time)
                             FROM case_item item
                            WHERE item.tenant_id = owed.tenant_id
                              AND item.invoice_id = owed.invoice_id
                            ORDER BY due_date, open_item_id))
            FROM case_invoice owed WHERE tenant_id = $1 AND case_id = $2 AND open_amount > 0
           ORDER BY oldest_due_date, invoice_number
    ) AS "invoices!: Vec<case_invoice::Row>",

    ARRAY(SELECT ROW(hold_id, case_id, customer_id, whole_case, held_amount, currency, reason,
                     subject_id, state, end_date, note, placed_time, placed_by, ended_time, ended_by,
                     release_note, revision,
                     ARRAY(SELECT invoice_id FROM hold_invoice about
                            WHERE about.tenant_id = hold.tenant_id AND about.hold_id = hold.hold_id
                              AND released_time IS NULL
                            ORDER BY invoice_id))
            FROM hold WHERE tenant_id = $1 AND case_id = $2 AND state = 'ACTIVE' ORDER BY hold_id
    ) AS "holds!: Vec<hold::Row>",

    EXISTS (SELECT FROM promise WHERE tenant_id = $1 AND case_id = $2
    ) AS "has_promise!",

    EXISTS (SELECT FROM promise WHERE tenant_id = $1 AND case_id = $2
             AND state IN ('OPEN', 'PARTLY_KEPT')
    ) AS "has_running_promise!",

    ARRAY(SELECT ROW(message_id, state, step_date,
                     ARRAY(SELECT DISTINCT invoice_id FROM message_line line
                            WHERE line.tenant_id = message.tenant_id
                              AND line.message_id = message.message_id
                            ORDER BY invoice_id))
            FROM message WHERE tenant_id = $1 AND case_id = $2
             AND (step_date BETWEEN $4 AND 'infinity'
                  OR state NOT IN ('SENT', 'SUPERSEDED', 'SUPPRESSED', 'ABANDONED'))
    ) AS "messages!: Vec<message::OnCaseRow>",

    ARRAY(SELECT ROW(consent_id, customer_id, channel, state, effective_time, evidence, recorded_by,
                     recorded_time)
            FROM consent WHERE tenant_id = $1 AND customer_id = $3
    ) AS "consents!: Vec<consent::Row>",

    EXISTS (SELECT FROM task WHERE tenant_id = $1 AND case_id = $2 AND state = 'OPEN'
    ) AS "has_open_task!",

    EXISTS (SELECT FROM timer WHERE tenant_id = $1 AND kind = $5 AND subject_id = $2
    ) AS "has_timer!",

    (SELECT due_time FROM timer WHERE tenant_id = $1 AND kind = $5 AND subject_id = $2
        AND parked_time IS NULL AND lease_until <= now()
    ) AS look_time,

    clock_timestamp() AS "real_time!"
