// Links that set a password, and the tenant that this browser logs in to. An address may have accounts of several
// tenants, so a link names the one that it is of.

const TENANT = 'footfall.tenant';

export interface PasswordLink {
  token: string;
  /** Empty for a platform admin. */
  tenant: string;
}

/** Returns the link of an invitation or a reset. The token is behind `#`, so that no server logs it. */
export function writeLink(page: 'invitation' | 'reset', { token, tenant }: PasswordLink): string {
  const query = tenant === '' ? '' : `?tenant=${encodeURIComponent(tenant)}`;
  return `${location.origin}${import.meta.env.BASE_URL}${page}${query}#${encodeURIComponent(token)}`;
}

export function readLink({ hash, search }: Pick<Location, 'hash' | 'search'>): PasswordLink {
  const token = new URLSearchParams(`token=${hash.slice(1)}`).get('token') ?? '';
  return { token, tenant: new URLSearchParams(search).get('tenant') ?? '' };
}

/** Returns the tenant of the last login from this browser; empty if none was named. */
export function rememberedTenant(): string {
  return localStorage.getItem(TENANT) ?? '';
}

export function rememberTenant(tenant: string): void {
  if (tenant === '') localStorage.removeItem(TENANT);
  else localStorage.setItem(TENANT, tenant);
}
