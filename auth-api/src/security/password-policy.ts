import type { PasswordPolicy } from '../domain/ports/passwords.ts';
import type { PasswordDecision, PasswordRules } from './hashing/password-rules.ts';

/** The rules, with a sentence for each refusal. */
export function passwordPolicy(rules: PasswordRules): PasswordPolicy {
  return {
    decide: (password, userWords) => {
      const decision = rules.decide(password, userWords);
      return decision.kind === 'accepted' ? decision : { kind: 'refused', reason: reason(decision) };
    },
  };
}

function reason(decision: Exclude<PasswordDecision, { kind: 'accepted' }>): string {
  switch (decision.kind) {
    case 'tooShort':
      return `must have at least ${decision.minCharacters} characters`;
    case 'tooLong':
      return `must have at most ${decision.maxCharacters} characters`;
    case 'tooManyBytes':
      return `must have at most ${decision.maxBytes} bytes of UTF-8`;
    case 'common':
      return 'is a commonly used password';
    case 'repetitive':
      return 'is a repetition or a sequence';
    case 'contextual':
      return 'is too near to the user name, the address or the name of this service';
  }
}
