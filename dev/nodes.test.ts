import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { CommandError, runCommand } from './command.ts';

/** Runs lines of shell in which the nodes are known, on an engine of cgroup v1. */
function shell(nodes: string, line: string): Promise<string> {
  const sources = ['settings', 'progress', 'nodes'].map((name) => `. dev/${name}.sh`);
  const lines = ['set -euo pipefail', ...sources, 'docker() { echo 1; }', line];
  return runCommand('bash', ['-c', lines.join('\n')], { environment: { NODES: nodes } });
}

const refusal = async (nodes: string, line: string) => {
  const error = await shell(nodes, line).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof CommandError ? error.stderr : '';
};

describe('the local cluster', () => {
  test.each([
    ['', ['control-plane', 'worker', 'worker', 'worker']],
    ['2', ['control-plane', 'worker']],
    ['1', ['control-plane']],
  ])('has, of NODES=%s, a control plane that publishes ports, and workers in zones', async (nodes, roles) => {
    const { nodes: made, kubeadmConfigPatches } = parse(await shell(nodes, 'kind_config kindest/node:v1'));
    expect(made.map(({ role }: { role: string }) => role)).toEqual(roles);
    expect(made[0].extraPortMappings).toHaveLength(2);
    expect(kubeadmConfigPatches[0]).toContain('failCgroupV1: false');
    const zones = made.slice(1).map(({ labels }: { labels: Record<string, string> }) => Object.values(labels)[0]);
    expect(zones).toEqual(['zone-a', 'zone-b', 'zone-c'].slice(0, roles.length - 1));
  });

  test.each(['0', '5', 'one', '12'])('cannot have NODES=%s', async (nodes) => {
    expect(await refusal(nodes, 'check_nodes 0')).toMatch(/NODES is a number from 1 to 4, not .+\nNext: leave it out/);
  });

  test('that is there is not made anew for another number', async () => {
    expect(await refusal('1', 'check_nodes 4')).toMatch(/has 4 nodes, and not 1\.\nNext: make cluster-down/);
    expect(await refusal('4', 'check_nodes 4')).toBe('');
    expect(await refusal('', 'check_nodes 1')).toBe('');
  });
});
