-- One row a mutating request that was answered OK: the answer is given again to
-- whoever repeats it. A refusal leaves no row.
CREATE TABLE idempotency (
    tenant_id    uuid        NOT NULL,
    caller       text        NOT NULL,
    method       text        NOT NULL,
    request_id   text        NOT NULL,
    fingerprint  bytea       NOT NULL CHECK (length(fingerprint) = 32),
    -- Written before the same transaction commits; null never survives one.
    answer       bytea,
    -- Real time: rows are kept for 30 days of it.
    created_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, caller, method, request_id)
);
SELECT recoup_protect('idempotency', 'SELECT, INSERT, UPDATE');
GRANT DELETE ON idempotency TO recoup_background;
CREATE INDEX idempotency_by_age ON idempotency (created_time);
