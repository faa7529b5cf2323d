/** Where the auth API's pods find files. */
export const DIRECTORIES = {
  postgres: '/etc/authcluster/postgres',
  redis: '/etc/authcluster/redis',
  keys: '/etc/authcluster/keys',
  administrator: '/etc/authcluster/administrator',
  oauthClients: '/etc/authcluster/oauth-clients',
  mailCredentials: '/etc/authcluster/mail',
  mailTemplates: '/etc/authcluster/mail-templates',
} as const;
