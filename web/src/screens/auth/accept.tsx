import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { asProblem } from '../../api/problem';
import { useSubmit } from '../../hooks/use-submit';
import { readLink, rememberTenant } from '../../session/links';
import { session } from '../../session/session';
import { Gate } from '../../shell/page';
import { text } from '../../text/en';
import { Button, controls, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';

const LEAST = 12;
/** The password is set, and a login needs more than the password. */
const SET = ['second_factor_required', 'second_factor_missing'];

/** Sets a password with the token of an invitation or of a reset. */
export function Accept({ what }: { what: 'invitation' | 'reset' }) {
  const [{ token, tenant }] = useState(() => readLink(location));
  const [password, setPassword] = useState('');
  const [, navigate] = useLocation();
  const { busy, error, submit } = useSubmit(async () => {
    try {
      await session.accept(token, password);
    } catch (failure) {
      if (SET.includes(asProblem(failure).code)) rememberTenant(tenant);
      throw failure;
    }
    rememberTenant(tenant);
    navigate('/', { replace: true });
  });
  const invited = what === 'invitation';
  const title = invited ? text.login.invitationTitle : text.login.resetTitle;
  const set = error !== null && SET.includes(asProblem(error).code);
  if (token === '' || set) {
    return (
      <Gate title={title}>
        <p role={set ? 'status' : undefined}>{set ? text.login.passwordSet : text.login.noToken}</p>
        <Link href="/">{text.login.back}</Link>
      </Gate>
    );
  }
  return (
    <Gate title={title}>
      <p className="soft">{invited ? text.login.invitationIntro : text.login.resetIntro}</p>
      <form className={controls.stack} onSubmit={submit}>
        <TextInput
          label={text.login.newPassword}
          type="password"
          autoComplete="new-password"
          minLength={LEAST}
          required
          autoFocus
          hint={text.login.passwordHint}
          value={password}
          onChange={setPassword}
        />
        {error !== null && <ErrorBox error={error} />}
        <Button type="submit" variant="primary" disabled={busy}>
          {text.login.setPassword}
        </Button>
      </form>
    </Gate>
  );
}
