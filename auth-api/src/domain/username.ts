/** The form by which user names are compared and looked up: compatibility forms and case do not make another account. */
export function usernameKey(username: string): string {
  return username.normalize('NFKC').toLowerCase();
}

/** The form by which verified addresses are compared: one mailbox is one account, however it is written. */
export const addressKey = usernameKey;

/** 3 to 64 letters, digits and `._@+-`, beginning with a letter or digit: an e-mail address is a user name, too. */
export const usernamePattern = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]{2,63}$/u;
