import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

/** The parts of fengari (Lua in JavaScript; it has no types of its own) that are used here. */
interface Lua {
  to_luastring: (text: string) => Uint8Array;
  to_jsstring: (text: Uint8Array) => string;
  lauxlib: { luaL_newstate: () => unknown; luaL_dostring: (state: unknown, script: Uint8Array) => number };
  lualib: { luaL_openlibs: (state: unknown) => void };
  lua: {
    lua_tostring: (state: unknown, index: number) => Uint8Array;
    lua_getfield: (state: unknown, index: number, name: Uint8Array) => void;
  };
}

const { lua, lauxlib, lualib, to_luastring, to_jsstring } = createRequire(import.meta.url)('fengari') as Lua;

let script: string;
beforeAll(async () => {
  script = await readFile('manifests/argo-cd/health.lua', 'utf8');
});

/** What Argo CD would show for an object: it gives it to the script as `obj`. */
function health(object: object): { status: string; message: string } {
  const state = lauxlib.luaL_newstate();
  lualib.luaL_openlibs(state);
  const failed = lauxlib.luaL_dostring(state, to_luastring(`obj = ${literal(object)}\n${script}`));
  if (failed !== 0) throw new Error(to_jsstring(lua.lua_tostring(state, -1)));
  const field = (name: string) => {
    lua.lua_getfield(state, 1, to_luastring(name));
    return to_jsstring(lua.lua_tostring(state, -1));
  };
  return { status: field('status'), message: field('message') };
}

/** JSON as Lua writes it. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(literal).join(', ')}}`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, inner]) => `[${JSON.stringify(key)}] = ${literal(inner)}`)}}`;
}

function cluster(conditions: Record<string, string>, spec: object = {}, observedGeneration = 2): object {
  const list = Object.entries(conditions).map(([type, text]) => {
    const [status, reason, message] = text.split(' ', 3);
    return { type, status, reason, message };
  });
  return { metadata: { generation: 2 }, spec, status: { observedGeneration, conditions: list } };
}

describe('Argo CD takes an AuthCluster', () => {
  test.each([
    ['for healthy when it is Ready', cluster({ Ready: 'True Ready serves', Degraded: 'False' }), 'Healthy', 'serves'],
    [
      'for degraded when something stands in its way',
      cluster({ Ready: 'False', Degraded: 'True X why' }),
      'Degraded',
      'why',
    ],
    ['for degraded also while it serves', cluster({ Ready: 'True', Degraded: 'True X why' }), 'Degraded', 'why'],
    [
      'for progressing while it comes up',
      cluster({ Ready: 'False X begins', Degraded: 'False' }),
      'Progressing',
      'begins',
    ],
    [
      'for suspended when it sleeps',
      cluster({ Ready: 'False Hibernated zzz' }, { hibernated: true }),
      'Suspended',
      'zzz',
    ],
    [
      'for progressing while it falls asleep',
      cluster({ Ready: 'False X left' }, { hibernated: true }),
      'Progressing',
      'left',
    ],
  ])('%s', (_, object, status, message) => {
    expect(health(object)).toEqual({ status, message });
  });

  test.each([
    ['never looked at', { metadata: { generation: 1 }, spec: {} }],
    ['not looked at since a change', cluster({ Ready: 'True', Degraded: 'False' }, {}, 1)],
  ])('for progressing when the operator has %s it', (_, object) => {
    expect(health(object).status).toBe('Progressing');
  });

  test('for suspended when it is paused, whatever is pending', () => {
    expect(health(cluster({ Ready: 'True' }, { paused: true }, 1)).status).toBe('Suspended');
  });
});

/** As operator/integration/phases.test.ts found the operator to leave them. */
const PHASES = 'operator/integration/phases';
const EXPECTED: Readonly<Record<string, readonly [status: string, message: string]>> = {
  'not-seen-yet': ['Progressing', 'the operator has not looked at this version of the spec yet'],
  'coming-up': ['Progressing', 'no Redis node answers yet'],
  ready: ['Healthy', 'every tier is as declared'],
  'rolling-out': ['Progressing', 'blue serves; green is being checked'],
  'degraded-while-it-serves': ['Degraded', 'there is no Secret mine in namespace auth: create it'],
  'degraded-and-rolled-out-in-vain': ['Degraded', 'did not pass its check'],
  paused: ['Suspended', 'paused: nothing is changed but the status'],
  'falling-asleep': ['Progressing', '1 pod of postgres still there'],
  hibernated: ['Suspended', 'no pod runs and the data are kept'],
  'awake-again': ['Healthy', 'every tier is as declared'],
  // Argo CD tells of it by itself, as of whatever is being deleted, before it asks the script.
  'on-its-way-out': ['Progressing', ''],
};

describe('Argo CD takes an AuthCluster as the operator leaves it', () => {
  test('in each phase that is recorded', async () => {
    const files = await readdir(PHASES);
    expect(files.sort()).toEqual(
      Object.keys(EXPECTED)
        .map((phase) => `${phase}.yaml`)
        .sort(),
    );
  });

  test.each(Object.entries(EXPECTED))('that is %s for what it is', async (phase, [status, message]) => {
    const found = health(parse(await readFile(`${PHASES}/${phase}.yaml`, 'utf8')));
    expect(found).toEqual({ status, message: expect.stringContaining(message) });
  });
});
