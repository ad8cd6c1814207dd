-- The file of a batch, as the agency got it. Personal data: when a person in it is
-- erased the bytes go, and hash, counts and sums stay.
CREATE TABLE placement_batch_file (
    tenant_id          uuid    NOT NULL,
    placement_batch_id uuid    NOT NULL,
    content            bytea,
    byte_count         bigint  NOT NULL,
    sha256             bytea   NOT NULL,
    row_count          integer NOT NULL,
    erased_time        timestamptz,
    PRIMARY KEY (tenant_id, placement_batch_id),
    CONSTRAINT placement_batch_file_batch FOREIGN KEY (tenant_id, placement_batch_id)
        REFERENCES placement_batch (tenant_id, placement_batch_id),
    CONSTRAINT placement_batch_file_hash CHECK (length(sha256) = 32),
    CONSTRAINT placement_batch_file_bytes CHECK (length(content) = byte_count),
    CONSTRAINT placement_batch_file_erased CHECK ((content IS NULL) = (erased_time IS NOT NULL))
);
SELECT recoup_protect('placement_batch_file', 'SELECT, INSERT, UPDATE');
-- Read in parts: substring() of uncompressed bytes fetches only the part.
ALTER TABLE placement_batch_file ALTER COLUMN content SET STORAGE EXTERNAL;
