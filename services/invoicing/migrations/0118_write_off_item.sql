-- The parts of a write-off by open item, and what of each was reinstated because
-- money or credit came in after all.
CREATE TABLE write_off_item (
    tenant_id         uuid          NOT NULL,
    write_off_id      uuid          NOT NULL,
    open_item_id      uuid          NOT NULL,
    -- The entry that wrote it off.
    entry_id          uuid          NOT NULL,
    amount            numeric(19,4) NOT NULL CHECK (amount > 0),
    reinstated_amount numeric(19,4) NOT NULL,
    PRIMARY KEY (tenant_id, write_off_id, open_item_id),
    FOREIGN KEY (tenant_id, write_off_id) REFERENCES write_off,
    CONSTRAINT write_off_item_reinstated CHECK (reinstated_amount BETWEEN 0 AND amount)
) WITH (fillfactor = 85);
SELECT recoup_protect('write_off_item', 'SELECT, INSERT, UPDATE (reinstated_amount)');
