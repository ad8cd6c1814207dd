-- Placements handed to one agency together. Counts and sums follow the placements
-- as they are settled, under the lock of the batch's row.
CREATE TABLE placement_batch (
    tenant_id          uuid        NOT NULL,
    placement_batch_id uuid        NOT NULL,
    agency_id          uuid        NOT NULL,
    -- From 1 without gaps for the agency, drawn under the lock of its row.
    batch_number       integer     NOT NULL,
    state              text        NOT NULL,
    placement_count    integer     NOT NULL,
    active_count       integer     NOT NULL,
    withdrawn_count    integer     NOT NULL,
    invoice_count      integer     NOT NULL,
    created_time       timestamptz NOT NULL,
    created_by         text        NOT NULL,
    placed_time        timestamptz,
    acknowledged_time  timestamptz,
    -- How many placements the agency says it has.
    acknowledged_count integer,
    version            bigint      NOT NULL,
    PRIMARY KEY (tenant_id, placement_batch_id),
    CONSTRAINT placement_batch_agency FOREIGN KEY (tenant_id, agency_id)
        REFERENCES agency (tenant_id, agency_id),
    CONSTRAINT placement_batch_number UNIQUE (tenant_id, agency_id, batch_number),
    CONSTRAINT placement_batch_state CHECK (
        state IN ('PLACING', 'PLACED', 'ACKNOWLEDGED', 'MISMATCHED')),
    CONSTRAINT placement_batch_counts CHECK (
        batch_number > 0 AND active_count >= 0 AND withdrawn_count >= 0 AND invoice_count >= 0
        AND placement_count > 0 AND active_count + withdrawn_count <= placement_count),
    CONSTRAINT placement_batch_settled CHECK (
        state = 'PLACING' OR active_count + withdrawn_count = placement_count),
    CONSTRAINT placement_batch_placed CHECK ((state <> 'PLACING') = (placed_time IS NOT NULL)),
    CONSTRAINT placement_batch_acknowledged CHECK (
        (state IN ('ACKNOWLEDGED', 'MISMATCHED')) = (acknowledged_time IS NOT NULL)
        AND (acknowledged_time IS NULL) = (acknowledged_count IS NULL))
);
SELECT recoup_protect('placement_batch', 'SELECT, INSERT, UPDATE');
CREATE INDEX placement_batch_newest
    ON placement_batch (tenant_id, created_time DESC, placement_batch_id DESC);

-- What a batch comes to in each currency: as it was handed over, and as the agency
-- acknowledges it.
CREATE TABLE placement_batch_amount (
    tenant_id          uuid           NOT NULL,
    placement_batch_id uuid           NOT NULL,
    side               text           NOT NULL,
    currency_code      char(3)        NOT NULL,
    amount             numeric(19, 4) NOT NULL,
    PRIMARY KEY (tenant_id, placement_batch_id, side, currency_code),
    CONSTRAINT placement_batch_amount_batch FOREIGN KEY (tenant_id, placement_batch_id)
        REFERENCES placement_batch (tenant_id, placement_batch_id),
    CONSTRAINT placement_batch_amount_side CHECK (side IN ('HANDED_OVER', 'ACKNOWLEDGED')),
    CONSTRAINT placement_batch_amount_currency CHECK (currency_code ~ '^[A-Z]{3}$')
);
SELECT recoup_protect('placement_batch_amount', 'SELECT, INSERT, UPDATE, DELETE');
