-- How credit is granted, by version. A version never changes.
CREATE TABLE credit_policy (
    tenant_id       uuid        NOT NULL,
    policy_code     text        NOT NULL CONSTRAINT credit_policy_code_form CHECK (policy_code ~ '^[A-Za-z0-9_-]{1,32}$'),
    version         int         NOT NULL CONSTRAINT credit_policy_version_positive CHECK (version > 0),
    -- The first day on which it is in force, in the tenant's zone, until the next version's.
    valid_from_date date        NOT NULL,
    segments        jsonb       NOT NULL,
    note            text        NOT NULL CONSTRAINT credit_policy_note_length CHECK (length(note) <= 2000),
    published_by    text        NOT NULL,
    published_time  timestamptz NOT NULL,
    CONSTRAINT credit_policy_pkey PRIMARY KEY (tenant_id, policy_code, version),
    CONSTRAINT credit_policy_one_a_day UNIQUE (tenant_id, policy_code, valid_from_date)
);
SELECT recoup_protect('credit_policy', 'SELECT, INSERT');
