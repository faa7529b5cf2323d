import { describe, expect, test } from '@jest/globals';
import { clusterWith, SAMPLE_INPUTS } from '../../testing/sample-clusters.ts';
import type { Manifest } from '../manifest.ts';
import { exposure } from './exposure.ts';
import { gateway } from './gateway.ts';

const HOSTNAMES = ['auth.example.com'];
const ANNOTATIONS = { 'controller.example/timeout': '30' };

function objects(spec: object): Map<string, Manifest> {
  return new Map(exposure(clusterWith({ gateway: spec })).map((object) => [object.kind, object]));
}

function service(spec: object) {
  const { metadata, spec: found } = objects(spec).get('Service') as Manifest;
  return { annotations: metadata.annotations, ...(found as object) };
}

describe('the Service of the gateway', () => {
  test('is all there is by default', () => {
    expect([...objects({}).keys()]).toEqual(['Service']);
    expect(service({})).toMatchObject({ type: 'ClusterIP', ports: [{ port: 80, targetPort: 'http' }] });
  });

  test('has what a load balancer is told: its class and annotations', () => {
    const expose = { type: 'LoadBalancer', className: 'internal.example/nlb', annotations: ANNOTATIONS };
    expect(service({ expose })).toMatchObject({
      annotations: ANNOTATIONS,
      type: 'LoadBalancer',
      loadBalancerClass: 'internal.example/nlb',
      externalTrafficPolicy: 'Local',
    });
  });

  test('leads to TLS where the gateway has a certificate, on the node port that was asked for', () => {
    const expose = { type: 'NodePort', nodePort: 30443 };
    expect(service({ expose, tls: { secretName: 'auth-tls' } })).toMatchObject({
      ports: [
        { name: 'https', port: 443, targetPort: 'https', nodePort: 30443 },
        { name: 'http', port: 80, targetPort: 'http' },
      ],
    });
  });

  test.each([
    ['Ingress', { type: 'Ingress', hostnames: HOSTNAMES, annotations: ANNOTATIONS }],
    ['HTTPRoute', { type: 'HTTPRoute', parentRefs: [{ name: 'public' }], annotations: ANNOTATIONS }],
  ])('is plain and internal behind an %s, which has the annotations', (kind, expose) => {
    expect(service({ expose })).toMatchObject({ annotations: undefined, type: 'ClusterIP', ports: [{ port: 80 }] });
    expect(objects({ expose }).get(kind)?.metadata.annotations).toEqual(ANNOTATIONS);
  });
});

describe('an Ingress', () => {
  const expose = { type: 'Ingress', hostnames: HOSTNAMES, className: 'nginx' };

  test('leads its hostnames to the Service', () => {
    expect(objects({ expose }).get('Ingress')?.spec).toMatchObject({
      ingressClassName: 'nginx',
      rules: [
        {
          host: 'auth.example.com',
          http: { paths: [{ path: '/', backend: { service: { name: 'acme-gateway', port: { name: 'http' } } } }] },
        },
      ],
    });
  });

  test('terminates TLS in place of the gateway, with its Secret', () => {
    const spec = { expose, tls: { secretName: 'auth-tls' } };
    expect(objects(spec).get('Ingress')?.spec).toMatchObject({ tls: [{ hosts: HOSTNAMES, secretName: 'auth-tls' }] });
    expect(service(spec)).toMatchObject({ ports: [{ name: 'http', port: 80 }] });
    const deployment = gateway(clusterWith({ gateway: spec }), SAMPLE_INPUTS).find(({ kind }) => kind === 'Deployment');
    expect(JSON.stringify(deployment)).not.toContain('auth-tls');
  });
});

test('an HTTPRoute attaches to its Gateways and leads to the Service', () => {
  const parentRefs = [{ name: 'public', namespace: 'edge', sectionName: 'https' }];
  const expose = { type: 'HTTPRoute', hostnames: HOSTNAMES, parentRefs };
  expect(objects({ expose }).get('HTTPRoute')?.spec).toEqual({
    parentRefs,
    hostnames: HOSTNAMES,
    rules: [{ backendRefs: [{ name: 'acme-gateway', port: 80 }] }],
  });
});

test('a Certificate is asked for where an issuer is named, and only there', () => {
  const expose = { type: 'LoadBalancer', hostnames: HOSTNAMES };
  const issuerRef = { name: 'letsencrypt', kind: 'ClusterIssuer' };
  expect(objects({ expose, tls: { secretName: 'auth-tls' } }).has('Certificate')).toBe(false);
  expect(objects({ expose, tls: { secretName: 'auth-tls', issuerRef } }).get('Certificate')?.spec).toMatchObject({
    secretName: 'auth-tls',
    dnsNames: HOSTNAMES,
    issuerRef,
  });
});
