import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type MailRenderer, type MailTemplate, mailTemplates, type RenderedMail } from '../domain/mail.ts';

const always = ['service', 'username', 'email'];
const placeholdersOf: Readonly<Record<MailTemplate, readonly string[]>> = {
  reset_password: [...always, 'link', 'minutes', 'hours'],
  verify_email: [...always, 'link', 'minutes', 'hours'],
  password_changed: always,
  email_changed: always,
};

const shippedLanguage = 'en';
const fileName = /^(\w+)\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.(txt|html)$/;

interface Texts {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

interface Library {
  readonly defaultLanguage: string;
  /** By template, then by language in lower case. */
  readonly texts: ReadonlyMap<string, ReadonlyMap<string, Texts>>;
}

export interface MailTemplatesOptions {
  /** Complete, with `en`. */
  readonly shippedDirectory: string;
  /** Its files replace those that are shipped, and add languages. */
  readonly ownDirectory: string | undefined;
  readonly defaultLanguage: string;
  /** What is in `ownDirectory`, or the language, cannot be used as it is: an Error naming the file. */
  readonly onUnusable: (error: unknown) => void;
}

/**
 * The texts of mail: `reset_password.en.txt`, whose first line is `Subject: …`, and `reset_password.en.html`. Flat, as
 * the keys of a ConfigMap are. `{{name}}` stands for a value; in HTML it is escaped.
 */
export class MailTemplates implements MailRenderer {
  readonly #options: MailTemplatesOptions;
  #library: Library;

  /** Where there are no usable texts yet, those that are shipped serve: a wrong file must not keep a pod from starting. */
  constructor(options: MailTemplatesOptions) {
    this.#options = options;
    this.#library =
      this.#read() ?? readLibrary({ directories: [options.shippedDirectory], defaultLanguage: shippedLanguage });
  }

  /** Reads the files anew. Where they cannot be used the texts read before stay. */
  reload(): void {
    this.#library = this.#read() ?? this.#library;
  }

  #read(): Library | undefined {
    const { shippedDirectory, ownDirectory, defaultLanguage, onUnusable } = this.#options;
    try {
      return readLibrary({
        directories: [shippedDirectory, ...(ownDirectory === undefined ? [] : [ownDirectory])],
        defaultLanguage,
      });
    } catch (error) {
      onUnusable(error);
      return undefined;
    }
  }

  render(
    template: MailTemplate,
    languages: readonly string[],
    values: Readonly<Record<string, string>>,
  ): RenderedMail & { readonly language: string } {
    const byLanguage = this.#library.texts.get(template);
    const language = chooseLanguage(languages, [...(byLanguage?.keys() ?? [])], this.#library.defaultLanguage);
    const texts = byLanguage?.get(language);
    if (texts === undefined) throw new Error(`there is no template ${template} in ${language}`);
    return {
      language,
      // A line break would begin another header.
      subject: fill(texts.subject, values).replaceAll(/\s+/g, ' '),
      text: fill(texts.text, values),
      html: fill(texts.html, values, escapeHtml),
    };
  }
}

/** RFC 4647 section 3.4: `de-CH-1996`, then `de-CH`, then `de`, then the next one. */
export function chooseLanguage(wanted: readonly string[], available: readonly string[], fallback: string): string {
  for (const tag of wanted) {
    const parts = tag.toLowerCase().split('-');
    for (let length = parts.length; length > 0; length -= 1) {
      const range = parts.slice(0, length).join('-');
      if (available.includes(range)) return range;
    }
  }
  return fallback.toLowerCase();
}

/** @throws Error naming the file that is missing or wrong */
function readLibrary({
  directories,
  defaultLanguage,
}: {
  readonly directories: readonly string[];
  readonly defaultLanguage: string;
}): Library {
  const paths = new Map<string, string>();
  for (const directory of directories) {
    for (const name of readdirSync(directory)) if (fileName.test(name)) paths.set(name, join(directory, name));
  }
  const library = new Map<string, Map<string, Texts>>(mailTemplates.map((template) => [template, new Map()]));
  for (const name of paths.keys()) {
    const [, template = '', language = '', kind] = fileName.exec(name) ?? [];
    const known = mailTemplates.find((each) => each === template);
    if (known === undefined) throw new Error(`${name}: a template is one of ${mailTemplates.join(', ')}`);
    if (kind === 'html') continue;
    library.get(known)?.set(language.toLowerCase(), readTexts(paths, known, language));
  }
  for (const [template, languages] of library) {
    if (!languages.has(defaultLanguage.toLowerCase())) {
      throw new Error(`${template}.${defaultLanguage}.txt is missing: mail falls back to this language`);
    }
  }
  return { defaultLanguage, texts: library };
}

function readTexts(paths: ReadonlyMap<string, string>, template: MailTemplate, language: string): Texts {
  const read = (kind: string) => {
    const name = `${template}.${language}.${kind}`;
    const path = paths.get(name);
    if (path === undefined) throw new Error(`${name} is missing: a mail has a text and an HTML part`);
    const text = readFileSync(path, 'utf8');
    checkPlaceholders(name, text, placeholdersOf[template]);
    return text;
  };
  const [, subject, text] = /^Subject: (.+)\r?\n\r?\n([\s\S]+)$/.exec(read('txt')) ?? [];
  if (subject === undefined || text === undefined) {
    throw new Error(`${template}.${language}.txt must begin with "Subject: …" and an empty line`);
  }
  return { subject, text, html: read('html') };
}

function checkPlaceholders(file: string, text: string, allowed: readonly string[]): void {
  for (const [, name = ''] of text.matchAll(/\{\{(.*?)\}\}/g)) {
    if (!allowed.includes(name)) throw new Error(`${file}: {{${name}}} is none of ${allowed.join(', ')}`);
  }
  if (allowed.includes('link') && !text.includes('{{link}}')) throw new Error(`${file}: {{link}} is missing`);
}

function fill(text: string, values: Readonly<Record<string, string>>, quote = (value: string) => value): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => quote(values[name] ?? ''));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(value: string): string {
  return value.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
