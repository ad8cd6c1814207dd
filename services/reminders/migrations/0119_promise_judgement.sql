-- Every judgement of a promise. A later one corrects the earlier, which stays.
CREATE TABLE promise_judgement (
    tenant_id       uuid          NOT NULL,
    promise_id      uuid          NOT NULL,
    -- From 1 on, in order.
    number          integer       NOT NULL,
    state           text          NOT NULL,
    -- The day on which it was kept, or the first after the grace; null when the term runs on.
    effective_date  date,
    received_amount numeric(19,4) NOT NULL,
    currency        char(3)       NOT NULL,
    kept_ratio      numeric(18,12) NOT NULL,
    decision_id     uuid          NOT NULL,
    PRIMARY KEY (tenant_id, promise_id, number),
    FOREIGN KEY (tenant_id, promise_id) REFERENCES promise,
    CONSTRAINT promise_judgement_state
        CHECK (state IN ('OPEN', 'PARTLY_KEPT', 'KEPT', 'BROKEN')),
    CONSTRAINT promise_judgement_effective
        CHECK ((state IN ('KEPT', 'BROKEN')) = (effective_date IS NOT NULL)),
    CONSTRAINT promise_judgement_ratio CHECK (kept_ratio BETWEEN 0 AND 1)
);
SELECT recoup_protect('promise_judgement', 'SELECT, INSERT');
