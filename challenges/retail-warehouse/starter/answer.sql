-- All lines of an invoice, added up by its customer and quarter: a query that works, and a low score.
CREATE VIEW brought AS
SELECT
    i.customer || '-' || year(i.invoiced_at) || 'Q' || quarter(i.invoiced_at) AS slot,
    sum(l.quantity * l.pence) AS pence
FROM invoices AS i
JOIN lines AS l USING (invoice)
GROUP BY ALL;

CREATE VIEW predictions AS
SELECT s.slot, CAST(coalesce(b.pence, 0) AS BIGINT) AS pence
FROM sample_submission AS s
LEFT JOIN brought AS b USING (slot)
ORDER BY s.slot;
