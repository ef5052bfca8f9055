// The own account. Users of tenants and platform admins have the same routes in different places.

import { api, body } from '../api/client';
import type { components } from '../api/schema';
import { session } from '../session/session';

export type UserSession = components['schemas']['Listing_UserSession']['data'][number];

/** Returns the own account of somebody with or without a tenant. */
export function accountOf(isAdmin: boolean) {
  const sessions = isAdmin ? '/v1/admin/me/sessions' : '/v1/me/sessions';
  const password = isAdmin ? '/v1/admin/me/password' : '/v1/me/password';
  return {
    sessions: async () => (await body(api.GET(sessions))).data,
    endSession: (id: string) => body(api.DELETE(`${sessions}/{id}`, { params: { path: { id } } })),
    endOthers: () => body(api.DELETE(sessions)),
    /** Ends all sessions; this page continues with the one of the answer. */
    changePassword: async (current: string, next: string) => {
      const order = { current_password: current, password: next, ...session.storage };
      session.continueWith(await body(api.PUT(password, { body: order })));
    },
  };
}
