-- The API.

CREATE SCHEMA api;
GRANT USAGE ON SCHEMA api TO tandem_api;
