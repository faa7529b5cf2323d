import { SCHEMA } from '../names.ts';

/** Long enough for any statement of the API, short enough that a lost transaction does not hold locks for long. */
export const APP_SETTINGS = {
  search_path: SCHEMA,
  statement_timeout: '15s',
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '15s',
};

/** Migrations may build indexes; they must not queue behind a long transaction and hold everybody up. */
export const MIGRATOR_SETTINGS = { search_path: SCHEMA, statement_timeout: '15min', lock_timeout: '5s' };

/** Statistics are read often; who reads them must not be in anybody's way. */
export const MONITORING_SETTINGS = { statement_timeout: '10s', lock_timeout: '1s' };
