import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { session } from '../../session/session';
import { Gate } from '../../shell/page';
import { text } from '../../text/en';
import { Button, controls, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import { useSubmit } from './login';

const LEAST = 12;

/** Sets a password with the token of an invitation or of a reset. It is behind `#`, so no server logs it. */
export function Accept({ what }: { what: 'invitations' | 'password-resets' }) {
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [password, setPassword] = useState('');
  const [, navigate] = useLocation();
  const { busy, error, submit } = useSubmit(async () => {
    await session.accept(what, token, password);
    navigate('/', { replace: true });
  });
  const invited = what === 'invitations';
  const title = invited ? text.login.invitationTitle : text.login.resetTitle;
  if (token === '') {
    return (
      <Gate title={title}>
        <p>{text.login.noToken}</p>
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
