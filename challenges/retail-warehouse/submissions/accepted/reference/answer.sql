-- One row per product: the catalogue has one for each wording, and a plain join would count lines as often.
CREATE VIEW catalogue AS
SELECT DISTINCT product, kind FROM products;

-- Rule 1 (each line once), rule 2 (goods and discounts), rule 3 (nobody's lines are nobody's revenue).
CREATE VIEW counted AS
SELECT DISTINCT i.customer, i.invoiced_at, l.invoice, l.product, l.quantity, l.pence, c.kind
FROM lines AS l
JOIN invoices AS i USING (invoice)
JOIN catalogue AS c USING (product)
WHERE c.kind IN ('goods', 'discount') AND i.customer IS NOT NULL;

CREATE VIEW sold AS
SELECT * FROM counted WHERE quantity > 0;

-- Rule 4: what comes back belongs to the last sale before it. An inner ASOF join leaves out what has no sale.
CREATE VIEW came_back AS
SELECT r.customer, s.invoiced_at, r.quantity, r.pence
FROM (FROM counted WHERE quantity < 0 AND kind = 'goods') AS r
ASOF JOIN (SELECT DISTINCT customer, product, pence, invoiced_at FROM sold) AS s
    ON r.customer = s.customer AND r.product = s.product AND r.pence = s.pence
    AND r.invoiced_at >= s.invoiced_at;

CREATE VIEW discounts AS
SELECT * FROM counted WHERE quantity < 0 AND kind = 'discount';

CREATE VIEW brought AS
SELECT
    customer || '-' || year(invoiced_at) || 'Q' || quarter(invoiced_at) AS slot,
    sum(quantity * pence) AS pence
FROM (
    SELECT customer, invoiced_at, quantity, pence FROM sold
    UNION ALL
    SELECT customer, invoiced_at, quantity, pence FROM discounts
    UNION ALL
    FROM came_back
)
GROUP BY ALL;

CREATE VIEW predictions AS
SELECT s.slot, CAST(coalesce(b.pence, 0) AS BIGINT) AS pence
FROM sample_submission AS s
LEFT JOIN brought AS b USING (slot)
ORDER BY s.slot;
