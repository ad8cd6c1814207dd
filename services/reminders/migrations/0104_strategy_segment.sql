-- Which segment is served by which active strategy. The key is what keeps two activations at the
-- same moment from serving one segment twice. The empty segment stands for all that no strategy names.
CREATE TABLE strategy_segment (
    tenant_id   uuid NOT NULL,
    segment     text NOT NULL,
    strategy_id uuid NOT NULL,
    CONSTRAINT strategy_segment_taken PRIMARY KEY (tenant_id, segment),
    FOREIGN KEY (tenant_id, strategy_id) REFERENCES strategy
);
SELECT recoup_protect('strategy_segment', 'SELECT, INSERT, DELETE');
CREATE INDEX strategy_segment_by_strategy ON strategy_segment (tenant_id, strategy_id);
