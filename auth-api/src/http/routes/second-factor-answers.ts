import { z } from 'zod';
import type { Enrollment } from '../../domain/second-factor.ts';
import type { Answer } from '../problem.ts';
import { qrCodeSvg } from '../qr-code.ts';
import { problemResponse } from '../schemas.ts';

/** What the routes of logins and those of one's own second factor have in common. */
export const code = z.string().min(6).max(64).describe('Six digits of an authenticator, or a code for recovery.');
export const recoveryCodes = z.array(z.string()).describe('Each replaces a code once. They are not shown again.');
export const enrollmentResponse = z
  .object({
    secret: z.string().describe('In base32, to be typed.'),
    otpauth_uri: z.string().describe('What the QR code says.'),
    qr_code_svg: z.string(),
  })
  .meta({ id: 'SecondFactorEnrollment' });

export const limited = { 429: { description: 'Come back after Retry-After.', schema: problemResponse } };
export const wrongCode = { errors: [{ pointer: '/code', detail: 'is wrong, or was used' }] };

export function enrollmentAnswer({ secret, uri }: Enrollment): Answer {
  const body: z.output<typeof enrollmentResponse> = { secret, otpauth_uri: uri, qr_code_svg: qrCodeSvg(uri) };
  return { status: 200, body };
}
