/**
 * The settings pg_dump uses for itself, so that what is read here is read as it reads it, and those that would let the
 * text of a value, or of a definition, depend on the server or the role: a source and its copy are read alike.
 */
export const READING_SETTINGS = `
  SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3;
  SET bytea_output = 'hex'; SET row_security = off; SET synchronize_seqscans = off; SET search_path = '';
  SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET client_min_messages = 'error';
  SET lc_monetary = 'C'; SET quote_all_identifiers = off`;
