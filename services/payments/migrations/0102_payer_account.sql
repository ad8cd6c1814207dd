-- For whom money came from an account before. Learnt from matches that a
-- reference, a number or a person made, and forgotten with them. An account of
-- one customer makes the customer known; one of several does not (CA-1).
CREATE TABLE payer_account (
    tenant_id      uuid        NOT NULL,
    -- Letters and digits of the number in capitals. Personal data.
    account_key    text        NOT NULL,
    customer_id    uuid        NOT NULL,
    -- Matches that stand and say so.
    match_count    integer     NOT NULL
        CONSTRAINT payer_account_never_negative CHECK (match_count >= 0),
    last_seen_time timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_key, customer_id)
);
SELECT recoup_protect('payer_account', 'SELECT, INSERT, UPDATE, DELETE');
