import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readCredentials } from './connection.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'credentials-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(version: string, username: string, password: string): void {
  mkdirSync(join(directory, version), { recursive: true });
  writeFileSync(join(directory, version, 'username'), username);
  writeFileSync(join(directory, version, 'password'), `${password}\n`);
}

function point(version: string): void {
  symlinkSync(version, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
}

describe('credentials', () => {
  test('are the files of a directory', () => {
    write('.', 'app', 'word');
    expect(readCredentials(directory)).toEqual({ user: 'app', password: 'word' });
  });

  test('are of one version of a mounted Secret, whatever the links to its files say', () => {
    write('..1', 'app', 'word');
    write('..2', 'app_b', 'other');
    point('..1');
    for (const file of ['username', 'password']) symlinkSync(join('..2', file), join(directory, file));
    expect(readCredentials(directory)).toEqual({ user: 'app', password: 'word' });
    point('..2');
    expect(readCredentials(directory)).toEqual({ user: 'app_b', password: 'other' });
  });

  test('that lack a file are an error', () => {
    expect(() => readCredentials(directory)).toThrow('ENOENT');
  });
});
