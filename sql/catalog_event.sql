-- Events and objectives: dr_event_record, dr_objective_set.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

SELECT dr_event_record('warning', 'clock_behind', 'the clock is behind the newest backup', '{"seconds": 3}', 'prompts') AS id;
SELECT dr_event_record('info', 'hello', 'hi', NULL) AS id;
SELECT severity, kind, message, detail, set_name FROM dr.events ORDER BY id;
SELECT dr_event_record('fatal', 'x', 'y');
\echo :SQLSTATE
SELECT dr_event_record(NULL, 'x', 'y');
SELECT dr_event_record('info', 'Not A Kind', 'y');
\echo :SQLSTATE
SELECT dr_event_record('info', 'x', '');

SELECT dr_objective_set('rpo', '1 hour');
SELECT dr_objective_set('rpo', '2 hours');
SELECT dr_objective_set('copies', '2');
SELECT dr_objective_set('verified_age', NULL);
SELECT name, target FROM dr.objectives ORDER BY name;
SELECT dr_objective_set('mttr', '1 hour');
\echo :SQLSTATE
SELECT dr_objective_set(NULL, '1 hour');
SELECT dr_objective_set('rpo', 'soon');
\echo :SQLSTATE
SELECT dr_objective_set('rpo', '-1 hour');
SELECT dr_objective_set('rpo', '0');
SELECT dr_objective_set('rpo', '');
SELECT dr_objective_set('rpo', '99999999999999999999 days');
SELECT dr_objective_set('copies', '1.5');
\echo :SQLSTATE
SELECT dr_objective_set('copies', '0');
SELECT dr_objective_set('copies', '99999999999');

-- One fact is one event: said again with nothing else of its kind and set in between, it is counted.
SELECT dr_event_record('warning', 'again', 'the same', '{"n": 1}', 'shop') AS event \gset
SELECT dr_event_record('warning', 'again', 'the same', '{"n": 2}', 'shop') = :event AS same, dr_event_record('warning', 'again', 'the same', '{"n": 3}', 'shop') = :event AS same;
SELECT dr_event_record('warning', 'again', 'the same', '{}', 'other') = :event AS same, dr_event_record('error', 'again', 'the same', '{}', 'shop') = :event AS same;
SELECT severity, message, detail, set_name, times, last_at > at AS later FROM dr.events WHERE kind = 'again' ORDER BY id;
SELECT dr_event_record('warning', 'again', 'something else', '{}', 'shop') = :event AS same;
SELECT dr_event_record('warning', 'again', 'the same', '{}', 'shop') = :event AS same;
