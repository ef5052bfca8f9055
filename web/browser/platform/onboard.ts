// Onboards a tenant as an operator and its customers do: by the admin's API, and by invitations.

import type { components } from '../../src/api/schema';
import { rest, tokenOf } from './rest';
import { PASSWORD, type Tenant } from './world';

export type Order = components['schemas']['TenantFile'];
type NewKey = components['schemas']['NewKey'];
type Onboarded = components['schemas']['OnboardedTenant'];

export const keys: Order['keys'] = [
  { name: 'collect', kind: 'collect' },
  { name: 'import', kind: 'import' },
];

/** Onboards a tenant. Each of its users accepts the invitation, with the password of everybody. */
export async function onboard(token: string, order: Order): Promise<Tenant> {
  const made = await rest<Onboarded>('POST', '/v1/admin/tenants', token, order);
  for (const { invitation } of made.users) {
    await rest('POST', '/v1/auth/invitations/accept', '', { token: invitation.token, password: PASSWORD });
  }
  // An admin makes no key that reads a tenant's data: its owner does.
  const owner = await tokenOf(made.users.find(({ role }) => role === 'owner')?.email ?? '', PASSWORD);
  const read = await rest<NewKey>('POST', '/v1/api-keys', owner, { name: 'read', kind: 'read' });
  const key = (kind: string) => made.keys.find((one) => one.kind === kind)?.key ?? '';
  return {
    id: order.id,
    name: order.name,
    zone: order.time_zone,
    collect: key('collect'),
    import: key('import'),
    read: read.key,
  };
}
