import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';

export interface CertificateFiles {
  /** PEM, as the files ca.crt, server.crt and server.key in the directory. */
  ca: string;
  certificate: string;
  key: string;
}

/** A certificate authority for tests and a server certificate for these DNS names and 127.0.0.1, by openssl. */
export async function makeCertificates(
  directory: string,
  dnsNames: readonly string[] = ['localhost'],
): Promise<CertificateFiles> {
  const openssl = (...args: string[]) => runCommand('openssl', args, { directory });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['IP:127.0.0.1', ...dnsNames.map((name) => `DNS:${name}`)].join(',');
  await openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  );
  await openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=test server');
  await writeFile(join(directory, 'server.ext'), `subjectAltName=${names}\n`);
  const issuer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'server.ext'];
  await openssl('x509', '-req', '-in', 'server.csr', ...issuer, '-out', 'server.crt');
  const read = (file: string) => readFile(join(directory, file), 'utf8');
  return { ca: await read('ca.crt'), certificate: await read('server.crt'), key: await read('server.key') };
}
