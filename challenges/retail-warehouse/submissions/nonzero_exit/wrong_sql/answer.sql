-- Names a table that is not there.
CREATE VIEW predictions AS SELECT slot, pence FROM ledger;
