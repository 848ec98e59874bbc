/** PL/pgSQL: changes the tables, and checks that each holds what the increment's snapshot saw. */
export const REPLACE_ROWS = `
  FOR t IN SELECT * FROM jsonb_array_elements(tables) LOOP
    EXECUTE t->>'remove' INTO n, total;
    EXECUTE t->>'insert';
    total := (t->'base'->>'sum')::numeric - total + (t->'staged'->>'sum')::numeric;
    EXECUTE t->>'measure' INTO n, actual;
    IF n <> (t->>'rowsAfter')::bigint OR actual <> total THEN
      RAISE EXCEPTION USING ERRCODE = 'SK003', MESSAGE = format(
        'The incremental backup %s was not applied: table %s.%s would have %s rows or other values, its snapshot has %s rows. Nothing was changed.',
        plan->>'increment', t->>'schema', t->>'name', n, t->>'rowsAfter'),
        HINT = 'Something in this database changes rows as they are written. Restore the base into a new database on another server, and tell the makers of Safekeep.';
    END IF;
  END LOOP;`;
