import { describe, expect, test } from '@jest/globals';
import { scramVerifier } from './scram.ts';

describe('a SCRAM verifier', () => {
  test('is the one of the exchange in RFC 7677 section 3', () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    expect(scramVerifier('pencil', salt)).toBe(
      'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$' +
        'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
    );
  });

  test('is refused for a password that would need SASLprep', () => {
    expect(() => scramVerifier('pässword', Buffer.alloc(16))).toThrow(RangeError);
  });
});
