import { describe, expect, test } from '@jest/globals';
import { clusterWith, SAMPLES, sampleCluster } from '../../testing/sample-clusters.ts';
import { clientAddress } from './client-address.ts';
import { nginxConf } from './nginx.ts';

test.each(SAMPLES)('the %s sample believes no header that a client may have written', (sample) => {
  expect(clientAddress(sampleCluster(sample)).join('\n')).not.toMatch(/set_real_ip_from|real_ip_header/);
});

describe('where connections begin with the PROXY protocol', () => {
  const gateway = {
    expose: { type: 'LoadBalancer', proxyProtocol: true },
    tls: { secretName: 'auth-tls' },
    trustedProxies: ['192.0.2.0/24'],
  };
  const configuration = nginxConf(clusterWith({ gateway }));

  test('the address of a client is what a trusted proxy says by it', () => {
    expect(configuration).toMatch(/set_real_ip_from 192.0.2.0\/24;\s+real_ip_header proxy_protocol;/);
  });

  test('no header is believed, of its scheme neither', () => {
    expect(configuration).not.toContain('real_ip_header X-Forwarded-For');
    expect(configuration).toMatch(/geo \$realip_remote_addr \$behind_trusted_proxy \{\s+default 0;\s+\}/);
  });

  test('all ports of clients take it, and the one of probes does not', () => {
    const listeners = [...configuration.matchAll(/listen (?:\[::\]:)?(\d+)(.*);/g)];
    const taking = listeners.filter(([, , parameters]) => parameters?.includes('proxy_protocol'));
    expect(new Set(taking.map(([, port]) => port))).toEqual(new Set(['8080', '8443']));
    expect(listeners.length - taking.length).toBe(2);
    expect(configuration).toContain('listen 8081;');
  });
});
