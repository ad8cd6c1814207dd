-- What a tenant and an agency agreed. The terms never change; only the last day
-- may be set, or brought forward. That two of an agency never cover the same day is
-- seen to under the lock of the agency's row.
CREATE TABLE agreement (
    tenant_id                     uuid        NOT NULL,
    agreement_id                  uuid        NOT NULL,
    agency_id                     uuid        NOT NULL,
    agreement_number              text        NOT NULL,
    remittance_mode               text        NOT NULL,
    commission_on_direct_payments boolean     NOT NULL,
    final_demand_days             integer     NOT NULL,
    commission_tail_days          integer     NOT NULL,
    recall_notice_days            integer     NOT NULL,
    valid_from_date               date        NOT NULL,
    valid_to_date                 date,
    created_time                  timestamptz NOT NULL,
    created_by                    text        NOT NULL,
    version                       bigint      NOT NULL,
    PRIMARY KEY (tenant_id, agreement_id),
    CONSTRAINT agreement_agency FOREIGN KEY (tenant_id, agency_id)
        REFERENCES agency (tenant_id, agency_id),
    CONSTRAINT agreement_number UNIQUE (tenant_id, agency_id, agreement_number),
    CONSTRAINT agreement_number_length CHECK (length(agreement_number) BETWEEN 1 AND 64),
    CONSTRAINT agreement_remittance_mode CHECK (remittance_mode IN ('GROSS', 'NET')),
    CONSTRAINT agreement_final_demand CHECK (final_demand_days BETWEEN 0 AND 90),
    CONSTRAINT agreement_tail CHECK (commission_tail_days BETWEEN 0 AND 365),
    CONSTRAINT agreement_notice CHECK (recall_notice_days BETWEEN 0 AND 60),
    CONSTRAINT agreement_validity CHECK (valid_to_date >= valid_from_date),
    CONSTRAINT agreement_version CHECK (version > 0)
);
SELECT recoup_protect('agreement', 'SELECT, INSERT, UPDATE');
CREATE INDEX agreement_by_agency ON agreement (tenant_id, agency_id, valid_from_date DESC, agreement_id);
