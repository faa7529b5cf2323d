const spacesOtherThanAscii = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;

/**
 * The form in which a password is measured, hashed and compared: other spaces become U+0020, then NFC
 * (RFC 8265 section 4.2, OpaqueString). Compatibility forms (NFKC) would fold characters that people use on purpose
 * to tell passwords apart. An imported hash of a password typed in another form does not match and needs a reset.
 */
export function normalizePassword(password: string): string {
  return password.replace(spacesOtherThanAscii, ' ').normalize('NFC');
}
