import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { mailTemplates } from '../domain/mail.ts';
import { chooseLanguage, MailTemplates } from './mail-templates.ts';

const shipped = fileURLToPath(new URL('../../data/mail', import.meta.url));
const values = {
  service: 'Shop',
  username: 'ada',
  email: 'ada@example.com',
  link: 'https://shop/?t=1',
  minutes: '30',
  hours: '1',
};

function folder(files: Record<string, string>): string {
  const directory = mkdtempSync(join(tmpdir(), 'templates-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
}

let unusable: unknown[] = [];
beforeEach(() => {
  unusable = [];
});

const templatesOf = (ownDirectory?: string, defaultLanguage = 'en') =>
  new MailTemplates({
    shippedDirectory: shipped,
    ownDirectory,
    defaultLanguage,
    onUnusable: (error) => unusable.push(error),
  });
const withFiles = (files: Record<string, string>) => templatesOf(folder(files));

describe('the shipped texts', () => {
  const templates = templatesOf();

  test.each(mailTemplates.flatMap((name) => [[name, 'en'] as const, [name, 'ja'] as const]))(
    '%s in %s',
    (name, language) => {
      const mail = templates.render(name, [language], values);
      expect(mail.language).toBe(language);
      expect(mail.subject).toContain('Shop');
      for (const part of [mail.text, mail.html]) expect(part).not.toMatch(/\{\{|undefined/);
      expect(mail.html).toContain(`<html lang="${language}">`);
    },
  );

  test('what people chose as their name is no markup', () => {
    const { html, text } = templates.render('reset_password', [], { ...values, username: '<b>"&' });
    expect(html).toContain('&lt;b&gt;&quot;&amp;');
    expect(text).toContain('<b>"&');
  });

  test('no value begins another header', () => {
    const { subject } = templates.render('reset_password', [], { ...values, service: 'Shop\r\nBcc: all@example.com' });
    expect(subject).not.toMatch(/[\r\n]/);
  });
});

describe('a folder of one’s own', () => {
  test('replaces texts and adds languages, whatever their case', () => {
    const templates = withFiles({
      'password_changed.pt-BR.txt': 'Subject: Olá\n\nOlá {{username}}\n',
      'password_changed.pt-BR.html': '<p>Olá {{username}}</p>',
      'password_changed.en.txt': 'Subject: Mine\n\nmine\n',
    });
    expect(templates.render('password_changed', ['pt-br'], values)).toMatchObject({
      subject: 'Olá',
      text: 'Olá ada\n',
    });
    expect(templates.render('password_changed', ['de'], values)).toMatchObject({ subject: 'Mine', language: 'en' });
  });

  test.each([
    ['an unknown name', { 'welcome.en.txt': 'Subject: a\n\nb' }, /welcome.en.txt: a template is one of reset_password/],
    ['half a pair', { 'email_changed.de.txt': 'Subject: a\n\nb' }, /email_changed.de.html is missing/],
    [
      'a value that there is not',
      { 'email_changed.en.txt': 'Subject: a\n\n{{link}}' },
      /\{\{link\}\} is none of service/,
    ],
    ['no link', { 'reset_password.en.txt': 'Subject: a\n\nb' }, /reset_password.en.txt: \{\{link\}\} is missing/],
    ['no subject', { 'email_changed.en.txt': 'b' }, /must begin with "Subject/],
  ])('with %s is told of, and the shipped texts serve', (_, files, message) => {
    const templates = withFiles({ 'password_changed.en.txt': 'Subject: Mine\n\nmine\n', ...files });
    expect(unusable).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
    expect(templates.render('password_changed', [], values).subject).toContain('Shop');
  });

  test('a default language without texts is told of, and replaced by that of the shipped ones', () => {
    const templates = templatesOf(undefined, 'fr');
    expect(unusable).toEqual([expect.objectContaining({ message: expect.stringMatching(/\.fr\.txt is missing/) })]);
    expect(templates.render('password_changed', ['fr'], values).language).toBe('en');
  });

  test('that goes wrong leaves the texts read before, until it is mended', () => {
    const own = folder({ 'password_changed.en.txt': 'Subject: Mine\n\nmine\n' });
    const templates = templatesOf(own);
    const subject = () => templates.render('password_changed', [], values).subject;
    writeFileSync(join(own, 'password_changed.en.txt'), 'no subject');
    templates.reload();
    expect([unusable.length, subject()]).toEqual([1, 'Mine']);
    writeFileSync(join(own, 'password_changed.en.txt'), 'Subject: Better\n\nmine\n');
    templates.reload();
    expect([unusable.length, subject()]).toEqual([1, 'Better']);
  });
});

test.each([
  [['de-CH', 'ja'], 'ja'],
  [['ja-JP'], 'ja'],
  [['EN-gb'], 'en'],
  [[], 'en'],
])('of %j the language is %s', (wanted, language) => {
  expect(chooseLanguage(wanted, ['en', 'ja'], 'en')).toBe(language);
});
