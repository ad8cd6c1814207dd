-- What the handlers of the tests do: each run adds a row. Nothing keeps a second one out.
CREATE TABLE effect (
    tenant_id  uuid        NOT NULL,
    subject_id uuid        NOT NULL,
    acted_time timestamptz NOT NULL
);
SELECT recoup_protect('effect', 'SELECT, INSERT');
