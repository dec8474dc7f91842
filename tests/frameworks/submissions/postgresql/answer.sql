-- Rates of default per bin, added up as log-odds; ten rows of the average are added to each, so that a small one does not
-- claim to be sure.

CREATE TABLE rates AS
WITH overall AS (SELECT avg(defaulted) AS rate FROM train)
SELECT name, value, (count(*) FILTER (WHERE defaulted = 1) + 10 * rate) / (count(*) + 10) AS chance
FROM seen CROSS JOIN overall
GROUP BY name, value, rate;

CREATE TABLE predictions AS
SELECT id, 1 / (1 + exp(-sum(coalesce(ln(chance / (1 - chance)), 0))::double precision)) AS probability
FROM asked LEFT JOIN rates USING (name, value)
GROUP BY id
ORDER BY id;
