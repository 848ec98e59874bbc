/** Tables in which a DELETE or an INSERT would do more, or less, than it says. Everything is in `public` or `odd "schema"`. */
export const ODD_TABLES = `
  CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'a trigger fired'; END $$;
  CREATE FUNCTION halve() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := NEW.v / 2; RETURN NEW; END $$;

  CREATE TABLE parents (id int PRIMARY KEY, child int, note text);
  CREATE TABLE children (id int PRIMARY KEY, parent int NOT NULL REFERENCES parents ON DELETE CASCADE ON UPDATE CASCADE);
  ALTER TABLE parents ADD CONSTRAINT "first 'child'" FOREIGN KEY (child) REFERENCES children ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
  COMMENT ON CONSTRAINT "first 'child'" ON parents IS 'a cycle''s other half';
  INSERT INTO parents SELECT g, NULL, 'p' || g FROM generate_series(1, 200) g;
  INSERT INTO children SELECT g, g FROM generate_series(1, 200) g; UPDATE parents SET child = id WHERE id <= 100;
  CREATE TABLE quiet (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE); INSERT INTO quiet VALUES (1, 150), (2, 160);
  CREATE TABLE dirty (id int PRIMARY KEY, parent int); INSERT INTO dirty VALUES (1, 4711), (2, 3);
  ALTER TABLE dirty ADD FOREIGN KEY (parent) REFERENCES parents NOT VALID;
  CREATE TABLE trees (id int PRIMARY KEY, up int REFERENCES trees); INSERT INTO trees SELECT g, nullif(g - 1, 0) FROM generate_series(1, 100) g;

  CREATE TABLE triggered (id int PRIMARY KEY, v int); INSERT INTO triggered SELECT g, g FROM generate_series(1, 100) g;
  CREATE TRIGGER plain BEFORE INSERT OR DELETE ON triggered FOR EACH ROW EXECUTE FUNCTION never();
  CREATE TRIGGER "always ""so""" BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION halve();
  CREATE TRIGGER statement AFTER DELETE ON triggered FOR EACH STATEMENT EXECUTE FUNCTION never();
  CREATE TRIGGER replica BEFORE DELETE ON triggered FOR EACH ROW EXECUTE FUNCTION never();
  CREATE TRIGGER off BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION never();
  CREATE CONSTRAINT TRIGGER late AFTER INSERT ON triggered DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION never();
  ALTER TABLE triggered ENABLE ALWAYS TRIGGER "always ""so""", ENABLE ALWAYS TRIGGER statement, ENABLE REPLICA TRIGGER replica, DISABLE TRIGGER off;
  CREATE TABLE ruled (id int PRIMARY KEY, v int); INSERT INTO ruled SELECT g, g FROM generate_series(1, 50) g;
  CREATE RULE nothing AS ON DELETE TO ruled DO INSTEAD NOTHING; CREATE RULE "twice ü" AS ON INSERT TO ruled DO ALSO INSERT INTO triggered VALUES (-1, 1);
  CREATE RULE never AS ON INSERT TO ruled DO INSTEAD NOTHING;
  ALTER TABLE ruled ENABLE ALWAYS RULE "twice ü", DISABLE RULE never;

  CREATE TABLE identities (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, b text, c text GENERATED ALWAYS AS (b || '!') STORED);
  INSERT INTO identities (a, b) SELECT g, 'b' || g FROM generate_series(1, 50) g;
  CREATE TABLE generated (k int, id int GENERATED ALWAYS AS (k * 2) STORED PRIMARY KEY); INSERT INTO generated SELECT g FROM generate_series(1, 50) g;
  CREATE TABLE only_added (k int, id int GENERATED ALWAYS AS (k) STORED PRIMARY KEY); INSERT INTO only_added VALUES (1), (2);
  CREATE EXTENSION btree_gist;
  CREATE TABLE bookings (id int PRIMARY KEY, room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&));
  INSERT INTO bookings SELECT g, 1, int4range(g * 10, g * 10 + 10) FROM generate_series(1, 20) g;
  CREATE TABLE swaps (id int PRIMARY KEY, place int UNIQUE, seat int UNIQUE DEFERRABLE INITIALLY DEFERRED);
  INSERT INTO swaps SELECT g, g, g FROM generate_series(1, 20) g;
  CREATE TABLE later (id int PRIMARY KEY DEFERRABLE, v int); INSERT INTO later SELECT g, g FROM generate_series(1, 9) g;

  CREATE TABLE readings (at date, site int, v int REFERENCES parents, PRIMARY KEY (site, at)) PARTITION BY RANGE (at);
  CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
  CREATE TABLE readings_2 PARTITION OF readings FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (site);
  CREATE TABLE readings_2_1 PARTITION OF readings_2 FOR VALUES IN (1); CREATE TABLE readings_2_x PARTITION OF readings_2 DEFAULT;
  INSERT INTO readings SELECT date '2023-06-01' + g, g % 3, 1 + g % 50 FROM generate_series(1, 500) g;
  CREATE TABLE notes (at date, site int, t text, FOREIGN KEY (site, at) REFERENCES readings ON DELETE CASCADE);
  INSERT INTO notes SELECT at, site, 'n' FROM readings WHERE site = 1;
  CREATE TRIGGER clone BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION never();
  CREATE TABLE up (id int PRIMARY KEY, kind text); CREATE TABLE down (extra text) INHERITS (up);
  INSERT INTO up VALUES (1, 'up'), (2, 'up'); INSERT INTO down VALUES (1, 'down', 'x'), (2, 'down', 'y');

  CREATE TABLE secret (id int PRIMARY KEY, v text); INSERT INTO secret VALUES (1, 'a'), (2, 'b');
  ALTER TABLE secret ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY none ON secret USING (false);
  CREATE TABLE hidden (id int); INSERT INTO hidden VALUES (1); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

  CREATE TABLE dropped (gone text, id int PRIMARY KEY, also_gone int, v text); INSERT INTO dropped SELECT 'g', g, g, 'v' FROM generate_series(1, 20) g;
  ALTER TABLE dropped DROP COLUMN gone, DROP COLUMN also_gone, ADD COLUMN added int DEFAULT 7;
  CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES; CREATE TABLE emptied (v text); INSERT INTO emptied VALUES ('x');
  CREATE TABLE no_key (v text); INSERT INTO no_key SELECT 'v' FROM generate_series(1, 10);
  CREATE TABLE referred (code text UNIQUE); CREATE TABLE refers (code text REFERENCES referred (code) ON DELETE CASCADE);
  INSERT INTO referred VALUES ('a'), ('b'); INSERT INTO refers VALUES ('a'), ('b');
  CREATE DOMAIN short AS text CHECK (length(VALUE) < 10) NOT NULL; CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('sad', 'glad');
  CREATE TABLE typed (id int PRIMARY KEY, s short, p pair, ps pair[], m mood, ms mood[], b bytea, t text, n numeric, f float8, o money,
    i interval, j jsonb, x xml, ts timestamptz, r int4range, grid int[][], c "char", bits bit varying);
  INSERT INTO typed (id, s) SELECT g, 's' || g FROM generate_series(1, 30) g;
  CREATE SCHEMA "odd ""schema"" \\ $safekeep$";
  CREATE TABLE "odd ""schema"" \\ $safekeep$"."t'able
  $safekeep$ ü患者" ("found" int PRIMARY KEY, "sqlerrm" text, "t" text, "co""l\\umn'$1" text, "${'y'.repeat(63)}" text);
  INSERT INTO "odd ""schema"" \\ $safekeep$"."t'able
  $safekeep$ ü患者" SELECT g, 'a', 'b', 'c' FROM generate_series(1, 20) g;
  CREATE SEQUENCE "odd ""schema"" \\ $safekeep$"."se'q \\" INCREMENT -3; CREATE SEQUENCE untouched;
  CREATE UNLOGGED TABLE cache (id int PRIMARY KEY, v text); INSERT INTO cache VALUES (1, 'v');
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM parents; CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS one WITH NO DATA;
  CREATE MATERIALIZED VIEW emptied_view AS SELECT 1 AS one;`;

const ODD_TABLE = `"odd ""schema"" \\ $safekeep$"."t'able
  $safekeep$ ü患者"`;

/** What a day does to them; with the source's own triggers at rest, which is another matter. */
export const ODD_CHANGES = `
  SET session_replication_role = replica;
  UPDATE parents SET note = note || E'\\t\\n\\r\\b\\f\\v\\\\' WHERE id % 20 = 0; UPDATE parents SET child = NULL WHERE id = 7;
  DELETE FROM parents WHERE id BETWEEN 195 AND 200; DELETE FROM children WHERE parent BETWEEN 195 AND 200;
  INSERT INTO parents VALUES (1001, 1001, NULL), (1002, 1001, ''); INSERT INTO children VALUES (1001, 1001);
  INSERT INTO dirty VALUES (3, 5); UPDATE trees SET up = 100 WHERE id = 1; DELETE FROM trees WHERE id = 50; UPDATE trees SET up = 49 WHERE id = 51;
  ALTER TABLE triggered DISABLE TRIGGER USER; UPDATE triggered SET v = 4711 WHERE id < 5; DELETE FROM triggered WHERE id = 9; INSERT INTO triggered VALUES (999, 999);
  ALTER TABLE triggered ENABLE TRIGGER USER;
  ALTER TABLE triggered ENABLE ALWAYS TRIGGER "always ""so""", ENABLE ALWAYS TRIGGER statement, ENABLE REPLICA TRIGGER replica, DISABLE TRIGGER off;
  ALTER TABLE ruled DISABLE RULE "twice ü"; INSERT INTO ruled VALUES (77, 7); DELETE FROM ruled WHERE id = 3; UPDATE ruled SET v = 0 WHERE id = 4;
  ALTER TABLE ruled ENABLE ALWAYS RULE "twice ü";
  SET session_replication_role = DEFAULT;
  UPDATE identities SET b = NULL WHERE id = 3; DELETE FROM identities WHERE id = 4; INSERT INTO identities (a) VALUES (1), (2);
  INSERT INTO only_added VALUES (3); UPDATE generated SET k = 1000 WHERE k = 5; DELETE FROM generated WHERE k = 6;
  UPDATE bookings SET during = '[900,910)' WHERE id = 3; UPDATE bookings SET during = int4range(30, 40) WHERE id = 4; UPDATE bookings SET during = int4range(40, 50) WHERE id = 3;
  UPDATE swaps SET place = 100 WHERE id = 1; UPDATE swaps SET place = 1 WHERE id = 2; UPDATE swaps SET place = 2 WHERE id = 1;
  BEGIN; UPDATE swaps SET seat = 21 - seat; COMMIT; UPDATE later SET id = 10 - id;
  ALTER TABLE readings DISABLE TRIGGER clone; UPDATE readings SET v = 60 WHERE site = 1 AND at > '2024-03-01'; INSERT INTO readings VALUES ('2024-12-24', 2, NULL);
  DELETE FROM readings WHERE at = '2023-07-01'; ALTER TABLE readings ENABLE TRIGGER clone;
  UPDATE down SET extra = NULL WHERE id = 1; DELETE FROM ONLY up WHERE id = 1; INSERT INTO up VALUES (3, 'up');
  UPDATE secret SET v = 'c' WHERE id = 2; DELETE FROM secret WHERE id = 1; INSERT INTO dropped VALUES (21, NULL); UPDATE dropped SET v = 'w' WHERE id = 2;
  INSERT INTO no_columns DEFAULT VALUES; DELETE FROM emptied; DELETE FROM no_key WHERE ctid = '(0,3)'; INSERT INTO no_key VALUES (NULL), ('v');
  INSERT INTO referred VALUES ('c'); INSERT INTO refers VALUES ('c');
  UPDATE typed SET p = ROW(1, 'x,"y'), ps = ARRAY[ROW(NULL, E'\\t')::pair, NULL], m = 'glad', ms = '{sad,NULL}', b = '\\x00ff5c0a', t = E'\\\\N', n = 'NaN', f = -0.0,
    o = 1234.56, i = '-1 mon +2 days -03:04', j = '{"k": [1, null]}', x = '<a>&lt;</a>', ts = 'infinity', r = '[1,5)', grid = '{{1,2},{NULL,4}}', c = E'\\\\', bits = B'101'
    WHERE id = 3;
  UPDATE typed SET t = E'\\\\.', b = '', n = 1e-130 WHERE id = 4; UPDATE typed SET t = '' WHERE id = 5; DELETE FROM typed WHERE id = 6;
  UPDATE ${ODD_TABLE} SET "t" = E'\\\\.\\n', "sqlerrm" = '$safekeep$' WHERE "found" = 3; DELETE FROM ${ODD_TABLE} WHERE "found" = 4;
  SELECT nextval('"odd ""schema"" \\ $safekeep$"."se''q \\"'), nextval('"odd ""schema"" \\ $safekeep$"."se''q \\"'); UPDATE cache SET v = 'w';
  REFRESH MATERIALIZED VIEW counted; REFRESH MATERIALIZED VIEW emptied_view WITH NO DATA;`;

/** Those in which all rows may be replaced, too. */
export const ANY_WAY = [
  'parents',
  'children',
  'triggered',
  'ruled',
  'identities',
  'readings_1',
  'readings_2_1',
  'swaps',
  'secret',
];
