-- A request whose work takes several transactions. The first one stores the row
-- under the request's key; a repeat of the request, or a timer, drives this same
-- operation on, and neither ever starts another.
CREATE TABLE operation (
    tenant_id     uuid        NOT NULL,
    operation_id  uuid        NOT NULL,
    kind          text        NOT NULL,
    caller        text        NOT NULL,
    method        text        NOT NULL,
    request_id    text        NOT NULL,
    fingerprint   bytea       NOT NULL CHECK (length(fingerprint) = 32),
    -- How far it has come, in the service's own words.
    progress      jsonb       NOT NULL,
    -- The answer to the request; null while the operation is under way.
    answer        bytea,
    created_time  timestamptz NOT NULL,
    finished_time timestamptz,
    PRIMARY KEY (tenant_id, operation_id),
    UNIQUE (tenant_id, caller, method, request_id),
    CHECK ((answer IS NULL) = (finished_time IS NULL))
);
SELECT recoup_protect('operation', 'SELECT, INSERT, UPDATE');
CREATE INDEX operation_under_way ON operation (created_time) WHERE answer IS NULL;
