-- The lines of invoices. Those of a draft are replaced as a whole; none is ever
-- changed.
CREATE TABLE invoice_line (
    tenant_id    uuid           NOT NULL,
    invoice_id   uuid           NOT NULL,
    line_number  integer        NOT NULL CHECK (line_number >= 1),
    -- Personal data.
    description  text           NOT NULL,
    quantity     numeric(27,12) NOT NULL,
    unit         text           NOT NULL,
    unit_price   numeric(27,12) NOT NULL CHECK (unit_price >= 0),
    tax_category text           NOT NULL
        CONSTRAINT invoice_line_tax_category
        CHECK (tax_category IN ('S', 'Z', 'E', 'AE', 'G', 'K', 'O')),
    tax_ratio    numeric(13,12) NOT NULL,
    net_amount   numeric(19,4)  NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id, line_number),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice,
    CONSTRAINT invoice_line_tax_ratio
        CHECK (tax_ratio BETWEEN 0 AND 1 AND (tax_category = 'S') = (tax_ratio > 0))
);
SELECT recoup_protect('invoice_line', 'SELECT, INSERT, DELETE');
