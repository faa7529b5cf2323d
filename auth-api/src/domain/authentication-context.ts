/** How sure it is who holds a session: `acr` (OpenID Connect Core section 2) and `amr` (RFC 8176). */
const passwordAcr = 'aal1';
export const secondFactorAcr = 'aal2';
export const acrValues = [passwordAcr, secondFactorAcr] as const;

export function authenticationContext(hasSecondFactor: boolean): { acr: string; amr: string[] } {
  return hasSecondFactor ? { acr: secondFactorAcr, amr: ['pwd', 'otp', 'mfa'] } : { acr: passwordAcr, amr: ['pwd'] };
}
