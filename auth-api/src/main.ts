import type { Logger } from 'pino';
import { ConfigError, parseConfig, parseMigrateConfig } from './config.ts';
import { migrate } from './migrations/migrate.ts';
import { createLog } from './observability/log.ts';
import { readCredentials } from './storage/postgres/connection.ts';
import { tlsOptions } from './storage/tls.ts';
import { serve } from './wiring/serve.ts';
import { warm } from './wiring/warm.ts';

async function runMigrations(log: Logger): Promise<void> {
  const config = parseMigrateConfig(process.env);
  const tls = tlsOptions(config.tlsMode, config.credentialsDirectory);
  await migrate({
    connection: {
      host: config.host,
      port: config.port,
      database: config.database,
      connectionTimeoutMillis: 10_000,
      ...readCredentials(config.credentialsDirectory),
      ...(tls === undefined ? {} : { ssl: tls }),
    },
    appRole: config.appRole,
    log,
  });
}

async function main([command = 'serve']: readonly string[]): Promise<void> {
  const startLog = createLog('info');
  try {
    if (command === 'serve') {
      const config = parseConfig(process.env);
      await serve(config, createLog(config.logLevel));
    } else if (command === 'warm') {
      const config = parseConfig(process.env);
      await warm(config, createLog(config.logLevel));
    } else if (command === 'migrate') {
      await runMigrations(startLog);
    } else {
      throw new ConfigError([`the command must be serve, warm or migrate, not "${command}"`]);
    }
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const problem of error.problems) startLog.fatal(problem);
    } else {
      startLog.fatal({ error }, `${command} failed`);
    }
    process.exit(1);
  }
}

await main(process.argv.slice(2));
