-- Invoices and their items as they are now, in one way to the database.
WITH saved AS (
    INSERT INTO case_invoice (tenant_id, invoice_id, case_id, invoice_number, external_id,
                              invoice_date, currency, open_amount, disputed_amount,
                              oldest_due_date, level, expedited_from, kept_out_level,
                              kept_out_reason, version)
    SELECT $1, * FROM UNNEST($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::date[],
                             $7::text[], $8::numeric[], $9::numeric[], $10::date[],
                             $11::smallint[], $12::date[], $13::smallint[], $14::text[],
                             $15::bigint[])
    ON CONFLICT (tenant_id, invoice_id) DO UPDATE
       SET invoice_number = EXCLUDED.invoice_number, external_id = EXCLUDED.external_id,
           invoice_date = EXCLUDED.invoice_date, open_amount = EXCLUDED.open_amount,
           disputed_amount = EXCLUDED.disputed_amount,
           oldest_due_date = EXCLUDED.oldest_due_date, level = EXCLUDED.level,
           expedited_from = EXCLUDED.expedited_from,
           kept_out_level = EXCLUDED.kept_out_level,
           kept_out_reason = EXCLUDED.kept_out_reason, version = EXCLUDED.version)
INSERT INTO case_item (tenant_id, invoice_id, open_item_id, kind, due_date, open_amount,
                       level, step_code, step_level, step_date, step_time)
SELECT $1, * FROM UNNEST($16::uuid[], $17::uuid[], $18::text[], $19::date[],
                         $20::numeric[], $21::smallint[], $22::text[], $23::smallint[],
                         $24::date[], $25::timestamptz[])
ON CONFLICT (tenant_id, invoice_id, open_item_id) DO UPDATE
   SET kind = EXCLUDED.kind, due_date = EXCLUDED.due_date,
       open_amount = EXCLUDED.open_amount, level = EXCLUDED.level,
       step_code = EXCLUDED.step_code, step_level = EXCLUDED.step_level,
       step_date = EXCLUDED.step_date, step_time = EXCLUDED.step_time
