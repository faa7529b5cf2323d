import { describe, expect, test } from '@jest/globals';
import { clusterWith, SAMPLE_INPUTS } from '../../testing/sample-clusters.ts';
import { networkPolicies } from './policies.ts';

interface Selector {
  matchLabels: Record<string, string>;
}
interface Peer {
  ipBlock?: { cidr: string };
  namespaceSelector?: Selector;
  podSelector?: Selector;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports: { protocol: string; port: number }[];
}
interface Spec {
  podSelector: Selector;
  policyTypes: string[];
  ingress?: Rule[];
  egress?: Rule[];
}

const COMPONENT = 'app.kubernetes.io/component';

function specs(spec: object = {}): Spec[] {
  return networkPolicies(clusterWith(spec), SAMPLE_INPUTS).map((policy) => policy.spec as Spec);
}

/** Who a peer is, in a word: a component, or a namespace with its pods. */
function who({ ipBlock, namespaceSelector, podSelector }: Peer): string {
  if (ipBlock !== undefined) return ipBlock.cidr;
  const namespace = namespaceSelector?.matchLabels['kubernetes.io/metadata.name'];
  return namespace === undefined
    ? (podSelector?.matchLabels[COMPONENT] ?? '')
    : `${namespace}/${Object.values(podSelector?.matchLabels ?? {}).join() || '*'}`;
}

/** `redis 6379` for each peer and port that rules of one direction allow; `anybody` where no peer is named. */
function openings(rules: readonly Rule[] | undefined, end: 'from' | 'to'): string[] {
  return (rules ?? [])
    .flatMap((rule) =>
      (rule[end]?.map(who) ?? ['anybody']).flatMap((peer) => rule.ports.map((p) => `${peer} ${p.port}`)),
    )
    .sort();
}

function of(component: string, spec: object = {}): { from: string[]; to: string[] } {
  const found = specs(spec).find(({ podSelector }) => podSelector.matchLabels[COMPONENT] === component);
  return { from: openings(found?.ingress, 'from'), to: openings(found?.egress, 'to') };
}

const OPERATOR = 'authcluster-system/authcluster-operator';

describe('network policies', () => {
  test('deny everything to every pod of the AuthCluster, whatever its component', () => {
    const [deny] = specs();
    expect(deny).toEqual({
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': 'authcluster', 'app.kubernetes.io/instance': 'acme' },
      },
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  test('let into PostgreSQL its peers, the poolers, migrations and the operator, and nobody else', () => {
    expect(of('postgres').from).toEqual(
      [
        ...['pooler-rw 5432', 'pooler-ro 5432', 'migrations 5432', `${OPERATOR} 5432`],
        ...['postgres 5432', 'postgres 8008', `${OPERATOR} 8008`],
      ].sort(),
    );
  });

  test('let into Redis its peers, the auth API, its warming and the operator', () => {
    expect(of('redis').from).toEqual(
      ['auth-api 6379', 'warming 6379', `${OPERATOR} 6379`, 'redis 16379', 'redis 6379'].sort(),
    );
  });

  test('let the auth API, its warming and the operator into the poolers', () => {
    for (const pooler of ['pooler-rw', 'pooler-ro']) {
      expect(of(pooler).from).toEqual(['auth-api 5432', 'warming 5432', `${OPERATOR} 5432`].sort());
    }
  });

  test('show the metrics of the auth API to the operator alone, until scrapers are declared', () => {
    const metrics = (spec: object) => of('auth-api', spec).from.filter((each) => each.endsWith(' 9090'));
    expect(metrics({})).toEqual([`${OPERATOR} 9090`]);
    const scrapers = [{ namespace: 'monitoring', podLabels: { app: 'prometheus' } }, { namespace: 'collectors' }];
    expect(metrics({ networkPolicy: { scrapers } })).toEqual(
      [`${OPERATOR} 9090`, 'collectors/* 9090', 'monitoring/prometheus 9090'].sort(),
    );
    expect(of('gateway', { networkPolicy: { scrapers } }).from).toEqual(
      ['anybody 8080', 'collectors/* 8081', 'monitoring/prometheus 8081'].sort(),
    );
  });

  test('show the metrics of the data tiers to declared scrapers, where there are exporters', () => {
    const networkPolicy = { scrapers: [{ namespace: 'monitoring', podLabels: { app: 'prometheus' } }] };
    const toScrapers = (spec: object) =>
      ['postgres', 'pooler-rw', 'pooler-ro', 'redis'].map((each) =>
        of(each, spec).from.filter((from) => from.startsWith('monitoring/')),
      );
    expect(toScrapers({ networkPolicy, monitoring: { enabled: true } })).toEqual([
      ['monitoring/prometheus 9187'],
      ['monitoring/prometheus 9127'],
      ['monitoring/prometheus 9127'],
      ['monitoring/prometheus 9121'],
    ]);
    expect(toScrapers({ networkPolicy }).flat()).toEqual([]);
  });

  test('let the operator alone ask exporters which login they use', () => {
    const monitored = { monitoring: { enabled: true } };
    const asking = (component: string, spec: object) =>
      of(component, spec).from.filter((from) => from.endsWith(' 9188'));
    for (const component of ['postgres', 'pooler-rw', 'pooler-ro', 'redis']) {
      expect(asking(component, monitored)).toEqual([`${OPERATOR} 9188`]);
      expect(asking(component, {})).toEqual([]);
    }
  });

  test('leave only the edge open to anybody: the gateway, or the auth API where there is none', () => {
    const open = (spec: object) =>
      specs(spec).flatMap(({ podSelector, ingress }) =>
        openings(ingress, 'from').some((each) => each.startsWith('anybody'))
          ? [podSelector.matchLabels[COMPONENT]]
          : [],
      );
    expect(open({})).toEqual(['gateway']);
    expect(open({ gateway: { enabled: false } })).toEqual(['auth-api']);
  });

  test('open the port for TLS where the gateway has a certificate', () => {
    const tls = { secretName: 'auth-tls' };
    expect(of('gateway', { gateway: { tls } }).from).toEqual(['anybody 8080', 'anybody 8443']);
    const behindIngress = { expose: { type: 'Ingress', hostnames: ['auth.example.com'] }, tls };
    expect(of('gateway', { gateway: behindIngress }).from).toEqual(['anybody 8080']);
  });

  test('let nobody but Patroni out of the AuthCluster, but for names', () => {
    const beyond = (component: string) => of(component).to.filter((each) => each.startsWith('anybody'));
    const dns = ['anybody 53', 'anybody 53'];
    expect(beyond('postgres')).toEqual(['anybody 443', ...dns, 'anybody 6443']);
    for (const component of ['pooler-rw', 'redis', 'migrations', 'auth-api', 'warming', 'gateway']) {
      expect([component, beyond(component)]).toEqual([component, dns]);
    }
  });

  test('let Patroni out to the ports that the API server is said to have, and to no others', () => {
    const { to } = of('postgres', { networkPolicy: { apiServerPorts: [16443] } });
    expect(to.filter((each) => each.startsWith('anybody'))).toEqual(['anybody 16443', 'anybody 53', 'anybody 53']);
  });

  test('let everybody ask for names at the ports that the resolver is said to have, and at no others', () => {
    for (const component of ['postgres', 'pooler-rw', 'redis', 'migrations', 'auth-api', 'warming', 'gateway']) {
      const { to } = of(component, { networkPolicy: { apiServerPorts: [6443], dnsPorts: [53, 5353] } });
      const names = to.filter((each) => each.startsWith('anybody') && each !== 'anybody 6443');
      expect([component, names]).toEqual([component, ['anybody 53', 'anybody 53', 'anybody 5353', 'anybody 5353']]);
    }
  });

  test('allow each connection at both of its ends', () => {
    const components = ['postgres', 'pooler-rw', 'pooler-ro', 'redis', 'migrations', 'auth-api', 'warming', 'gateway'];
    const inside = (component: string, end: 'from' | 'to') =>
      of(component)[end].flatMap((each) => {
        const [peer = '', port] = each.split(' ');
        if (!components.includes(peer)) return [];
        return [end === 'to' ? `${component} > ${peer} ${port}` : `${peer} > ${component} ${port}`];
      });
    const all = (end: 'from' | 'to') => components.flatMap((each) => inside(each, end)).sort();
    expect(all('to')).toEqual(all('from'));
  });

  test.each([
    ['http://collector.observability.svc:4318', 'observability/* 4318'],
    ['http://collector.observability.svc.cluster.local:4318/otlp', 'observability/* 4318'],
    ['http://collector:4318', 'auth/* 4318'],
    ['https://traces.example.com', 'anybody 443'],
    ['http://192.0.2.7', 'anybody 80'],
  ])('let traces out to %s, and to nobody else', (endpoint, peer) => {
    const without = of('auth-api').to;
    expect(of('auth-api', { api: { tracing: { endpoint } } }).to).toEqual([...without, peer].sort());
  });

  test.each([
    [{ smtp: { host: 'mail.example.com' } }, 'anybody 587'],
    [{ smtp: { host: 'mail.example.com', tls: 'Implicit' } }, 'anybody 465'],
    [{ smtp: { host: 'relay.mail.svc', port: 2525 } }, 'mail/* 2525'],
    [{ webhook: { url: 'http://mailer:8080/mail', credentials: { secretName: 'ours' } } }, 'auth/* 8080'],
    [{ webhook: { url: 'https://mail.example.com', credentials: { secretName: 'ours' } } }, 'anybody 443'],
  ])('let mail out by %j, and to nobody else', (delivery, peer) => {
    const without = of('auth-api').to;
    const mail = { from: 'a@example.com', resetURL: 'x', verifyURL: 'x', ...delivery };
    expect(of('auth-api', { api: { mail } }).to).toEqual([...without, peer].sort());
  });

  test('say nothing of warming where there is none', () => {
    expect(of('warming', { api: { cache: { warming: { enabled: false } } } })).toEqual({ from: [], to: [] });
  });

  describe('with external data tiers', () => {
    const tls = { mode: 'Require' };
    const login = { secretName: 'login' };
    const postgres = (primary: object, replicas?: object) => ({
      mode: 'External',
      external: {
        primary,
        ...(replicas && { replicas }),
        maxConnections: 200,
        credentials: { application: login },
        tls,
      },
    });
    const redis = (endpoints: object[], topology = 'Single') => ({
      mode: 'External',
      external: { endpoints, topology, credentials: login, tls },
    });
    const byName = {
      postgres: postgres({ host: 'db.example' }),
      redis: redis([{ host: 'cache.example', port: 6380 }]),
    };
    const byAddress = {
      postgres: postgres({ host: '192.0.2.1', port: 5433 }, { hosts: ['192.0.2.2'] }),
      redis: redis([{ host: '192.0.2.3' }]),
    };

    test('let out to their ports where only a name is known, and to no pod of ours', () => {
      expect(of('postgres', byName)).toEqual({ from: [], to: [] });
      expect(of('redis', byName)).toEqual({ from: [], to: [] });
      for (const component of ['pooler-rw', 'pooler-ro', 'migrations']) {
        expect(of(component, byName).to).toEqual(['anybody 53', 'anybody 53', 'anybody 5432']);
      }
      expect(of('auth-api', byName).to).toContain('anybody 6380');
    });

    test('let out to their addresses where these are known', () => {
      expect(of('pooler-rw', byAddress).to).toContain('192.0.2.1/32 5433');
      expect(of('pooler-ro', byAddress).to).toContain('192.0.2.2/32 5432');
      expect(of('migrations', byAddress).to).toContain('192.0.2.1/32 5433');
      expect(of('auth-api', byAddress).to).toContain('192.0.2.3/32 6379');
    });

    test('do not take the named nodes of a Redis Cluster for all', () => {
      const cluster = { redis: redis([{ host: '192.0.2.3' }, { host: '192.0.2.4' }], 'Cluster') };
      expect(of('auth-api', cluster).to).toContain('anybody 6379');
    });
  });

  test('are absent where none are wanted', () => {
    expect(specs({ networkPolicy: { enabled: false } })).toEqual([]);
  });
});
