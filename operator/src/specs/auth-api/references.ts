import type { AuthCluster } from '../../api/authcluster.ts';

/** What an AuthCluster needs of a Secret or ConfigMap that somebody else makes. */
export interface Reference {
  /** Where the spec names it. */
  field: string;
  kind: 'Secret' | 'ConfigMap';
  name: string;
  /** Keys that must have a value; empty: any one at least. */
  keys: readonly string[];
  /** Of a Secret: what values must look like, by key. */
  shapes?: Readonly<Record<string, { pattern: RegExp; needed: string }>>;
  /** Pods read it again while they run. What they read once takes new pods when it changes. */
  reloaded: boolean;
  /** Nothing is amiss without it. */
  optional: boolean;
}

/** Standard Webhooks; 24 to 64 bytes are 32 to 88 characters of base64. */
const WEBHOOK_SECRET = {
  pattern: /^\s*whsec_[A-Za-z0-9+/]{32,86}={0,2}\s*$/,
  needed: 'whsec_ and 24 to 64 random bytes in base64',
};

/** All that spec.api refers to. */
export function apiReferences({ spec: { api } }: AuthCluster): Reference[] {
  const { bootstrapAdmin, oauthClients, tracing } = api;
  const headers = tracing?.headersSecret;
  const brought = { kind: 'Secret', reloaded: true, optional: false } as const;
  return [
    ...(bootstrapAdmin === undefined
      ? []
      : [
          {
            ...brought,
            field: 'spec.api.bootstrapAdmin.secretName',
            name: bootstrapAdmin.secretName,
            keys: ['username', 'password'],
          },
        ]),
    ...(oauthClients === undefined
      ? []
      : [{ ...brought, field: 'spec.api.oauthClients.secretName', name: oauthClients.secretName, keys: [] }]),
    ...(headers === undefined
      ? []
      : [
          {
            ...brought,
            field: 'spec.api.tracing.headersSecret',
            name: headers.name,
            keys: [headers.key],
            reloaded: false,
          },
        ]),
    ...mailReferences(api),
    ...environmentReferences(api),
  ];
}

function mailReferences({ mail }: AuthCluster['spec']['api']): Reference[] {
  const { smtp, webhook, templates } = mail ?? {};
  const brought = { reloaded: true, optional: false } as const;
  const secret = (field: string, name: string, keys: readonly string[]): Reference => {
    return { ...brought, kind: 'Secret', field: `spec.api.mail.${field}`, name, keys };
  };
  return [
    ...(smtp?.credentials === undefined
      ? []
      : [secret('smtp.credentials', smtp.credentials.secretName, ['username', 'password'])]),
    ...(webhook === undefined
      ? []
      : [
          {
            ...secret('webhook.credentials', webhook.credentials.secretName, ['secret']),
            shapes: { secret: WEBHOOK_SECRET },
          },
        ]),
    ...(templates === undefined
      ? []
      : [
          {
            ...brought,
            kind: 'ConfigMap' as const,
            field: 'spec.api.mail.templates',
            name: templates.configMapName,
            keys: [],
          },
        ]),
  ];
}

function environmentReferences({ env = [] }: AuthCluster['spec']['api']): Reference[] {
  return env.flatMap(({ name: variable, valueFrom }) => {
    const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
    const source = secretKeyRef ?? configMapKeyRef;
    if (source === undefined) return [];
    return [
      {
        field: `spec.api.env[${variable}]`,
        kind: secretKeyRef === undefined ? 'ConfigMap' : 'Secret',
        name: source.name,
        keys: [source.key],
        reloaded: false,
        optional: source.optional ?? false,
      },
    ];
  });
}
