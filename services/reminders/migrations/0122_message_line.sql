-- What messages ask for. The lines of a queued message are judged again when it is claimed, and
-- stay from then on.
CREATE TABLE message_line (
    tenant_id      uuid          NOT NULL,
    message_id     uuid          NOT NULL,
    -- From 1 on, in the order of the letter.
    number         integer       NOT NULL,
    invoice_id     uuid          NOT NULL,
    invoice_number text          NOT NULL,
    open_item_id   uuid          NOT NULL,
    due_date       date          NOT NULL,
    days_past_due  integer       NOT NULL,
    open_amount    numeric(19,4) NOT NULL,
    asked_amount   numeric(19,4) NOT NULL,
    currency       char(3)       NOT NULL,
    -- The invoice's own step.
    step_code      text          NOT NULL,
    level          smallint      NOT NULL,
    -- The level of the item once the message has left.
    item_level     smallint      NOT NULL,
    PRIMARY KEY (tenant_id, message_id, number),
    FOREIGN KEY (tenant_id, message_id) REFERENCES message,
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES case_invoice,
    CONSTRAINT message_line_item UNIQUE (tenant_id, message_id, open_item_id),
    CONSTRAINT message_line_amounts
        CHECK (asked_amount > 0 AND asked_amount <= open_amount),
    CONSTRAINT message_line_levels
        CHECK (level BETWEEN 1 AND 50 AND item_level BETWEEN 0 AND level)
);
SELECT recoup_protect('message_line', 'SELECT, INSERT, DELETE');
CREATE INDEX message_line_by_invoice ON message_line (tenant_id, invoice_id, message_id);
