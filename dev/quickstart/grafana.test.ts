import { expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { grafanaObjects } from './grafana.ts';
import { PROMETHEUS_URL } from './monitoring.ts';

interface Mount {
  name: string;
  mountPath: string;
  subPath?: string;
}

test('Grafana finds the dashboards and Prometheus where they are mounted', () => {
  const [provisioning, dashboards, deployment] = parse(stringify(grafanaObjects({ 'redis.json': '{}' })));
  const { volumes, containers } = deployment.spec.template.spec;
  const mounts = containers[0].volumeMounts as Mount[];
  const provisioned = (folder: string) => {
    const mount = mounts.find(({ mountPath }) => mountPath.startsWith(`/etc/grafana/provisioning/${folder}/`));
    return parse(provisioning.data[mount?.subPath ?? '']);
  };
  expect(provisioned('datasources').datasources).toMatchObject([{ type: 'prometheus', url: PROMETHEUS_URL }]);
  const { path } = provisioned('dashboards').providers[0].options;
  const shown = mounts.find(({ mountPath }) => mountPath === path)?.name;
  expect(volumes).toContainEqual({ name: shown, configMap: { name: dashboards.metadata.name } });
  expect(dashboards.data).toEqual({ 'redis.json': '{}' });
});
