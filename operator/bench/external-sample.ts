import { readFile } from 'node:fs/promises';
import { parseAllDocuments } from 'yaml';

const SAMPLE = new URL('../../manifests/samples/external-database.yaml', import.meta.url);
const login = { username: 'user', password: 'not a secret' };

/** The spec of the sample whose database and Redis are somebody else's. */
export async function externalSpec(): Promise<object> {
  const documents = parseAllDocuments(await readFile(SAMPLE, 'utf8')).map((document) => document.toJS());
  return documents.find(({ kind }) => kind === 'AuthCluster').spec;
}

/** What it refers to. `certificate` is PEM. */
export function referencedObjects(namespace: string, certificate: string): { kind: string }[] {
  const object = (kind: string, name: string, content: object) => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace },
    ...content,
  });
  return [
    ...['auth-db-app', 'auth-db-migrator', 'auth-redis'].map((name) => object('Secret', name, { stringData: login })),
    ...['auth-db-ca', 'auth-redis-ca'].map((name) => object('ConfigMap', name, { data: { 'ca.crt': certificate } })),
  ];
}
