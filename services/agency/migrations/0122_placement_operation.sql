-- The request that places a debt by itself: its answer is stored in the transaction
-- in which the placement becomes ACTIVE or WITHDRAWN, whoever drives it there.
CREATE TABLE placement_operation (
    tenant_id    uuid NOT NULL,
    placement_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, placement_id),
    CONSTRAINT placement_operation_placement FOREIGN KEY (tenant_id, placement_id)
        REFERENCES placement (tenant_id, placement_id)
);
SELECT recoup_protect('placement_operation', 'SELECT, INSERT');
