import type { UserProfile } from '../domain/ports/users.ts';
import type { RegistrationOutcome } from '../domain/registration.ts';
import { type Answer, postponed, problem } from './problem.ts';
import { problemResponse, userBody, userResponse } from './schemas.ts';

/** What both ways to make an account answer. */
export const registrationAnswers = {
  201: { description: 'The account.', schema: userResponse },
  409: { description: 'The user name is taken.', schema: problemResponse },
};

/** `location` is where the account can be read from its id on. */
export function registrationAnswer(outcome: RegistrationOutcome, location: (userId: string) => string): Answer {
  switch (outcome.kind) {
    case 'registered':
      return created(outcome.profile, location);
    case 'usernameTaken':
      return problem('username_taken', { errors: [{ pointer: '/username', detail: 'is taken' }] });
    case 'passwordRefused':
      return problem('invalid_request', { errors: [{ pointer: '/password', detail: outcome.reason }] });
    case 'limited':
    case 'overloaded':
    case 'abandoned':
      return postponed(outcome);
  }
}

/** The same for an account that was made before; undefined where there is none. */
export function registeredAnswer(
  profile: UserProfile | undefined,
  location: (userId: string) => string,
): Answer | undefined {
  return profile === undefined ? undefined : created(profile, location);
}

function created(profile: UserProfile, location: (userId: string) => string): Answer {
  return { status: 201, body: userBody(profile), headers: { location: location(profile.id) } };
}
