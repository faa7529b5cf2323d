import { readFileSync } from 'node:fs';
import { normalizePassword } from './normalize.ts';

export interface PasswordRulesOptions {
  /** In characters (code points). 15 where the password is the only factor, 8 and more with a second one. Default 15. */
  readonly minCharacters?: number;
  /** In characters; 64 at least. Default 128. */
  readonly maxCharacters?: number;
  /** What the hash algorithm takes, in bytes of UTF-8; see maxPasswordBytes. */
  readonly maxBytes: number;
  /** Lower case; see loadCommonPasswords. */
  readonly commonPasswords: ReadonlySet<string>;
  /** Words that belong to this service, as its name. */
  readonly serviceWords?: readonly string[];
}

/** Why a new password is refused, or that it is not. */
export type PasswordDecision =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'tooShort'; readonly minCharacters: number }
  | { readonly kind: 'tooLong'; readonly maxCharacters: number }
  | { readonly kind: 'tooManyBytes'; readonly maxBytes: number }
  /** On the block list, or two entries of it in a row. */
  | { readonly kind: 'common' }
  /** A short pattern over and over, or a run as 12345… */
  | { readonly kind: 'repetitive' }
  /** Hardly more than the user's or the service's name. */
  | { readonly kind: 'contextual' };

const shortestContextWord = 4;
const leastBesideContext = 8;
const highestBreaksInRuns = 2;

/** Where the shipped list is, seen from src/ and from dist/ alike. */
const commonPasswordsUrl = new URL('../../../data/common-passwords.txt', import.meta.url);

/** Reads a block list: one password a line, `#` begins a comment line. */
export function loadCommonPasswords(url: URL = commonPasswordsUrl): Set<string> {
  const lines = readFileSync(url, 'utf8').split('\n');
  return new Set(lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.toLowerCase()));
}

/**
 * The rules for new passwords of NIST SP 800-63B-4 section 3.1.1.2: length and what is commonly used, expected or
 * compromised; no rules of composition. Existing passwords are never held to them.
 */
export class PasswordRules {
  readonly #minCharacters: number;
  readonly #maxCharacters: number;
  readonly #maxBytes: number;
  readonly #common: ReadonlySet<string>;
  readonly #serviceWords: readonly string[];

  /** @throws RangeError for a minimum under 8, or a maximum under 64 */
  constructor(options: PasswordRulesOptions) {
    const { minCharacters = 15, maxCharacters = 128, maxBytes, commonPasswords, serviceWords = [] } = options;
    if (minCharacters < 8) throw new RangeError(`minCharacters must be 8 or more, not ${minCharacters}`);
    if (maxCharacters < 64) throw new RangeError(`maxCharacters must be 64 or more, not ${maxCharacters}`);
    this.#minCharacters = minCharacters;
    this.#maxCharacters = maxCharacters;
    this.#maxBytes = maxBytes;
    this.#common = commonPasswords;
    this.#serviceWords = serviceWords;
  }

  /** @param userWords what is known of the user: user name, e-mail address, names */
  decide(password: string, userWords: readonly string[]): PasswordDecision {
    const normalized = normalizePassword(password);
    const characters = [...normalized].length;
    if (characters < this.#minCharacters) return { kind: 'tooShort', minCharacters: this.#minCharacters };
    if (characters > this.#maxCharacters) return { kind: 'tooLong', maxCharacters: this.#maxCharacters };
    if (Buffer.byteLength(normalized, 'utf8') > this.#maxBytes)
      return { kind: 'tooManyBytes', maxBytes: this.#maxBytes };
    const folded = normalized.toLowerCase();
    if (this.#isCommon(folded)) return { kind: 'common' };
    if (isRepetitive(folded)) return { kind: 'repetitive' };
    if (isContextual(folded, [...this.#serviceWords, ...userWords])) return { kind: 'contextual' };
    return { kind: 'accepted' };
  }

  #isCommon(folded: string): boolean {
    if (this.#common.has(folded)) return true;
    for (let cut = 1; cut < folded.length; cut += 1) {
      if (this.#common.has(folded.slice(0, cut)) && this.#common.has(folded.slice(cut))) return true;
    }
    return false;
  }
}

function isRepetitive(folded: string): boolean {
  const longestPeriod = Math.floor(folded.length / 3);
  for (let period = 1; period <= longestPeriod; period += 1) {
    if (folded.startsWith(folded.slice(0, -period), period)) return true;
  }
  return breaksInRuns(folded) <= highestBreaksInRuns;
}

/** How often a character is not the neighbour of the one before it, in code points; 9 and 0 are neighbours too. */
function breaksInRuns(text: string): number {
  let breaks = 0;
  for (let index = 1; index < text.length; index += 1) {
    const step = text.charCodeAt(index) - text.charCodeAt(index - 1);
    if (Math.abs(step) > 1 && !['90', '09'].includes(text.slice(index - 1, index + 1))) breaks += 1;
  }
  return breaks;
}

function isContextual(folded: string, words: readonly string[]): boolean {
  let rest = folded;
  for (const word of words.flatMap(partsOfName)) rest = rest.replaceAll(word, '');
  return rest !== folded && [...rest].length < leastBesideContext;
}

/** An e-mail address counts whole and in its parts; the longest first, so that parts do not break up the whole. */
function partsOfName(name: string): string[] {
  const whole = normalizePassword(name).toLowerCase();
  const parts = [whole, ...whole.split(/[^\p{L}\p{N}]+/u)];
  return [...new Set(parts)].filter((part) => part.length >= shortestContextWord).sort((a, b) => b.length - a.length);
}
