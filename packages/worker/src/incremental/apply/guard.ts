/**
 * PL/pgSQL: goes on only when the database is the base: every table of the backup is there with as many rows, and those that
 * will be changed hold the same values. Until then nothing is changed, and afterwards nobody else changes those.
 */
export const GUARD = `
  IF pg_catalog.getdatabaseencoding() <> plan->>'encoding' THEN
    RAISE EXCEPTION USING ERRCODE = 'SK002', MESSAGE = format(
      'The incremental backup %s was not applied: this database is encoded in %s, its source is in %s.',
      plan->>'increment', pg_catalog.getdatabaseencoding(), plan->>'encoding'),
      HINT = 'Restore the base into a database made with ENCODING and TEMPLATE template0.';
  END IF;
  FOR t IN SELECT * FROM jsonb_array_elements(plan->'unchanged' || tables) LOOP
    IF to_regclass(format('%I.%I', t->>'schema', t->>'name')) IS NULL THEN
      problem := format('it has no table %s.%s', t->>'schema', t->>'name');
      EXIT;
    END IF;
  END LOOP;
  IF problem IS NULL THEN
    FOR t IN SELECT * FROM jsonb_array_elements(tables) LOOP
      EXECUTE format('LOCK TABLE ONLY %I.%I IN SHARE ROW EXCLUSIVE MODE', t->>'schema', t->>'name');
    END LOOP;
    FOR t IN SELECT * FROM jsonb_array_elements(plan->'unchanged') LOOP
      EXECUTE format('SELECT count(*) FROM ONLY %I.%I %s', t->>'schema', t->>'name', t->>'filter') INTO n;
      IF n <> (t->>'rows')::bigint THEN
        problem := format('table %s.%s has %s rows, the base has %s', t->>'schema', t->>'name', n, t->>'rows');
        EXIT;
      END IF;
    END LOOP;
  END IF;
  IF problem IS NULL THEN
    FOR t IN SELECT * FROM jsonb_array_elements(tables) LOOP
      EXECUTE t->>'measure' INTO n, total;
      IF n <> (t->'base'->>'rows')::bigint THEN
        problem := format('table %s.%s has %s rows, the base has %s', t->>'schema', t->>'name', n, t->'base'->>'rows');
        EXIT;
      ELSIF total <> (t->'base'->>'sum')::numeric THEN
        problem := format('table %s.%s holds other values than the base', t->>'schema', t->>'name');
        EXIT;
      END IF;
    END LOOP;
  END IF;
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SK001', MESSAGE = format(
      'The incremental backup %s was not applied: this database is not its base %s, or not as that was restored: %s. Nothing was changed.',
      plan->>'increment', plan->>'base', problem),
      HINT = 'Restore the base into a new database, then this incremental backup, once.';
  END IF;
  FOR t IN SELECT * FROM jsonb_array_elements(tables) LOOP
    EXECUTE t->>'measureStaged' INTO n, total;
    IF n <> (t->'staged'->>'rows')::bigint OR total <> (t->'staged'->>'sum')::numeric THEN
      problem := format('%s new rows of table %s.%s arrived, %s were sent', n, t->>'schema', t->>'name', t->'staged'->>'rows');
    END IF;
    IF t->>'measureKept' IS NOT NULL THEN
      EXECUTE t->>'measureKept' INTO n;
      IF n <> (t->'staged'->>'kept')::bigint THEN
        problem := format('%s keys of table %s.%s arrived, %s were sent', n, t->>'schema', t->>'name', t->'staged'->>'kept');
      END IF;
    END IF;
    IF problem IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'SK003', MESSAGE = format(
        'The incremental backup %s was not applied: %s. Nothing was changed.', plan->>'increment', problem),
        HINT = 'Look at the errors before this one, then restore the base anew.';
    END IF;
  END LOOP;`;
