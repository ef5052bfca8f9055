// What an access token says of its holder. It is read for the screen only: the API verifies the token.

export interface Claims {
  sub: string;
  role: string;
  /** Unix seconds. */
  exp: number;
  client_id?: string;
  client_name?: string;
  advertiser_id?: string;
}

export function readClaims(token: string): Claims | null {
  const [, payload] = token.split('.');
  if (!payload) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (letter) =>
      letter.charCodeAt(0),
    );
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Claims>;
    if (typeof claims.sub !== 'string' || typeof claims.role !== 'string') return null;
    return { ...claims, sub: claims.sub, role: claims.role, exp: claims.exp ?? 0 };
  } catch {
    return null;
  }
}
