import type { Route } from '../route.ts';
import { accessDocumentRoutes } from './admin/access-document.ts';
import { auditRoutes } from './admin/audit.ts';
import { cacheRoutes } from './admin/caches.ts';
import { circuitBreakerRoutes } from './admin/circuit-breakers.ts';
import { clientRoutes } from './admin/clients.ts';
import { createAccount } from './admin/create-account.ts';
import { exportAccountsRoute } from './admin/export-accounts.ts';
import { importAccountsRoute } from './admin/import-accounts.ts';
import { passwordChangeRoutes } from './admin/password-change.ts';
import { roleRoutes } from './admin/roles.ts';
import { searchAccounts } from './admin/search-accounts.ts';
import { adminSecondFactorRoutes } from './admin/second-factor.ts';
import { statisticsRoute } from './admin/statistics.ts';
import { accountRoutes } from './admin/users.ts';
import { discoveryRoutes, jwksRoute } from './keys.ts';
import { completeLoginRoute, enrollDuringLoginRoute } from './login-challenge.ts';
import {
  authorizeRoute,
  changeMeRoute,
  changePasswordRoute,
  deleteMeRoute,
  meRoute,
  myPermissionsRoute,
} from './me.ts';
import { completePasswordChangeRoute } from './password-challenge.ts';
import { personalDataRoutes } from './personal-data.ts';
import { recoveryRoutes } from './recovery.ts';
import { secondFactorRoutes } from './second-factor.ts';
import {
  endAllSessionsRoute,
  endSessionRoute,
  listSessionsRoute,
  loginRoute,
  logoutRoute,
  refreshRoute,
} from './sessions.ts';
import { stepUpRoute } from './step-up.ts';
import { registerRoute } from './users.ts';

/** Every route of the API save those of the hot path. */
export const routes: readonly Route[] = [
  registerRoute,
  loginRoute,
  refreshRoute,
  logoutRoute,
  meRoute,
  changeMeRoute,
  deleteMeRoute,
  changePasswordRoute,
  ...recoveryRoutes,
  completeLoginRoute,
  enrollDuringLoginRoute,
  completePasswordChangeRoute,
  ...secondFactorRoutes,
  stepUpRoute,
  myPermissionsRoute,
  authorizeRoute,
  listSessionsRoute,
  endSessionRoute,
  endAllSessionsRoute,
  createAccount,
  searchAccounts,
  // Before the account whose id would be `export`.
  exportAccountsRoute,
  importAccountsRoute,
  ...accountRoutes,
  ...passwordChangeRoutes,
  ...personalDataRoutes,
  ...roleRoutes,
  ...accessDocumentRoutes,
  ...adminSecondFactorRoutes,
  ...clientRoutes,
  ...circuitBreakerRoutes,
  ...cacheRoutes,
  ...auditRoutes,
  statisticsRoute,
  jwksRoute,
  ...discoveryRoutes,
];
