-- Every row as three: one value of a name each. `train` and `test` are the files of the inputs.

CREATE FUNCTION bin(x double precision) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT coalesce(width_bucket(x, -1.8, 1.8, 6)::text, 'none') $$;

CREATE MATERIALIZED VIEW seen AS
SELECT name, value, defaulted
FROM train, LATERAL (VALUES ('debt', bin(debt)), ('age', bin(age)), ('kind', kind)) AS pair (name, value);

CREATE MATERIALIZED VIEW asked AS
SELECT id, name, value
FROM test, LATERAL (VALUES ('debt', bin(debt)), ('age', bin(age)), ('kind', kind)) AS pair (name, value);
