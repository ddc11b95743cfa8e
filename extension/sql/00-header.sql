\echo Use "CREATE EXTENSION pgdr" to load this file. \quit
-- Whoever may create operators in the schema of the extension must not have them called here: an unqualified one with a
-- better match would win. Every object below is created under its schema's name.
SET LOCAL search_path = pg_catalog, pg_temp;
